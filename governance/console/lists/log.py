"""The list of the audit log: filtered and paged in the database; that somebody looked is on record.

The filter is the page's own form (conditions of the log, kept sealed where an officer wants them);
the list adds columns, order, size, choice and files. By time it stands in either direction at any
size, which is the order of the numbers; by another column where few enough match to be sorted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.places import newest_place, recorded_at
from audit.review import EventQuery, RecordedEvent, is_indexed
from audit.reviewing.conditions import both
from audit.reviewing.service import kept_filters, look, reviewer
from audit.reviewing.signing import opened_reviews
from governance.console.lists.cells import row, words
from governance.console.lists.source import Asked, Source
from governance.console.log_facts import (
    FIELDS,
    HOME,
    asked_filter,
    log_line,
)
from governance.console.log_words import fields_in_words, reasons_in_words
from governance.core.clock import JST
from governance.core.terms import Lang, PurposeId
from governance.http.numbers import number_in
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.identity.naming import staff_called
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row
from governance.ui.lists.views import address
from policies.actions import Action

REVIEWS: Final = 5  # sign-offs that the page shows
COUNTED: Final = 10_000  # matching events that a page counts; more are "or more"
LOOKED: Final = 30_000  # newest events that are looked through where no index helps
DECLARED: Final = ListOf(
    id="audit-log",
    path=HOME,
    title="console.log.events",
    keeps=(*FIELDS, "filter", "signed"),
    order="-at",
    cursor=True,
    seeks=False,
    none="console.log.none",
    none_text="console.log.none_text",
    columns=(
        ListColumn(key="seq", label="console.column.seq", kind=Kind.NUMBER, sorts=False),
        ListColumn(key="at", label="console.column.at", kind=Kind.MOMENT),
        ListColumn(key="actor", label="console.column.actor", within=True),
        ListColumn(key="what", label="console.column.what", within=True),
        ListColumn(key="about", label="console.log.about", within=True),
        ListColumn(key="purpose", label="console.log.purpose", within=True),
        ListColumn(key="reasons", label="console.log.term.reasons", within=True, shown=False),
        ListColumn(key="fields", label="console.log.term.fields", within=True, shown=False),
        ListColumn(key="network", label="console.log.network", within=True, shown=False),
        ListColumn(key="outcome", label="console.column.outcome", within=True),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """From which place of the log on a question is answered, and the address that asks it all."""

    place: int
    since: datetime
    widen: str


def reach_of(tx: Connection, asked: Asked) -> Reach | None:
    """How far a question goes that names no first day, where no index helps; None for all of it.

    A few matches among very many events would be sought through the whole log.
    """
    return _reach(tx, asked, _query(tx, asked))


def _reach(tx: Connection, asked: Asked, query: EventQuery) -> Reach | None:
    if is_indexed(query) or all(one.since is not None for one in query.any_of):
        return None
    place = newest_place(tx, back=LOOKED)
    since, first = recorded_at(tx, place), recorded_at(tx, 0)
    if not place or since is None or first is None:
        return None
    named = {**asked.given, "from": first.astimezone(JST).date().isoformat()}
    view = replace(asked.view.first_page(), saved="")
    widen = address(DECLARED, view, [(name, value) for name, value in named.items() if value])
    return Reach(place=place, since=since, widen=widen)


def _query(tx: Connection, asked: Asked) -> EventQuery:
    """What the address asks, within the kept filter that it names."""
    wanted = asked_filter(meant(tx, asked.given))
    if wanted.wrong:
        return EventQuery(any_of=())  # what cannot be asked is not answered with everything
    kept = kept_filters(tx, asked.wiring.vault, asked.principal.id)
    named = next((one for one in kept if one.id == wanted.chosen), None)
    return wanted.query if named is None else both(named.query, wanted.query)


def _rows(tx: Connection, asked: Asked) -> Found:
    """One page of events; the look names in the same record how many sign-offs stood beside it."""
    wiring, query = asked.wiring, _query(tx, asked)
    reach = _reach(tx, asked, query)
    reviewed = opened_reviews(tx, open_part=wiring.vault.open_part, limit=REVIEWS)
    page = look(
        tx,
        wiring.audit,
        query,
        reviewer(asked.principal, at=asked.at),
        before=number_in(asked.view.before),
        limit=asked.view.size,
        counted=True,
        most=COUNTED,
        beside=(("reviews", len(reviewed)),),
        oldest_first=asked.view.sort == "at",
        lowest=reach.place if reach else 0,
        whole=MOST if DECLARED.sorts_within(asked.view.sort) else 0,
    )
    purposes = {
        name: one.label[asked.lang] for name, one in wiring.policies.current.purposes.items()
    }
    return Found(
        rows=tuple(_row(one, purposes, asked) for one in page.events),
        total=page.total,
        more=(page.total or 0) >= COUNTED,
        next="" if page.next is None else str(page.next),
        whole=page.whole,
        bounds=_bounds(reach, asked.lang),
    )


def _bounds(reach: Reach | None, lang: Lang) -> tuple[str, ...]:
    if reach is None:
        return ()
    since = moment(reach.since, lang)
    return (text("console.log.since", lang, n=f"{LOOKED:,}", since=since),)


def meant(tx: Connection, given: Mapping[str, str]) -> Mapping[str, str]:
    """The filter with the account of whom it names by login or by name."""
    said = given.get("actor", "").strip()
    actor = staff_called(tx, said) if said and ":" not in said else None
    return given if actor is None else {**given, "actor": actor}


def _row(event: RecordedEvent, purposes: Mapping[PurposeId, str], asked: Asked) -> Row:
    line = log_line(event, purposes, asked.lang)
    return row(
        event.id,
        seq=Cell(value=line.seq),
        at=Cell(value=line.at, mono=True),
        actor=Cell(value=line.actor, actor=event.actor, href=line.actor_href, aside=True),
        what=Cell(value=line.what, href=line.href),
        about=Cell(
            value=line.about,
            href=line.about_href,
            mono=bool(line.about_href),
            aside=bool(line.about_href),
        ),
        purpose=words(line.purpose),
        reasons=words(reasons_in_words(event.reasons or "", asked.lang, action=event.action)),
        fields=words(fields_in_words(event.fields, asked.lang)),
        network=words(event.network),
        outcome=Cell(value=line.outcome, tone=line.tone if line.tone != "plain" else ""),
    )


AUDIT_LOG: Final = Source(declared=DECLARED, any_of=(Action.AUDIT_READ,), rows=_rows, writes=True)
