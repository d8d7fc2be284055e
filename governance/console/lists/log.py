"""The list of the audit log: filtered and paged in the database; that somebody looked is on record.

The filter is the page's own form (conditions of the log, kept sealed where an officer wants them);
the list adds columns, size, choice and files.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from audit.review import EventQuery, RecordedEvent
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
from governance.core.terms import PurposeId
from governance.http.numbers import number_in
from governance.identity.naming import staff_called
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

REVIEWS: Final = 5  # sign-offs that the page shows
COUNTED: Final = 10_000  # matching events that a page counts; more are "or more"
DECLARED: Final = ListOf(
    id="audit-log",
    path=HOME,
    title="console.log.events",
    keeps=(*FIELDS, "filter", "signed"),
    cursor=True,
    seeks=False,
    none="console.log.none",
    none_text="console.log.none_text",
    columns=(
        ListColumn(key="seq", label="console.column.seq", kind=Kind.NUMBER, sorts=False),
        ListColumn(key="at", label="console.column.at", kind=Kind.MOMENT, sorts=False),
        ListColumn(key="actor", label="console.column.actor", sorts=False),
        ListColumn(key="what", label="console.column.what", sorts=False),
        ListColumn(key="about", label="console.log.about", sorts=False),
        ListColumn(key="purpose", label="console.log.purpose", sorts=False),
        ListColumn(key="reasons", label="console.log.term.reasons", sorts=False, shown=False),
        ListColumn(key="fields", label="console.log.term.fields", sorts=False, shown=False),
        ListColumn(key="network", label="console.log.network", sorts=False, shown=False),
        ListColumn(key="outcome", label="console.column.outcome", sorts=False),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    """One page of events; the look names in the same record how many sign-offs stood beside it."""
    wiring, wanted = asked.wiring, asked_filter(_meant(tx, asked.given))
    named = next(
        (
            one
            for one in kept_filters(tx, wiring.vault, asked.principal.id)
            if one.id == wanted.chosen
        ),
        None,
    )
    query = wanted.query if named is None else both(named.query, wanted.query)
    nothing = EventQuery(any_of=())  # what cannot be asked is not answered with everything
    reviewed = opened_reviews(tx, open_part=wiring.vault.open_part, limit=REVIEWS)
    page = look(
        tx,
        wiring.audit,
        nothing if wanted.wrong else query,
        reviewer(asked.principal, at=asked.at),
        before=number_in(asked.view.before),
        limit=asked.view.size,
        counted=True,
        most=COUNTED,
        beside=(("reviews", len(reviewed)),),
    )
    purposes = {
        name: one.label[asked.lang] for name, one in wiring.policies.current.purposes.items()
    }
    return Found(
        rows=tuple(_row(one, purposes, asked) for one in page.events),
        total=page.total,
        more=(page.total or 0) >= COUNTED,
        next="" if page.next is None else str(page.next),
    )


def _meant(tx: Connection, given: Mapping[str, str]) -> Mapping[str, str]:
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
