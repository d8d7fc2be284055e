"""What stands about a person beside their fields: laws, state, holds, requests, choices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from dsar.listing import list_requests
from governance.console.request_facts import request_line
from governance.core.clock import JST
from governance.core.terms import Lang, SubjectId
from governance.customers.holds.reading import lines_on
from governance.customers.holds.types import Line
from governance.customers.store import Subject, subject_by_id
from governance.customers.upkeep.merges import circle
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.ui.parts import Link, Term, Tone
from retention.holds.wording import what_words

OPEN_MOST: Final = 5  # requests named in the panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that stands out about a person."""

    words: str
    tone: Tone
    why: str
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonState:
    """The panel of a person's page; what the reader may not know is not in it."""

    terms: tuple[Term, ...]
    marks: tuple[Mark, ...]


def person_state(
    tx: Connection, subject: SubjectId, lang: Lang, *, holds: bool, requests: bool, at: datetime
) -> PersonState:
    """How the person stands, as far as these two rights of the reader go."""
    stored = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    if stored is None:
        return PersonState(terms=(), marks=())
    marks = [*_state(stored, lang)]
    if holds:
        marks += _holds(lines_on(tx, [subject]), lang)
    if requests:
        marks += _requests(tx, subject, lang)
    return PersonState(terms=tuple(_terms(tx, stored, lang)), marks=tuple(marks))


def _terms(tx: Connection, stored: Subject, lang: Lang) -> Iterator[Term]:
    laws = text("persons.and", lang).join(
        text(f"policies.diff.law.{law.value}", lang) for law in sorted(stored.laws)
    )
    yield Term(term=text("persons.state.laws", lang), text=laws or text("console.none", lang))
    if stored.country:
        yield Term(
            term=text("persons.state.country", lang), text=country_name(stored.country, lang)
        )
    yield Term(
        term=text("persons.state.age", lang), text=text(f"persons.age.{stored.age_band}", lang)
    )
    merged = len(circle(tx, stored.id)) - 1
    if merged:
        yield Term(
            term=text("persons.state.merged", lang), text=text("persons.state.rows", lang, n=merged)
        )


def _state(stored: Subject, lang: Lang) -> Iterator[Mark]:
    if stored.state.value != "active":
        yield Mark(
            words=text(f"persons.state.{stored.state.value}", lang),
            tone=Tone.ATTENTION,
            why=text(f"persons.state.{stored.state.value}_why", lang),
        )
    if stored.kept_by_law:
        yield Mark(
            words=text("persons.state.kept", lang),
            tone=Tone.ATTENTION,
            why=text("persons.state.kept_why", lang, duty=stored.kept_by_law),
        )


def _holds(lines: tuple[Line, ...], lang: Lang) -> Iterator[Mark]:
    for matter in dict.fromkeys(line.matter for line in lines):
        what = what_words([line.what for line in lines if line.matter == matter], lang)
        yield Mark(
            words=text("persons.state.held", lang),
            tone=Tone.HOLD,
            why=what,
            link=Link(label=matter, href=f"/console/holds/{matter}"),
        )


def _requests(tx: Connection, subject: SubjectId, lang: Lang) -> Iterator[Mark]:
    for one in list_requests(tx, subject=subject, is_open=True, limit=OPEN_MOST):
        line = request_line(one, lang, unread=0)
        yield Mark(
            words=text("persons.state.request", lang),
            tone=Tone.PLAIN,
            why=f"{line.right} / {line.status}",
            link=Link(label=line.reference, href=f"/console/requests/{one.id}"),
        )
