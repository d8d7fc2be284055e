"""Duplicates in the stored register: rows compared with each other, look-alikes kept for review.

A search is cut into parts of the keys that two rows may share. After each part its pairs are
stored and the search can be resumed; what is scanned again then is the rows, not the comparing.
The house compares, under the purpose of keeping data right (APPI 22), what that purpose covers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, assert_never

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import ForbiddenError
from governance.core.terms import ActorId, FieldId, PurposeId, RowId
from governance.customers import store
from governance.customers.matching.blocking import Blocks, pairs_within
from governance.customers.matching.companies import company_from, compared_companies
from governance.customers.matching.comparing import compare
from governance.customers.matching.evidence import Comparison, Verdict
from governance.customers.matching.persons import Person, person_from
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, TABLES, Record
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.candidates import (
    PairKind,
    PairState,
    drop_unseen,
    note_duplicates,
)
from governance.customers.upkeep.company_merges import ABSORBED
from governance.customers.upkeep.merges import parts as in_lists
from governance.keys.errors import KeyDestroyedError
from policies.purposes import decide_purpose

PURPOSE = PurposeId("data_quality")
PAGE = 1_000  # rows opened at once
PARTS = 64  # at most; each takes a few seconds of a register of a million rows
ROWS_A_PART = 2_000  # a small register is compared in one part
GOING = (SubjectState.ERASING.value, SubjectState.ERASED.value)
COMPARED = {
    PairKind.PERSON: (
        *("customer_id", "name", "kana", "sex", "birth_date", "company_name"),
        *("postal_code", "address", "phone", "mobile", "email", "sns"),
    ),
    PairKind.COMPANY: (
        *("name", "kana", "corporate_number", "postal_code", "address"),
        *("phone", "website", "representative"),
    ),
}
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a search is: what is compared now, and what it came to so far."""

    began: datetime
    kind: PairKind = PairKind.PERSON
    part: int = 0  # the next one
    parts: int = 0  # 0: not yet scanned
    rows: int = 0
    compared: int = 0
    pairs: int = 0

    def as_cursor(self) -> str:
        """The place as the job ledger keeps it: a moment and counts."""
        counts = (self.part, self.parts, self.rows, self.compared, self.pairs)
        return "/".join((self.began.isoformat(), self.kind.value, *map(str, counts)))

    @classmethod
    def of_cursor(cls, cursor: str) -> Self:
        """The place that a ledger kept."""
        began, kind, *counts = cursor.split("/")
        part, parts, rows, compared, pairs = map(int, counts)
        return cls(
            began=datetime.fromisoformat(began),
            kind=PairKind(kind),
            part=part,
            parts=parts,
            rows=rows,
            compared=compared,
            pairs=pairs,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The rows of a register by position, and who shares a key with whom."""

    rows: tuple[RowId, ...] = field(repr=False)
    blocks: Blocks = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one part came to, and the place after it."""

    place: Place
    pairs: tuple[Mapping[str, object], ...]

    @classmethod
    def of(
        cls,
        place: Place,
        compared: Sequence[Comparison],
        records: Mapping[int, Record],
        *,
        parts: int,
        rows: int,
    ) -> Self:
        """The look-alikes among what was compared, as they wait for review."""
        alike = tuple(_alike(compared, records, place))
        after = replace(
            place,
            part=place.part + 1,
            compared=place.compared + len(compared),
            pairs=place.pairs + len(alike),
            parts=parts,
            rows=rows,
        )
        return cls(place=after, pairs=alike)


@dataclass(slots=True, kw_only=True)
class Search:
    """One search through the register in this process; a scan serves all parts that follow it."""

    ports: Ports
    by: ActorId
    beat: Callable[[], None] = lambda: None  # called about every thousand rows
    progress: Progress = lambda _done, _total: None
    _scan: Scan | None = field(default=None, repr=False)

    def step(self, place: Place, *, at: datetime) -> Place | None:
        """The next place after this part; None when both registers are through."""
        match place.kind:
            case PairKind.PERSON:
                seen = self._persons(place)
            case PairKind.COMPANY:
                seen = self._companies(place)
            case _:
                assert_never(place.kind)
        self.ports.database.write(lambda tx: self._keep(tx, seen, at=at), batch=True)
        if seen.place.part < seen.place.parts:
            return seen.place
        self._scan = None
        if place.kind is PairKind.COMPANY:
            return None
        return Place(began=place.began, kind=PairKind.COMPANY)

    # Persons

    def _persons(self, place: Place) -> Seen:
        """The pairs of one part of the register of persons."""
        fields = self._fields(place.kind)
        if self._scan is None:
            self._scan = self._scanned(fields, parts=place.parts)
        scan = self._scan
        blocks = scan.blocks.shared(place.part)
        wanted = sorted({position for block in blocks for position in block})
        records: dict[int, Record] = {}
        persons: dict[int, Person] = {}
        for some in in_lists(wanted):
            held = self._records_of([scan.rows[position] for position in some])
            records |= {n: held[scan.rows[n]] for n in some if scan.rows[n] in held}
            persons |= self._keys({n: records[n] for n in some if n in records}, fields)
            self.beat()
        there = [tuple(n for n in block if n in persons) for block in blocks]
        compared = [compare(persons[a], persons[b]) for a, b in pairs_within(there, persons)]
        parts = len(scan.blocks.parts)
        self.progress(place.part + 1 + parts, 2 * parts)
        return Seen.of(place, compared, records, parts=parts, rows=len(scan.rows))

    def _scanned(self, fields: frozenset[FieldId], *, parts: int) -> Scan:
        """Every row of a living person, its keys in as many parts as before, if it was begun."""
        with self.ports.database.read() as tx:
            total = store.count_rows(tx, "person")
        count = parts or max(1, min(PARTS, total // ROWS_A_PART))
        blocks, rows = Blocks.empty(count), list[RowId]()
        for page in self._pages("person"):
            persons = self._keys(dict(enumerate(page, start=len(rows))), fields)
            for position, person in persons.items():
                blocks.add(position, person)
            rows += [record.id for record in page]
            self.beat()
            self.progress(count * len(rows) // max(total, len(rows)), 2 * count)
        return Scan(rows=tuple(rows), blocks=blocks)

    def _pages(self, table: str) -> Iterator[tuple[Record, ...]]:
        """The rows of a register in pages, each in a look of its own."""
        after: RowId | None = None
        while True:
            with self.ports.database.read() as tx:
                page = store.records_after(tx, table, after=after, limit=PAGE)
            if not page:
                return
            yield page
            after = page[-1].id

    def _records_of(self, rows: Sequence[RowId]) -> dict[RowId, Record]:
        """These rows, of persons who are not on their way out."""
        table = TABLES["person"]
        alive = select(table).join(SUBJECT, SUBJECT.c.id == table.c.subject_id)
        wanted = alive.where(table.c.id.in_(rows), SUBJECT.c.state.not_in(GOING))
        with self.ports.database.read() as tx:
            found = [store.record_of("person", row) for row in tx.execute(wanted).mappings()]
        return {record.id: record for record in found}

    def _keys(self, records: Mapping[int, Record], fields: frozenset[FieldId]) -> dict[int, Person]:
        """The keys of rows by position; the opened values live only here."""
        return {
            position: person_from(
                values, row=position, source=str(records[position].clear["source_file"])
            )
            for position, values in self._opened(records, fields).items()
        }

    def _opened(
        self, records: Mapping[int, Record], fields: frozenset[FieldId]
    ) -> dict[int, dict[str, str | None]]:
        """Values by column of each row; a row whose key ended meanwhile is left out."""
        sealed = [
            (r.id, {name: cell for name, cell in r.sealed.items() if name in fields})
            for r in records.values()
        ]
        try:
            opened = self.ports.vault.open_rows(sealed)
        except KeyDestroyedError:
            if len(sealed) == 1:
                return {}
            alone = [self._opened({n: record}, fields) for n, record in records.items()]
            return {n: values for one in alone for n, values in one.items()}
        return {
            position: {name.partition(".")[2]: str(cell.value) for name, cell in cells.items()}
            for position, cells in zip(records, opened, strict=True)
        }

    # Companies

    def _companies(self, place: Place) -> Seen:
        """The pairs of all companies; what is merged away is compared no more."""
        fields = self._fields(place.kind)
        with self.ports.database.read() as tx:
            absorbed = frozenset(tx.execute(ABSORBED).scalars())
        clear = [name.partition(".")[2] for name in fields]
        records: dict[int, Record] = {}
        companies = []
        for page in self._pages("company"):
            fresh = [record for record in page if record.id not in absorbed]
            numbered = dict(enumerate(fresh, start=len(records)))
            opened = self._opened(numbered, fields)
            for position, record in numbered.items():
                facts = {name: record.clear.get(name) for name in clear}
                values = {name: str(fact) for name, fact in facts.items() if fact is not None}
                companies.append(company_from(values | opened.get(position, {}), row=position))
            records |= numbered
            self.beat()
        compared = compared_companies(companies)
        return Seen.of(place, compared, records, parts=1, rows=len(records))

    # Both

    def _fields(self, kind: PairKind) -> frozenset[FieldId]:
        """What is compared of a register: fields that the purpose covers (APPI 18(1))."""
        policy = self.ports.policies.current
        purpose, names = policy.purpose(PURPOSE), [f"{kind.value}.{n}" for n in COMPARED[kind]]
        covered = frozenset(
            FieldId(name)
            for name in names
            if decide_purpose(purpose, categories=(policy.categories[FieldId(name)],))
        )
        if FieldId(f"{kind.value}.name") not in covered:
            raise ForbiddenError  # fails closed: nothing to compare for this purpose
        return covered

    def _keep(self, tx: Connection, seen: Seen, *, at: datetime) -> None:
        """The part's pairs wait for review; at the end of a register what is alike no more goes."""
        alive = _alive(tx, seen.pairs)
        note_duplicates(tx, [pair for pair in seen.pairs if alive.issuperset(_owners(pair))])
        place = seen.place
        if place.part == place.parts:
            gone = drop_unseen(tx, place.kind, before=place.began)
            self.ports.audit.append(tx, self._event(place, gone=gone, at=at))

    def _event(self, place: Place, *, gone: int, at: datetime) -> EventDraft:
        return EventDraft(
            action=EventCode.QUALITY_REVIEWED,
            occurred_at=at,
            actor=self.by,
            object_type="register",
            object_id=place.kind.value,
            purpose=PURPOSE,
            outcome=Outcome.DONE,
            policy_version=self.ports.policies.current.version or None,
            counts=(
                ("rows", place.rows),
                ("compared", place.compared),
                ("pairs", place.pairs),
                ("gone", gone),
            ),
        )


def _alike(
    compared: Iterable[Comparison], records: Mapping[int, Record], place: Place
) -> Iterator[Mapping[str, object]]:
    """What looks like one and is not one yet; seen in this search."""
    for pair in compared:
        if pair.verdict is Verdict.DIFFERENT:
            continue
        both = (records[pair.a], records[pair.b])
        left, right = sorted(both, key=lambda record: record.id)
        if place.kind is PairKind.PERSON and left.subject == right.subject:
            continue
        yield {
            "left_id": left.id,
            "right_id": right.id,
            "left_subject_id": left.subject,
            "right_subject_id": right.subject,
            "score": round(pair.score * 1000),
            "evidence": ",".join(sorted(kind.value for kind in pair.kinds)),
            "state": PairState.OPEN.value,
            "kind": place.kind.value,
            "found_at": place.began,
        }


def _owners(pair: Mapping[str, object]) -> set[object]:
    return {pair["left_subject_id"], pair["right_subject_id"]}


def _alive(tx: Connection, pairs: Sequence[Mapping[str, object]]) -> frozenset[object]:
    """Of the persons of these pairs those who are not on their way out since they were read."""
    known = sorted({str(owner) for pair in pairs for owner in _owners(pair)})
    found: set[object] = set()
    for some in in_lists(known):
        living = select(SUBJECT.c.id).where(SUBJECT.c.id.in_(some), SUBJECT.c.state.not_in(GOING))
        found.update(tx.execute(living).scalars())
    return frozenset(found)
