"""How well findings agree with annotated texts: strict, overlap, what leaks, what is stray.

strict: same entity, same start and end. overlap: same entity, shared signs at least half of the
signs of both. Leaked: a required span with a sign that no finding covers. Stray: a finding that
touches no annotated span. An optional span is neither missed nor wrongly found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from governance.pii.corpus.reading import AnnotatedText, Mark
from governance.pii.types import Entity, Span

HALF: Final = 0.5
UNMARKED: Final = frozenset({Entity.SENSITIVE, Entity.CUSTOMER_NUMBER})  # our texts carry no marks


@dataclass(slots=True)
class Counts:
    """Right, wrong and missed findings."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the findings that are right; None where there are none."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Share of the required spans that are found; None where there are none."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None where there is neither."""
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)

    def as_json(self) -> dict[str, float | int | None]:
        """The counts and shares."""
        shares = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        rounded = {n: None if share is None else round(share, 4) for n, share in shares.items()}
        return {"right": self.right, "wrong": self.wrong, "missed": self.missed, **rounded}

    def add(self, other: "Counts") -> None:
        """Both together."""
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(slots=True)
class Scores:
    """Figures of a set of texts; where entities are named, all other marks count as optional."""

    entities: frozenset[Entity] | None = None
    texts: int = 0
    signs: int = 0
    required: int = 0
    leaked: int = 0
    required_signs: int = 0
    leaked_signs: int = 0
    stray: int = 0
    strict: dict[Entity, Counts] = field(default_factory=dict)
    overlap: dict[Entity, Counts] = field(default_factory=dict)

    @property
    def leak(self) -> float:
        """Share of the required spans that leak."""
        return _share(self.leaked, self.required) or 0.0

    @property
    def stray_per_thousand(self) -> float:
        """Stray findings per 1,000 signs of text."""
        return 1000 * self.stray / self.signs if self.signs else 0.0

    def rows(self) -> tuple["Row", ...]:
        """A row for each entity that occurs, and one for all together."""
        names = sorted(set(self.strict) | set(self.overlap))
        found = [
            Row(
                label=entity.value,
                strict=self.strict.get(entity, Counts()),
                overlap=self.overlap.get(entity, Counts()),
            )
            for entity in names
        ]
        whole = Row(label="ALL", strict=total(self.strict), overlap=total(self.overlap))
        return (*found, whole)

    def as_json(self) -> dict[str, object]:
        """The figures as `sekisho pii evaluate --json` prints them."""
        return {
            "texts": self.texts,
            "chars": self.signs,
            "required": self.required,
            "leaked_spans": round(self.leak, 4),
            "leaked_chars": round(_share(self.leaked_signs, self.required_signs) or 0.0, 4),
            "stray_per_1000": round(self.stray_per_thousand, 3),
            "entities": {
                row.label: {"strict": row.strict.as_json(), "overlap": row.overlap.as_json()}
                for row in self.rows()
            },
        }

    def add(self, text: AnnotatedText, found: Sequence[Span]) -> None:
        """The figures with one text more."""
        required = [mark for mark in text.spans if not mark.optional and self._asked(mark)]
        found = [span for span in found if self._asked(span)]
        self.texts += 1
        self.signs += len(text.text)
        self._leaks(len(text.text), required, found)
        for table, least in ((self.strict, 1.0), (self.overlap, HALF)):
            wrong = _matched(table, text.spans, required, found, least)
            if least == 1.0:
                self.stray += sum(
                    not any(_shared(span, mark) for mark in text.spans) for span in wrong
                )

    def _asked(self, span: Span | Mark) -> bool:
        """The span counts; our texts carry no marks of some entities."""
        if self.entities is None:
            return span.entity not in UNMARKED
        return span.entity in self.entities

    def _leaks(self, size: int, required: list[Mark], found: Sequence[Span]) -> None:
        covered = bytearray(size)
        for span in found:
            covered[span.start : span.end] = b"\1" * (span.end - span.start)
        for mark in required:
            bare = covered.count(0, mark.start, mark.end)
            self.required += 1
            self.leaked += bare > 0
            self.required_signs += mark.end - mark.start
            self.leaked_signs += bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The counts of one entity."""

    label: str
    strict: Counts
    overlap: Counts


def _shared(span: Span | Mark, mark: Mark) -> int:
    return max(0, min(span.end, mark.end) - max(span.start, mark.start))


def _agreement(span: Span, mark: Mark) -> float:
    shared = _shared(span, mark)
    return shared / (max(span.end, mark.end) - min(span.start, mark.start)) if shared else 0.0


def _matched(
    table: dict[Entity, Counts],
    marks: Sequence[Mark],
    required: list[Mark],
    found: Sequence[Span],
    least: float,
) -> list[Span]:
    """Counts each required span and each finding once, the best agreement first; wrong ones."""
    pairs = sorted(
        (
            (agreement, at, number)
            for at, mark in enumerate(required)
            for number, span in enumerate(found)
            if span.entity is mark.entity and (agreement := _agreement(span, mark)) >= least
        ),
        reverse=True,
    )
    taken: set[int] = set()
    right: set[int] = set()
    for _, at, number in pairs:
        if at not in taken and number not in right:
            taken.add(at)
            right.add(number)
    for at, mark in enumerate(required):
        counts = table.setdefault(mark.entity, Counts())
        counts.right += at in taken
        counts.missed += at not in taken
    optional = [mark for mark in marks if mark not in required]
    wrong = [
        span
        for number, span in enumerate(found)
        if number not in right and not any(_shared(span, mark) for mark in optional)
    ]
    for span in wrong:
        table.setdefault(span.entity, Counts()).wrong += 1
    return wrong


def total(table: dict[Entity, Counts]) -> Counts:
    """All entities together (micro)."""
    whole = Counts()
    for counts in table.values():
        whole.add(counts)
    return whole
