"""The release of a matter, or of persons out of it, by two principals; what waited goes on."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.store import find as find_approval
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.core.terms import EventId, RowId, SubjectId
from governance.customers.holds.reading import standing_scopes
from governance.customers.holds.types import Line
from governance.customers.ports import Ports
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.actions import Action
from retention import rules
from retention.access import require, require_approver, today
from retention.erasure import lock
from retention.facts import facts_of
from retention.holds import store
from retention.holds.deferring import waiting
from retention.holds.errors import HoldFormError, HoldNotStandingError
from retention.holds.forms import LONGEST, PERSONS
from retention.holds.sealing import RELEASE
from retention.holds.service import record
from retention.holds.types import ActKind, Deferred, DeferredGround, DeferredState
from retention.plans import Ground
from retention.service import begin, plan_decided
from retention.store import in_force
from retention.types import Decision, Due, PersonFacts, Review, Schedule

PREFIX = "hold:"  # of what is asked for, and of what an execution answers
RESUMED = 400  # erasures that one step takes up again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A deferred erasure that may go on, with what is due of the person today."""

    deferred: Deferred
    facts: PersonFacts
    due: Due


def ask_release(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    number: str,
    *,
    reason: str,
    persons: Sequence[SubjectId] = (),
    at: datetime,
) -> Approval:
    """The release waits for a second person; of all, or of some persons out of the matter.

    Raises HoldUnknownError, HoldNotStandingError, HoldFormError.
    """
    require(ports, principal, Action.HOLD_PLACE)
    store.matter_of(tx, number)
    if not reason.strip() or len(reason) > LONGEST:
        raise HoldFormError(field="reason")
    if len(persons) > PERSONS:
        raise HoldFormError(field="persons")
    ids = sorted({survivor_of(tx, one) for one in persons})
    lines = store.lines_of(tx, number, persons=ids)
    scopes = standing_scopes(tx, matter=number)
    if not lines and not scopes:
        raise HoldNotStandingError(number=number)
    said = {"persons": ids, "reason": reason, "lines": len(lines)}
    reference = f"{PREFIX}{number}"
    sealed = ports.vault.seal_blob(RELEASE, reference, json.dumps(said).encode())
    asked = approvals.request(
        tx, ApprovalKind.HOLD_RELEASE, object_ref=reference, sealed=sealed, by=principal, at=at
    )
    kind, count = ActKind.RELEASE_ASKED, len({subject for _, subject in lines})
    store.note_act(
        tx, ports.vault, number, kind, by=principal.id, at=at, persons=count, reason=reason
    )
    return asked


def release_executor(ports: Ports) -> Executor:
    """Releases what was agreed to; answers `hold:<number>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(ports, approval, by)
        number = approval.object_ref.removeprefix(PREFIX)
        said = json.loads(ports.vault.open_blob(RELEASE, approval.object_ref, consumed.sealed))
        persons = [SubjectId(one) for one in said["persons"]]
        lines = store.lines_of(tx, number, persons=persons)
        ids = sorted({subject for _, subject in lines} | set(persons))
        lock(tx, ids)
        lines = store.lines_of(tx, number, persons=persons)
        if persons:
            _let_out(tx, number, persons, by=by.id, at=at)
            scopes: tuple[RowId, ...] = ()
        else:
            scopes = store.end_scopes(tx, number, by=by.id, at=at)
        ended = store.end_lines(tx, (line for line, _ in lines), by=by.id, at=at)
        if not ended and not scopes and not persons:
            raise HoldNotStandingError(number=number)  # fails closed: somebody was first
        store.close_matter(tx, number, at=at)
        store.note_act(
            tx,
            ports.vault,
            number,
            ActKind.RELEASED,
            by=by.id,
            at=at,
            persons=len(ids),
            reason=said["reason"],
            approval=approval.id,
        )
        refs = (f"approval:{approval.id}",)
        record(tx, ports, by, EventCode.HOLD_RELEASED, number, ids, refs=refs, at=at)
        return approval.object_ref

    return execute


def _let_out(
    tx: Connection, number: str, persons: Sequence[SubjectId], *, by: str, at: datetime
) -> None:
    """Whom a standing scope catches without a line gets one, to be released at once."""
    known = {(line.scope, line.subject) for line in store.scope_lines(tx, persons)}
    lines = [
        Line(id=new_row_id(), subject=one, matter=number, what=scope.what, scope=scope.id)
        for scope in standing_scopes(tx, matter=number)
        for one in persons
        if (scope.id, one) not in known
    ]
    store.add_lines(tx, lines, by=by, at=at)
    store.end_lines(tx, (RowId(str(line.id)) for line in lines), by=by, at=at)


def finish_release(ports: Ports, by: Principal, done: str, *, at: datetime) -> tuple[RowId, ...]:
    """The journal knows of the release, and erasures that waited for it are begun; their runs."""
    number = done.removeprefix(PREFIX)
    with ports.database.read() as tx:
        ended = store.newly_released(tx, number)
    ports.journal.append_many(_entry(entry, at=at) for entry in ended)
    return resume(ports, by, at=at)


def _entry(ended: tuple[str, SubjectId | None, str], *, at: datetime) -> JournalEntry:
    row, subject, scope = ended
    return JournalEntry(
        kind=JournalKind.RELEASE,
        subject=subject,
        scope=scope,
        event=EventId(row),
        consent_seq=None,
        at=at,
    )


def resume(ports: Ports, by: Principal, *, at: datetime) -> tuple[RowId, ...]:
    """Every deferred erasure on which no hold stands any more has begun, once; their runs.

    What is due is decided by today's facts; what two persons agreed to is the release.
    """
    with ports.database.read() as tx:
        if not any(one.ground in GROUNDS for one in waiting(tx)):
            return ()

    def write(tx: Connection) -> tuple[RowId, ...]:
        found = [one for one in waiting(tx) if one.ground in GROUNDS][:RESUMED]
        subjects = {one.id: survivor_of(tx, one.subject) for one in found}
        lock(tx, sorted(set(subjects.values())))
        ready = _ready(tx, found, subjects, at=at)
        groups: dict[tuple[DeferredGround, str], list[_Ready]] = defaultdict(list)
        for one in ready:
            if (approval := store.release_of(tx, one.deferred.matters)) is not None:
                groups[one.deferred.ground, approval].append(one)
        return tuple(
            _begin(tx, ports, by, ground, approval, some, at=at)
            for (ground, approval), some in groups.items()
        )

    return ports.database.write(write, batch=True)


GROUNDS = {
    DeferredGround.SCHEDULE: Ground.SCHEDULE,
    DeferredGround.REQUEST: Ground.REQUEST,
    DeferredGround.REST: Ground.RELEASE,
}


def _begin(
    tx: Connection,
    ports: Ports,
    by: Principal,
    ground: DeferredGround,
    approval: str,
    ready: Sequence[_Ready],
    *,
    at: datetime,
) -> RowId:
    decided = {one.facts.subject: (one.facts, one.due) for one in ready}
    plan = plan_decided(tx, ports, by, GROUNDS[ground], list(decided.values()), at=at)
    agreed = find_approval(tx, ApprovalId(approval))
    run = begin(tx, ports, plan.id, agreed, by=by, at=at)
    store.end_deferred(
        tx, [one.deferred.id for one in ready], DeferredState.RESUMED, run=run, at=at
    )
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.ERASURE_RESUMED,
            occurred_at=at,
            actor=by.id,
            actor_os=by.os_user,
            object_type="purge_run",
            object_id=run,
            outcome=Outcome.DONE,
            reasons=("hold",),
            counts=(("persons", len(decided)),),
            refs=(f"approval:{approval}", f"plan:{plan.id}"),
        ),
    )
    return run


def _ready(
    tx: Connection,
    found: Sequence[Deferred],
    subjects: dict[RowId, SubjectId],
    *,
    at: datetime,
) -> list[_Ready]:
    """Those on whom no hold stands and of whom something is due; what is not due is settled."""
    schedule, day = in_force(tx), today(at)
    known = {facts.subject: facts for facts in facts_of(tx, sorted(set(subjects.values())), at=day)}
    ready, settled = list[_Ready](), list[RowId]()
    for one in found:
        facts = known.get(subjects[one.id])
        if facts is not None and facts.held:
            continue
        decision = None if facts is None else _decided(one, facts, schedule, at=at)
        match decision:
            case Due() if facts is not None:
                deferred = replace(one, subject=facts.subject)
                ready.append(_Ready(deferred=deferred, facts=facts, due=decision))
            case Review():
                continue  # a restriction stands: it waits on
            case _ if one.ground is DeferredGround.REST and facts is not None and facts.spared:
                continue
            case _:
                settled.append(one.id)
    store.end_deferred(tx, settled, DeferredState.SETTLED, run=None, at=at)
    return ready


def _decided(
    one: Deferred, facts: PersonFacts, schedule: Schedule, *, at: datetime
) -> Decision | None:
    day = today(at)
    match one.ground:
        case DeferredGround.REST:
            return rules.released(facts, schedule, at=day)
        case DeferredGround.SCHEDULE | DeferredGround.REQUEST:
            if facts.state is SubjectState.ERASED:
                return None
            asked = one.ground is DeferredGround.REQUEST
            decide = rules.requested if asked else rules.due
            return decide(facts, schedule, at=day)
        case DeferredGround.DECISION:
            return None
