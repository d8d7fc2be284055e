"""What a paper says: title, sender, parts. A template sets it; it never becomes markup."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from governance.core.terms import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a description list."""

    term: str
    text: str = field(repr=False)
    href: str = ""
    mono: bool = False  # a code that is compared letter by letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands under one heading, in this order; what is empty is left out."""

    head: str = ""
    paragraphs: tuple[str, ...] = field(default=(), repr=False)
    entries: tuple[Entry, ...] = ()
    items: tuple[str, ...] = field(default=(), repr=False)
    quoted: str = field(default="", repr=False)  # a text that stands apart, as it was written
    quoted_lang: Lang = Lang.JA
    command: str = ""  # to be typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A receipt, letter or certificate as one language says it."""

    title: str
    sender: str
    number: str  # at the foot of every page
    date: str = ""
    to: tuple[str, ...] = field(default=(), repr=False)
    lead: tuple[str, ...] = field(default=(), repr=False)
    parts: tuple[Part, ...] = ()

    def lines(self) -> Iterator[str]:
        """The paper as plain text."""
        yield from (self.title, *self.to, self.sender, self.date, "", *self.lead)
        for part in self.parts:
            yield from ("", part.head, *part.paragraphs)
            yield from (f"  {one.term}: {one.text}" for one in part.entries)
            yield from (f"  - {one}" for one in part.items)

    def as_json(self) -> Mapping[str, Any]:
        """The data of the template `paper`."""
        told = asdict(self)
        return {"from": told.pop("sender"), **told}
