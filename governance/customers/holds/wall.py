"""The second wall: the database itself refuses to delete or empty what a hold covers.

The first wall is the row lock that placing, purge and erasure share; this one stands behind
statements of anybody. On SQLite a trigger before each deleted row probes the standing holds; on
PostgreSQL one trigger a statement joins what went with them, which costs a purge next to nothing.
Writing and moving rows is never refused: a merge, a correction and a restore go on as before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, MetaData

DELETED: Final = (  # tables of the catalogue; not merge_trace, which an undone merge empties
    "person", "company", "purchase", "inquiry", "deal", "contact", "relation",
    "household_member", "subscription", "inquiry_message", "channel_permission", "preference",
    "person_tag",
)  # fmt: skip
EMPTIED: Final[Mapping[str, tuple[str, ...]]] = {  # whose rows stay without their sealed cells
    "company": ("representative", "notes"),
    "deal": (
        "contact_name", "contact_department", "contact_title", "contact_email", "contact_phone",
        "deal_name", "product", "clerk", "memo",
    ),
    "purchase": ("product_name", "card_last4", "recipient_name", "recipient_address", "notes"),
}  # fmt: skip
CODE: Final = "legal_hold"  # the message that the database raises


def _held(table: str, alias: str, *, whole_rows: bool) -> str:
    """SQL: a standing hold covers this row."""
    rows = " AND h.field IS NULL" if whole_rows else ""
    scopes = " AND s.field IS NULL" if whole_rows else ""
    return (
        f"EXISTS (SELECT 1 FROM legal_hold h WHERE h.subject_id = {alias}.subject_id"  # noqa: S608 # constants of this module
        f" AND h.released_at IS NULL AND (h.held_table IS NULL OR h.held_table = {table})"
        f" AND (h.held_row IS NULL OR h.held_row = {alias}.id){rows})"
        " OR EXISTS (SELECT 1 FROM hold_scope s WHERE s.released_at IS NULL"
        f" AND s.kind = 'everyone' AND (s.held_table IS NULL OR s.held_table = {table}){scopes}"
        " AND NOT EXISTS (SELECT 1 FROM legal_hold x WHERE x.scope_id = s.id"
        f" AND x.subject_id = {alias}.subject_id AND x.released_at IS NOT NULL))"
    )


def _emptied(columns: Sequence[str]) -> str:
    """SQL: the row loses the last of its sealed cells."""
    new = " AND ".join(f"NEW.{one} IS NULL" for one in columns)
    old = " OR ".join(f"OLD.{one} IS NOT NULL" for one in columns)
    return f"{new} AND ({old})"


def _sqlite() -> list[str]:
    raised = f"BEGIN SELECT RAISE(ABORT, '{CODE}'); END"
    found = [
        f"CREATE TRIGGER hold_keeps_{table} BEFORE DELETE ON {table}"
        f" WHEN {_held(repr(table), 'OLD', whole_rows=False)} {raised}"
        for table in DELETED
    ]
    found += [
        f"CREATE TRIGGER hold_fills_{table} BEFORE UPDATE OF {', '.join(columns)} ON {table}"
        f" WHEN {_emptied(columns)} AND ({_held(repr(table), 'OLD', whole_rows=True)}) {raised}"
        for table, columns in EMPTIED.items()
    ]
    return found


def _postgres() -> list[str]:
    """Functions in PL/pgSQL; 23001 is restrict_violation, an integrity error to every driver."""
    raised = f"RAISE EXCEPTION '{CODE}' USING ERRCODE = '23001'"
    begin = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF"
    keeps = (
        f"CREATE FUNCTION hold_keeps{begin}"  # noqa: S608 # constants of this module
        " (EXISTS (SELECT 1 FROM legal_hold WHERE released_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM hold_scope WHERE released_at IS NULL))"
        f" AND EXISTS (SELECT 1 FROM gone g WHERE {_held('TG_TABLE_NAME', 'g', whole_rows=False)})"
        f" THEN {raised}; END IF; RETURN NULL; END $$"
    )
    fills = (
        f"CREATE FUNCTION hold_fills{begin} {_held('TG_TABLE_NAME', 'OLD', whole_rows=True)}"
        f" THEN {raised}; END IF; RETURN NEW; END $$"
    )
    found = [keeps, fills]
    found += [
        f"CREATE TRIGGER hold_keeps_{table} AFTER DELETE ON {table}"
        " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hold_keeps()"
        for table in DELETED
    ]
    found += [
        f"CREATE TRIGGER hold_fills_{table} BEFORE UPDATE OF {', '.join(columns)} ON {table}"
        f" FOR EACH ROW WHEN ({_emptied(columns)}) EXECUTE FUNCTION hold_fills()"
        for table, columns in EMPTIED.items()
    ]
    return found


def statements(dialect: str) -> tuple[str, ...]:
    """What makes the wall on this engine, as the revision that brought it does."""
    return tuple(_sqlite() if dialect == "sqlite" else _postgres())


def build(_target: MetaData, connection: Connection, **made: Any) -> None:
    """Tables that were just declared get their wall, where the whole customer master is there."""
    names = {table.name for table in made.get("tables") or ()}
    if names.issuperset((*DELETED, "legal_hold", "hold_scope")):
        for statement in statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
