"""What the pages of complaints show: the request, the day, the history, what may come next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from dsar.complaints.rules import TABLE, deciders
from dsar.complaints.service import show_complaint
from dsar.complaints.store import FILED, references
from dsar.complaints.types import Complaint, ComplaintEvent, ComplaintStatus
from dsar.store import case_by_id
from governance.console.naming import names_for
from governance.core.terms import Lang, RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Choice, Occurrence, Term

ENDED = frozenset({ComplaintStatus.ANSWERED, ComplaintStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintShown:
    """One complaint with its facts, its history and what may come next."""

    complaint: Complaint
    reference: str
    terms: tuple[Term, ...]
    history: tuple[Occurrence, ...]
    steps: tuple[Choice, ...]
    own: bool  # the reader decided the request: another person looks at it
    asks_authority: bool
    asks_follow_up: bool


def complaint_shown(
    tx: Connection, ports: Ports, principal: Principal, complaint: RowId, lang: Lang
) -> ComplaintShown:
    """The complaint in words, with the steps that this reader may take."""
    one, history = show_complaint(tx, ports, principal, complaint)
    numbers = references(tx)
    actors = (actor for _, _, actor in history)
    names = names_for(tx, filter(None, (*actors, one.reviewer)), lang)
    own = principal.id in deciders(case_by_id(tx, one.request))
    steps = {event: TABLE[one.status, event] for event in ComplaintEvent if _known(one, event)}
    return ComplaintShown(
        complaint=one,
        reference=numbers[one.request],
        terms=tuple(_terms(one, numbers, names, lang)),
        history=tuple(
            Occurrence(at=at, kind=_event(event, lang), sentence=names[actor])
            for at, event, actor in reversed(history)
        ),
        steps=tuple(
            Choice(value=event.value, label=_event(event.value, lang))
            for event, step in steps.items()
            if not (own and step.other_person)
        ),
        own=own and any(step.other_person for step in steps.values()),
        asks_authority=ComplaintEvent.REFER in steps,
        asks_follow_up=one.status is ComplaintStatus.UPHELD,
    )


def _known(one: Complaint, event: ComplaintEvent) -> bool:
    return (one.status, event) in TABLE


def _event(event: str, lang: Lang) -> str:
    if event == FILED:
        return text("dsar.complaint.status.filed", lang)
    return text(f"dsar.complaint.event.{event}", lang)


def _terms(
    one: Complaint, numbers: Mapping[RequestId, str], names: Mapping[str, str], lang: Lang
) -> Iterator[Term]:
    at_authority = one.authority and text(f"dsar.complaint.authority.{one.authority.value}", lang)
    said = (
        ("status", text(f"dsar.complaint.status.{one.status.value}", lang)),
        ("cause", text(f"dsar.complaint.cause.{one.cause.value}", lang)),
        ("received", long_day(one.received_at, lang)),
        ("until", long_day(one.answer_by, lang) if one.answer_by else ""),
        ("reviewer", names[one.reviewer] if one.reviewer else ""),
        ("authority", at_authority or ""),
        ("number", one.authority_reference or ""),
        ("follow_up", numbers[one.follow_up] if one.follow_up else ""),
        ("answered", long_day(one.answered_at, lang) if one.answered_at else ""),
    )
    for name, value in said:
        if value:
            yield Term(term=text(f"console.complaints.{name}", lang), text=value)
