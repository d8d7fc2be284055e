"""A new connection to PostgreSQL signs in with what its files say now.

The driver reads the files that the address names (`passfile`, `sslcert`, `sslkey`, `sslrootcert`)
for each connection, so that a password or certificate is changed without a restart. What the
server does not take opens nothing, and is told apart from a server that is away.
"""

from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.pool import ConnectionPoolEntry

from governance.db.errors import DatabaseSignInError, DatabaseUnreachableError

# Words of the server and of libpq, which tells no code before the session has begun.
REFUSED: Final = ("password", "authentication", "certificate", "pg_hba", "not permitted to log in")


def signed_in(
    dialect: Dialect,
    _entry: ConnectionPoolEntry,
    arguments: list[Any],
    options: dict[str, Any],
) -> Any:
    """The open connection; fails closed: raises DatabaseSignInError, DatabaseUnreachableError."""
    driver: Any = dialect.loaded_dbapi
    try:
        return dialect.connect(*arguments, **options)
    except driver.OperationalError as error:
        words = str(error).casefold()
        if any(one in words for one in REFUSED):
            raise DatabaseSignInError from None  # the words name user and file
        raise DatabaseUnreachableError(reason=type(error).__name__) from None
