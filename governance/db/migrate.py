"""Schema versions: forward only, one thought each, the same on SQLite and PostgreSQL.

There are two trees, because the key store is a database apart from the data. A revision is the
number in front of its file name, so that a start can compare without loading Alembic.
"""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from governance.db.engine import Database
from governance.db.errors import SchemaNewerError, SchemaOlderError


class Tree(StrEnum):
    """The two databases of an installation."""

    DATA = "data"
    KEYS = "keys"


def folder_of(tree: Tree) -> Path:
    """Where the tree's revisions lie."""
    return Path(str(files("governance.db.migrations").joinpath(tree.value)))


def revisions(tree: Tree) -> tuple[str, ...]:
    """All revisions that this release knows, oldest first."""
    return tuple(sorted(path.name[:4] for path in folder_of(tree).glob("[0-9]*.py")))


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def require_current(database: Database, tree: Tree) -> None:
    """Fails closed: a database of another schema version is not opened."""
    with database.read() as connection:
        found = current(connection)
    known = revisions(tree)
    if found is not None and found not in known:
        raise SchemaNewerError(found=found)
    if found != known[-1]:
        raise SchemaOlderError(found=found or "-")


def upgrade(database: Database, tree: Tree) -> str:
    """The revision after the upgrade; all of it in one transaction, or nothing."""
    from alembic import command  # noqa: PLC0415 # only `init` and `demo` pay for Alembic
    from alembic.config import Config  # noqa: PLC0415 # the same

    known = revisions(tree)
    config = Config()
    config.set_main_option("script_location", str(files("governance.db.migrations")))
    config.set_main_option("version_locations", str(folder_of(tree)))
    config.set_main_option("path_separator", "os")
    with database.writer_engine.begin() as connection:
        found = current(connection)
        if found is not None and found not in known:
            raise SchemaNewerError(found=found)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return known[-1]
