"""The second wall around what was closed: the database itself refuses to change it.

The first wall is the service, which locks the record and asks whether it is open; this one stands
behind statements of anybody. Triggers stop mistakes and the application's own role; against whoever
owns the database stands the digest in the signed log. Whole rows that a restore puts back go in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A table of records that close, and the tables whose rows belong to one of them."""

    table: str
    column: str = "closed_at"
    parts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # table: key

    @property
    def code(self) -> str:
        """The message that the database raises."""
        return f"{self.table}_closed"

    def build(self, _target: Table, connection: Connection, **_: Any) -> None:
        """The last of the tables was just declared: the wall stands."""
        for statement in statements(self, connection.dialect.name):
            connection.exec_driver_sql(statement)


def statements(wall: Closing, dialect: str) -> tuple[str, ...]:
    """What makes the wall on this engine, as the revision that brought it does."""
    return tuple(_sqlite(wall) if dialect == "sqlite" else _postgres(wall))


def _closed(wall: Closing, key: str, *rows: str) -> str:
    """SQL: the record that one of these rows belongs to is closed."""
    named = " OR ".join(f"c.id = {row}.{key}" for row in rows)
    return (
        f"EXISTS (SELECT 1 FROM {wall.table} c WHERE c.{wall.column} IS NOT NULL"  # noqa: S608 # names of models
        f" AND ({named}))"
    )


def _sqlite(wall: Closing) -> list[str]:
    raised = f"BEGIN SELECT RAISE(ABORT, '{wall.code}'); END"
    found = [
        f"CREATE TRIGGER {wall.table}_shut_{act} BEFORE {act.upper()} ON {wall.table}"
        f" WHEN OLD.{wall.column} IS NOT NULL {raised}"
        for act in ("update", "delete")
    ]
    for part, key in wall.parts.items():
        for act, rows in (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",))):
            found.append(
                f"CREATE TRIGGER {part}_shut_{act} BEFORE {act.upper()} ON {part}"
                f" WHEN {_closed(wall, key, *rows)} {raised}"
            )
    return found


def _postgres(wall: Closing) -> list[str]:
    """23001 is restrict_violation, an integrity error to every driver."""
    raised = f"RAISE EXCEPTION '{wall.code}' USING ERRCODE = '23001'"
    body = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    found = [f"CREATE FUNCTION {wall.table}_shut{body} {raised}; END $$"]
    found += [
        f"CREATE TRIGGER {wall.table}_shut_{act} BEFORE {act.upper()} ON {wall.table}"
        f" FOR EACH ROW WHEN (OLD.{wall.column} IS NOT NULL) EXECUTE FUNCTION {wall.table}_shut()"
        for act in ("update", "delete")
    ]
    for part, key in wall.parts.items():
        for act, rows in (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",))):
            function = f"{part}_shut_{act}"
            found.append(
                f"CREATE FUNCTION {function}{body} IF {_closed(wall, key, *rows)} THEN {raised};"
                f" END IF; RETURN {rows[-1]}; END $$"
            )
            found.append(
                f"CREATE TRIGGER {function} BEFORE {act.upper()} ON {part}"
                f" FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
    return found
