"""The use case of a check: one question decided on what the database holds, and put on record."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from audit.decisions.types import Decision
from audit.errors import DecisionUnrecordedError
from audit.types import TOKEN, Outcome
from consent import ledger
from consent.deciding import Found, by_database, by_memory, each_by_memory, of_kind, remember
from consent.gates import UseRequest, decide_use
from consent.kinds import Kind, kind_of
from consent.state.array import ConsentState
from consent.state.live import PERMIT_LIFE, LiveState
from governance.core.ids import new_event_id
from governance.core.terms import EventId, Lang, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.reasons import Audience, ReasonCode, hidden, reason_text
from policies.snapshot import PolicySnapshot
from policies.types import Obligation

PSEUDONYM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


def check(
    ports: Ports,
    principal: Principal,
    request: UseRequest,
    *,
    at: datetime,
    live: LiveState | None = None,
) -> CheckAnswer:
    """The decision with its reasons, of which the log will tell; without a record nothing is.

    The database decides, and the call may wait for it.
    """
    policy = ports.policies.current
    if live is not None:
        live.promise()
    with ports.database.read() as tx:
        seq = ledger.head(tx)
        gates = decide_use(tx, policy, principal, request, at=at)
    ends = None if gates.subject is None else gates.subject.valid_until
    found = Found(kind_of(policy, principal, request), gates.code, seq, ends)
    remember(live, (request,), (found,))
    until = at + PERMIT_LIFE if live is None else live.until(at)
    return _recorded(ports, policy, principal, (request,), (found,), at=at, until=until)[0]


def check_now(
    ports: Ports, live: LiveState, principal: Principal, request: UseRequest, *, at: datetime
) -> CheckAnswer | None:
    """The same from memory, without waiting for anything; None: ask `check` in a thread."""
    said = said_now(ports, live, principal, request, at=at)
    return None if said is None else _answer(said.policy, said.id, said.found, until=said.until)


class Said(NamedTuple):
    """One answer that is on record already; a tuple, because one is made for every check."""

    id: EventId
    policy: PolicySnapshot
    found: Found
    until: datetime  # a permit is void then at the latest

    @property
    def valid_until(self) -> datetime | None:
        """When the permit is void; a refusal has no end."""
        return _ends(self.found, until=self.until)


def said_now(
    ports: Ports, live: LiveState, principal: Principal, request: UseRequest, *, at: datetime
) -> Said | None:
    """What memory says of one question; None: ask `check` in a thread."""
    state = live.to_permit(at)
    if state is None:
        return None
    kind = live.kinds.of(state.policy, principal, request)
    return said_of(ports, live, state, principal, kind, request, at=at)


def said_of(
    ports: Ports,
    live: LiveState,
    state: ConsentState,
    principal: Principal,
    kind: Kind,
    request: UseRequest,
    *,
    at: datetime,
) -> Said | None:
    """The same for a state that may permit and a question whose kind is known under its policy."""
    found = of_kind(state, kind, request.subject, request.min_seq)
    until = _until(live, at=at)
    if found is None or until is None:
        return None
    correlated = _correlation(request.request_id)
    decision = _decision(state.policy, principal, request.subject, correlated, found, at=at)
    if not ports.decisions.record_now((decision,)):
        return None
    return Said(decision.id, state.policy, found, until)


def check_many(
    ports: Ports,
    live: LiveState,
    principal: Principal,
    requests: Sequence[UseRequest],
    *,
    at: datetime,
    stop: bool | None = None,
) -> tuple[CheckAnswer, ...]:
    """The answers in their order, up to the first that is `stop`; the call may wait."""
    policy = ports.policies.current
    known = _remembered(live, policy, principal, requests, at=at)
    missing = [n for n, found in enumerate(known) if found is None]
    if missing:
        wanted = [requests[n] for n in missing]
        with ports.database.read() as tx:
            read = by_database(tx, policy, live.kinds, principal, wanted, at=at)
        remember(live, wanted, read)
        for n, answered in zip(missing, read, strict=True):
            known[n] = answered
    found = _until_stop([one for one in known if one is not None], stop=stop)
    until = live.until(at)
    return _recorded(ports, policy, principal, requests, found, at=at, until=until)


def check_many_now(
    ports: Ports,
    live: LiveState,
    principal: Principal,
    requests: Sequence[UseRequest],
    *,
    at: datetime,
    stop: bool | None = None,
) -> tuple[CheckAnswer, ...] | None:
    """The same from memory, without waiting; None: ask `check_many` in a thread."""
    policy = ports.policies.current
    known = _remembered(live, policy, principal, requests, at=at)
    until = _until(live, at=at)
    if until is None or None in known:
        return None
    found = _until_stop([one for one in known if one is not None], stop=stop)
    decisions = _decisions(policy, principal, requests, found, at=at)
    if not ports.decisions.record_now(decisions):
        return None
    return tuple(
        _answer(policy, decision.id, one, until=until)
        for decision, one in zip(decisions, found, strict=True)
    )


def each_said_now(
    ports: Ports,
    live: LiveState,
    principal: Principal,
    use: UseRequest,
    subjects: Sequence[SubjectId],
    *,
    at: datetime,
) -> list[Said] | None:
    """One use of many persons' data from memory; None: ask `check_many` in a thread."""
    state = live.to_permit(at)
    if state is None:
        return None
    found = each_by_memory(state, live.kinds, principal, use, subjects)
    until = _until(live, at=at)
    if found is None or until is None:
        return None
    correlated, policy = _correlation(use.request_id), state.policy
    decisions = [
        _decision(policy, principal, subject, correlated, one, at=at)
        for subject, one in zip(subjects, found, strict=True)
    ]
    if not ports.decisions.record_now(decisions):
        return None
    return [Said(made.id, policy, one, until) for made, one in zip(decisions, found, strict=True)]


def _remembered(
    live: LiveState,
    policy: PolicySnapshot,
    principal: Principal,
    requests: Sequence[UseRequest],
    *,
    at: datetime,
) -> list[Found | None]:
    """What memory answers of them; nothing of any, once the lease is over."""
    state = live.to_permit(at)
    if state is None or state.policy is not policy:
        return [None] * len(requests)
    found = [by_memory(state, live.kinds, principal, request) for request in requests]
    return found if live.left() > 0 else [None] * len(requests)


def _until_stop(found: list[Found], *, stop: bool | None) -> list[Found]:
    """Up to the first answer that ends the batch (AuthZEN 1.0, evaluation semantics)."""
    last = next((n for n, one in enumerate(found) if bool(one) is stop), len(found))
    return found[: last + 1]


def _until(live: LiveState, *, at: datetime) -> datetime | None:
    """When a permit from memory is void at the latest; None when nothing may rest on it."""
    until = live.until(at)
    return until if until > at else None  # without a lease nobody waits for this process


def _recorded(
    ports: Ports,
    policy: PolicySnapshot,
    principal: Principal,
    requests: Sequence[UseRequest],
    found: Sequence[Found],
    *,
    at: datetime,
    until: datetime,
) -> tuple[CheckAnswer, ...]:
    """The answers, each on its way into the log; of 要配慮個人情報 it is durable before."""
    decisions = _decisions(policy, principal, requests, found, at=at)
    try:
        number = ports.decisions.record_all(decisions)
        if any(one.kind.durable for one in found):
            ports.decisions.settle(number)
    except DecisionUnrecordedError:  # fails closed: no record, no permit
        found = [one._replace(code=ReasonCode.UNAVAILABLE_AUDIT) for one in found]
    return tuple(
        _answer(policy, decision.id, one, until=until)
        for decision, one in zip(decisions, found, strict=True)
    )


def _decisions(
    policy: PolicySnapshot,
    principal: Principal,
    requests: Sequence[UseRequest],
    found: Sequence[Found],
    *,
    at: datetime,
) -> list[Decision]:
    return [
        _decision(policy, principal, request.subject, _correlation(request.request_id), one, at=at)
        for request, one in zip(requests, found, strict=False)  # the rest was not decided
    ]


def _decision(
    policy: PolicySnapshot,
    principal: Principal,
    subject: SubjectId,
    request_id: str | None,
    found: Found,
    *,
    at: datetime,
) -> Decision:
    """What the log keeps of the question and of the answer: registered words alone."""
    words, code = found.kind.words, found.code
    return Decision(
        new_event_id(),
        at,
        principal.id,
        principal.os_user,
        subject if PSEUDONYM.fullmatch(subject) else None,
        words.purpose,
        words.channel,
        words.recipient,
        words.country,
        words.field,
        Outcome.PERMIT if code is ReasonCode.PERMIT else Outcome.DENY,
        code.value,
        policy.version or None,
        found.seq,
        request_id,
        principal.network or None,
    )


def _answer(
    policy: PolicySnapshot, decision: EventId, found: Found, *, until: datetime
) -> CheckAnswer:
    """The answer as the caller may see it; a refusal has no end."""
    return CheckAnswer(
        decision_id=decision,
        decision=bool(found),
        reasons=shown(found.code, explained=found.kind.explained),
        obligations=found.obligations,
        policy_version=policy.version,
        consent_seq=found.seq,
        valid_until=_ends(found, until=until),
        exact=found.code,
    )


def _ends(found: Found, *, until: datetime) -> datetime | None:
    if found.code is not ReasonCode.PERMIT:
        return None
    ends = found.ends
    return until if ends is None or ends > until else ends


@cache
def shown(code: ReasonCode, *, explained: bool) -> tuple[Reason, ...]:
    """The reason that this caller may know."""
    return (reason_of(code if explained else hidden(code)),)


def record_refusal(ports: Ports, principal: Principal, action: Action, *, at: datetime) -> None:
    """That a principal may not do an action is on its way into the log, with the exact code."""
    policy = ports.policies.current
    refused = may(principal, action, policy)
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


def _correlation(given: str | None) -> str | None:
    """The caller's own id of its request, if it is of a form that the log takes."""
    return given if given and TOKEN.fullmatch(given) else None


@cache
def reason_of(code: ReasonCode) -> Reason:
    """The code with its sentences for the people of the asking system."""
    return Reason(
        code=code,
        text_ja=reason_text(code, Audience.DEVELOPER, Lang.JA),
        text_en=reason_text(code, Audience.DEVELOPER, Lang.EN),
    )
