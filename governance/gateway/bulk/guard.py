"""Texts of an export hold no personal data that their field does not declare; else nothing leaves.

A field of free text that is shown in clear is analysed; one finding refuses the whole file, and the
refusal names fields and persons, so that somebody can mend them, and no word of a text. What is
shown redacted has lost its findings already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from governance.core.terms import FieldId, Lang, SubjectId, Treatment
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.gateway.bulk.types import ExportGuardError
from governance.gateway.types import RowView
from policies.purposes import Basis, PurposeRecord

NAMED: Final = 20  # persons in a refusal; the count tells of all


def guarded(purpose: PurposeRecord) -> bool:
    """Whether texts are searched: always, unless a law alone asks for what is written there."""
    return set(purpose.basis.values()) != {Basis.LEGAL_OBLIGATION}


def scanned(field: FieldId) -> bool:
    """Whether a field's values are prose that may name somebody."""
    entry = catalogue().fields[field]
    return bool(entry.free_text) or entry.category == "free_text"


def found_in(ports: Ports, rows: Sequence[RowView]) -> tuple[tuple[int, FieldId], ...]:
    """Places in the rows and fields whose text names somebody, one after the other."""
    texts: dict[str, list[tuple[int, FieldId]]] = {}
    for place, row in enumerate(rows):
        for view in row.fields:
            value = view.shown.value
            if value and view.decision.treatment is Treatment.CLEAR and scanned(view.field):
                texts.setdefault(value, []).append((place, view.field))
    if not texts:
        return ()
    found = ports.analyse(list(texts), Lang.JA)  # fails closed: raises when it cannot tell
    hits = zip(texts.values(), found, strict=True)
    return tuple(sorted(place for places, spans in hits if spans for place in places))


@dataclass(slots=True)
class Guarded:
    """Texts of one file that name somebody; as soon as there is one, nothing of it leaves."""

    rows: int = 0
    fields: set[FieldId] = field(default_factory=set)
    persons: dict[SubjectId, None] = field(default_factory=dict)  # the first, by pseudonym

    def note(self, hits: Iterable[tuple[int, FieldId]], subjects: Sequence[SubjectId]) -> None:
        """The hits of some rows, whose persons are these, are counted."""
        places = set[int]()
        for place, name in hits:
            self.fields.add(name)
            places.add(place)
            if len(self.persons) < NAMED:
                self.persons[subjects[place]] = None
        self.rows += len(places)

    def refuse(self) -> None:
        """Raises ExportGuardError with fields, counts and persons, when there was any."""
        if self.rows:
            raise ExportGuardError(
                field=", ".join(sorted(self.fields)),
                rows=self.rows,
                persons=", ".join(self.persons),
            )
