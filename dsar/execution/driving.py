"""Carries an agreed execution to its end; safe to be killed anywhere and to be driven again.

Connected systems first, then our own rows, index tokens and keys, then recipients and the person.
A system that failed or waits stops the run before anything of ours is gone, so that a later try
still knows the person. Each stage moves in the transaction of what it did.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from consent.choices import Choice
from dsar.case import Actor, Case
from dsar.errors import RequestChangedError
from dsar.execution.certifying import certify
from dsar.execution.closing import answer
from dsar.execution.effects import lift, tell_journal
from dsar.execution.errors import NothingExecutedError
from dsar.execution.planning import erasure_of
from dsar.execution.rules import stores_ended
from dsar.execution.store import execution_of, move, note_store, stores_of
from dsar.execution.types import (
    STORE_ENDED,
    Execution,
    House,
    Measure,
    Stage,
    StoreResult,
    StoreState,
)
from dsar.machine import step
from dsar.recipients import tell_listed
from dsar.records import changed, draft, write_down
from dsar.stepping import take_step
from dsar.store import case_by_id
from dsar.types import Event, Mark, Status
from governance.approvals.store import find as find_approval
from governance.approvals.types import ApprovalId
from governance.connectors.types import (
    Asking,
    Connector,
    Erased,
    Erasure,
    Failed,
    Kept,
    KeptItem,
    Pending,
    PersonKeys,
)
from governance.core.terms import KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.customers.post import own_address
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.jobs.runner import Worker
from policies.actions import Action
from retention import purge
from retention import store as runs
from retention.errors import RunHeldElsewhereError
from retention.holds.deferring import remember_decided
from retention.plans import RunState
from retention.service import begin as begin_run
from retention.service import plan_agreed

BEFORE_ROWS: Final = frozenset({Stage.WAITING, Stage.CHANGED, Stage.STORES, Stage.ROWS})
CANCELLED: Final = "request"  # why items of other plans about the person are off


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Who carries out, with what."""

    ports: Ports
    principal: Principal  # the house
    house: House
    worker: Worker
    connectors: Sequence[Connector]
    keys_of: Callable[[Case], PersonKeys]

    @property
    def actor(self) -> Actor:
        """The system of the law's table: it takes the steps that nobody else takes."""
        return Actor(id=self.principal.id, actions=frozenset({Action.DSAR_EXECUTE}))

    def at(self) -> datetime:
        """Now."""
        return self.worker.clock()


def drive(driver: Driver, request: RequestId) -> Execution:
    """The execution as far as it goes now; what waits for a person or a system is left waiting."""
    while not driver.worker.stopping():
        found, case = _look(driver, request)
        if case.hold is not None or not _step(driver, case, found):
            break
    return _look(driver, request)[0]


def _look(driver: Driver, request: RequestId) -> tuple[Execution, Case]:
    with driver.ports.database.read() as tx:
        found, case = execution_of(tx, request), case_by_id(tx, request)
    if found is None:
        raise NothingExecutedError
    return found, case


def _step(driver: Driver, case: Case, found: Execution) -> bool:
    """Whether something moved, so that there is more to do now."""
    if _taken_back(case) and found.run is None and found.stage in BEFORE_ROWS:
        _end_undone(driver, case, found)
        return False
    match found.stage:
        case Stage.WAITING:
            return _begin(driver, case, found)
        case Stage.STORES:
            return _erase_stores(driver, case, found)
        case Stage.ROWS:
            return found.measure is Measure.ERASE and _erase_rows(driver, case, found)
        case Stage.TELLING:
            return _tell(driver, case)
        case Stage.PLANNED | Stage.DONE | Stage.UNDONE | Stage.CHANGED:
            return False


def _taken_back(case: Case) -> bool:
    """Whether the person withdrew the request itself, whatever waits to be done for it."""
    over = {Status.WITHDRAWN, Status.CLOSED}
    return all(track.status in over for track in case.tracks)


def _end_undone(driver: Driver, case: Case, found: Execution) -> None:
    """Nothing is done for a request that was taken back, and use is as it was before."""
    at, ports = driver.at(), driver.ports

    def end(tx: Connection) -> tuple[Choice, ...]:
        if move(tx, found, Stage.UNDONE, undone_at=at) is None:
            return ()
        return lift(tx, ports, driver.principal, case, tag=found.measure.value, at=at)

    tell_journal(ports, ports.database.write(end), at=at)


def _begin(driver: Driver, case: Case, found: Execution) -> bool:
    """The period is over: the request is being executed, unless the person changed."""
    at, ports = driver.at(), driver.ports
    if found.execute_from is None or at < found.execute_from:
        return False
    sealed = _answer_to(driver, case, at=at)

    def begin(tx: Connection) -> bool:
        if (why := _changed(tx, case, found, at=at)) is not None:
            _stop(tx, driver, case, found, why, at=at)
            return False
        if move(tx, found, Stage.STORES, answer_to=sealed) is None:
            return False
        _take(tx, driver, case, Event.EXECUTE, at=at)
        return True

    return ports.database.write(begin)


def _answer_to(driver: Driver, case: Case, *, at: datetime) -> bytes | None:
    """The person's address, under the file's own key until the answer has left; then it is gone."""
    if case.subject is None:
        return None
    ports = driver.ports
    with ports.database.read() as tx:
        address = own_address(tx, ports, case.subject, at=at).value
    if address is None:
        return None
    return ports.vault.seal_part(
        case.requester_id, case.id, address.encode(), key_class=KeyClass.RECORD
    )


def _changed(tx: Connection, case: Case, found: Execution, *, at: datetime) -> str | None:
    """Why the erasure would not be what two persons agreed to; None: it is the same."""
    if case.subject is None:
        return "unknown"
    planned = erasure_of(tx, case.subject, at=at)
    if planned.plan.blocked is not None:
        return planned.plan.blocked
    return None if planned.digest == found.plan else "plan"


def _stop(
    tx: Connection, driver: Driver, case: Case, found: Execution, why: str, *, at: datetime
) -> None:
    """Nothing is erased until two persons have agreed to what is so now."""
    if move(tx, found, Stage.CHANGED, changed_because=why, run_id=None) is None:
        return
    if case.subject is not None:  # where a hold is the reason, it goes on once that is released
        remember_decided(tx, driver.ports, driver.principal, case.subject, at=at)
    code, reasons = EventCode.REQUEST_CHANGED, ("erasure_stopped", why)
    told = draft(driver.ports, driver.principal, case, code, at=at, reasons=reasons)
    driver.ports.audit.append(tx, told)


def _erase_stores(driver: Driver, case: Case, found: Execution) -> bool:
    """Every connected system was asked; the run goes on once all have ended."""
    with driver.ports.database.read() as tx:
        states = {one.store: one.state for one in stores_of(tx, case.id)}
    waiting = [one for one in driver.connectors if states.get(one.name) not in STORE_ENDED]
    keys = driver.keys_of(case) if waiting else None
    for one in waiting:
        if keys is None or driver.worker.stopping():
            return False
        at = driver.at()
        asking = Asking(key=f"dsar/{case.id}/erase/{one.name}", at=at, request=case.id)
        result = result_of(one, one.erase(keys, asking))
        states[one.name] = result.state
        driver.ports.database.write(
            partial(_note_store, driver=driver, case=case, result=result, at=at)
        )
    if not stores_ended((one.name for one in driver.connectors), states):
        return False

    def go_on(tx: Connection) -> bool:
        return move(tx, found, Stage.ROWS) is not None

    return driver.ports.database.write(go_on)


def result_of(store: Connector, answered: Erasure) -> StoreResult:
    """The answer of a connected system as it is kept: counts, grounds, days."""
    about = StoreResult(
        store=store.name,
        label_ja=store.label.ja,
        label_en=store.label.en,
        state=StoreState.PENDING,
    )
    match answered:
        case Erased(records=records):
            return replace(about, state=StoreState.ERASED, rows=records)
        case Kept(erased=erased, items=items):
            kept = tuple(map(_kept, items))
            return replace(about, state=StoreState.KEPT, rows=erased, kept=kept)
        case Pending():
            return about
        case Failed(reason=reason):
            return replace(about, state=StoreState.FAILED, code=reason.value)


def _kept(item: KeptItem) -> dict[str, object]:
    return {
        "place": item.place,
        "label": {"ja": item.label.ja, "en": item.label.en},
        "records": item.records,
        "ground": {"ja": item.ground.ja, "en": item.ground.en},
        "until": item.until.isoformat() if item.until else None,
    }


def _note_store(
    tx: Connection, *, driver: Driver, case: Case, result: StoreResult, at: datetime
) -> None:
    note_store(tx, case.id, result, at=at)
    if result.state is StoreState.PENDING:
        return
    code = EventCode.REQUEST_CHANGED
    reasons = ("store", result.state.value, *((result.code,) if result.code else ()))
    told = draft(
        driver.ports,
        driver.principal,
        case,
        code,
        at=at,
        reasons=reasons,
        counts=(("records", result.rows),),
        refs=(f"connector:{result.store}",),
    )
    driver.ports.audit.append(tx, told)


def _erase_rows(driver: Driver, case: Case, found: Execution) -> bool:
    """Rows, index tokens and keys are gone by a run of exactly what was agreed to."""
    run = found.run or driver.ports.database.write(partial(_start_run, driver, case, found))
    if run is None:
        return False
    try:
        report = purge.run(driver.ports, run, worker=driver.worker)
    except RunHeldElsewhereError:
        return False  # another process drives it, or one that died did a moment ago
    if report.state is not RunState.DONE:
        return False
    at = driver.at()

    def go_on(tx: Connection) -> bool:
        now = execution_of(tx, case.id)
        if now is None or now.stage is not Stage.ROWS:
            return False
        if not report.erased:  # a hold came between, or the person moved: nothing is gone
            _stop(tx, driver, case, now, "skipped", at=at)
            return False
        return move(tx, now, Stage.TELLING) is not None

    return driver.ports.database.write(go_on)


def _start_run(driver: Driver, case: Case, found: Execution, tx: Connection) -> RowId | None:
    at, ports = driver.at(), driver.ports
    if case.subject is None or found.approval is None:
        raise NothingExecutedError  # fails closed: nothing was agreed to
    if (why := _changed(tx, case, found, at=at)) is not None:
        _stop(tx, driver, case, found, why, at=at)
        return None
    planned = erasure_of(tx, case.subject, at=at)
    fates = json.dumps([fate.as_json() for fate in planned.plan.fates], ensure_ascii=False)
    subject = survivor_of(tx, case.subject)
    plan = plan_agreed(tx, ports, driver.principal, subject, at=at)
    runs.cancel_items(tx, subject, because=CANCELLED, but=plan.id)
    approval = find_approval(tx, ApprovalId(found.approval))
    run = begin_run(tx, ports, plan.id, approval, by=driver.principal, at=at)
    if move(tx, found, Stage.ROWS, run_id=run, fates=fates) is None:
        raise RequestChangedError(request=case.id)
    return run


def _tell(driver: Driver, case: Case) -> bool:
    """Recipients and the person are told in one transaction with the end of the execution."""
    at = driver.at()

    def tell(tx: Connection) -> bool:
        now = execution_of(tx, case.id)
        if now is None or now.stage is not Stage.TELLING:
            return False
        after = _take(tx, driver, case_by_id(tx, case.id), Event.EXECUTE, at=at)
        after = _executed(tx, driver, after, now, at=at)
        tell_listed(tx, driver.ports, driver.principal, after, origin=driver.house.origin, at=at)
        link = None
        if now.measure is Measure.ERASE:
            link = certify(tx, driver.ports, driver.principal, after, now, driver.house, at=at)
        for event in (Event.TELL_RECIPIENTS, Event.RESPOND):
            after = _take(tx, driver, after, event, at=at)
        answer(tx, driver.ports, after, now, link=link, at=at)
        return move(tx, now, Stage.DONE, ended_at=at, answer_to=None) is not None

    return driver.ports.database.write(tell)


def _executed(
    tx: Connection, driver: Driver, case: Case, found: Execution, *, at: datetime
) -> Case:
    """The case says that it was done, with what proves it."""
    if case.executed:
        return case
    proof = (f"purge_run:{found.run}",) if found.run else (f"approval:{found.approval}",)
    return write_down(
        tx,
        driver.ports,
        driver.principal,
        replace(changed(case, at=at), executed=True),
        Mark.EXECUTED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        reasons=(found.measure.value,),
        refs=proof,
    )


def _take(tx: Connection, driver: Driver, case: Case, event: Event, *, at: datetime) -> Case:
    """The step, if a law of the case knows it now."""
    if not any(step(track.law, track.status, event) for track in case.tracks):
        return case
    moment = max(at, case.last_at)
    return take_step(
        tx, driver.ports, driver.principal, case.id, event, at=moment, actor=driver.actor
    )
