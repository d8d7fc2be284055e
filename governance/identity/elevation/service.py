"""特権の一時付与: a role for a time, asked for with a reason, given by another person.

It counts from the approval and ends by itself; roles that the policy keeps apart are refused when
it is asked for and again when it is given, since the account or the policy may have changed.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.store import find as find_approval
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from governance.identity.accounts import demand_together
from governance.identity.elevation import store
from governance.identity.elevation.types import (
    Elevation,
    ElevationForbiddenError,
    ElevationFormError,
    ElevationHeldError,
    ElevationUnknownError,
    Phase,
)
from governance.identity.rules import may_act
from governance.identity.store import staff_by_id
from governance.identity.types import Staff
from policies.actions import Action
from policies.actors import may
from policies.api import ensure

PREFIX: Final = "elevation:"
REASON: Final = "elevation"  # kind of blob
ASKED: Final = "elevation_asked"  # the same, of what waits for approval
SHORTEST, LONGEST = 5, 2_000  # characters of a reason
MOST_MINUTES: Final = 480  # a working day


def ask(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    *,
    role: str,
    minutes: int,
    reason: str,
    at: datetime,
) -> tuple[Elevation, Approval]:
    """The role waits for a second person.

    Raises ElevationFormError, ElevationHeldError, and what forbids the roles together.
    """
    staff = _may_ask(tx, ports, principal, role, minutes=minutes, reason=reason, at=at)
    row = new_row_id()
    elevation = Elevation(
        id=row,
        staff=staff.id,
        role=role,
        minutes=minutes,
        reason=ports.vault.seal_blob(REASON, row, reason.strip().encode()),
        asked_at=at,
        approval=None,
        begun_at=None,
        approved_by=None,
        ends_at=None,
        ended_at=None,
        ended_by=None,
    )
    store.add(tx, elevation)
    reference = f"{PREFIX}{row}"
    said = json.dumps({"role": role, "minutes": minutes, "staff": staff.id}).encode()
    sealed = ports.vault.seal_blob(ASKED, reference, said)
    approval = approvals.request(
        tx, ApprovalKind.ELEVATION, object_ref=reference, sealed=sealed, by=principal, at=at
    )
    store.tie(tx, row, approval.id)
    return elevation, approval


def _may_ask(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    role: str,
    *,
    minutes: int,
    reason: str,
    at: datetime,
) -> Staff:
    """The account that asks; fails closed for what is no request or may not be given."""
    policy = ports.policies.current
    ensure(principal, Action.CONSOLE_OPEN, policy)
    if principal.kind is not PrincipalKind.STAFF:
        raise ElevationForbiddenError
    staff = _acting(tx, principal.id)
    if not SHORTEST <= len(reason.strip()) <= LONGEST:
        raise ElevationFormError(field="reason")
    if not 1 <= minutes <= MOST_MINUTES:
        raise ElevationFormError(field="minutes")
    waiting = {one.role for one in store.open_of(tx, staff.id) if one.phase(at) is not Phase.OVER}
    if role in staff.roles or role in waiting:
        raise ElevationHeldError
    demand_together(policy, staff.roles | waiting | {role})
    return staff


def elevation_executor(ports: Ports) -> Executor:
    """What gives the role once a second person agreed."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        reference = consumed.approval.object_ref
        said = json.loads(ports.vault.open_blob(ASKED, reference, consumed.sealed))
        found = store.find(tx, reference.removeprefix(PREFIX))
        if found is None or found.phase(at) is not Phase.ASKED:
            raise ElevationUnknownError  # fails closed: it ended before it was given
        if (found.role, found.minutes) != (said["role"], said["minutes"]):
            raise ElevationUnknownError  # fails closed: not what was agreed to
        staff = _acting(tx, found.staff)
        held = store.standing_roles(tx, staff.id, at=at)
        demand_together(ports.policies.current, staff.roles | held | {found.role})
        ends_at = at + timedelta(minutes=found.minutes)
        if not store.give(tx, found.id, by=by.id, at=at, ends_at=ends_at):
            raise ElevationUnknownError
        ties.note(tx, staff.id, by.id, TieKind.ELEVATION, at=at)
        counts = (("minutes", found.minutes),)
        code = EventCode.ELEVATION_BEGUN
        _record(tx, ports, by.id, found, code, at=at, counts=counts, os_user=by.os_user)
        return reference

    return execute


def _acting(tx: Connection, actor: ActorId) -> Staff:
    staff = staff_by_id(tx, actor)
    if staff is None or not may_act(staff.state):
        raise ElevationForbiddenError
    return staff


def end(
    tx: Connection, ports: Ports, principal: Principal, elevation: str, *, at: datetime
) -> None:
    """The role counts no more, by who holds it or by whoever may decide about approvals."""
    found = _seen(tx, ports, principal, elevation)
    if store.end(tx, found.id, by=principal.id, at=at):
        code = EventCode.ELEVATION_ENDED
        _record(tx, ports, principal.id, found, code, at=at, os_user=principal.os_user)


def _seen(tx: Connection, ports: Ports, principal: Principal, elevation: str) -> Elevation:
    """404 before 403: an elevation of somebody else is not there for whoever may not decide."""
    found = store.find(tx, elevation)
    others = may(principal, Action.APPROVAL_DECIDE, ports.policies.current)
    if found is None or (found.staff != principal.id and not others):
        raise ElevationUnknownError
    return found


def end_all(tx: Connection, ports: Ports, actor: ActorId, *, by: ActorId, at: datetime) -> int:
    """How many elevations of the account ended: it changed its roles, or acts no more."""
    return _ended(tx, ports, store.open_of(tx, actor), by=by, at=at)


def settle(tx: Connection, ports: Ports, *, by: ActorId, limit: int, at: datetime) -> int:
    """How many ends by time were written down; the roles counted no more before that."""
    return _ended(tx, ports, store.run_out(tx, at=at, limit=limit), by=by, at=at)


def _ended(
    tx: Connection, ports: Ports, found: Iterable[Elevation], *, by: ActorId, at: datetime
) -> int:
    ended = 0
    for one in found:
        if store.end(tx, one.id, by=by, at=at):
            _record(tx, ports, by, one, EventCode.ELEVATION_ENDED, at=at)
            ended += 1
    return ended


def approval_of(tx: Connection, elevation: str) -> str:
    """The approval that an elevation waits under; an id of an approval is taken as it is."""
    found = store.find(tx, elevation)
    return elevation if found is None or found.approval is None else found.approval


def asked_for(tx: Connection, approval: ApprovalId) -> Approval:
    """The request for a role; raises ElevationUnknownError where it is for something else."""
    found = find_approval(tx, approval)
    if found.kind is not ApprovalKind.ELEVATION:
        raise ElevationUnknownError
    return found


def listing(
    tx: Connection, ports: Ports, principal: Principal, *, limit: int = store.LISTED
) -> tuple[tuple[Elevation, str], ...]:
    """Elevations with their reasons, the newest first: one's own, or all for who may decide."""
    ensure(principal, Action.CONSOLE_OPEN, ports.policies.current)
    others = may(principal, Action.APPROVAL_DECIDE, ports.policies.current)
    found = store.listed(tx, staff=None if others else principal.id, limit=limit)
    return tuple((one, ports.vault.open_blob(REASON, one.id, one.reason).decode()) for one in found)


def _record(
    tx: Connection,
    ports: Ports,
    actor: ActorId,
    elevation: Elevation,
    code: EventCode,
    *,
    at: datetime,
    counts: tuple[tuple[str, int], ...] = (),
    os_user: str | None = None,
) -> None:
    approval = () if elevation.approval is None else (f"approval:{elevation.approval}",)
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=actor,
            actor_os=os_user,
            object_type="principal",
            object_id=elevation.staff,
            outcome=Outcome.DONE,
            reasons=(f"role.{elevation.role}",),
            refs=(f"elevation:{elevation.id}", *approval),
            counts=counts,
            policy_version=ports.policies.current.version,
        ),
    )
