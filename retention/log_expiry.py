"""The end of the log's own records: which months are over, agreed to by two persons, carried out.

The log is kept by its own period, by laws' periods for some of its records, and for as long as a
legal hold needs it. What ends is named by an event in the tree before the first row goes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.expiry import store
from audit.expiry.removing import announce, remove_some, unfinished
from audit.expiry.rules import Standing, going
from audit.shards.claims import Shard
from audit.shards.store import shards
from audit.types import EventDraft, Outcome, canonical_json
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.terms import ActorId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import HOLD
from governance.customers.upkeep.merges import absorbed_by
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require, require_approver
from retention.errors import LogMonthError, LogMonthUnknownError

BLOB: Final = "log_expiry"
PREFIX: Final = "log_expiry:"  # of what an execution answers
HOLD_PREFIX: Final = "shard:"  # object of a release
_HELD = select(HOLD.c.subject_id).where(HOLD.c.released_at.is_(None)).distinct()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPeriod:
    """How long this installation keeps its log, and how far its receiver has got it."""

    keep_months: int
    forwarded: Callable[[Connection], int | None]  # None: there is no receiver


def standings(tx: Connection, period: LogPeriod, *, at: datetime) -> tuple[Standing, ...]:
    """Every month of the log that is there, with the day on which it may go and what stops it."""
    held = {SubjectId(subject) for subject in tx.execute(_HELD).scalars()}
    return store.standings(
        tx,
        keep_months=period.keep_months,
        held=held | set(absorbed_by(tx, held)),
        forwarded=period.forwarded(tx),
        at=at,
    )


def ask(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    period: LogPeriod,
    *,
    through: str,
    at: datetime,
) -> Approval:
    """The oldest months up to this one wait for a second person; raises LogMonthError."""
    require(ports, principal, Action.RETENTION_RUN)
    wanted = _through(standings(tx, period, at=at), through)
    reference = f"log:{wanted[0].first}-{wanted[-1].below}"
    sealed = ports.vault.seal_blob(BLOB, reference, _agreed(wanted))
    return approvals.request(
        tx, ApprovalKind.LOG_EXPIRY, object_ref=reference, sealed=sealed, by=principal, at=at
    )


def expiry_executor(ports: Ports, period: LogPeriod) -> Executor:
    """Names the agreed months in the log; answers `log_expiry:<event>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(ports, approval, by)
        agreed = ports.vault.open_blob(BLOB, approval.object_ref, consumed.sealed)
        wanted = _through(standings(tx, period, at=at), json.loads(agreed)["months"][-1])
        if _agreed(wanted) != agreed:
            raise LogMonthError(reason="changed")  # fails closed: not what both persons saw
        event = announce(
            tx, ports.audit, wanted, by=by.id, os_user=by.os_user, approval=approval.id, at=at
        )
        return f"{PREFIX}{event}"

    return execute


def carry_out(ports: Ports, *, stopping: Callable[[], bool]) -> int:
    """Every month that the tree names is gone, or as far as it was let; how many events went.

    Whoever was killed anywhere: the next call goes on.
    """
    removed = 0
    with ports.database.read() as tx:
        ranges = unfinished(tx)
    for claim in ranges:
        while not stopping() and (step := remove_some(ports.database, claim)):
            removed += step
    return removed


def propose(
    tx: Connection, ports: Ports, period: LogPeriod, *, by: ActorId, at: datetime
) -> tuple[str, ...]:
    """The months that two persons may let go now; the log says so once for the same months."""
    found = going(standings(tx, period, at=at))
    if not found:
        return ()
    names = tuple(one.shard.name for one in found)
    reference = f"log:{found[0].shard.first}-{found[-1].shard.below}"
    if not store.proposed(tx, reference):
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.RETENTION_PLANNED,
                occurred_at=at,
                actor=by,
                object_type="log",
                object_id=reference,
                outcome=Outcome.DONE,
                counts=(("months", len(names)),),
                refs=(f"shard:{names[-1]}",),
            ),
        )
    return names


def hold(
    tx: Connection, ports: Ports, principal: Principal, shard: str, *, matter: str, at: datetime
) -> None:
    """The month and all younger ones stay; raises LogMonthUnknownError."""
    require(ports, principal, Action.HOLD_PLACE)
    if shard not in {one.name for one in shards(tx) if one.expired_by is None}:
        raise LogMonthUnknownError
    event = _hold_event(EventCode.HOLD_PLACED, principal, shard, refs=(f"matter:{matter}",), at=at)
    store.place_hold(tx, shard, matter=matter, by=principal.id, at=at)
    ports.audit.append(tx, event)


def ask_release(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    shard: str,
    *,
    at: datetime,
) -> Approval:
    """The release of the month's holds waits for a second person."""
    require(ports, principal, Action.HOLD_PLACE)
    if shard not in store.held_shards(tx):
        raise LogMonthUnknownError
    reference = f"{HOLD_PREFIX}{shard}"
    sealed = ports.vault.seal_blob(BLOB, reference, shard.encode())
    return approvals.request(
        tx, ApprovalKind.HOLD_RELEASE, object_ref=reference, sealed=sealed, by=principal, at=at
    )


def release_executor(ports: Ports) -> Executor:
    """Releases the holds on an agreed month; answers `shard:<name>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(ports, approval, by)
        shard = ports.vault.open_blob(BLOB, approval.object_ref, consumed.sealed).decode()
        store.release_holds(tx, shard, by=by.id, at=at)
        refs = (f"approval:{approval.id}",)
        ports.audit.append(tx, _hold_event(EventCode.HOLD_RELEASED, by, shard, refs=refs, at=at))
        return f"{HOLD_PREFIX}{shard}"

    return execute


def _through(found: Sequence[Standing], last: str) -> tuple[Shard, ...]:
    """The oldest months up to this one, all of which may go."""
    wanted = tuple(one.shard for one in going(found))
    names = [one.name for one in wanted]
    if last not in names:
        stops = {one.shard.name: one.stop for one in found}
        if last not in stops:
            raise LogMonthUnknownError
        stop = stops[last]
        raise LogMonthError(reason="earlier" if stop is None else stop.value)
    return wanted[: names.index(last) + 1]


def _agreed(wanted: Sequence[Shard]) -> bytes:
    """What both persons decide about."""
    return canonical_json(
        {
            "from": wanted[0].first,
            "below": wanted[-1].below,
            "months": [one.name for one in wanted],
        }
    )


def _hold_event(
    action: EventCode, principal: Principal, shard: str, *, refs: tuple[str, ...], at: datetime
) -> EventDraft:
    return EventDraft(
        action=action,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="shard",
        object_id=shard,
        outcome=Outcome.DONE,
        refs=refs,
    )
