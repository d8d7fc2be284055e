"""The use case of a check: one question decided on what the database holds, and put on record."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audit.decisions.types import Decision
from audit.errors import DecisionUnrecordedError
from audit.types import TOKEN, Outcome
from consent import ledger
from consent.service import Gates, UseRequest, decide_use
from governance.core.ids import new_event_id
from governance.core.terms import EventId, Lang
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import roles_of
from policies.purposes import Channel, Provision, PurposeRecord
from policies.reasons import Audience, ReasonCode, hidden, reason_text
from policies.snapshot import PolicySnapshot
from policies.types import Obligation

PSEUDONYM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COUNTRY: Final = re.compile(r"[A-Z]{2}")  # ISO 3166-1
UNKNOWN: Final = "unknown"  # stands in the log for a word that nobody registered: it may be a name
PERMIT_LIFE: Final = timedelta(seconds=2)  # a permit is void after it; equals the lease of an SDK


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason code with its texts for the asking system's people."""

    code: ReasonCode
    text_ja: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAnswer:
    """The answer of all three gates, with what it rests on."""

    decision_id: EventId
    decision: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    policy_version: str
    consent_seq: int
    valid_until: datetime | None
    exact: ReasonCode  # for the audit record and explained answers

    def __bool__(self) -> bool:
        return self.decision

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho check` (design.md section 4)."""
        return {
            "decision_id": self.decision_id,
            "decision": self.decision,
            "reasons": [
                {"code": r.code.value, "text_ja": r.text_ja, "text_en": r.text_en}
                for r in self.reasons
            ],
            "obligations": [obligation.as_json() for obligation in self.obligations],
            "snapshot": {"policy_version": self.policy_version, "consent_seq": self.consent_seq},
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def check(ports: Ports, principal: Principal, request: UseRequest, *, at: datetime) -> CheckAnswer:
    """The decision with its reasons, of which the log will tell; without a record nothing is."""
    policy = ports.policies.current
    with ports.database.read() as tx:
        seq = ledger.head(tx)
        gates = decide_use(tx, policy, principal, request, at=at)
    purpose = policy.purpose(request.purpose) if request.purpose else None
    decision = _decision(principal, request, gates, policy, purpose, seq=seq, at=at)
    if not _recorded(ports, decision, purpose):
        gates = Gates(code=ReasonCode.UNAVAILABLE_AUDIT)  # fails closed: no record, no permit
    explained = policy.may(roles_of(principal, policy), Action.EXPLAIN_SUBJECT)
    shown = gates.code if explained else hidden(gates.code)
    return CheckAnswer(
        decision_id=decision.id,
        decision=bool(gates),
        reasons=(reason_of(shown),),
        obligations=gates.obligations if gates else (),
        policy_version=policy.version,
        consent_seq=seq,
        valid_until=_until(gates, at=at),
        exact=gates.code,
    )


def _until(gates: Gates, *, at: datetime) -> datetime | None:
    """When a permit is void; a refusal has no end."""
    if not gates:
        return None
    until = at + PERMIT_LIFE
    if gates.subject is not None and gates.subject.valid_until is not None:
        until = min(until, gates.subject.valid_until)
    return until


def _decision(
    principal: Principal,
    request: UseRequest,
    gates: Gates,
    policy: PolicySnapshot,
    purpose: PurposeRecord | None,
    *,
    seq: int,
    at: datetime,
) -> Decision:
    """What the log keeps of the question and of the answer: registered words alone."""
    return Decision(
        id=new_event_id(),
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        subject=request.subject if PSEUDONYM.fullmatch(request.subject) else None,
        purpose=None if purpose is None else purpose.id,
        channel=_registered(request.channel, tuple(Channel)),
        recipient=_registered(request.recipient, purpose.recipients if purpose else ()),
        country=_country(request.country),
        field=_registered(request.field, policy.categories),
        outcome=Outcome.PERMIT if gates else Outcome.DENY,
        reasons=gates.code.value,
        policy_version=policy.version or None,
        consent_seq=seq,
        request_id=_correlation(request.request_id),
        network=principal.network or None,
    )


def _recorded(ports: Ports, decision: Decision, purpose: PurposeRecord | None) -> bool:
    """Whether the record is on its way; of 要配慮個人情報 it is durable before the answer."""
    try:
        number = ports.decisions.record(decision)
        if purpose is not None and Provision.SPECIAL_CARE in purpose.provisions:
            ports.decisions.settle(number)
    except DecisionUnrecordedError:
        return False
    return True


def record_refusal(ports: Ports, principal: Principal, action: Action, *, at: datetime) -> None:
    """That a principal may not do an action is on its way into the log, with the exact code."""
    policy = ports.policies.current
    refused = policy.may(roles_of(principal, policy), action)
    decision = Decision(
        id=new_event_id(),
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        subject=None,
        purpose=None,
        channel=None,
        recipient=None,
        country=None,
        field=action.value,
        outcome=Outcome.DENY,
        reasons=refused.code.value,
        policy_version=policy.version or None,
        consent_seq=None,
        request_id=None,
        network=principal.network or None,
    )
    with suppress(DecisionUnrecordedError):  # nothing is permitted either way
        ports.decisions.record(decision)


def _registered(given: str | None, known: Collection[str]) -> str | None:
    if given is None:
        return None
    return given if given in known else UNKNOWN


def _country(given: str | None) -> str | None:
    if given is None:
        return None
    return given if COUNTRY.fullmatch(given) else UNKNOWN


def _correlation(given: str | None) -> str | None:
    """The caller's own id of its request, if it is of a form that the log takes."""
    return given if given and TOKEN.fullmatch(given) else None


def reason_of(code: ReasonCode) -> Reason:
    """The code with its sentences for the people of the asking system."""
    return Reason(
        code=code,
        text_ja=reason_text(code, Audience.DEVELOPER, Lang.JA),
        text_en=reason_text(code, Audience.DEVELOPER, Lang.EN),
    )
