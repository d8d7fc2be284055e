"""The list of decisions: what was asked, and what the gates answered; one row for each decision.

Filtered, counted and paged in the database, the newest or the oldest first; by another column where
few enough match to be sorted here. That somebody looked is on record. It holds what a decision
holds (docs/decisions/0023): codes and a pseudonym, no value of a person. Decisions about somebody
who was erased stand without them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from audit.decisions.counting import Answer, way_of
from audit.decisions.types import DecisionRecord
from audit.errors import QueryFormError
from audit.review import EventQuery
from audit.reviewing.conditions import query_of
from audit.reviewing.decided import (
    DecisionPage,
    Looking,
    askers,
    decided_at,
    first_decided,
    id_of,
    look_at_decisions,
)
from audit.reviewing.service import reviewer
from governance.console.decision_facts import (
    HOME,
    answer_words,
    asked_words,
    country_words,
    recipient_words,
)
from governance.console.lists.cells import row, who, words
from governance.console.lists.log import COUNTED
from governance.console.lists.source import Asked, Source
from governance.console.log_facts import HOME as LOG
from governance.console.log_facts import SHORT
from governance.console.log_words import reasons_in_words
from governance.console.naming import names_for
from governance.core.clock import JST
from governance.core.terms import EventId
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.lists.types import (
    MOST,
    Cell,
    Facet,
    Found,
    Kind,
    ListColumn,
    ListOf,
    Row,
    View,
)
from governance.ui.lists.views import address
from policies.actions import Action
from policies.reasons import Audience, ReasonCode, reason_text

ASKERS: Final = 200  # of whom the filter offers a choice
RECENT: Final = timedelta(days=30)  # looked through where no index helps and no day is named
SOUGHT: Final = ("answer", "purpose", "reason")  # no index leads to these
UNCOUNTED: Final = -1  # a choice is told without its number: the table may be of any length
DECLARED: Final = ListOf(
    id="decisions",
    path=HOME,
    title="console.decisions.title",
    keeps=("person",),
    order="-at",
    cursor=True,
    seeks=False,
    none="console.log.no_decisions",
    none_text="console.decisions.none_text",
    columns=(
        ListColumn(key="at", label="console.column.at", kind=Kind.MOMENT, filters=True),
        ListColumn(
            key="answer",
            label="upkeep.due.way",
            kind=Kind.CHOICE,
            within=True,
            filters=True,
        ),
        ListColumn(
            key="actor",
            label="console.decisions.actor",
            kind=Kind.CHOICE,
            within=True,
            filters=True,
        ),
        ListColumn(
            key="purpose",
            label="console.log.purpose",
            kind=Kind.CHOICE,
            within=True,
            filters=True,
        ),
        ListColumn(key="what", label="console.decisions.what", within=True),
        ListColumn(key="about", label="console.column.person", within=True),
        ListColumn(
            key="reason",
            label="console.log.term.reasons",
            kind=Kind.CHOICE,
            within=True,
            filters=True,
        ),
        ListColumn(key="recipient", label="console.decisions.recipient", within=True, shown=False),
        ListColumn(key="country", label="console.recipients.country", within=True, shown=False),
        ListColumn(key="policy", label="console.log.term.policy_version", within=True, shown=False),
        ListColumn(
            key="ledger",
            label="console.log.term.consent_seq",
            kind=Kind.NUMBER,
            within=True,
            shown=False,
        ),
        ListColumn(key="network", label="console.log.network", within=True, shown=False),
        ListColumn(key="request", label="console.log.term.request_id", within=True, shown=False),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    """One page of decisions, how many match, and what may be chosen from."""
    page = _page(tx, asked)
    return Found(
        rows=tuple(_row(one, asked) for one in page.decisions),
        total=page.total,
        more=(page.total or 0) >= COUNTED,
        next=page.next or "",
        whole=page.whole,
        bounds=_bounds(tx, asked),
        facets=_facets(tx, asked),
    )


def _page(tx: Connection, asked: Asked) -> DecisionPage:
    view, answer = asked.view, asked.view.asked("answer")
    query = _query(view, asked.given, at=asked.at)
    if answer and answer not in set(Answer):
        query = EventQuery(any_of=())  # fails closed: an answer that there is not was never given
    return look_at_decisions(
        tx,
        asked.wiring.audit,
        query,
        reviewer(asked.principal, at=asked.at),
        before=EventId(view.before) if view.before else None,
        limit=view.size,
        how=Looking(
            answer=Answer(answer) if answer in set(Answer) else None,
            oldest_first=view.sort == "at",
            most=COUNTED,
            whole=MOST if DECLARED.sorts_within(view.sort) else 0,
        ),
    )


def _bounds(tx: Connection, asked: Asked) -> tuple[str, ...]:
    span = span_of(tx, asked.view, asked.given, at=asked.at)
    if span is None:
        return ()
    since = long_day(span.since, asked.lang)
    return (text("console.decisions.since", asked.lang, since=since),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The day from which decisions were looked through, and the address that looks at all."""

    since: date
    widen: str


def recent_from(view: View, given: Mapping[str, str], *, at: datetime) -> date | None:
    """From which day a question is answered that names none; None where it is answered whole.

    A few matches among very many decisions would be sought through the whole table.
    """
    if view.asked("at.from") or given.get("person") or not any(map(view.asked, SOUGHT)):
        return None
    until = view.asked("at.to")
    try:
        last = date.fromisoformat(until) if until else at.astimezone(JST).date()
        return last - RECENT
    except (OverflowError, ValueError):
        return None  # fails closed: what is no day answers nothing


def span_of(tx: Connection, view: View, given: Mapping[str, str], *, at: datetime) -> Span | None:
    """What the page says of the days it left out; None where no decision is older than it shows."""
    since, first = recent_from(view, given, at=at), first_decided(tx)
    if since is None or first is None or first.astimezone(JST).date() >= since:
        return None
    named = ("at.from", first.astimezone(JST).date().isoformat())
    whole = replace(view.first_page(), filters=(*view.filters, named), saved="")
    return Span(since=since, widen=address(DECLARED, whole))


def _query(view: View, given: Mapping[str, str], *, at: datetime) -> EventQuery:
    """The conditions of the view; what cannot be asked is not answered with everything."""
    since = recent_from(view, given, at=at)
    told = (
        ("from", since.isoformat() if since else view.asked("at.from")),
        ("to", view.asked("at.to")),
        *((name, view.asked(name)) for name in ("actor", "purpose", "reason")),
        ("person", given.get("person", "")),
    )
    try:
        return query_of(f"{name}={value}" for name, value in told if value)
    except QueryFormError:
        return EventQuery(any_of=())


def _facets(tx: Connection, asked: Asked) -> Mapping[str, tuple[Facet, ...]]:
    lang = asked.lang
    names = names_for(tx, askers(tx, most=ASKERS), lang)
    purposes = asked.wiring.policies.current.purposes.items()
    return {
        "answer": _choices((one.value, answer_words(one, lang)) for one in Answer),
        "actor": _choices(sorted(names.items(), key=lambda one: one[1])),
        "purpose": _choices((str(name), one.label[lang]) for name, one in purposes),
        "reason": _choices((one, reason_text(one, Audience.OFFICER, lang)) for one in ReasonCode),
    }


def _choices(named: Iterable[tuple[str, str]]) -> tuple[Facet, ...]:
    return tuple(Facet(code=code, label=label, count=UNCOUNTED) for code, label in named)


def _row(one: DecisionRecord, asked: Asked) -> Row:
    lang = asked.lang
    told = {name: _text(one.column(name)) for name in TOLD}
    way = way_of(told["outcome"], told["reasons"])
    known = asked.wiring.policies.current.purpose(told["purpose"]) if told["purpose"] else None
    purpose = known.label[lang] if known else told["purpose"]
    seq = one.column("consent_seq")
    return row(
        id_of(one),
        at=Cell(value=decided_at(one), href=f"{HOME}/{id_of(one)}", mono=True),
        answer=Cell(value=answer_words(way, lang), code=way),
        actor=who(told["actor"], lang),
        purpose=Cell(value=purpose or None, code=told["purpose"]),
        what=words(asked_words(one, lang)),
        about=_about(one, asked),
        reason=Cell(
            value=reasons_in_words(told["reasons"], lang) or None,
            code=told["reasons"].partition(",")[0],
        ),
        recipient=words(recipient_words(told["recipient"], lang)),
        country=words(country_words(told["country"], lang)),
        policy=words(told["policy_version"]),
        ledger=Cell(value=seq if isinstance(seq, int) else None),
        network=words(told["network"]),
        request=words(told["request_id"]),
    )


TOLD: Final = (
    *("outcome", "reasons", "purpose", "actor", "recipient", "country"),
    *("policy_version", "network", "request_id"),
)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _about(one: DecisionRecord, asked: Asked) -> Cell:
    """The person by the beginning of the pseudonym; that somebody was erased since; or nobody."""
    if one.link is not None:
        subject = one.link.subject
        href = f"{LOG}/persons/{subject}"
        return Cell(value=f"{subject[:SHORT]}…", href=href, mono=True, aside=True)
    if one.column("about") is None:
        return Cell()
    return Cell(value=text("console.decisions.erased", asked.lang), tone="withheld")


DECISIONS: Final = Source(declared=DECLARED, any_of=(Action.AUDIT_READ,), rows=_rows, writes=True)
