"""What a search finds out about rows: whose they are, whether that answers, and where it stands.

A value is opened only where it may decide. By what is looked up on a level alone a row stands on it
or on a better one; the other asked fields of a row are opened only where that finds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from consent.many import Gate, subject_gates
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.search_queries import Part
from governance.customers.search_terms import Level
from governance.customers.store import Record
from governance.customers.tokens import packed
from governance.gateway.glass.types import Glass
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_entities import Entity, entities
from governance.gateway.search_rows import Place, Probe, listed_at, near, read_on
from governance.gateway.search_types import PAGE_MOST, SearchRequest
from governance.http.principal import Principal
from governance.keys.vault import Reading
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot


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


class Looked:
    """What was found out about rows so far: each is looked at once, wherever it stands."""

    def __init__(
        self,
        tx: Connection,
        one: Search,
        keys: Reading,
        *,
        probes: Sequence[Probe],
        part: int,
        beside: FieldId | None = None,
    ) -> None:
        """`beside` names a field that is read with the others, to be opened later or never."""
        self._tx = tx
        self._keys = keys
        self._one = one
        self._probes = probes
        self._read = read_on(probes)
        self._part = part
        self._beside = beside
        self._stands: dict[bytes, Found | None] = {}
        self._cells: dict[RowId, bytes] = {}
        self._elsewhere = {
            question.field
            for number, other in enumerate(one.parts)
            if number != part
            for question in other.questions
        }

    def at(self, places: Sequence[Place]) -> list[Found]:
        """Who stands at these places; whoever stands at a better one was or is found there."""
        self._look([place for place in places if place.row not in self._stands])
        return [
            found
            for place in places
            if (found := self._stands[place.row]) is not None and found.place == place
        ]

    def beside(self, row: RowId) -> bytes | None:
        """The sealed cell of the field that was read beside, of a row that was looked at."""
        return self._cells.get(row)

    def _look(self, places: Sequence[Place]) -> None:
        if not places:
            return
        rows = [place.row for place in places]
        self._stands |= dict.fromkeys(rows)
        met = self._met(rows)
        gates = _gates(self._tx, self._one, [s for entity in met for s in entity.subjects])
        depths = self._depths(met, gates)
        first = near(self._probes, max(place.level for place in places)) | self._elsewhere
        values = self._opened(met, depths, first)
        behind = []
        for entity in met:
            stands = self._standing(entity, gates, values, depths)
            self._keep(entity, stands)
            if stands is None:
                behind.append(entity)
        rest = frozenset(self._one.allowed) - first
        if not rest:
            return
        for row, more in self._opened(behind, depths, rest).items():
            values[row] |= more
        for entity in behind:
            self._keep(entity, self._standing(entity, gates, values, depths))

    def _met(self, rows: Sequence[bytes]) -> list[Entity]:
        """Whom the rows belong to, each once."""
        names = {*self._one.allowed, *((self._beside,) if self._beside is not None else ())}
        seen = entities(self._tx, self._one.request.register, rows, names)
        met = list({entity.id: entity for entity in seen.values()}.values())
        if self._beside is not None:
            self._cells |= {
                record.id: cell
                for entity in met
                for record in entity.records
                if (cell := record.sealed.get(self._beside)) is not None
            }
        return met

    def _keep(self, entity: Entity, stands: Found | None) -> None:
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
        self,
        met: Iterable[Entity],
        depths: Mapping[RowId, Mapping[FieldId, Level]],
        names: AbstractSet[FieldId],
    ) -> dict[RowId, dict[FieldId, str]]:
        """Those of the asked values that may be seen, to be compared; the others stay sealed."""
        records = [record for entity in met for record in entity.records if record.id in depths]
        sealed = [
            (
                one.id,
                {n: cell for n, cell in one.sealed.items() if n in names and n in depths[one.id]},
            )
            for one in records
        ]
        opened = self._keys.open_rows(sealed)
        return {
            record.id: _clear(record, depths[record.id])
            | {name: str(value) for name, value in cells.reveal().items()}
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
            listed = listed_at(part, self._read, values[record.id], depths[record.id])
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
