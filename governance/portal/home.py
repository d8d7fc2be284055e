"""What a customer sees of themselves: what is held, and every choice with its consequence."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from consent import ledger
from consent.service import subject_gate
from consent.signals import received
from consent.types import EventKind, SubjectDecision
from governance.core.clock import JST
from governance.core.terms import Lang, Law, PurposeId, SubjectId
from governance.customers.catalogue import catalogue
from governance.gateway.types import ReadAnswer
from governance.i18n.catalogue import text
from governance.ui.parts import Term
from policies.purposes import PurposeRecord, Signal, consent_gated
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLine:
    """One purpose that the person decides about."""

    id: str
    title: str
    effect: str
    on: bool
    answer: str
    why: str


SHOWN = (
    "name",
    "kana",
    "birth_date",
    "postal_code",
    "address",
    "phone",
    "mobile",
    "email",
    "interests",
    "rank",
    "registered_on",
)


def held_terms(answer: ReadAnswer, lang: Lang) -> tuple[Term, ...]:
    """The person's own register row, in words."""
    found: list[Term] = []
    for row in answer.rows:
        if row.table != "person":
            continue
        for column in SHOWN:
            view = row.get(column)
            if view is not None and view.shown.value:
                label = catalogue().fields[view.field].label(lang)
                found.append(Term(term=label, text=view.shown.value))
    return tuple(found)


def choices(
    tx: Connection, policy: PolicySnapshot, subject: SubjectId, lang: Lang, *, at: datetime
) -> tuple[ChoiceLine, ...]:
    """Every purpose that rests on the person's consent, as it stands at this moment."""
    lines = []
    for purpose in policy.purposes.values():
        if not consent_gated(purpose, (Law.APPI,)) or purpose.notice is None:
            continue
        decision = subject_gate(
            tx, subject, purpose, channel=None, recipient=_recipient(purpose), at=at
        )
        lines.append(
            ChoiceLine(
                id=purpose.id,
                title=purpose.label[lang],
                effect=text(f"portal.effect.{'on' if decision else 'off'}", lang),
                on=bool(decision),
                answer=text(f"portal.answer.{_answer(decision)}", lang),
                why=text(f"policies.reason.{decision.code.value}.person", lang),
            )
        )
    return tuple(lines)


REFUSED = frozenset(
    {ReasonCode.SUBJECT_REFUSED, ReasonCode.SUBJECT_WITHDRAWN, ReasonCode.SUBJECT_OBJECTED}
)
ASK_AGAIN = frozenset(
    {
        ReasonCode.SUBJECT_EXPIRED,
        ReasonCode.SUBJECT_STALE_NOTICE,
        ReasonCode.SUBJECT_RECONFIRM_DUE,
    }
)


def _answer(decision: SubjectDecision) -> str:
    """The person's own answer: yes, no, not yet given, or to be asked again."""
    if decision:
        return "on"
    if decision.code in REFUSED:
        return "off"
    return "again" if decision.code in ASK_AGAIN else "none"


def _recipient(purpose: PurposeRecord) -> str:
    """A recipient of the class that the purpose names; inside the company when it names none."""
    return purpose.recipients[0]


def signal_told(
    tx: Connection, policy: PolicySnapshot, subject: SubjectId, lang: Lang, *, at: datetime
) -> str:
    """Since when the person's browser asks for privacy (GPC), and what is not done for it.

    A use to which the person explicitly agreed since is not among them; empty without a signal.
    """
    moment = received(tx, subject)
    if moment is None:
        return ""
    heeding = [
        purpose.label[lang]
        for purpose in policy.purposes.values()
        if Signal.GPC in purpose.signals
        and not subject_gate(
            tx, subject, purpose, channel=None, recipient=_recipient(purpose), at=at
        )
    ]
    day = moment.astimezone(JST).date().isoformat()
    between = "、" if lang is Lang.JA else ", "
    return text("portal.home.gpc", lang, day=day, purposes=between.join(heeding))


def next_kind(tx: Connection, subject: SubjectId, purpose: PurposeId, *, on: bool) -> EventKind:
    """The event that a switch makes: agreeing, withdrawing, or refusing what was never agreed."""
    if on:
        return EventKind.GIVEN
    history = ledger.history(tx, subject, purpose)
    given = any(e.kind in (EventKind.GIVEN, EventKind.RENEWED) for e in history)
    return EventKind.WITHDRAWN if given else EventKind.REFUSED
