"""Clear columns that a release declares sealed: set aside by its migration, emptied by a job.

`set_aside` renames `phone` to `phone__clear` and puts an empty column of bytes in its place. Both
are changes of the schema alone, so nobody waits for them however large the table is. From then
on whoever writes `phone`, a NULL too, empties the old value of that row: a trigger sees to it,
so that neither an erasure nor a correction is undone by the sealing that follows. Readers of
`phone` find nothing until the row is sealed; nothing reads the column that was set aside.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, MetaData, Table, inspect, text

ASIDE: Final = "__clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A column that was set aside, by the name that it had."""

    table: str
    column: str

    @property
    def stored(self) -> str:
        """The name that it has now."""
        return self.column + ASIDE


def set_aside(tx: Connection, table: str, column: str) -> None:
    """The column waits beside a fresh one of bytes; for texts, numbers and days."""
    quote = tx.dialect.identifier_preparer.quote
    t, c, old = quote(table), quote(column), quote(column + ASIDE)
    kind = "BLOB" if tx.dialect.name == "sqlite" else "BYTEA"
    _run(tx, f"ALTER TABLE {t} RENAME COLUMN {c} TO {old}")
    if tx.dialect.name != "sqlite":  # SQLite cannot lift NOT NULL; there it must be nullable
        _run(tx, f"ALTER TABLE {t} ALTER COLUMN {old} DROP NOT NULL")
    _run(tx, f"ALTER TABLE {t} ADD COLUMN {c} {kind}")
    trigger = quote(_trigger(table, column))
    if tx.dialect.name == "sqlite":
        empty = f"UPDATE {t} SET {old} = NULL WHERE rowid = NEW.rowid"  # noqa: S608 # our own names
        when = f"AFTER UPDATE OF {c} ON {t} WHEN NEW.{old} IS NOT NULL"
        _run(tx, f"CREATE TRIGGER {trigger} {when} BEGIN {empty}; END")
        return
    _run(
        tx,
        f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN NEW.{old} := NULL; RETURN NEW; END $$",
    )
    _run(
        tx,
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OF {c} ON {t} "
        f"FOR EACH ROW EXECUTE FUNCTION {trigger}()",
    )


def drop_aside(tx: Connection, aside: Aside) -> None:
    """The column that was set aside is gone, with its indexes and its trigger."""
    quote = tx.dialect.identifier_preparer.quote
    t, trigger = quote(aside.table), quote(_trigger(aside.table, aside.column))
    if tx.dialect.name == "sqlite":
        _run(tx, f"DROP TRIGGER IF EXISTS {trigger}")
    else:
        _run(tx, f"DROP TRIGGER IF EXISTS {trigger} ON {t}")
        _run(tx, f"DROP FUNCTION IF EXISTS {trigger}()")
    for index in inspect(tx).get_indexes(aside.table):
        if aside.stored in index["column_names"] and index["name"]:
            _run(tx, f"DROP INDEX {quote(index['name'])}")
    _run(tx, f"ALTER TABLE {t} DROP COLUMN {quote(aside.stored)}")


def set_aside_columns(tx: Connection) -> tuple[Aside, ...]:
    """Every column of the database that waits to be sealed."""
    looked = inspect(tx)
    return tuple(
        Aside(table=table, column=name.removesuffix(ASIDE))
        for table in sorted(looked.get_table_names())
        for column in looked.get_columns(table)
        if (name := str(column["name"])).endswith(ASIDE)
    )


def reflected(tx: Connection, table: str) -> Table:
    """The table as the database has it, the column set aside included."""
    return Table(table, MetaData(), autoload_with=tx, resolve_fks=False)


def _trigger(table: str, column: str) -> str:
    return f"tr_{table}_{column}_aside"


def _run(tx: Connection, statement: str) -> None:
    tx.execute(text(statement))
