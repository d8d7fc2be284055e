"""Months of the log end when two persons agree, wherever the carrying out was killed."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from audit.actions import EventCode
from audit.decisions.store import Numbered, write_batch
from audit.expiry.removing import unfinished
from audit.expiry.rules import Stop
from audit.review import EventFilter, count
from audit.sequencer import LogKeys, Turn, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from governance.approvals.errors import ApprovalForbiddenError
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind
from governance.core.terms import ActorId
from governance.customers.store import place_hold
from retention import log_expiry
from retention.errors import LogMonthError, LogMonthUnknownError, RetentionRefusedError
from retention.log_expiry import LogPeriod
from tests.audit.bench import SUBJECT, draft, part
from tests.audit.decisions.book import decision
from tests.audit.worker import keys_at
from tests.retention.town import CHIEF, NOW, OFFICER, SUPPORT, Killed, Killer, Town

PERIOD = LogPeriod(keep_months=36, forwarded=lambda _tx: None)
LATER = NOW + timedelta(days=5 * 365)
OCTOBER, NOVEMBER = "2026-10", "2026-11"


@pytest.fixture
def signers(tmp_path: Path) -> LogKeys:
    return keys_at(tmp_path / "checkpoint")


@pytest.fixture
def months(town: Town, signers: LogKeys) -> Town:
    """October with parts and decisions, November with an erasure of some, and December."""
    log, database = town.ports.audit, town.ports.database

    def fill(tx: Connection) -> None:
        log.append(tx, draft(), [part()])
        batch = Numbered(stream="s", first=1, decisions=[decision(), decision()])
        write_batch(tx, log, batch, at=NOW)

    def erase(tx: Connection) -> None:
        log.erase(tx, draft(EventCode.ERASURE_EXECUTED, subject=SUBJECT))

    for days, act in ((0, fill), (31, erase), (62, fill_none)):
        database.write(act)
        database.write(lambda tx: log.append(tx, draft()))
        place(town, signers, days=days)
    return town


def fill_none(_tx: Connection) -> None:
    """The last month has plain events alone."""


def place(town: Town, signers: LogKeys, *, days: float) -> None:
    at = NOW + timedelta(days=days)
    sequence_once(town.ports.database, signers, town.ports.audit, at=at, turn=Turn.STRICT)


def desk(town: Town) -> Approvals:
    executor = log_expiry.expiry_executor(town.ports, PERIOD)
    release = log_expiry.release_executor(town.ports)
    return Approvals(
        audit=town.ports.audit,
        executors={ApprovalKind.LOG_EXPIRY: executor, ApprovalKind.HOLD_RELEASE: release},
    )


def asked(town: Town, through: str = NOVEMBER) -> Approval:
    def ask(tx: Connection) -> Approval:
        known = (tx, town.ports, desk(town), OFFICER, PERIOD)
        return log_expiry.ask(*known, through=through, at=LATER)

    return town.ports.database.write(ask)


def agreed(town: Town, approval: Approval, by: object = CHIEF) -> str | None:
    agree = partial(
        desk(town).approve_and_execute,
        approval_id=approval.id,
        digest=approval.digest,
        by=by,  # type: ignore[arg-type] # a principal of the town
        at=LATER,
    )
    return town.ports.database.write(agree)


def carried_out(town: Town) -> int:
    return log_expiry.carry_out(town.ports, stopping=lambda: False)


def verdict(town: Town, signers: LogKeys) -> tuple[Verdict, int]:
    known = {"keys": signers.verifier_keys, "anchor": signers.anchor}
    report = verify_log(town.ports.database, **known)  # type: ignore[arg-type] # a test's shorthand
    assert report.finding is None, report
    return report.verdict, report.expired


def test_two_persons_end_the_months_that_are_over(months: Town, signers: LogKeys) -> None:
    done = agreed(months, asked(months))
    assert done is not None
    assert carried_out(months) == 0  # its event has no place yet
    place(months, signers, days=1_900)
    assert carried_out(months) == 5
    assert verdict(months, signers) == (Verdict.VERIFIED_SELF_SIGNED, 5)
    assert carried_out(months) == 0


def test_one_person_ends_nothing(months: Town) -> None:
    approval = asked(months)
    with pytest.raises(ApprovalForbiddenError):
        agreed(months, approval, by=OFFICER)
    with pytest.raises(RetentionRefusedError):
        agreed(months, approval, by=SUPPORT)


@pytest.mark.parametrize(
    ("through", "error"), [("2026-12", LogMonthError), ("2020-01", LogMonthUnknownError)]
)
def test_a_month_that_may_not_go_is_not_asked_for(
    months: Town, through: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        asked(months, through)


def test_a_hold_placed_between_asking_and_agreeing_stops_the_end(months: Town) -> None:
    approval = asked(months)
    months.ports.database.write(
        lambda tx: log_expiry.hold(tx, months.ports, OFFICER, NOVEMBER, matter="m-1", at=LATER)
    )
    with pytest.raises(LogMonthError) as refused:
        agreed(months, approval)
    assert refused.value.params == {"reason": Stop.HELD_SHARD.value}
    assert agreed(months, asked(months, OCTOBER)) is not None


def test_two_persons_release_a_month(months: Town) -> None:
    def ask(tx: Connection) -> Approval:
        return log_expiry.ask_release(tx, months.ports, desk(months), OFFICER, OCTOBER, at=LATER)

    with pytest.raises(LogMonthUnknownError):
        months.ports.database.write(ask)
    months.ports.database.write(
        lambda tx: log_expiry.hold(tx, months.ports, OFFICER, OCTOBER, matter="m-1", at=LATER)
    )
    with pytest.raises(LogMonthError):
        asked(months, OCTOBER)
    approval = months.ports.database.write(ask)
    assert agreed(months, approval) == f"shard:{OCTOBER}"
    assert agreed(months, asked(months)) is not None


def test_a_hold_on_a_person_of_the_store_keeps_what_the_log_says_of_them(months: Town) -> None:
    subject = months.settle("held")
    log = months.ports.audit
    months.ports.database.write(lambda tx: log.append(tx, draft(), [part(subject)]))
    months.ports.database.write(
        lambda tx: place_hold(tx, subject, matter="m", by="u:officer", at=NOW)
    )
    with months.ports.database.read() as tx:
        assert log_expiry.standings(tx, PERIOD, at=LATER)[0].stop is None
        waiting = count(tx, EventFilter(subject=subject))
    assert waiting == 0  # it stands in no month yet


def test_the_house_proposes_the_same_months_once(months: Town) -> None:
    def propose(tx: Connection) -> tuple[str, ...]:
        return log_expiry.propose(tx, months.ports, PERIOD, by=ActorId("svc:x"), at=LATER)

    for _ in range(2):
        assert months.ports.database.write(propose) == (OCTOBER, NOVEMBER)


def test_killed_at_any_statement_the_next_call_goes_on(months: Town, signers: LogKeys) -> None:
    """Each call dies one statement later than the one before; all that is there verifies."""
    agreed(months, asked(months))
    place(months, signers, days=1_900)
    engine = months.ports.database.writer_engine
    for at in range(1, 60):
        with Killer(engine, at) as killer:
            with suppress(Killed):
                carried_out(months)
            if not killer.dead:
                break
        assert verdict(months, signers)[0] is Verdict.VERIFIED_SELF_SIGNED
    assert not killer.dead
    assert at > 8  # it was killed in the middle
    assert verdict(months, signers) == (Verdict.VERIFIED_SELF_SIGNED, 5)
    with months.ports.database.read() as tx:
        assert unfinished(tx) == ()


def test_an_erasure_of_ended_decisions_still_names_them(months: Town, signers: LogKeys) -> None:
    """October goes alone: November's erasure took persons out of what is gone now."""
    agreed(months, asked(months, OCTOBER))
    place(months, signers, days=1_900)
    assert carried_out(months) > 0
    assert verdict(months, signers)[0] is Verdict.VERIFIED_SELF_SIGNED
