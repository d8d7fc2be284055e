"""What our database user may do beyond its own tables: nothing, in production."""

from typing import Final

from sqlalchemy import Connection, text

from governance.core.errors import GovernanceError

TOO_MUCH: Final = ("rolsuper", "rolcreaterole", "rolreplication", "rolbypassrls")
_OWN: Final = text(
    "SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls"
    " FROM pg_catalog.pg_roles WHERE rolname = current_user"
)


class DatabaseRightsError(GovernanceError):
    """The database user may do more than the installation needs; nothing was started."""

    code, status, exit_code = "database_rights", 503, 3


def too_much(tx: Connection) -> tuple[str, ...]:
    """Rights of the user over the whole server; none where the database is a file.

    To create databases is none of them: a drill and a restore over an existing one need it.
    """
    if tx.dialect.name != "postgresql":
        return ()
    row = tx.execute(_OWN).one()
    return tuple(name for name in TOO_MUCH if getattr(row, name))


def require_narrow(tx: Connection) -> None:
    """Raises DatabaseRightsError, naming the rights. Fails closed: production does not start."""
    if found := too_much(tx):
        raise DatabaseRightsError(rights=", ".join(found))
