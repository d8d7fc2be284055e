"""Use cases of legal holds: preview, place, follow, look at, ask for the release, release.

What narrows is in the control journal before it commits; a release is in it after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, EventId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.holds.codes import written
from governance.customers.holds.reading import (
    conditions_json,
    held_parts,
    matching,
    standing_scopes,
)
from governance.customers.holds.types import Line, Scope, ScopeKind
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, TABLES
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.actions import Action
from retention.access import require
from retention.erasure import lock
from retention.holds import store
from retention.holds.copies import keep_all
from retention.holds.errors import HoldClosedError, HoldFormError, HoldPersonUnknownError
from retention.holds.forms import demand_form
from retention.holds.sealing import sealed_particulars
from retention.holds.types import ActKind, Matter, Particulars, Placed, Placing, Preview, Wanted

NAMED = 200  # persons that one event of the log names
FIRST = 20  # persons that a preview shows
FOLLOWED = 5_000  # persons whom one step catches


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What is about to be placed, with the ids that it gets however often it is tried."""

    matter: RowId
    lines: tuple[Line, ...]
    scopes: tuple[Scope, ...]


def preview(tx: Connection, ports: Ports, principal: Principal, placing: Placing) -> Preview:
    """Whom and what this hold would cover; nothing is placed."""
    require(ports, principal, Action.HOLD_PLACE)
    demand_form(placing, catalogue())
    wanted = placing.wanted
    ids = _caught(tx, wanted)
    states = _states(tx, ids)
    return Preview(
        persons=len(ids),
        held=len(held_parts(tx, ids)),
        erased=sum(state == SubjectState.ERASED.value for state in states.values()),
        first=tuple(ids[:FIRST]),
        rows={name: _rows(tx, name, ids) for name in _tables(wanted)},
    )


def _tables(wanted: Wanted) -> tuple[str, ...]:
    named = tuple(what.table for what in wanted.what if what.table is not None)
    if len(named) == len(wanted.what):
        return tuple(dict.fromkeys(named))
    return tuple(name for name in TABLES if name != "merge_trace")


def _rows(tx: Connection, name: str, ids: Sequence[SubjectId]) -> int:
    table, found = TABLES[name], 0
    for part in store.parts(ids):
        mine = select(func.count()).where(table.c.subject_id.in_(part))
        found += int(tx.execute(mine).scalar_one())
    return found


def place(ports: Ports, principal: Principal, placing: Placing, *, at: datetime) -> Placed:
    """The hold stands when this returns, in the journal and the store; twice equals once.

    Raises HoldFormError, HoldConditionError, HoldPersonUnknownError, HoldClosedError.
    """
    require(ports, principal, Action.HOLD_PLACE)
    demand_form(placing, catalogue())
    with ports.database.read() as tx:
        made = _made(tx, placing, by=principal.id, at=at)
    ports.journal.append_many(
        (*map(_entry_of_scope, made.scopes), *(entry_of(line, at=at) for line in made.lines))
    )

    def write(tx: Connection) -> Placed:
        lock(tx, sorted({line.subject for line in made.lines}))
        fresh = _enter(tx, ports, principal, placing, made, at=at)
        for scope in made.scopes:
            store.add_scope(tx, scope, conditions_json(scope.conditions))
        store.add_lines(tx, made.lines, by=principal.id, at=at)
        ids = sorted({line.subject for line in made.lines})
        kind = ActKind.PLACED if fresh else ActKind.WIDENED
        store.note_act(
            tx,
            ports.vault,
            placing.number,
            kind,
            by=principal.id,
            at=at,
            persons=len(ids),
            reason=placing.reason,
        )
        record(tx, ports, principal, EventCode.HOLD_PLACED, placing.number, ids, refs=(), at=at)
        return Placed(number=placing.number, persons=len(ids), standing=bool(made.scopes))

    placed = ports.database.write(write)
    keep_all(ports)
    return placed


def _made(tx: Connection, placing: Placing, *, by: ActorId, at: datetime) -> _Made:
    known = store.matter_row(tx, placing.number)
    if known is not None and known.closed_at is not None:
        raise HoldClosedError(number=placing.number)
    if known is None and placing.particulars is None:
        raise HoldFormError(field="name")
    wanted = placing.wanted
    scopes = () if wanted.kind is None else _scopes(tx, placing, wanted.kind, by=by, at=at)
    stands = store.known_lines(tx, placing.number)
    everyone = wanted.kind is ScopeKind.EVERYONE
    lines = [
        Line(
            id=RowId(new_row_id()),
            subject=subject,
            matter=placing.number,
            what=what,
            scope=next((scope.id for scope in scopes if scope.what == what), None),
        )
        for subject in (() if everyone else _caught(tx, wanted))
        for what in wanted.what
        if (subject, what.table, what.field, what.row) not in stands
    ]
    matter = new_row_id() if known is None else RowId(known.id)
    return _Made(matter=matter, lines=tuple(lines), scopes=scopes)


def _scopes(
    tx: Connection, placing: Placing, kind: ScopeKind, *, by: ActorId, at: datetime
) -> tuple[Scope, ...]:
    """The scopes that the matter does not have yet."""
    conditions = placing.wanted.conditions
    standing = standing_scopes(tx, matter=placing.number)
    known = {one.what for one in standing if (one.kind, one.conditions) == (kind, conditions)}
    return tuple(
        Scope(
            id=new_row_id(),
            matter=placing.number,
            kind=kind,
            what=what,
            conditions=conditions,
            placed_by=by,
            placed_at=at,
        )
        for what in placing.wanted.what
        if what not in known
    )


def _caught(tx: Connection, wanted: Wanted) -> tuple[SubjectId, ...]:
    """Everyone whom the hold covers now; raises HoldPersonUnknownError."""
    if wanted.kind is not None:
        return matching(tx, wanted.conditions)
    ids = sorted({survivor_of(tx, one) for one in wanted.persons})
    unknown = len(ids) - len(_states(tx, ids))
    if unknown:
        raise HoldPersonUnknownError(count=unknown)
    return tuple(ids)


def _states(tx: Connection, ids: Sequence[SubjectId]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in store.parts(ids):
        rows = tx.execute(select(SUBJECT.c.id, SUBJECT.c.state).where(SUBJECT.c.id.in_(part)))
        found.update((row.id, row.state) for row in rows)
    return found


def _enter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    placing: Placing,
    made: _Made,
    *,
    at: datetime,
) -> bool:
    """Whether the matter is new; fails closed when it was released meanwhile."""
    known = store.matter_row(tx, placing.number)
    if known is not None:
        if known.closed_at is not None:
            raise HoldClosedError(number=placing.number)
        return False
    said = placing.particulars or Particulars(name=placing.number)
    return store.add_matter(
        tx,
        made.matter,
        placing.number,
        sealed_particulars(ports.vault, made.matter, said),
        by=principal.id,
        expected_end=placing.expected_end,
        at=at,
    )


def follow(ports: Ports, by: Principal, *, at: datetime) -> int:
    """Persons whom a standing condition meets since are under its hold by name; how many."""
    with ports.database.read() as tx:
        fresh = store.uncaught(tx, limit=FOLLOWED)
    lines = [
        Line(id=new_row_id(), subject=subject, matter=one.matter, what=one.what, scope=one.id)
        for one, subject in fresh
    ]
    if not lines:
        return 0
    ports.journal.append_many(entry_of(line, at=at) for line in lines)

    def write(tx: Connection) -> int:
        ids = sorted({line.subject for line in lines})
        lock(tx, ids)
        store.add_lines(tx, lines, by=by.id, at=at)
        for number in dict.fromkeys(line.matter for line in lines):
            mine = sorted({line.subject for line in lines if line.matter == number})
            store.note_act(
                tx, ports.vault, number, ActKind.WIDENED, by=by.id, at=at, persons=len(mine)
            )
            record(tx, ports, by, EventCode.HOLD_PLACED, number, mine, refs=(), at=at)
        return len(ids)

    return ports.database.write(write)


def review(
    tx: Connection, ports: Ports, principal: Principal, number: str, *, reason: str, at: datetime
) -> Matter:
    """The matter was looked at and goes on; raises HoldUnknownError, HoldNotStandingError."""
    require(ports, principal, Action.HOLD_PLACE)
    found = store.matter_of(tx, number)
    if not reason.strip():
        raise HoldFormError(field="reason")
    store.note_review(tx, ports.vault, found, by=principal.id, at=at)
    store.note_act(tx, ports.vault, number, ActKind.REVIEWED, by=principal.id, at=at, reason=reason)
    record(tx, ports, principal, EventCode.HOLD_REVIEWED, number, (), refs=(), at=at)
    return store.matter_of(tx, number)


def entry_of(line: Line, *, at: datetime, kind: JournalKind = JournalKind.HOLD) -> JournalEntry:
    """A line as the control journal has it."""
    return JournalEntry(
        kind=kind,
        subject=line.subject,
        scope=written(line.matter, line.what),
        event=EventId(str(line.id)),
        consent_seq=None,
        at=at,
    )


def _entry_of_scope(scope: Scope) -> JournalEntry:
    """A standing scope in the journal: about nobody yet."""
    return JournalEntry(
        kind=JournalKind.HOLD,
        subject=None,
        scope=f"{scope.kind.value}/{written(scope.matter, scope.what)}",
        event=EventId(scope.id),
        consent_seq=None,
        at=scope.placed_at,
    )


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    number: str,
    persons: Sequence[SubjectId],
    *,
    refs: tuple[str, ...],
    at: datetime,
) -> None:
    """The log says it, with the persons by pseudonym, some hundred an event."""
    for start in range(0, max(len(persons), 1), NAMED):
        some = persons[start : start + NAMED]
        ports.audit.append(
            tx,
            EventDraft(
                action=code,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type="hold",
                object_id=number,
                subject=some[0] if len(some) == 1 else None,
                outcome=Outcome.DONE,
                counts=(("persons", len(some)),),
                refs=(*refs, *(f"person:{one}" for one in some)) if len(some) > 1 else refs,
            ),
        )
