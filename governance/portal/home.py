"""What a customer sees of themselves: what is held, and every choice with its consequence."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from consent.service import subject_gate
from consent.signals import received
from consent.types import EventKind, SubjectDecision
from dsar.listing import list_requests
from dsar.records import is_own
from dsar.store import case_by_id
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.terms import FieldId, Lang, Law, PurposeId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.master.guardians import acting_by, guardians_of
from governance.customers.ports import Ports
from governance.customers.written import written
from governance.gateway.types import ReadAnswer
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.i18n.voice import voice
from governance.portal.holdings import Holding, holdings
from governance.portal.lines import Line, line_of
from governance.signon.acting import chooses_alone
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
    state: str  # on, off, none; again: to be answered anew; waits: for a guardian

    @property
    def again(self) -> bool:
        """Whether an answer was given, and is asked for anew."""
        return self.state == "again"

    @property
    def done(self) -> str:
        """Which sentence tells what the switch did just now."""
        return self.state if self.state in ("on", "off", "waits") else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """Everything of the home page that no field is opened for."""

    lines: tuple[ChoiceLine, ...]
    signal: str
    held: tuple[Holding, ...]
    requests: tuple[Line, ...]  # that are open
    guardians: int  # persons with an account who may act for the reader
    own_choice: bool  # of a child acted for: they consent themselves, nobody for them

    @property
    def agreed(self) -> int:
        """How many of the choices stand at yes."""
        return sum(line.on for line in self.lines)

    @property
    def asks(self) -> bool:
        """Whether one of them is to be answered anew: then they are not folded away."""
        return any(line.again for line in self.lines)


DAY: Final = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")
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
                found.append(Term(term=label, text=_read(view.field, view.shown.value, lang)))
    return tuple(found)


def _read(name: FieldId, value: str, lang: Lang) -> str:
    """A day and a telephone number as people write them; else the value itself."""
    if (told := written(name, value, lang, era=voice().era)) is not None:
        return told
    if DAY.fullmatch(value):
        return long_day(date.fromisoformat(value), lang, era=voice().era)
    return value


def own_name(answer: ReadAnswer) -> str:
    """The person's name as it stands in the register; empty where none is shown."""
    found = (row.get("name") for row in answer.rows if row.table == "person")
    return next((view.shown.value for view in found if view and view.shown.value), "")


def home_facts(
    tx: Connection, ports: Ports, principal: Principal, lang: Lang, *, at: datetime
) -> HomeFacts:
    """The page of the person, or of the child who is acted for."""
    subject, policy = principal.person, ports.policies.current
    if subject is None:
        raise NotFoundError
    acting = principal.acts_for is not None
    mine = list_requests(tx, subject=subject, is_open=True)
    asked = (one for one in mine if not acting or is_own(principal, case_by_id(tx, one.id)))
    age = acting_age(tx, ports, principal, at=at)
    lines = choices(tx, policy, subject, lang, at=at)
    refused = frozenset(line.id for line in lines if not line.on)
    return HomeFacts(
        lines=lines,
        signal="" if acting else signal_told(tx, policy, subject, lang, at=at),
        held=holdings(tx, policy, subject, lang, refused=refused, on=at.astimezone(JST).date()),
        requests=tuple(line_of(one, lang) for one in asked),
        guardians=0 if acting else len(guardians_of(tx, ports.vault, subject, at=at)),
        own_choice=age is not None and chooses_alone(tx, subject, age, at=at),
    )


def acting_age(tx: Connection, ports: Ports, principal: Principal, *, at: datetime) -> int | None:
    """How old the child is who is acted for; None where nobody is."""
    if principal.by_relation is None:
        return None
    right = acting_by(tx, ports.vault, principal.by_relation, at=at)
    return None if right is None else right.age


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
        state = _answer(decision)
        lines.append(
            ChoiceLine(
                id=purpose.id,
                title=purpose.label[lang],
                effect=text(f"portal.effect.{'on' if decision else 'off'}", lang),
                on=bool(decision),
                answer=text(f"portal.answer.{state}", lang),
                why=text(f"policies.reason.{decision.code.value}.person", lang),
                state=state,
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
    """The person's own answer: yes, no, not yet given, to be asked again or to be confirmed."""
    if decision:
        return "on"
    if decision.code is ReasonCode.SUBJECT_MINOR_UNVERIFIED:
        return "waits"
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
    day = long_day(moment, lang, era=voice().era)
    between = "、" if lang is Lang.JA else ", "
    return text("portal.home.gpc", lang, day=day, purposes=between.join(heeding))


def next_kind(tx: Connection, subject: SubjectId, purpose: PurposeId, *, on: bool) -> EventKind:
    """The event that a switch makes: agreeing, withdrawing, or refusing what was never agreed."""
    if on:
        return EventKind.GIVEN
    history = ledger.history(tx, subject, purpose)
    given = any(e.kind in (EventKind.GIVEN, EventKind.RENEWED) for e in history)
    return EventKind.WITHDRAWN if given else EventKind.REFUSED
