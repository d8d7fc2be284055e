"""Triggers that let the log grow and nothing else; migrations run `guards` after the tables.

They stop mistakes and the application's own role. Who owns the database can drop them;
against that person stands the signed tree.

One way out there is: the end of a month. Rows of an event go only while the event stands in
`audit_expiring`; that takes only events of a range in `audit_expiry`; and that takes only a range
which an event in the tree names, and which lies before that event. Nothing can be changed this
way, and whoever put rows back would meet the hashes that were signed.
"""

from typing import Any

from sqlalchemy import Connection, Table

FROZEN = (
    "audit_event",
    "audit_leaf",
    "audit_checkpoint",
    "audit_cosignature",
    "audit_stamp",
    "audit_expiry",
    "audit_expired_part",
    "audit_expired_numbers",
)
GROWING = ("audit_part", "audit_tile", "audit_decision")
PASSING = ("audit_expiring",)  # rows come and go, under a condition
GUARDED = (*FROZEN, *GROWING, *PASSING)

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
_DECISION_KEPT = ("id", "event_id", "stream", "n", "about")
_UNLINKING = " AND ".join(
    (
        "OLD.subject IS NOT NULL",
        "NEW.subject IS NULL",
        "NEW.salt IS NULL",
        "NEW.destroyed_by IS NOT NULL",
        *(f"NEW.{name} = OLD.{name}" for name in _DECISION_KEPT),
    )
)
_GROWING = (
    "NEW.level = OLD.level AND NEW.n = OLD.n AND NEW.width > OLD.width"
    " AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
)
_ALLOWED = {"audit_part": _DESTROYING, "audit_tile": _GROWING, "audit_decision": _UNLINKING}
_EVENT_OF = {  # whose rows may go: the column that names the event which ends
    "audit_event": "id",
    "audit_leaf": "event_id",
    "audit_part": "event_id",
    "audit_decision": "event_id",
    "audit_expired_part": "destroyed_by",
}
_ENDING = "EXISTS (SELECT 1 FROM audit_expiring x WHERE x.event_id = OLD.{})"
_NAMED = (  # the event stands in the tree behind the range, and says this range
    "EXISTS (SELECT 1 FROM audit_event e JOIN audit_leaf l ON l.event_id = e.id"
    " WHERE e.id = NEW.event_id AND e.action = 'log.shard_expired' AND l.seq >= NEW.below"
    " AND NEW.start >= 0 AND NEW.start < NEW.below"
    " AND replace(',' || e.refs || ',', ',tree:' || NEW.below || ',', '') <> ',' || e.refs || ','"
    " AND replace(',' || e.refs || ',', ',from:' || NEW.start || ',', '') <> ',' || e.refs || ',')"
)
_INSIDE = (  # the event stands in a range that has ended, and is none that stays
    "EXISTS (SELECT 1 FROM audit_leaf l JOIN audit_expiry x ON l.seq >= x.start"
    " AND l.seq < x.below JOIN audit_event e ON e.id = l.event_id WHERE l.event_id = NEW.event_id"
    " AND e.action NOT IN ('log.key_changed', 'log.restored', 'log.shard_expired',"
    " 'log.shard_opened'))"
)
_ENTERING = {"audit_expiry": _NAMED, "audit_expiring": _INSIDE}

_PG_REFUSE = (
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
)
_PG_UNLESS = (
    "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF {allowed} THEN RETURN {row}; END IF; "
    "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
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
    ending = f" WHEN NOT {_ENDING.format(_EVENT_OF[table])}" if table in _EVENT_OF else ""
    found = [
        f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} FOR EACH ROW{unless} {refuse}"
    ]
    if table not in PASSING:
        found.append(
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} FOR EACH ROW{ending} {refuse}"
        )
    if table in _ENTERING:
        found.append(
            f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table} FOR EACH ROW"
            f" WHEN NOT {_ENTERING[table]} {refuse}"
        )
    return tuple(found)


def _postgres(table: str) -> tuple[str, ...]:
    refuse = "EXECUTE FUNCTION audit_refuse()"
    allowed = _ALLOWED.get(table)
    unless = f" WHEN (({allowed}) IS NOT TRUE)" if allowed else ""
    found = [
        f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} FOR EACH ROW{unless} {refuse}"
    ]
    if table in _EVENT_OF:
        ending = _ENDING.format(_EVENT_OF[table])
        found += _pg_unless(table, "delete", allowed=ending, row="OLD")
    elif table not in PASSING:
        found.append(
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
        )
    if table in _ENTERING:
        found += _pg_unless(table, "insert", allowed=_ENTERING[table], row="NEW")
    found.append(
        f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
    )
    return tuple(found)


def _pg_unless(table: str, kind: str, *, allowed: str, row: str) -> tuple[str, str]:
    """A trigger whose condition looks into other tables needs a function of its own."""
    function = f"{table}_{kind}_unless"
    trigger = f"CREATE TRIGGER {table}_{kind} BEFORE {kind.upper()} ON {table} FOR EACH ROW"
    return (
        _PG_UNLESS.format(function=function, allowed=allowed, row=row),
        f"{trigger} EXECUTE FUNCTION {function}()",
    )
