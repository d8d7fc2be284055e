"""All processing stands still, and what must never stop goes on; another person lifts it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from consent.checks import check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.service import choose
from consent.types import EventKind
from governance.app.ticks import ALWAYS, jobs_of, paused_with
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, PurposeId
from governance.db.engine import Database
from governance.gateway.bulk.exporting import export
from governance.gateway.bulk.using import use
from governance.jobs.runner import worker_of
from policies.admin.pausing import SamePersonError, lift, pause
from policies.api import ActionForbiddenError
from policies.pause import (
    PAUSE,
    AlreadyPausedError,
    NotPausedError,
    Pause,
    PausedError,
    PauseReason,
    end,
    enter,
    standing,
)
from policies.reasons import ReasonCode
from retention import purge
from tests.governance.gateway.bulk.town import asked
from tests.installation import AT, OFFICER, add_person, create, events, staff, system
from tests.office import Office, opened

APPROVER = staff("privacy_approver", name="hanako")
MAIL = PurposeId("mail_marketing")
SENDER = system("mail_sender", MAIL)
FIRST = Pause(id=new_row_id(), reason=PauseReason.BREACH, paused_by=ActorId("u:taro"), paused_at=AT)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("pause"))) as found:
        yield found


@pytest.fixture
def wiring(office: Office) -> Iterator[Wiring]:
    """Nothing stands still before and after a test."""
    yield office.wiring
    with office.wiring.database.read() as tx:
        found = standing(tx)
    if found is not None:
        other = ActorId("u:somebody-else")
        office.wiring.database.write(lambda tx: end(tx, by=other, at=AT))
    office.wiring.policy_watch.look()


def test_nothing_is_permitted_until_another_person_lifts_it(wiring: Wiring) -> None:
    person = add_person(wiring)
    given = Choice(subject=person, purpose=MAIL, kind=EventKind.GIVEN, method="form",
                   action="unticked_box", shown="送る（架空）")  # fmt: skip
    choose(wiring.ports, OFFICER, given, at=AT)
    wanted = UseRequest(subject=person, purpose=MAIL, channel="email")

    def code() -> ReasonCode:
        return check(wiring.ports, SENDER, wanted, at=AT).exact

    assert code() is ReasonCode.PERMIT
    pause(wiring.ports, OFFICER, PauseReason.BREACH, at=AT)
    assert wiring.policy_watch.look()
    assert code() is ReasonCode.UNAVAILABLE_PAUSED
    with pytest.raises(SamePersonError):
        lift(wiring.ports, OFFICER, at=AT)
    with pytest.raises(AlreadyPausedError):
        pause(wiring.ports, APPROVER, PauseReason.DRILL, at=AT)
    wiring.policy_watch.look()
    assert code() is ReasonCode.UNAVAILABLE_PAUSED
    taken = Choice(subject=person, purpose=MAIL, kind=EventKind.WITHDRAWN)
    choose(wiring.ports, OFFICER, taken, at=AT)  # a withdrawal is never stopped
    lift(wiring.ports, APPROVER, at=AT)
    wiring.policy_watch.look()
    assert code() is ReasonCode.SUBJECT_WITHDRAWN
    with pytest.raises(NotPausedError):
        lift(wiring.ports, APPROVER, at=AT)
    with wiring.database.read() as tx:
        assert len(events(tx, "processing.paused")) == 1
        assert len(events(tx, "processing.resumed")) == 1


@pytest.mark.parametrize("role", ["support", "auditor", "data_manager"])
def test_who_may_not_change_the_policy_pauses_nothing(wiring: Wiring, role: str) -> None:
    with pytest.raises(ActionForbiddenError):
        pause(wiring.ports, staff(role), PauseReason.FAULT, at=AT)
    with pytest.raises(ActionForbiddenError):
        pause(wiring.ports, system("shop"), PauseReason.FAULT, at=AT)


def test_jobs_stop_between_two_batches_and_keys_and_ends_go_on(
    wiring: Wiring, tmp_path: Path
) -> None:
    worker = worker_of("test", wiring.clock, threading.Event())
    usual = paused_with(wiring, worker)
    assert not usual.stopping()
    pause(wiring.ports, OFFICER, PauseReason.FAULT, at=AT)
    wiring.policy_watch.look()
    assert usual.stopping()
    assert not worker.stopping()
    assert set(jobs_of(wiring, worker)) >= ALWAYS
    with pytest.raises(PausedError):
        purge.run(wiring.ports, new_row_id(), worker=worker)
    with pytest.raises(PausedError):
        use(wiring.ports, staff("marketing"), asked().bulk, at=AT)
    with pytest.raises(PausedError):
        export(wiring.ports, OFFICER, asked(), tmp_path / "out.csv", at=AT)
    assert not (tmp_path / "out.csv").exists()
    assert {"keys.roll", "keys.resume", "consent.expire"} <= ALWAYS


def test_another_process_that_starts_stands_still_too(wiring: Wiring) -> None:
    pause(wiring.ports, OFFICER, PauseReason.ORDER, at=AT)
    other = Wiring.open(wiring.settings, clock=lambda: AT)
    try:
        assert other.policies.current.paused
    finally:
        other.close()


def test_the_page_says_so_and_another_lifts_it(office: Office, wiring: Wiring) -> None:
    home, by = "/console/pause", "privacy_officer"
    assert "一時停止していません" in office.page(home, by=by)
    assert office.send(f"{home}/begin", by=by, shown=home).status_code == 400
    done = office.send(f"{home}/begin", by=by, shown=home, form={"reason": "breach"})
    assert done.status_code == 303
    wiring.policy_watch.look()
    for role in (by, "support", "auditor"):  # whoever looks at any page
        assert "すべての処理を一時停止しています" in office.page("/console", by=role)
    assert office.send(f"{home}/lift", by=by, shown=home).status_code == 403
    lifted = office.send(f"{home}/lift", by="privacy_approver", shown=home)
    assert lifted.status_code == 303
    wiring.policy_watch.look()
    assert "すべての処理を一時停止しています" not in office.page("/console", by=by)


def test_one_pause_stands_and_one_person_never_does_both(database: Database) -> None:
    with database.read() as tx:
        assert standing(tx) is None
    database.write(lambda tx: enter(tx, FIRST))
    with pytest.raises(AlreadyPausedError):
        database.write(lambda tx: enter(tx, FIRST))
    with database.read() as tx:
        assert standing(tx) == FIRST
    same = update(PAUSE).values(standing=None, lifted_by=FIRST.paused_by, lifted_at=AT)
    with pytest.raises(IntegrityError):
        database.write(lambda tx: tx.execute(same))
    database.write(lambda tx: end(tx, by=ActorId("u:hanako"), at=AT))
    with database.read() as tx:
        assert standing(tx) is None
    with pytest.raises(NotPausedError):
        database.write(lambda tx: end(tx, by=ActorId("u:hanako"), at=AT))
