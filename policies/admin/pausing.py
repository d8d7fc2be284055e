"""Pausing all processing, and lifting the pause by another person."""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import ForbiddenError
from governance.core.ids import new_row_id
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from policies import pause as store
from policies.actions import Action
from policies.actors import may
from policies.api import ActionForbiddenError
from policies.pause import NotPausedError, Pause, PauseReason


class SamePersonError(ForbiddenError):
    """Whoever paused processing does not lift the pause; another person does."""

    code = "pause_same_person"


def pause(ports: Ports, principal: Principal, reason: PauseReason, *, at: datetime) -> Pause:
    """Nothing is used, deleted or sent any more once this is acknowledged; on record."""
    _may(ports, principal)
    made = Pause(id=new_row_id(), reason=reason, paused_by=principal.id, paused_at=at)

    def work(tx: Connection) -> None:
        store.enter(tx, made)
        counter.note_everyone(tx)
        code = EventCode.PROCESSING_PAUSED
        ports.audit.append(tx, _event(principal, made, code, (reason.value,), at=at))

    ports.database.write(work)
    return made


def lift(ports: Ports, principal: Principal, *, at: datetime) -> Pause:
    """Processing goes on; raises SamePersonError for whoever paused it (design 3.10)."""
    _may(ports, principal)

    def work(tx: Connection) -> Pause:
        found = store.standing(tx)
        if found is None:
            raise NotPausedError
        if found.paused_by == principal.id:
            raise SamePersonError
        store.end(tx, by=principal.id, at=at)
        counter.note_everyone(tx)
        code = EventCode.PROCESSING_RESUMED
        ports.audit.append(tx, _event(principal, found, code, (), at=at))
        return found

    return ports.database.write(work)


def may_pause(ports: Ports, principal: Principal) -> bool:
    """Staff who may propose or agree to a policy: a pause is narrower than any policy."""
    policy = ports.policies.current
    allowed = (may(principal, one, policy) for one in (Action.POLICY_PROPOSE, Action.POLICY_APPLY))
    return principal.kind is PrincipalKind.STAFF and any(allowed)


def _may(ports: Ports, principal: Principal) -> None:
    if not may_pause(ports, principal):
        raise ActionForbiddenError(action=Action.POLICY_APPLY.value)


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
