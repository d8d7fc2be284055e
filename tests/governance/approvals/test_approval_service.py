import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from audit.log import AuditLog
from audit.models import EVENTS
from governance.approvals import store
from governance.approvals.errors import (
    ApprovalClosedError,
    ApprovalForbiddenError,
    ApprovalFormError,
    ApprovalNotFoundError,
)
from governance.approvals.service import Approvals
from governance.approvals.store import APPROVALS
from governance.approvals.types import (
    Approval,
    ApprovalId,
    ApprovalKind,
    ApprovalState,
    Consumed,
    ExecutorRule,
    Rule,
)
from governance.core.errors import GovernanceError
from governance.core.terms import RowId, SubjectId
from governance.db.engine import Database
from governance.http.principal import Principal
from tests.governance.approvals.cases import ALICE, BOB, CAROL, NOW, SYSTEM

SEALED = b"sealed parameters"
LATER = NOW + timedelta(hours=1)


def masked(_: SubjectId, row: RowId, payload: bytes) -> bytes:
    return row.encode() + bytes(len(payload))


class Executed(list[bytes]):
    """An executor that remembers what it was given."""

    def __call__(
        self, tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime
    ) -> str:
        assert tx.in_transaction()
        assert by.id
        assert at >= NOW
        self.append(consumed.sealed)
        return "run:1"


@pytest.fixture
def executed() -> Executed:
    return Executed()


@pytest.fixture
def approvals(database: Database, executed: Executed) -> Approvals:
    log = AuditLog(database.writer_engine, process_id="test", sealer=masked)
    return Approvals(audit=log, executors={ApprovalKind.ERASURE: executed})


def ask(
    db: Database,
    approvals: Approvals,
    by: Principal = ALICE,
    kind: ApprovalKind = ApprovalKind.ERASURE,
) -> Approval:
    return db.write(
        lambda tx: approvals.request(tx, kind, object_ref="plan:1", sealed=SEALED, by=by, at=NOW)
    )


def stored(db: Database, approval: Approval) -> Approval:
    with db.read() as tx:
        return store.find(tx, approval.id)


def events(db: Database) -> list[str]:
    with db.read() as tx:
        return list(tx.execute(select(EVENTS.c.action).order_by(EVENTS.c.id)).scalars())


def test_two_persons_request_approve_and_execute(
    database: Database, approvals: Approvals, executed: Executed
) -> None:
    asked = ask(database, approvals)
    act = partial(approvals.approve_and_execute, digest=asked.digest, by=BOB, at=LATER)
    assert database.write(lambda tx: act(tx, asked.id)) == "run:1"
    done = stored(database, asked)
    assert executed == [SEALED]
    assert (done.state, done.requested_by, done.decided_by, done.executed_by) == (
        ApprovalState.EXECUTED,
        ALICE.id,
        BOB.id,
        BOB.id,
    )
    assert events(database) == ["approval.requested", "approval.given"]


def test_the_requester_cannot_approve_and_nothing_changes(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals)
    with pytest.raises(ApprovalForbiddenError) as caught:
        database.write(
            lambda tx: approvals.approve(tx, asked.id, digest=asked.digest, by=ALICE, at=LATER)
        )
    assert caught.value.params["reason"] == "own_request"
    assert stored(database, asked) == asked
    assert events(database) == ["approval.requested"]


def test_an_approval_is_consumed_exactly_once_by_four_threads(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals)
    database.write(
        lambda tx: approvals.approve(tx, asked.id, digest=asked.digest, by=BOB, at=LATER)
    )
    gate = threading.Barrier(4)

    def consume(by: Principal) -> bool:
        gate.wait()
        try:
            database.write(
                lambda tx: approvals.consume(tx, asked.id, digest=asked.digest, by=by, at=LATER)
            )
        except ApprovalClosedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(consume, [ALICE, BOB, ALICE, BOB])) == 1


def test_an_execution_that_fails_gives_the_approval_back(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals)

    class BrokenError(GovernanceError):
        status = 500

    def broken(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        raise BrokenError

    failing = Approvals(audit=approvals.audit, executors={ApprovalKind.ERASURE: broken})
    with pytest.raises(BrokenError):
        database.write(
            lambda tx: failing.approve_and_execute(
                tx, asked.id, digest=asked.digest, by=BOB, at=LATER
            )
        )
    assert stored(database, asked).state is ApprovalState.REQUESTED


def test_of_two_deciders_one_decides(database: Database, approvals: Approvals) -> None:
    asked = ask(database, approvals)
    gate = threading.Barrier(2)

    def approve() -> bool:
        gate.wait()
        try:
            database.write(
                lambda tx: approvals.approve(tx, asked.id, digest=asked.digest, by=BOB, at=LATER)
            )
        except ApprovalClosedError:
            return False
        return True

    def refuse() -> bool:
        gate.wait()
        try:
            database.write(
                lambda tx: approvals.refuse(
                    tx, asked.id, reason_code="wrong_plan", by=CAROL, at=LATER
                )
            )
        except ApprovalClosedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = [pool.submit(approve), pool.submit(refuse)]
        assert sum(each.result() for each in outcomes) == 1


def test_parameters_changed_in_the_table_are_not_executed(
    database: Database, approvals: Approvals, executed: Executed
) -> None:
    asked = ask(database, approvals)
    database.write(lambda tx: tx.execute(APPROVALS.update().values(sealed=b"other")).rowcount)
    with pytest.raises(ApprovalClosedError) as caught:
        database.write(
            lambda tx: approvals.approve_and_execute(
                tx, asked.id, digest=asked.digest, by=BOB, at=LATER
            )
        )
    assert caught.value.params["reason"] == "digest"
    assert executed == []


def test_approving_another_digest_than_the_stored_one_is_refused(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals)
    with pytest.raises(ApprovalClosedError):
        database.write(
            lambda tx: approvals.approve(tx, asked.id, digest="0" * 64, by=BOB, at=LATER)
        )


def test_the_database_itself_refuses_one_person_in_both_parts(
    database: Database, approvals: Approvals
) -> None:
    ask(database, approvals)
    for decided_by in (ALICE.id, None):
        change = APPROVALS.update().values(state="approved", decided_by=decided_by)
        with pytest.raises(IntegrityError):
            database.write(lambda tx, change=change: tx.execute(change).rowcount)  # type: ignore[misc]


def test_a_kind_without_executor_is_approved_but_not_used_up(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals, kind=ApprovalKind.POLICY_CHANGE)
    with pytest.raises(ApprovalClosedError) as caught:
        database.write(
            lambda tx: approvals.execute(tx, asked.id, digest=asked.digest, by=BOB, at=LATER)
        )
    assert caught.value.params["reason"] == "no_executor"


def test_where_the_requester_executes_the_approver_only_approves(
    database: Database, approvals: Approvals, executed: Executed
) -> None:
    rule = {ApprovalKind.ERASURE: Rule(executor=ExecutorRule.REQUESTER)}
    strict = Approvals(audit=approvals.audit, executors=approvals.executors, separation=rule)
    asked = ask(database, strict)
    act = partial(strict.approve_and_execute, digest=asked.digest, by=BOB, at=LATER)
    assert database.write(lambda tx: act(tx, asked.id)) is None
    assert executed == []
    run = partial(strict.execute, digest=asked.digest, at=LATER)
    with pytest.raises(ApprovalForbiddenError):
        database.write(lambda tx: run(tx, asked.id, by=BOB))
    assert database.write(lambda tx: run(tx, asked.id, by=ALICE)) == "run:1"


def test_waiting_lists_open_requests_until_they_expire(
    database: Database, approvals: Approvals
) -> None:
    asked = ask(database, approvals, by=SYSTEM)
    with database.read() as tx:
        assert store.waiting(tx, at=NOW) == (asked,)
        assert store.waiting(tx, at=asked.expires_at) == ()
        with pytest.raises(ApprovalNotFoundError):
            store.find(tx, ApprovalId("none"))


def test_a_reference_that_could_hold_a_name_is_refused(
    database: Database, approvals: Approvals
) -> None:
    with pytest.raises(ApprovalFormError):
        database.write(
            lambda tx: approvals.request(
                tx, ApprovalKind.PURGE, object_ref="山田 太郎", sealed=b"", by=ALICE, at=NOW
            )
        )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["approve", "refuse", "execute"]), st.sampled_from([ALICE, BOB, SYSTEM])
    ),
    max_size=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(requester=st.sampled_from([ALICE, BOB, SYSTEM]), steps=STEPS)
def test_no_sequence_of_steps_lets_one_person_do_both_parts(
    database: Database,
    approvals: Approvals,
    executed: Executed,
    requester: Principal,
    steps: list[tuple[str, Principal]],
) -> None:
    before = len(executed)
    asked = ask(database, approvals, by=requester)
    for step, by in steps:
        acts = {
            "approve": partial(approvals.approve, digest=asked.digest),
            "refuse": partial(approvals.refuse, reason_code="no"),
            "execute": partial(approvals.execute, digest=asked.digest),
        }
        try:
            database.write(lambda tx, a=acts[step], by=by: a(tx, asked.id, by=by, at=LATER))  # type: ignore[misc]
        except (ApprovalForbiddenError, ApprovalClosedError):
            continue
    final = stored(database, asked)
    ran = len(executed) - before
    assert ran <= 1
    if ran or final.state in {ApprovalState.APPROVED, ApprovalState.EXECUTED}:
        assert final.decided_by not in {None, requester.id}
    assert (ran == 1) is (final.state is ApprovalState.EXECUTED)
