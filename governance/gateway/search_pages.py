"""One page of a search: rows of the index decided, opened and compared until the page is full.

The work of a page is bounded twice: by the rows that are opened, and by the rows of the index that
are passed over. Where a bound is met the page ends, short or empty, and the next goes on there.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from consent.many import Gate, subject_gates
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.search_queries import Part
from governance.customers.search_terms import Level
from governance.customers.store import Record
from governance.customers.tokens import count_behind, packed
from governance.gateway.glass.types import Glass
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_entities import Entity, entities, rows_shown
from governance.gateway.search_kana import KANA_LOOKED, KANA_MOST, by_kana
from governance.gateway.search_places import Cursor, cursor_of
from governance.gateway.search_rows import (
    IndexInUse,
    Place,
    Probe,
    Walk,
    leading,
    listed_at,
    probes_of,
)
from governance.gateway.search_types import PAGE_MOST, Order, SearchRequest
from governance.gateway.showing import Prepared
from governance.http.principal import Principal
from governance.keys.vault import Reading
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot

CHUNK: Final = 25  # rows decided and opened at a time
SPARE: Final = 2  # rows above those that are still to be shown: one more, and one in vain
COUNTED_AT: Final = 1_000  # rows of one page that are opened where its hits are to be counted
IN_VAIN: Final = {False: 300, True: 60}  # rows that answer not, by whether the page has a hit
PASSED_OVER: Final = {False: 4_000, True: 300}  # rows of the index that are read, by the same
BEHIND_MOST: Final = 10_000  # rows beyond which the index is only "far behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search of one principal, before anything is looked at."""

    ports: Ports
    principal: Principal
    request: SearchRequest
    policy: PolicySnapshot
    purpose: PurposeRecord | None
    parts: tuple[Part, ...]
    allowed: Mapping[FieldId, Level]  # how deep each field may be searched
    refused: Mapping[FieldId, ReasonCode]
    decisions: PersonDecisions | None  # None for no purpose
    at: datetime

    @property
    def glass(self) -> Glass | None:
        """The emergency access under which is searched."""
        return self.decisions.glass if self.decisions is not None else None

    @property
    def limit(self) -> int:
        """Hits of a page."""
        return max(1, min(self.request.limit, PAGE_MOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A person or company that answers, decided, still sealed."""

    place: Place  # of the best of its rows
    row: RowId  # of the register, to be shown
    subject: SubjectId
    matched: tuple[FieldId, ...]
    gates: Mapping[SubjectId, Gate]  # what the decision rests on


@dataclass(slots=True, kw_only=True)
class Page:
    """What one page has so far."""

    consent_seq: int
    behind: int
    limit: int
    before: int = 0  # hits of the pages before
    found: list[Found] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)  # of those that are shown
    looked_at: int = 0
    last: Place | None = None  # everything up to here was looked at
    ended: bool = False  # whether nothing is left
    order: Order = Order.BEST

    @property
    def shown(self) -> Sequence[Found]:
        """The hits of the page."""
        return self.found[: self.limit]

    @property
    def total(self) -> int:
        """Hits as far as was looked, with those of the pages before."""
        return self.before + len(self.found)

    @property
    def following(self) -> Cursor | None:
        """Where the next page begins; None when this was the last."""
        place = None
        if len(self.found) > self.limit:
            place = self.found[self.limit - 1].place
        elif not self.ended:
            place = self.last
        return None if place is None else Cursor(place=place, before=self.before + len(self.shown))


def page_of(tx: Connection, one: Search, index: IndexInUse, keys: Reading) -> Page:
    """The hits of the page and one more, if there is one, decided and compared."""
    cursor = cursor_of(one.ports, one.principal, one.request)
    after = cursor.place if cursor is not None else None
    groups = [probes_of(part, index, one.allowed) for part in one.parts]
    lead = leading(tx, groups) if after is None else after.part
    page = Page(
        consent_seq=ledger.head(tx),
        behind=count_behind(tx, most=BEHIND_MOST),
        limit=one.limit,
        before=cursor.before if cursor is not None else 0,
        last=after,
    )
    if one.purpose is None or one.decisions is None:
        page.ended = True  # fails closed: nothing is searched for no purpose
        return page
    looked = _Looked(tx, one, keys, probes=groups[lead], part=lead)
    if one.request.order is Order.KANA:
        walk = Walk(tx, groups[lead], part=lead, after=None)
        if _in_order(tx, page, looked, walk, one, keys):
            page.prepared = _prepared(tx, one, one.decisions, page)
            return page
        page.before, page.looked_at, page.last, after = 0, 0, None, None
    _fill(page, looked, Walk(tx, groups[lead], part=lead, after=after), count=one.request.count)
    page.prepared = _prepared(tx, one, one.decisions, page)
    return page


def _in_order(
    tx: Connection, page: Page, looked: "_Looked", walk: Walk, one: Search, keys: Reading
) -> bool:
    """Whether few enough are found for the order of their kana; the page is then made of it."""
    hits: list[Found] = []
    while not walk.ended and len(hits) <= KANA_MOST:
        places = walk.round()
        page.looked_at += len(places)
        if page.looked_at > KANA_LOOKED:
            return False
        hits += looked.at(places)
    if len(hits) > KANA_MOST:
        return False  # listed by id, with a hint to narrow
    page.found = by_kana(tx, one, hits, keys)[page.before :]
    page.ended, page.order = True, Order.KANA
    return True


def _fill(page: Page, looked: "_Looked", walk: Walk, *, count: bool) -> None:
    """The page is full, or nothing is left, or enough was looked at."""
    waiting: deque[Place] = deque()
    while page.looked_at < COUNTED_AT and (count or _goes_on(page)):
        if not waiting:
            if walk.ended:
                page.ended = True
                return
            if walk.read >= PASSED_OVER[bool(page.found) and not count]:
                page.last = walk.at
                return
            waiting.extend(walk.round())
            continue
        lacks = CHUNK if count else page.limit - len(page.found) + SPARE
        chunk = [waiting.popleft() for _ in range(min(lacks, CHUNK, len(waiting)))]
        page.looked_at += len(chunk)
        page.last = chunk[-1]
        page.found += looked.at(chunk)
    page.ended = walk.ended and not waiting


def _goes_on(page: Page) -> bool:
    in_vain = page.looked_at - len(page.found)
    return len(page.found) <= page.limit and in_vain < IN_VAIN[bool(page.found)]


class _Looked:
    """What was found out about rows so far: each is opened once, wherever it stands."""

    def __init__(
        self, tx: Connection, one: Search, keys: Reading, *, probes: Sequence[Probe], part: int
    ) -> None:
        self._tx = tx
        self._keys = keys
        self._one = one
        self._probes = probes
        self._part = part
        self._stands: dict[bytes, Found | None] = {}

    def at(self, places: Sequence[Place]) -> list[Found]:
        """Who stands at these places; whoever stands at a better one was or is found there."""
        self._look([place.row for place in places if place.row not in self._stands])
        return [
            found
            for place in places
            if (found := self._stands[place.row]) is not None and found.place == place
        ]

    def _look(self, rows: Sequence[bytes]) -> None:
        if not rows:
            return
        self._stands |= dict.fromkeys(rows)
        one = self._one
        seen = entities(self._tx, one.request.register, rows, one.allowed)
        met = {entity.id: entity for entity in seen.values()}
        gates = _gates(self._tx, one, [s for entity in met.values() for s in entity.subjects])
        depths = self._depths(met.values(), gates)
        values = self._opened(met.values(), depths)
        for entity in met.values():
            stands = self._standing(entity, gates, values, depths)
            self._stands |= {packed(record.id): stands for record in entity.records}

    def _depths(
        self, met: Iterable[Entity], gates: Mapping[SubjectId, Gate]
    ) -> dict[RowId, Mapping[FieldId, Level]]:
        """How deep the fields of each row may be searched; nothing of who is erased."""
        decisions = self._one.decisions
        if decisions is None:
            return {}
        return {
            record.id: decisions.depths(record.subject, gates[record.subject].said)
            for entity in met
            for record in entity.records
            if record.subject in gates
        }

    def _opened(
        self, met: Iterable[Entity], depths: Mapping[RowId, Mapping[FieldId, Level]]
    ) -> dict[RowId, dict[FieldId, str]]:
        """The asked values that may be seen, to be compared; the others stay sealed."""
        records = [record for entity in met for record in entity.records if record.id in depths]
        sealed = [
            (one.id, {n: cell for n, cell in one.sealed.items() if n in depths[one.id]})
            for one in records
        ]
        opened = self._keys.open_rows(sealed)
        return {
            record.id: _clear(record, depths[record.id])
            | {name: str(cell.value) for name, cell in cells.items()}
            for record, cells in zip(records, opened, strict=True)
        }

    def _standing(
        self,
        entity: Entity,
        gates: Mapping[SubjectId, Gate],
        values: Mapping[RowId, Mapping[FieldId, str]],
        depths: Mapping[RowId, Mapping[FieldId, Level]],
    ) -> Found | None:
        """Where the entity stands, by the best of its rows; None where it does not answer."""
        part = self._one.parts[self._part]
        standing: list[tuple[Place, Record, tuple[FieldId, ...]]] = []
        for record in entity.records:
            if record.id not in depths:
                continue
            listed = listed_at(part, self._probes, values[record.id], depths[record.id])
            if listed is not None:
                place = Place(part=self._part, level=listed[0], row=packed(record.id))
                standing.append((place, record, listed[1]))
        if not standing:
            return None
        place, record, matched = min(standing, key=lambda one: one[0].order)
        others = self._others(entity, values, depths)
        if others is None:
            return None
        whole = not self._one.request.register.beside
        main = record if whole else next(r for r in entity.records if r.id == entity.id)
        return Found(
            place=place,
            row=main.id,
            subject=main.subject,
            matched=tuple(dict.fromkeys((*matched, *others))),
            gates={subject: gates[subject] for subject in entity.subjects if subject in gates},
        )

    def _others(
        self,
        entity: Entity,
        values: Mapping[RowId, Mapping[FieldId, str]],
        depths: Mapping[RowId, Mapping[FieldId, Level]],
    ) -> tuple[FieldId, ...] | None:
        """The fields that answer the other groups of the query; None when one is not answered."""
        matched: list[FieldId] = []
        for number, part in enumerate(self._one.parts):
            if number == self._part:
                continue
            answers = [
                question.field
                for record in entity.records
                if record.id in depths
                for question in part.questions
                if (depth := depths[record.id].get(question.field)) is not None
                and (value := values[record.id].get(question.field)) is not None
                and (level := question.asked.level(value)) is not None
                and level <= depth
            ]
            if not answers:
                return None
            matched += answers
        return tuple(matched)


def _clear(record: Record, depths: Mapping[FieldId, Level]) -> dict[FieldId, str]:
    """The asked values of a row that are not sealed."""
    named = ((FieldId(f"{record.table}.{name}"), value) for name, value in record.clear.items())
    return {name: str(value) for name, value in named if value is not None and name in depths}


def _gates(tx: Connection, one: Search, subjects: Sequence[SubjectId]) -> dict[SubjectId, Gate]:
    """The third gate of each person; a company is there though its representative was erased."""
    if one.purpose is None:
        return {}
    gates, beside = subject_gates(tx, subjects, one.purpose, at=one.at), one.request.register.beside
    return {subject: gate for subject, gate in gates.items() if beside or gate.mark is not None}


def _prepared(
    tx: Connection, one: Search, decisions: PersonDecisions, page: Page
) -> list[Prepared]:
    """The rows that are shown, with what the gates say of their fields."""
    if not page.shown:
        return []
    register, names = one.request.register, decisions.shown
    rows = rows_shown(tx, register, [found.row for found in page.shown], names)
    return [
        Prepared(
            policy=one.policy,
            consent_seq=page.consent_seq,
            mark=found.gates[found.subject].mark,
            rows=(rows[found.row],),
            decisions=decisions.of_shown(found.subject, found.gates[found.subject].said),
        )
        for found in page.shown
    ]
