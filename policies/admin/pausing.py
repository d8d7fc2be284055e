"""Pausing all processing, and lifting the pause by another person."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals.second import is_second
from governance.core.errors import ForbiddenError
from governance.core.ids import new_row_id
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from policies import pause as store
from policies.actions import Action
from policies.actors import may
from policies.api import ActionForbiddenError
from policies.duties import granted
from policies.pause import NotPausedError, Pause, PauseReason
from policies.snapshot import PolicySnapshot

# In a policy from before pausing had actions of its own: who may change the policy.
BEFORE: Final = (Action.POLICY_PROPOSE, Action.POLICY_APPLY)


class SamePersonError(ForbiddenError):
    """Whoever paused processing does not lift the pause; another person does."""

    code = "pause_same_person"


def pause(ports: Ports, principal: Principal, reason: PauseReason, *, at: datetime) -> Pause:
    """Nothing is used, deleted or sent any more once this is acknowledged; on record."""
    _demand(may_pause(ports, principal), Action.PROCESSING_PAUSE)
    return ports.database.write(lambda tx: enter_pause(tx, ports, principal, reason, at=at))


def enter_pause(
    tx: Connection, ports: Ports, principal: Principal, reason: PauseReason, *, at: datetime
) -> Pause:
    """The same as part of an act that its caller was allowed (a key that somebody may hold)."""
    made = Pause(id=new_row_id(), reason=reason, paused_by=principal.id, paused_at=at)
    store.enter(tx, made)
    counter.note_everyone(tx)
    code = EventCode.PROCESSING_PAUSED
    ports.audit.append(tx, _event(principal, made, code, (reason.value,), at=at))
    return made


def lift(ports: Ports, principal: Principal, *, at: datetime) -> Pause:
    """Processing goes on; raises SamePersonError for whoever paused it (design 3.10)."""
    _demand(may_resume(ports, principal), Action.PROCESSING_RESUME)

    def work(tx: Connection) -> Pause:
        found = store.standing(tx)
        if found is None:
            raise NotPausedError
        done = {Action.PROCESSING_PAUSE: found.paused_by}
        policy, action = ports.policies.current, Action.PROCESSING_RESUME
        if not is_second(tx, policy, principal, action, done, since=found.paused_at):
            raise SamePersonError
        store.end(tx, by=principal.id, at=at)
        counter.note_everyone(tx)
        code = EventCode.PROCESSING_RESUMED
        ports.audit.append(tx, _event(principal, found, code, (), at=at))
        return found

    return ports.database.write(work)


def may_pause(ports: Ports, principal: Principal) -> bool:
    """Staff of a role that may pause: many may stop what few may let go on."""
    return _allowed(ports, principal, Action.PROCESSING_PAUSE)


def may_resume(ports: Ports, principal: Principal) -> bool:
    """Staff of a role that may let processing go on."""
    return _allowed(ports, principal, Action.PROCESSING_RESUME)


def _allowed(ports: Ports, principal: Principal, action: Action) -> bool:
    if principal.kind is not PrincipalKind.STAFF:
        return False
    policy = ports.policies.current
    wanted = (action,) if _known(policy, action) else BEFORE
    return any(may(principal, one, policy) for one in wanted)


def _known(policy: PolicySnapshot, action: Action) -> bool:
    """Whether the policy gives the action to anybody; one from before it existed does not."""
    return any(action in granted(policy.roles, name) for name in policy.roles)


def _demand(allowed: bool, action: Action) -> None:  # noqa: FBT001 # the answer of one question
    if not allowed:
        raise ActionForbiddenError(action=action.value)


def _event(
    principal: Principal,
    pause_: Pause,
    code: EventCode,
    reasons: tuple[str, ...],
    *,
    at: datetime,
) -> EventDraft:
    return EventDraft(
        action=code,
        occurred_at=at,
        actor=principal.id,
        object_type="pause",
        object_id=pause_.id,
        outcome=Outcome.DONE,
        reasons=reasons,
    )
