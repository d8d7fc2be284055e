"""Who asks, and what the log keeps of a question that is about no person."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, over which request, and when."""

    caller: Principal
    request_id: str | None
    at: datetime


class Recorded(NamedTuple):
    """A decision as it may be given."""

    id: EventId
    code: ReasonCode


def record(
    ports: Ports,
    asking: Asking,
    policy: PolicySnapshot,
    code: ReasonCode,
    *,
    about: str | None,
    purpose: PurposeId | None = None,
) -> Recorded:
    """The decision on its way into the log; `about` are words of the policy, never an id."""
    caller, permitted = asking.caller, code is ReasonCode.PERMIT
    correlation = asking.request_id
    decision = Decision(
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
        outcome=Outcome.PERMIT if permitted else Outcome.DENY,
        reasons=code.value,
        policy_version=policy.version or None,
        consent_seq=None,
        request_id=correlation if correlation and TOKEN.fullmatch(correlation) else None,
        network=caller.network or None,
    )
    try:
        ports.decisions.record(decision)
    except DecisionUnrecordedError:
        code = ReasonCode.UNAVAILABLE_AUDIT if permitted else code  # fails closed: no record, no
    return Recorded(decision.id, code)
