"""Which bit says what: every cell of the policy's purposes has its place in 64-bit words.

A cell is purpose x channel x class of recipients. The cells of one purpose stand in one word, so
that one look at one word answers for any use of it. A layout belongs to one policy: another
policy has another layout and a state of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from governance.core.terms import PurposeId
from policies.purposes import INTERNAL, PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot

WORD: Final = 64  # bits
Asked = tuple[str, str | None, str]  # purpose, channel (None: every one), class of recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One bit: this purpose by this channel for this class of recipients."""

    channel: str | None  # None: the purpose reaches nobody
    recipient_class: str
    bit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the cells of one purpose stand."""

    purpose: PurposeRecord
    word: int
    mask: int  # of all its cells
    cells: tuple[Cell, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One way of using a purpose: permitted when every bit of the mask is set."""

    number: int  # of this use among those of the layout
    purpose: PurposeRecord
    channel: str | None
    recipient_class: str
    word: int
    mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The places of all cells of one policy."""

    words: int
    places: Mapping[PurposeId, Place]
    uses: Mapping[Asked, Use]

    @property
    def cells(self) -> int:
        """How many bits say something."""
        return sum(len(place.cells) for place in self.places.values())

    def use(self, purpose: str, channel: str | None, recipient: str | None) -> Use | None:
        """The bits that a use needs; None where the array says nothing of it."""
        return self.uses.get((purpose, channel, recipient_class(recipient or INTERNAL)))


def layout_of(policy: PolicySnapshot) -> Layout:
    """The places of the policy's cells, each purpose in the first word with room for all of it."""
    taken: list[int] = []
    places: dict[PurposeId, Place] = {}
    for purpose in sorted(policy.purposes.values(), key=lambda one: one.id):
        parts = tuple(_parts(purpose))
        if len(parts) > WORD:
            continue  # its uses are decided by the database
        word = next((n for n, used in enumerate(taken) if used + len(parts) <= WORD), len(taken))
        if word == len(taken):
            taken.append(0)
        first = taken[word]
        taken[word] += len(parts)
        cells = tuple(
            Cell(channel=channel, recipient_class=kind, bit=1 << first + n)
            for n, (channel, kind) in enumerate(parts)
        )
        places[purpose.id] = Place(
            purpose=purpose, word=word, mask=sum(cell.bit for cell in cells), cells=cells
        )
    uses = {use: at for place in places.values() for use, at in _uses(place)}
    numbered = {
        use: Use(
            number=n,
            purpose=p.purpose,
            channel=use[1],
            recipient_class=use[2],
            word=p.word,
            mask=mask,
        )
        for n, (use, (p, mask)) in enumerate(uses.items())
    }
    return Layout(
        words=max(1, len(taken)),
        places=MappingProxyType(places),
        uses=MappingProxyType(numbered),
    )


def _parts(purpose: PurposeRecord) -> Iterator[tuple[str | None, str]]:
    channels: tuple[str | None, ...] = tuple(sorted(purpose.channels)) or (None,)
    classes = sorted({recipient_class(name) for name in purpose.recipients})
    return ((channel, kind) for channel in channels for kind in classes)


def _uses(place: Place) -> Iterator[tuple[Asked, tuple[Place, int]]]:
    """Every use by its name: each channel alone, and none named, which needs them all."""
    kinds = {cell.recipient_class for cell in place.cells}
    for kind in sorted(kinds):
        cells = [cell for cell in place.cells if cell.recipient_class == kind]
        yield (place.purpose.id, None, kind), (place, sum(cell.bit for cell in cells))
        for cell in cells:
            if cell.channel is not None:
                yield (place.purpose.id, cell.channel, kind), (place, cell.bit)
