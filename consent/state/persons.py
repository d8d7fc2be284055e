"""What the database holds of persons, for their bits: many in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, or_, select

from consent import ledger
from consent.facts import facts_of
from consent.merged import earliest
from consent.service import known_of
from consent.state.layout import Layout
from consent.state.standing import Rulings, Standing
from consent.types import ConsentEvent
from governance.core.terms import Law, SubjectId
from governance.customers.store import LAW, SUBJECT, subject_of
from governance.customers.upkeep.merges import MERGE, circle, survivor_of
from governance.db.fetching import PreparedSelect

PART: Final = 500  # persons of one statement
_IDS: Final[Any] = bindparam("ids", expanding=True)
_EVENT: Final = [column for column in ledger.EVENT.c if column.name != "proof"]
_LAWS: Final = select(LAW.c.subject_id, LAW.c.law, LAW.c.valid_from, LAW.c.valid_to)
_EVENTS: Final = select(*_EVENT).order_by(ledger.EVENT.c.seq)
_MERGES: Final = select(MERGE.c.survivor_id, MERGE.c.absorbed_id)


def _between(column: Any) -> Any:
    return (column > bindparam("after")) & (column <= bindparam("last"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The three statements that tell of persons, for one way of naming them."""

    persons: PreparedSelect
    laws: PreparedSelect
    events: PreparedSelect


def _read(condition: Any) -> _Read:
    return _Read(
        persons=PreparedSelect(select(SUBJECT).where(condition(SUBJECT.c.id))),
        laws=PreparedSelect(_LAWS.where(condition(LAW.c.subject_id))),
        events=PreparedSelect(_EVENTS.where(condition(ledger.EVENT.c.subject_id))),
    )


_NAMED: Final = _read(lambda column: column.in_(_IDS))
_RANGE: Final = _read(_between)
_NEXT: Final[Select[Any]] = select(SUBJECT.c.id).order_by(SUBJECT.c.id).limit(PART)
_FIRST, _FOLLOWING = (
    PreparedSelect(_NEXT),
    PreparedSelect(_NEXT.where(SUBJECT.c.id > bindparam("after"))),
)
_SPOKE: Final = PreparedSelect(
    select(ledger.EVENT.c.subject_id).where(ledger.EVENT.c.seq > bindparam("after")).distinct()
)
_CHANGED: Final = PreparedSelect(
    select(SUBJECT.c.id).where(SUBJECT.c.changed_seq > bindparam("after"))
)
_INVOLVED: Final = PreparedSelect(
    _MERGES.where(or_(MERGE.c.survivor_id.in_(_IDS), MERGE.c.absorbed_id.in_(_IDS)))
)
Stood = tuple[SubjectId, Standing]


def everyone(tx: Connection, rulings: Rulings, *, at: datetime) -> Iterator[Stood]:
    """Every known person, in the order of their ids, without holding them all at once."""
    merged = {SubjectId(name) for pair in tx.execute(_MERGES) for name in pair}
    page = _FIRST.rows(tx, {})
    after = ""
    while page:
        last = page[-1].id
        found = _standings(tx, _RANGE, {"after": after, "last": last}, rulings, merged, at=at)
        for row in page:
            yield SubjectId(row.id), found[row.id]
        after = last
        page = _FOLLOWING.rows(tx, {"after": after})


def some(
    tx: Connection, subjects: Collection[SubjectId], rulings: Rulings, *, at: datetime
) -> Iterator[Stood]:
    """These persons, and every other one whose bits are theirs by a merge."""
    wanted, merged = with_merged(tx, subjects)
    for part in _parts(wanted):
        found = _standings(tx, _NAMED, {"ids": part}, rulings, merged, at=at)
        yield from ((SubjectId(name), found[name]) for name in part if name in found)


def changed_after(tx: Connection, seq: int) -> set[SubjectId]:
    """Whose choices or facts have a later number than this."""
    rows = (*_SPOKE.rows(tx, {"after": seq}), *_CHANGED.rows(tx, {"after": seq}))
    return {SubjectId(row[0]) for row in rows}


def with_merged(
    tx: Connection, subjects: Collection[SubjectId]
) -> tuple[list[SubjectId], set[SubjectId]]:
    """The persons with all pseudonyms of theirs, and those of them that a merge ever named."""
    wanted = dict.fromkeys(subjects)
    named: set[SubjectId] = set()
    for part in _parts(list(wanted)):
        pairs = _INVOLVED.rows(tx, {"ids": part})
        named |= {SubjectId(name) for pair in pairs for name in pair}
    for name in sorted(named & wanted.keys()):
        ring = circle(tx, survivor_of(tx, name))
        wanted |= dict.fromkeys(ring)
        named |= set(ring)
    return list(wanted), named


def _standings(
    tx: Connection,
    read: _Read,
    which: Mapping[str, Any],
    rulings: Rulings,
    merged: Collection[SubjectId],
    *,
    at: datetime,
) -> dict[str, Standing]:
    laws: dict[str, list[Any]] = defaultdict(list)
    for row in read.laws.rows(tx, which):
        laws[row.subject_id].append(row)
    events: dict[str, list[ConsentEvent]] = defaultdict(list)
    for row in read.events.rows(tx, which):
        events[row.subject_id].append(ledger.event_of(row))
    found: dict[str, Standing] = {}
    for row in read.persons.rows(tx, which):
        if row.id in merged:
            found[row.id] = _of_merged(tx, SubjectId(row.id), rulings.layout, at=at)
            continue
        mine = laws.get(row.id, ())
        facts = facts_of(subject_of(row, _in_force(mine, on=at.date())))
        stands = rulings.standing(facts, events.get(row.id, ()), at=at)
        found[row.id] = Standing(
            words=stands.words, until=earliest((stands.until, _turn(mine, at=at)))
        )
    return found


def _of_merged(tx: Connection, subject: SubjectId, layout: Layout, *, at: datetime) -> Standing:
    """The bits of one whom a merge ever named: every history decides (consent/merged.py)."""
    words, ends = [0] * layout.words, [_turn(_laws_of(tx, survivor_of(tx, subject)), at=at)]
    for place in layout.places.values():
        known = known_of(tx, subject, place.purpose, at=at)
        for cell in place.cells:
            found = known.decide(channel=cell.channel, recipient=cell.recipient_class, at=at)
            if found:
                words[place.word] |= cell.bit
                ends.append(found.valid_until)
    return Standing(words=tuple(words), until=earliest(ends))


def _laws_of(tx: Connection, subject: SubjectId) -> Sequence[Any]:
    return _NAMED.laws.rows(tx, {"ids": [subject]})


def _in_force(laws: Sequence[Any], *, on: date) -> frozenset[Law]:
    return frozenset(
        Law(row.law)
        for row in laws
        if row.valid_from <= on and (row.valid_to is None or row.valid_to >= on)
    )


def _turn(laws: Sequence[Any], *, at: datetime) -> datetime | None:
    """The next moment at which another set of laws is in force."""
    days = [row.valid_from for row in laws]
    days += [row.valid_to + timedelta(days=1) for row in laws if row.valid_to is not None]
    moments = (datetime.combine(day, time.min, UTC) for day in days)
    return earliest(moment for moment in moments if moment > at)


def _parts(subjects: Sequence[SubjectId]) -> Iterator[list[SubjectId]]:
    for start in range(0, len(subjects), PART):
        yield list(subjects[start : start + PART])
