"""What the pages of legal holds show: matters, their persons, history, and what waits."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.approvals.store import waiting as open_approvals
from governance.approvals.types import Approval, ApprovalKind
from governance.console.naming import names_for
from governance.core.terms import Lang, SubjectId
from governance.customers.catalogue import Storage, catalogue
from governance.customers.holds.types import What
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Choice, Occurrence, Term
from retention.holds import store
from retention.holds.asked import word_of
from retention.holds.deferring import waiting
from retention.holds.letters import HoldLetter, letters_of
from retention.holds.releasing import PREFIX
from retention.holds.rules import needs_review
from retention.holds.types import Deferred, HeldPerson, Matter
from retention.holds.wording import standing_words, what_words

PAGE: Final = 100  # persons of one page
OF_IMPORT: Final = "import:"  # before the run that found the mark in its file
SHORT: Final = 8  # of the run's id
ASKED: Final = 500  # open approvals among which the releases of matters are looked for

BOOKKEEPING: Final = "record_keeping"  # numbers of rows and the like: nobody holds by them


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterLine:
    """One matter of the list."""

    matter: Matter
    name: str = field(repr=False)
    late: bool  # nobody looked at it for half a year, or its end has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person of a matter."""

    subject: SubjectId
    what: str
    person: HeldPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterShown:
    """One matter with everything about it."""

    matter: Matter
    late: bool
    terms: tuple[Term, ...] = field(repr=False)
    scopes: tuple[str, ...]
    persons: tuple[PersonLine, ...]
    after: str  # where the next page begins; empty at the end
    deferred: tuple[Deferred, ...]
    history: tuple[Occurrence, ...] = field(repr=False)
    asked: Approval | None  # a release that waits for a second person
    own: bool  # the reader asked for it
    letters: tuple[HoldLetter, ...] = field(repr=False)
    about: tuple[str, ...]  # persons whom the waiting release is about; none: the whole matter


def matter_lines(
    tx: Connection, ports: Ports, *, released: bool, at: datetime
) -> tuple[MatterLine, ...]:
    """Matters that stand, or that were released; those that need a look first."""
    found = [one for one in store.matters(tx) if (one.closed_at is not None) is released]
    lines = [
        MatterLine(matter=one, name=_name(tx, ports, one), late=needs_review(one, at=at))
        for one in found
    ]
    return tuple(sorted(lines, key=lambda line: not line.late))


def number_words(number: str, lang: Lang) -> str:
    """The matter's number; one that an import gave is told as such."""
    if number.startswith(OF_IMPORT):
        return text("console.holds.of_import", lang, run=number[-SHORT:])
    return number


def _name(tx: Connection, ports: Ports, one: Matter) -> str:
    said = store.particulars_of(tx, ports.vault, one.number)
    return "" if said is None else said.name


def matter_shown(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    number: str,
    lang: Lang,
    *,
    after: str,
    at: datetime,
) -> MatterShown:
    """The matter in words; raises HoldUnknownError."""
    matter = store.matter_of(tx, number)
    persons = store.persons_of(tx, number, limit=PAGE, after=after)
    asked = next(
        (
            one
            for one in open_approvals(tx, at=at, limit=ASKED)
            if one.kind is ApprovalKind.HOLD_RELEASE and one.object_ref == PREFIX + number
        ),
        None,
    )
    return MatterShown(
        matter=matter,
        late=needs_review(matter, at=at),
        terms=tuple(_terms(tx, ports, matter, lang)),
        scopes=tuple(standing_words(tx, number, lang)),
        persons=tuple(
            PersonLine(subject=one.subject, what=what_words(one.what, lang), person=one)
            for one in persons
        ),
        after=persons[-1].subject if len(persons) == PAGE else "",
        deferred=waiting(tx, matter=number),
        history=tuple(_history(tx, ports, number, lang)),
        asked=asked,
        own=asked is not None and asked.requested_by == principal.id,
        letters=letters_of(tx, ports, matter),
        about=() if asked is None else store.release_about(tx, ports.vault, asked),
    )


def _terms(tx: Connection, ports: Ports, matter: Matter, lang: Lang) -> Iterator[Term]:
    said = store.particulars_of(tx, ports.vault, matter.number)
    ended = matter.closed_at
    rows = (
        ("name", "" if said is None else said.name),
        ("counsel", "" if said is None else said.counsel),
        ("notes", "" if said is None else said.notes),
        ("placed_by", names_for(tx, (matter.placed_by,), lang)[matter.placed_by]),
        ("placed", long_day(matter.placed_at, lang)),
        ("expected_end", long_day(matter.expected_end, lang) if matter.expected_end else ""),
        ("reviewed", long_day(matter.reviewed_at, lang)),
        ("closed", long_day(ended, lang) if ended else ""),
    )
    for name, value in rows:
        if value:
            yield Term(term=text(f"console.holds.{name}", lang), text=value)


def held_words(tx: Connection, number: str, lang: Lang) -> tuple[str, ...]:
    """What a matter holds, for a notice: parts of the data and conditions, no person."""
    persons = store.persons_of(tx, number, limit=PAGE)
    parts = dict.fromkeys(what_words((one,), lang) for person in persons for one in person.what)
    return (*parts, *standing_words(tx, number, lang))


def _history(tx: Connection, ports: Ports, number: str, lang: Lang) -> Iterator[Occurrence]:
    acts = tuple(store.acts_of(tx, ports.vault, number))
    names = names_for(tx, (act.by for act in acts), lang)
    for act in acts:
        who = names[act.by]
        said = f"{who}: {act.reason}" if act.reason else who
        kind = text(f"console.holds.act.{act.kind.value}", lang)
        yield Occurrence(at=act.at, kind=kind, sentence=said)


def table_choices(lang: Lang) -> tuple[Choice, ...]:
    """Tables that can be held as such."""
    return tuple(
        Choice(value=word_of(What(table=name)), label=table.label(lang))
        for name, table in catalogue().tables.items()
        if name != "merge_trace"
    )


def condition_fields(lang: Lang) -> tuple[str, ...]:
    """Fields that a condition may name, by their names for people, table by table."""
    tables = catalogue().tables
    return tuple(
        f"{tables[field.table].label(lang)}.{field.label(lang)}"
        for field in catalogue().fields.values()
        if field.storage is Storage.CLEAR
        and field.custom is None
        and field.table in tables
        and field.category != BOOKKEEPING
    )
