"""Matters, their lines and their history in and out."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from governance.approvals.store import sealed_of
from governance.approvals.types import Approval
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.changes.touched import touch
from governance.customers.holds.codes import written
from governance.customers.holds.reading import SCOPE, line_of, matching, standing_scopes
from governance.customers.holds.types import Line, Scope, ScopeKind, What
from governance.customers.store import HOLD, IN_LIMIT
from governance.db.types import insert_ignore, table_of
from governance.keys.vault import FieldVault
from retention.holds.errors import HoldUnknownError
from retention.holds.models import ActRow, DeferredRow, MatterRow
from retention.holds.sealing import (
    REASON,
    RELEASE,
    open_particulars,
    opened,
    sealed_particulars,
)
from retention.holds.types import Act, ActKind, DeferredState, HeldPerson, Matter, Particulars

MATTER, ACT, DEFERRED = table_of(MatterRow), table_of(ActRow), table_of(DeferredRow)
STANDING = HOLD.c.released_at.is_(None)


def add_lines(tx: Connection, lines: Sequence[Line], *, by: str, at: datetime) -> None:
    """These holds stand from now on."""
    rows = [
        {
            "id": line.id,
            "subject_id": line.subject,
            "matter": line.matter,
            "held_table": line.what.table,
            "field": line.what.field,
            "held_row": line.what.row,
            "scope_id": line.scope,
            "placed_by": by,
            "placed_at": at,
        }
        for line in lines
    ]
    if rows:
        tx.execute(insert_ignore(HOLD, tx.dialect.name), rows)
        touch(tx, {line.subject for line in lines})


def end_lines(tx: Connection, lines: Iterable[RowId], *, by: str, at: datetime) -> int:
    """How many of these holds ended now."""
    ids, ended = list(lines), 0
    for part in parts(ids):
        mine = HOLD.c.id.in_(part), STANDING
        touch(tx, tx.execute(select(HOLD.c.subject_id).where(*mine)).scalars().all())
        change = update(HOLD).where(*mine).values(released_by=by, released_at=at)
        ended += tx.execute(change).rowcount
    return ended


def lines_of(
    tx: Connection, number: str, *, persons: Sequence[SubjectId] = ()
) -> tuple[tuple[RowId, SubjectId], ...]:
    """The standing lines of a matter, of all or some persons."""
    wanted = select(HOLD.c.id, HOLD.c.subject_id).where(HOLD.c.matter == number, STANDING)
    if persons:
        wanted = wanted.where(HOLD.c.subject_id.in_(list(persons)))
    return tuple((RowId(i), SubjectId(s)) for i, s in tx.execute(wanted.order_by(HOLD.c.id)))


def known_lines(tx: Connection, number: str) -> set[tuple[str, str | None, str | None, str | None]]:
    """(person, table, field, row) of everything that stands under a matter."""
    columns = (HOLD.c.subject_id, HOLD.c.held_table, HOLD.c.field, HOLD.c.held_row)
    rows = tx.execute(select(*columns).where(HOLD.c.matter == number, STANDING))
    return {tuple(row) for row in rows}


def add_scope(tx: Connection, scope: Scope, conditions: str) -> None:
    """The scope stands and catches persons from now on."""
    tx.execute(
        insert_ignore(SCOPE, tx.dialect.name).values(
            id=scope.id,
            matter=scope.matter,
            kind=scope.kind.value,
            held_table=scope.what.table,
            field=scope.what.field,
            conditions=conditions,
            placed_by=scope.placed_by,
            placed_at=scope.placed_at,
        )
    )


def end_scopes(tx: Connection, number: str, *, by: str, at: datetime) -> tuple[RowId, ...]:
    """The standing scopes of a matter that ended now."""
    mine = SCOPE.c.matter == number, SCOPE.c.released_at.is_(None)
    found = tuple(RowId(one) for one in tx.execute(select(SCOPE.c.id).where(*mine)).scalars())
    tx.execute(update(SCOPE).where(*mine).values(released_by=by, released_at=at))
    return found


def matter_row(tx: Connection, number: str) -> Row[Any] | None:
    """The matter's own row, if it has one."""
    return tx.execute(select(MATTER).where(MATTER.c.number == number)).one_or_none()


def matters(tx: Connection) -> tuple[Matter, ...]:
    """Every matter, newest first; those of files and restores without particulars among them."""
    persons = _counts(tx, HOLD, STANDING, distinct=HOLD.c.subject_id)
    scopes = _counts(tx, SCOPE, SCOPE.c.released_at.is_(None), distinct=SCOPE.c.id)
    waits = _waiting(tx)
    rows = tx.execute(select(MATTER)).all()
    found = [
        Matter(
            id=RowId(row.id),
            number=row.number,
            placed_by=row.placed_by,
            placed_at=row.placed_at,
            expected_end=row.expected_end,
            reviewed_at=row.reviewed_at,
            reviewed_by=row.reviewed_by,
            closed_at=row.closed_at,
            persons=persons.get(row.number, 0),
            standing=scopes.get(row.number, 0),
            deferred=waits.get(row.number, 0),
        )
        for row in rows
    ]
    named = {row.number for row in rows}
    found += _without_particulars(tx, named, persons, waits)
    return tuple(sorted(found, key=lambda one: (one.placed_at, one.number), reverse=True))


def _without_particulars(
    tx: Connection, named: set[str], persons: Mapping[str, int], waits: Mapping[str, int]
) -> list[Matter]:
    first = func.min(HOLD.c.placed_at, type_=HOLD.c.placed_at.type)
    rows = tx.execute(
        select(HOLD.c.matter, func.min(HOLD.c.placed_by), first).group_by(HOLD.c.matter)
    )
    return [
        Matter(
            id=None,
            number=number,
            placed_by=by,
            placed_at=at,
            expected_end=None,
            reviewed_at=at,
            reviewed_by=by,
            closed_at=None if number in persons else at,
            persons=persons.get(number, 0),
            standing=0,
            deferred=waits.get(number, 0),
        )
        for number, by, at in rows
        if number not in named
    ]


def matter_of(tx: Connection, number: str) -> Matter:
    """One matter; raises HoldUnknownError."""
    for one in matters(tx):
        if one.number == number:
            return one
    raise HoldUnknownError


def persons_of(tx: Connection, number: str, *, limit: int, after: str = "") -> list[HeldPerson]:
    """Persons of a matter by their pseudonyms, those let out among them."""
    page = (
        select(HOLD.c.subject_id)
        .where(HOLD.c.matter == number, HOLD.c.subject_id > after)
        .distinct()
        .order_by(HOLD.c.subject_id)
        .limit(limit)
    )
    ids = list(tx.execute(page).scalars())
    lines: dict[str, list[Row[Any]]] = defaultdict(list)
    for part in parts(ids):
        mine = select(HOLD).where(HOLD.c.matter == number, HOLD.c.subject_id.in_(part))
        for row in tx.execute(mine.order_by(HOLD.c.id)):
            lines[row.subject_id].append(row)
    return [_held_person(SubjectId(one), lines[one]) for one in ids]


def _held_person(subject: SubjectId, rows: Sequence[Row[Any]]) -> HeldPerson:
    standing = [row for row in rows if row.released_at is None]
    ended = None if standing else max(row.released_at for row in rows)
    shown = standing or rows
    what = (
        What(table=row.held_table, field=row.field, row=row.held_row and RowId(row.held_row))
        for row in shown
    )
    return HeldPerson(
        subject=subject,
        what=tuple(dict.fromkeys(what)),
        since=min(row.placed_at for row in shown),
        released_at=ended,
    )


def note_act(
    tx: Connection,
    vault: FieldVault,
    number: str,
    kind: ActKind,
    *,
    by: ActorId,
    at: datetime,
    persons: int = 0,
    reason: str = "",
    approval: str | None = None,
) -> RowId:
    """The step stands in the matter's history, its reason sealed."""
    row = new_row_id()
    sealed = bytes(vault.seal_blob(REASON, row, reason.encode())) if reason else None
    tx.execute(
        insert(ACT).values(
            id=row,
            matter=number,
            kind=kind.value,
            persons=persons,
            reason=sealed,
            approval_id=approval,
            by=by,
            at=at,
        )
    )
    return row


def acts_of(tx: Connection, vault: FieldVault | None, number: str) -> tuple[Act, ...]:
    """The matter's history, newest first; without a vault reasons stay closed."""
    rows = tx.execute(select(ACT).where(ACT.c.matter == number).order_by(ACT.c.id.desc()))
    return tuple(
        Act(
            kind=ActKind(row.kind),
            persons=row.persons,
            by=ActorId(row.by),
            at=row.at,
            reason=""
            if row.reason is None or vault is None
            else (opened(vault, REASON, row.id, bytes(row.reason)) or b"").decode(),
        )
        for row in rows
    )


def _counts(tx: Connection, table: Any, condition: Any, *, distinct: Any) -> dict[str, int]:
    counted = select(table.c.matter, func.count(distinct.distinct())).where(condition)
    return {number: int(n) for number, n in tx.execute(counted.group_by(table.c.matter))}


def _waiting(tx: Connection) -> dict[str, int]:
    """Erasures that wait, by each matter that they wait for."""
    found: dict[str, int] = defaultdict(int)
    waiting = DEFERRED.c.state == DeferredState.WAITING.value
    for numbers in tx.execute(select(DEFERRED.c.matters).where(waiting)).scalars():
        for number in numbers.split(","):
            found[number] += 1
    return found


def parts(ids: Sequence[Any]) -> list[list[Any]]:
    """The ids in lists that one statement takes."""
    return [list(ids[start : start + IN_LIMIT]) for start in range(0, len(ids), IN_LIMIT)]


def add_matter(
    tx: Connection,
    row: RowId,
    number: str,
    particulars: bytes,
    *,
    by: ActorId,
    expected_end: date | None,
    at: datetime,
) -> bool:
    """Whether the matter came on file now, and not by another; placing it is the first look."""
    added = tx.execute(
        insert_ignore(MATTER, tx.dialect.name)
        .values(
            id=row,
            number=number,
            particulars=particulars,
            placed_by=by,
            placed_at=at,
            expected_end=expected_end,
            reviewed_by=by,
            reviewed_at=at,
        )
        .returning(MATTER.c.id)
    )
    return added.first() is not None


def note_review(
    tx: Connection, vault: FieldVault, found: Matter, *, by: ActorId, at: datetime
) -> None:
    """Somebody looked at the matter now; one without particulars gets a file of its own."""
    if found.id is None:
        row = new_row_id()
        said = sealed_particulars(vault, row, Particulars(name=found.number))
        add_matter(tx, row, found.number, said, by=by, expected_end=None, at=at)
        return
    mine = update(MATTER).where(MATTER.c.number == found.number)
    tx.execute(mine.values(reviewed_by=by, reviewed_at=at))


def close_matter(tx: Connection, number: str, *, at: datetime) -> bool:
    """Whether nothing stands under the matter any more, which closes it."""
    if lines_of(tx, number) or standing_scopes(tx, matter=number):
        return False
    tx.execute(update(MATTER).where(MATTER.c.number == number).values(closed_at=at))
    return True


def uncaught(tx: Connection, *, limit: int) -> list[tuple[Scope, SubjectId]]:
    """Persons whom a standing condition meets and no line names; whoever was let out stays out."""
    found: list[tuple[Scope, SubjectId]] = []
    for scope in standing_scopes(tx):
        if scope.kind is ScopeKind.QUERY and len(found) < limit:
            left = limit - len(found)
            some = matching(tx, scope.conditions, limit=left, without=scope.id)
            found += ((scope, subject) for subject in some)
    return found


def scope_lines(tx: Connection, persons: Sequence[SubjectId]) -> tuple[Line, ...]:
    """Lines of these persons that a standing scope made, released ones among them."""
    found: list[Line] = []
    for part in parts(persons):
        mine = select(HOLD).where(HOLD.c.subject_id.in_(part), HOLD.c.scope_id.is_not(None))
        found += (line_of(row) for row in tx.execute(mine))
    return tuple(found)


def newly_released(tx: Connection, number: str) -> list[tuple[str, SubjectId | None, str]]:
    """(row, person, word) of everything that the newest release of a matter ended."""
    released = ACT.c.matter == number, ACT.c.kind == ActKind.RELEASED.value
    at = tx.execute(select(func.max(ACT.c.at, type_=ACT.c.at.type)).where(*released)).scalar()
    lines = select(HOLD).where(HOLD.c.matter == number, HOLD.c.released_at == at)
    scopes = select(SCOPE).where(SCOPE.c.matter == number, SCOPE.c.released_at == at)
    found: list[tuple[str, SubjectId | None, str]] = []
    for row in tx.execute(lines.order_by(HOLD.c.id)):
        line = line_of(row)
        found.append((row.id, line.subject, written(number, line.what)))
    for row in tx.execute(scopes.order_by(SCOPE.c.id)):
        what = What(table=row.held_table, field=row.field)
        found.append((row.id, None, f"{row.kind}/{written(number, what)}"))
    return found


def release_of(tx: Connection, numbers: Sequence[str]) -> str | None:
    """The approval of the newest release of these matters, by which waiting erasures go on."""
    mine = ACT.c.matter.in_(list(numbers)), ACT.c.approval_id.is_not(None)
    newest = select(ACT.c.approval_id).where(*mine).order_by(ACT.c.id.desc()).limit(1)
    found = tx.execute(newest).scalar()
    return None if found is None else str(found)


def end_deferred(
    tx: Connection,
    ids: Sequence[RowId],
    state: DeferredState,
    *,
    run: RowId | None,
    at: datetime,
) -> None:
    """These deferred erasures do not wait any more."""
    for part in parts(ids):
        mine = update(DEFERRED).where(DEFERRED.c.id.in_(part))
        tx.execute(mine.values(state=state.value, run_id=run, resumed_at=at))


def particulars_of(tx: Connection, vault: FieldVault, number: str) -> Particulars | None:
    """What a matter is about; None for one that came with a file or a restore."""
    row = matter_row(tx, number)
    return None if row is None else open_particulars(vault, row.id, bytes(row.particulars))


def release_about(tx: Connection, vault: FieldVault, asked: Approval) -> tuple[str, ...]:
    """The persons whom a waiting release is about; none where it is the whole matter."""
    sealed = vault.open_blob(RELEASE, asked.object_ref, sealed_of(tx, asked.id))
    return tuple(json.loads(sealed)["persons"])
