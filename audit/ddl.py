"""Triggers that let the log grow and nothing else; migrations run `guards` after the tables.

They stop mistakes and the application's own role. Who owns the database can drop them;
against that person stands the signed tree.
"""

from typing import Any

from sqlalchemy import Connection, Table

FROZEN = ("audit_event", "audit_leaf", "audit_checkpoint", "audit_cosignature", "audit_stamp")
GROWING = ("audit_part", "audit_tile")
GUARDED = (*FROZEN, *GROWING)

_PART_KEPT = ("id", "event_id", "ord", "subject", "commitment", "sealed_hash")
_DESTROYING = " AND ".join(
    (
        "OLD.payload IS NOT NULL",
        "NEW.payload IS NULL",
        "NEW.salt IS NULL",
        "NEW.destroyed_by IS NOT NULL",
        *(f"NEW.{name} = OLD.{name}" for name in _PART_KEPT),
    )
)
_GROWING = (
    "NEW.level = OLD.level AND NEW.n = OLD.n AND NEW.width > OLD.width"
    " AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
)
_ALLOWED = {"audit_part": _DESTROYING, "audit_tile": _GROWING}

_PG_REFUSE = (
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
)


def guards(dialect: str, tables: tuple[str, ...] = GUARDED) -> tuple[str, ...]:
    """The statements that guard these tables on `sqlite` or `postgresql`."""
    make = _sqlite if dialect == "sqlite" else _postgres
    found = tuple(statement for table in tables for statement in make(table))
    return found if dialect == "sqlite" else (_PG_REFUSE, *found)


def guard(table: Table, connection: Connection, **_: Any) -> None:
    """The table is guarded as soon as it exists."""
    for statement in guards(connection.dialect.name, (table.name,)):
        connection.exec_driver_sql(statement)


def _sqlite(table: str) -> tuple[str, ...]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    allowed = _ALLOWED.get(table)
    unless = f" WHEN ({allowed}) IS NOT TRUE" if allowed else ""
    return (
        f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} FOR EACH ROW{unless} {refuse}",
        f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
    )


def _postgres(table: str) -> tuple[str, ...]:
    refuse = "EXECUTE FUNCTION audit_refuse()"
    allowed = _ALLOWED.get(table)
    unless = f" WHEN (({allowed}) IS NOT TRUE)" if allowed else ""
    return (
        f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} FOR EACH ROW{unless} {refuse}",
        f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    )
