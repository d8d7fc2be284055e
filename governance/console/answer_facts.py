"""The answer of a request in words: what is missing, the package, how it left, what may be done."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from dsar.case import Case
from dsar.dispatch.store import dispatches_of
from dsar.dispatch.types import Carrier, Dispatch, Ending, ReturnReason
from dsar.gaps import Gap
from dsar.machine import step
from dsar.portability import medium
from dsar.results import StoredPackage, newest_package
from dsar.types import DISCLOSING, Event, Status
from governance.core.terms import Lang, Law
from governance.i18n.catalogue import text
from governance.registers.store import all_recipients
from governance.ui.parts import Choice, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One dispatch; its way is open until it arrived or came back."""

    id: str
    item: str
    carrier: str
    tracking: str
    sent_on: date
    ending: str
    ended_on: date | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """Everything that the page of an answer says."""

    case: Case
    terms: tuple[Term, ...]
    disclosing: bool
    executes: bool  # the approved answer may be carried out now
    building: bool
    package: StoredPackage | None = field(repr=False)
    live: bool = False  # there is a copy to hand over
    released: bool = False
    lacking: tuple[str, ...] = ()
    envelopes: tuple[Envelope, ...] = ()


def answer_shown(tx: Connection, case: Case, lacking: tuple[Gap, ...], lang: Lang) -> AnswerShown:
    """The facts of the page."""
    package = newest_package(tx, case.id)
    live = package is not None and package.content is not None
    return AnswerShown(
        case=case,
        terms=_terms(case, lang),
        disclosing=any(track.kind in DISCLOSING for track in case.tracks),
        executes=any(step(track.law, track.status, Event.EXECUTE) for track in case.tracks),
        building=any(track.status is Status.EXECUTING for track in case.tracks),
        package=package,
        live=live,
        released=live and package is not None and package.token_expires_at is not None,
        lacking=_lacks(tx, lacking, lang),
        envelopes=tuple(_envelope(one, lang) for one in dispatches_of(tx, case.id)),
    )


def _lacks(tx: Connection, lacking: Iterable[Gap], lang: Lang) -> tuple[str, ...]:
    """What the registers lack, with recipients and laws by their names."""
    names = {one.source_key: f"{one.name} ({one.source_key})" for one in all_recipients(tx)}
    names |= {law.value: text(f"consent.law.{law.value}", lang) for law in Law}
    return tuple(
        text(f"dsar.gap.{gap.kind.value}", lang, about=names.get(gap.about, gap.about))
        for gap in lacking
    )


def _terms(case: Case, lang: Lang) -> tuple[Term, ...]:
    rights = " / ".join(text(f"dsar.right.{track.kind}", lang) for track in case.tracks)
    words = (text(f"dsar.status.{track.law}.{track.status}", lang) for track in case.tracks)
    states = " / ".join(dict.fromkeys(words))
    on = medium(case.tracks[0].kind, case.delivery)
    return (
        Term(term=text("console.answer.reference", lang), text=case.reference, mono=True),
        Term(term=text("console.answer.rights", lang), text=rights),
        Term(term=text("console.answer.status", lang), text=states),
        Term(
            term=text("console.answer.wanted", lang),
            text=text(f"portal.request.delivery.{case.delivery}{on}", lang),
        ),
    )


def _envelope(one: Dispatch, lang: Lang) -> Envelope:
    ending = ""
    if one.ending is not None:
        why = (
            f" ({text(f'dsar.dispatch.return_reason.{one.return_reason}', lang)})"
            if one.return_reason
            else ""
        )
        ending = text(f"dsar.dispatch.ending.{one.ending}", lang) + why
    return Envelope(
        id=one.id,
        item=text(f"dsar.dispatch.item.{one.item}", lang),
        carrier=text(f"dsar.dispatch.carrier.{one.carrier}", lang),
        tracking=one.tracking or "",
        sent_on=one.sent_on,
        ending=ending,
        ended_on=one.ended_on,
        by=one.recorded_by,
    )


def carriers(lang: Lang) -> tuple[Choice, ...]:
    """Ways by which something leaves."""
    return tuple(
        Choice(value=one.value, label=text(f"dsar.dispatch.carrier.{one}", lang)) for one in Carrier
    )


def endings(lang: Lang) -> tuple[Choice, ...]:
    """How its way ended; a return with its reason."""
    arrived = Choice(
        value=Ending.DELIVERED.value, label=text(f"dsar.dispatch.ending.{Ending.DELIVERED}", lang)
    )
    returned = text(f"dsar.dispatch.ending.{Ending.RETURNED}", lang)
    why = ((one, text(f"dsar.dispatch.return_reason.{one}", lang)) for one in ReturnReason)
    back = (Choice(value=one.value, label=f"{returned}: {words}") for one, words in why)
    return (arrived, *back)
