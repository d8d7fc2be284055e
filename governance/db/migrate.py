"""Schema versions: forward only, one thought each, the same on SQLite and PostgreSQL.

A revision is the number in front of its file name, so that a start can compare without loading
Alembic. The key store is a database apart with a schema number of its own (governance.keys).
"""

from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from governance.db.engine import Database
from governance.db.errors import SchemaNewerError, SchemaOlderError
from governance.db.readers import without_limit


def folder() -> Path:
    """Where the revisions lie."""
    return Path(str(files("governance.db.migrations").joinpath("versions")))


def revisions() -> tuple[str, ...]:
    """All revisions that this release knows, oldest first."""
    return tuple(sorted(path.name[:4] for path in folder().glob("[0-9]*.py")))


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def require_current(database: Database) -> None:
    """Fails closed: a database of another schema version is not opened."""
    with database.read() as connection:
        found = current(connection)
    known = revisions()
    if found is not None and found not in known:
        raise SchemaNewerError(found=found)
    if found != known[-1]:
        raise SchemaOlderError(found=found or "-")


def upgrade(database: Database) -> str:
    """The revision after the upgrade; all of it in one transaction, or nothing."""
    known = revisions()
    with database.read() as connection:
        if current(connection) == known[-1]:
            return known[-1]
    from alembic import command  # noqa: PLC0415 # only `init` and `demo` pay for Alembic
    from alembic.config import Config  # noqa: PLC0415 # the same

    config = Config()
    config.set_main_option("script_location", str(files("governance.db.migrations")))
    config.set_main_option("version_locations", str(folder()))
    config.set_main_option("path_separator", "os")
    with database.writer_engine.begin() as connection:
        without_limit(connection)
        found = current(connection)
        if found is not None and found not in known:
            raise SchemaNewerError(found=found)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return known[-1]
