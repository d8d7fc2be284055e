"""Connected systems as sources of a request: asked by the person's keys, read as our texts are."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from dsar.case import WithheldItem
from dsar.connected.keys import person_keys
from dsar.found import Failed, Found, FoundFile, FoundRecord, FoundValue
from dsar.places import places_in
from dsar.reads import Query
from dsar.redaction import own_words
from dsar.types import THIRD_PERSON
from governance.connectors import types as outside
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from governance.customers.ports import Ports
from governance.gateway.intake.screening import without_numbers
from governance.pii.redaction import Marked
from policies.masking import Span

PREFIX = "connector."
PENDING = "pending"


class Own(Protocol):
    """The person's own names, numbers and addresses."""

    def values(self, query: Query) -> frozenset[tuple[FieldId, str]]:
        """Field and value of each."""
        ...


class ConnectedSource:
    """One connected system; whatever it holds about others is left out or replaced."""

    def __init__(self, ports: Ports, connector: outside.Connector, own: Own) -> None:
        self.name = source_of(connector.name)
        self._ports, self._connector, self._own = ports, connector, own

    def __repr__(self) -> str:
        return f"ConnectedSource({self.name})"

    def find(self, query: Query) -> Found | Failed:
        """What the system holds; failed while a colleague has not answered, too."""
        asking = outside.Asking(key=f"{query.request}/find", at=query.at, request=query.request)
        answer = self._connector.find(person_keys(self._ports, query.subject), asking)
        match answer:
            case outside.Found():
                return self._found(answer, query)
            case outside.Pending():
                return Failed(source=self.name, code=PENDING)
            case outside.Failed(reason=reason):
                return Failed(source=self.name, code=reason.value)

    def _found(self, answer: outside.Found, query: Query) -> Found:
        """Records with random ids: a key of theirs may itself name somebody."""
        records = [(new_row_id(), record) for record in answer.records]
        said = {
            (row, place): without_numbers(value.text)[0]
            for row, record in records
            for place, value in enumerate(record.values)
            if not value.third_person
        }
        free = {
            (row, place): said[row, place]
            for row, record in records
            for place, value in enumerate(record.values)
            if value.free_text and not value.third_person
        }
        left = [
            (row, value) for row, record in records for value in record.values if value.third_person
        ]
        own = own_words(value for _, value in self._own.values(query))
        others = places_in(self._ports, free, own=own)
        grounds = tuple(THIRD_PERSON[law] for law in sorted(query.laws))
        return Found(
            source=self.name,
            label=self._connector.label,
            records=tuple(
                self._attached(
                    FoundRecord(
                        row=row,
                        values=tuple(
                            FoundValue(
                                name=self._field(value),
                                label=value.label,
                                text=said[row, place],
                                others=others.get((row, place), ()),
                            )
                            for place, value in enumerate(record.values)
                            if not value.third_person
                        ),
                    ),
                    record.file,
                    number,
                )
                for number, (row, record) in enumerate(records, start=1)
            ),
            withheld=tuple(
                WithheldItem(field=self._field(value), row=row, grounds=grounds)
                for row, value in left
            ),
            labels=tuple({self._field(value): value.label for _, value in left}.items()),
        )

    def _attached(
        self, found: FoundRecord, file: outside.OutsideFile | None, number: int
    ) -> FoundRecord:
        """A file is hidden whole until an officer has looked at it; its value names it."""
        if file is None:
            return found
        made = FoundFile(
            stands_for=self._named(file.stands_for),
            name=f"{number:03d}.{file.suffix}",
            content=file.content,
        )
        values = (
            _hidden(value, made.name) if value.name == made.stands_for else value
            for value in found.values
        )
        return replace(found, values=tuple(values), file=made)

    def _field(self, value: outside.OutsideValue) -> FieldId:
        return self._named(value.name)

    def _named(self, name: str) -> FieldId:
        return FieldId(f"{self._connector.name}.{name}")


def _hidden(value: FoundValue, name: str) -> FoundValue:
    told = f"{value.text}: {name}"
    place = Span(start=0, end=len(told), label=Marked.PASSAGE.value)
    return replace(value, text=told, others=(place,))


def source_of(connector: str) -> str:
    """The name under which a request knows the system."""
    return f"{PREFIX}{connector}"


def connected_sources(
    ports: Ports, connectors: Iterable[outside.Connector], own: Own
) -> tuple[ConnectedSource, ...]:
    """Each connected system as a source."""
    return tuple(ConnectedSource(ports, connector, own) for connector in connectors)
