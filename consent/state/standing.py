"""What a person's history permits now, as bits: each one asked of the rules of the third gate.

Nothing is decided here. Persons of whom no event speaks of a purpose share the answer of all who
have the same facts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Final

from consent.merged import earliest
from consent.rules import decide
from consent.state.layout import Layout, Place
from consent.types import EVERY, ConsentEvent, NoticeVersion, SubjectFacts
from governance.core.terms import PurposeId, SubjectId

Words = tuple[int, ...]
ANYBODY: Final = SubjectId("")
ALIKE: Final = 4_096  # different facts whose answers are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The bits of one person, and the first moment at which time alone ends one of them."""

    words: Words
    until: datetime | None


@dataclass(slots=True, kw_only=True)
class Rulings:
    """The rules of one policy and the notices of one moment, asked for many persons."""

    layout: Layout
    notices: Mapping[PurposeId, tuple[NoticeVersion, ...]]
    _alike: dict[SubjectFacts, Words] = field(default_factory=dict)

    def standing(
        self, facts: SubjectFacts | None, events: Sequence[ConsentEvent], *, at: datetime
    ) -> Standing:
        """What is permitted about a person of one history; `events` are in ledger order."""
        if facts is None:
            return Standing(words=(0,) * self.layout.words, until=None)
        words, until = list(self._untouched(facts, at=at)), None
        for place, history in _spoken(self.layout, events):
            word, ends = self._place(place, facts, history, at=at)
            words[place.word] = words[place.word] & ~place.mask | word
            until = earliest((until, ends))
        return Standing(words=tuple(words), until=until)

    def _place(
        self,
        place: Place,
        facts: SubjectFacts,
        history: Sequence[ConsentEvent],
        *,
        at: datetime,
    ) -> tuple[int, datetime | None]:
        word, until = 0, None
        notices = self.notices[place.purpose.id]
        for cell in place.cells:
            found = decide(
                facts,
                place.purpose,
                history,
                notices,
                channel=cell.channel,
                recipient=cell.recipient_class,
                at=at,
            )
            if found:
                word |= cell.bit
                if found.valid_until is not None and (until is None or found.valid_until < until):
                    until = found.valid_until
        return word, until

    def _untouched(self, facts: SubjectFacts, *, at: datetime) -> Words:
        """What is permitted where the person never chose: the same for all with these facts."""
        key = replace(facts, subject=ANYBODY, grown_on=None, last_active_on=None)
        words = self._alike.get(key)
        if words is None:
            found = [0] * self.layout.words
            for place in self.layout.places.values():
                found[place.word] |= self._place(place, key, (), at=at)[0]
            if len(self._alike) >= ALIKE:
                self._alike.clear()
            words = self._alike[key] = tuple(found)
        return words


def rulings(layout: Layout, notices: Iterable[NoticeVersion]) -> Rulings:
    """The rules for this layout with the notices that were published."""
    published = tuple(notices)
    return Rulings(
        layout=layout,
        notices={
            place.purpose.id: tuple(n for n in published if n.notice == place.purpose.notice)
            for place in layout.places.values()
        },
    )


def _spoken(
    layout: Layout, events: Sequence[ConsentEvent]
) -> Iterable[tuple[Place, Sequence[ConsentEvent]]]:
    """The purposes that the events speak of, each with its own part of them."""
    of: dict[str, list[ConsentEvent]] = defaultdict(list)
    for event in events:
        of[event.purpose].append(event)
    general = of.pop(EVERY, None)
    if general is None:
        return [(layout.places[PurposeId(p)], mine) for p, mine in of.items() if p in layout.places]
    return [
        (place, sorted((*of.get(purpose, ()), *general), key=attrgetter("seq")))
        for purpose, place in layout.places.items()
    ]
