"""Who asks, and what the log keeps of a question that is about no person."""

from datetime import datetime
from typing import NamedTuple

from audit.decisions.types import Decision
from audit.errors import DecisionUnrecordedError
from audit.types import TOKEN, Outcome
from governance.core.ids import new_event_id
from governance.core.terms import EventId, PurposeId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot


class Asking(NamedTuple):
    """Who asks, over which request, and when; a tuple, because one is made for every check."""

    caller: Principal
    request_id: str | None
    at: datetime


class Recorded(NamedTuple):
    """A decision as it may be given."""

    id: EventId
    code: ReasonCode


def record(ports: Ports, decision: Decision) -> Recorded:
    """The decision on its way into the log; what cannot be recorded is not permitted."""
    code = ReasonCode(decision.reasons)
    try:
        ports.decisions.record(decision)
    except DecisionUnrecordedError:
        code = ReasonCode.UNAVAILABLE_AUDIT if code is ReasonCode.PERMIT else code  # fails closed
    return Recorded(decision.id, code)


def record_now(ports: Ports, decision: Decision) -> Recorded | None:
    """The same without waiting for room; None: ask `record` in a thread."""
    if not ports.decisions.record_now((decision,)):
        return None
    return Recorded(decision.id, ReasonCode(decision.reasons))


def decision_of(
    asking: Asking,
    policy: PolicySnapshot,
    code: ReasonCode,
    *,
    about: str | None,
    purpose: PurposeId | None = None,
    seq: int | None = None,
) -> Decision:
    """What the log keeps; `about` are words of the policy, never the id of anybody."""
    caller, correlation = asking.caller, asking.request_id
    return Decision(
        id=new_event_id(),
        occurred_at=asking.at,
        actor=caller.id,
        actor_os=caller.os_user,
        subject=None,
        purpose=purpose,
        channel=None,
        recipient=None,
        country=None,
        field=about,
        outcome=Outcome.PERMIT if code is ReasonCode.PERMIT else Outcome.DENY,
        reasons=code.value,
        policy_version=policy.version or None,
        consent_seq=seq,
        request_id=correlation if correlation and TOKEN.fullmatch(correlation) else None,
        network=caller.network or None,
    )
