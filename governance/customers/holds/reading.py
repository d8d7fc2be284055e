"""Which holds stand on which persons, by rows and by scopes that catch people later."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, bindparam, exists, select

from governance.core.clock import JST
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.holds.models import ScopeRow
from governance.customers.holds.types import (
    CATEGORY,
    Comparison,
    Condition,
    HeldScope,
    Line,
    Scope,
    ScopeKind,
    What,
)
from governance.customers.store import HOLD, IN_LIMIT, SUBJECT, TABLES
from governance.db.fetching import NO_FACTS, PreparedSelect
from governance.db.types import table_of

SCOPE = table_of(ScopeRow)
STANDING = HOLD.c.released_at.is_(None)
_IDS: Final[Any] = bindparam("ids", expanding=True)
_LINES: Final = PreparedSelect(select(HOLD).where(HOLD.c.subject_id.in_(_IDS), STANDING))
_SCOPES: Final = PreparedSelect(
    select(SCOPE).where(SCOPE.c.released_at.is_(None)).order_by(SCOPE.c.id)
)


def held_parts(tx: Connection, subjects: Iterable[SubjectId]) -> Mapping[SubjectId, HeldScope]:
    """What of these persons holds keep; who is not held at all is not in it."""
    by_person: dict[SubjectId, list[Line]] = defaultdict(list)
    for line in lines_on(tx, list(subjects)):
        by_person[line.subject].append(line)
    return {subject: united(lines) for subject, lines in by_person.items()}


def kept_by_hold(tx: Connection, subject: SubjectId, table: str, *, row: str | None = None) -> bool:
    """Whether a hold keeps anything in this table, or this row, of the person."""
    found = held_parts(tx, [subject]).get(subject)
    return found is not None and found.covers(table, row=row)


def lines_on(tx: Connection, subjects: Sequence[SubjectId]) -> tuple[Line, ...]:
    """Every standing hold on these persons."""
    found: list[Line] = []
    scopes = standing_scopes(tx)
    for start in range(0, len(subjects), IN_LIMIT):
        part = list(subjects[start : start + IN_LIMIT])
        mine = [line_of(row) for row in _LINES.rows(tx, {"ids": part})]
        found += mine
        if scopes:
            found += _by_scope(tx, scopes, part, mine)
    return tuple(found)


def _by_scope(
    tx: Connection, scopes: Iterable[Scope], part: Sequence[SubjectId], mine: Iterable[Line]
) -> list[Line]:
    """Whom a standing scope covers without a row of their own; whoever was let out stays out."""
    known = {(line.scope, line.subject) for line in mine}
    known |= {
        (RowId(row.scope_id), SubjectId(row.subject_id))
        for row in tx.execute(
            select(HOLD.c.scope_id, HOLD.c.subject_id).where(
                HOLD.c.subject_id.in_(part), HOLD.c.scope_id.is_not(None)
            )
        )
    }
    return [
        Line(subject=subject, matter=scope.matter, what=scope.what, scope=scope.id)
        for scope in scopes
        for subject in matching(tx, scope.conditions, within=part)
        if (scope.id, subject) not in known
    ]


def united(lines: Iterable[Line]) -> HeldScope:
    """All holds on one person as one."""
    whole, tables, rows, fields = False, set[str](), set[RowId](), set[FieldId]()
    matters: dict[str, None] = {}
    for line in lines:
        matters[line.matter] = None
        what = line.what
        if what.row is not None:
            rows.add(what.row)
        elif what.field is not None:
            fields |= set(fields_of(what))
        elif what.table is not None:
            tables.add(what.table)
        else:
            whole = True
    return HeldScope(
        whole=whole,
        tables=frozenset(tables),
        fields=frozenset(fields),
        rows=frozenset(rows),
        matters=tuple(matters),
    )


def fields_of(what: What) -> tuple[FieldId, ...]:
    """The fields of the catalogue that a hold names, by themselves or by their category."""
    if what.field is None:
        return ()
    if not what.field.startswith(CATEGORY):
        return (FieldId(what.field),)
    wanted = what.field.removeprefix(CATEGORY)
    known = catalogue().tables.get(what.table or "")
    return tuple(f.id for f in known.fields if f.category == wanted) if known else ()


def standing_scopes(tx: Connection, *, matter: str | None = None) -> tuple[Scope, ...]:
    """Scopes that nobody released, oldest first."""
    scopes = (_scope(row) for row in _SCOPES.rows(tx, NO_FACTS))
    return tuple(scope for scope in scopes if matter is None or scope.matter == matter)


def scopes_of(tx: Connection, matter: str) -> tuple[Scope, ...]:
    """Every scope of a matter, oldest first; released ones among them."""
    rows = tx.execute(select(SCOPE).where(SCOPE.c.matter == matter).order_by(SCOPE.c.id))
    return tuple(map(_scope, rows))


def matching(
    tx: Connection,
    conditions: Sequence[Condition],
    *,
    within: Collection[SubjectId] | None = None,
    limit: int | None = None,
    without: RowId | None = None,
) -> tuple[SubjectId, ...]:
    """Persons for whom all conditions hold; those about one table, in one row of it.

    `without` leaves out whom a line of this scope names, standing or released.
    """
    by_table: dict[str, list[ColumnElement[bool]]] = defaultdict(list)
    for one in conditions:
        table = TABLES[one.field.partition(".")[0]]
        by_table[table.name].append(_compared(table, one))
    wanted = select(SUBJECT.c.id).order_by(SUBJECT.c.id)
    if within is not None:
        wanted = wanted.where(SUBJECT.c.id.in_(list(within)))
    for name, tests in by_table.items():
        wanted = wanted.where(SUBJECT.c.id.in_(select(TABLES[name].c.subject_id).where(*tests)))
    if without is not None:
        named = exists().where(HOLD.c.scope_id == without, HOLD.c.subject_id == SUBJECT.c.id)
        wanted = wanted.where(~named)
    found = tx.execute(wanted if limit is None else wanted.limit(limit)).scalars()
    return tuple(SubjectId(one) for one in found)


def _compared(table: Table, one: Condition) -> ColumnElement[bool]:
    column = table.c[one.field.partition(".")[2]]
    value = typed(column, one.value, end=one.test is Comparison.TO)
    match one.test:
        case Comparison.IS:
            return and_(column == value)
        case Comparison.FROM:
            return and_(column >= value)
        case Comparison.TO:
            return and_(column <= value)


def typed(column: Any, value: str, *, end: bool) -> object:
    """The value as the column holds it; raises ValueError where it does not fit."""
    kind = column.type.python_type
    if kind is date:
        return date.fromisoformat(value)
    if kind is datetime:
        day = date.fromisoformat(value)
        return datetime.combine(day, time.max if end else time.min, JST)
    if kind is int:
        return int(value)
    if kind is bool:
        return {"true": True, "false": False}[value]
    return value


def conditions_json(conditions: Iterable[Condition]) -> str:
    """Conditions as they are stored."""
    return json.dumps([[one.field, one.test.value, one.value] for one in conditions])


def line_of(row: Row[Any]) -> Line:
    """A stored hold as a fact."""
    return Line(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        matter=row.matter,
        what=What(table=row.held_table, field=row.field, row=row.held_row and RowId(row.held_row)),
        scope=row.scope_id and RowId(row.scope_id),
    )


def _scope(row: Row[Any]) -> Scope:
    return Scope(
        id=RowId(row.id),
        matter=row.matter,
        kind=ScopeKind(row.kind),
        what=What(table=row.held_table, field=row.field),
        conditions=tuple(
            Condition(field=FieldId(name), test=Comparison(test), value=value)
            for name, test, value in json.loads(row.conditions)
        ),
        placed_by=row.placed_by,
        placed_at=row.placed_at,
    )
