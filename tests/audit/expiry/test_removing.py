"""The end of months of the log: whole, named, resumable, and no way to anything else."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from audit.actions import EventCode
from audit.expiry import removing
from audit.expiry.models import EXPIRED_PARTS, EXPIRIES, EXPIRING
from audit.expiry.removing import announce, remove_some, unfinished
from audit.expiry.rules import Standing, Stop, going
from audit.expiry.store import place_hold, release_holds, standings
from audit.findings import Finding
from audit.gaps import lost_events
from audit.models import EVENTS, LEAVES, PARTS, TILES
from audit.shards.claims import Claim
from audit.shards.store import shards
from audit.store import prove_consistency, prove_inclusion
from audit.types import Verdict
from governance.core.terms import ActorId, SubjectId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, part

MAY, JUNE = 30 * 86_400, 61 * 86_400  # seconds after NOW
LATER = NOW + timedelta(days=4 * 365)
OFFICER = ActorId("u:officer")


@pytest.fixture
def months(bench: Bench) -> Bench:
    """April, May and June 2026; an erasure in June took a part of May's."""
    bench.add(count=3)
    bench.add(part(OTHER))
    bench.sequence()
    bench.add(part(), subject=SUBJECT)
    bench.add(count=2)
    bench.sequence(MAY)
    bench.add(part())
    bench.erase()
    bench.add(count=2)
    bench.sequence(JUNE)
    return bench


def standing(bench: Bench, *held: SubjectId, **more: object) -> tuple[Standing, ...]:
    known = {"keep_months": 12, "forwarded": None, "at": LATER} | more
    with bench.db.read() as tx:
        return standings(tx, held=held, **known)  # type: ignore[arg-type] # a test's shorthand


def stops(found: tuple[Standing, ...]) -> list[Stop | None]:
    return [one.stop for one in found]


def ended(bench: Bench, count: int = 2, *, placed: bool = True) -> Claim | None:
    """The oldest months are named as ended by an event in the tree; nothing is removed yet."""
    gone = [one.shard for one in going(standing(bench))[:count]]
    bench.db.write(
        lambda tx: announce(tx, bench.log, gone, by=OFFICER, os_user=None, approval="a", at=LATER)
    )
    if not placed:
        return None
    bench.sequence((LATER - NOW).total_seconds())
    with bench.db.read() as tx:
        return unfinished(tx)[-1]


def removed(bench: Bench, claim: Claim) -> None:
    while remove_some(bench.db, claim):
        pass


def rows(bench: Bench, start: int, below: int) -> int:
    with bench.db.read() as tx:
        query = select(func.count()).select_from(LEAVES)
        return int(
            tx.execute(query.where(LEAVES.c.seq >= start, LEAVES.c.seq < below)).scalar_one()
        )


def test_ended_months_are_gone_and_the_tree_still_verifies(months: Bench) -> None:
    claim = ended(months)
    assert claim is not None
    removed(months, claim)
    report = months.verify()
    assert (report.verdict, report.finding) == (Verdict.VERIFIED_SELF_SIGNED, None)
    assert report.expired == claim.size - claim.kept == 7  # the opening of May stays
    with months.db.read() as tx:
        assert unfinished(tx) == ()
        assert [one.there for one in shards(tx)][:2] == [0, 1]
        assert tx.execute(select(EXPIRING)).all() == []
        assert tx.execute(select(EXPIRED_PARTS.c.kind)).scalars().all() == ["part"]
        assert tx.execute(select(func.count()).select_from(PARTS)).scalar_one() == 1
        proof = prove_inclusion(tx, claim.seq)
        assert proof.root == prove_consistency(tx, 4).root
        assert lost_events(tx) == ()


def test_each_step_leaves_a_log_that_verifies(
    months: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was killed between two transactions goes on with the same call."""
    claim = ended(months)
    assert claim is not None
    assert months.verify().expired == 0
    monkeypatch.setattr(removing, "_NEXT", removing._NEXT.limit(None).limit(1))
    left = [rows(months, 0, claim.size)]
    while remove_some(months.db, claim):
        report = months.verify()
        assert (report.verdict, report.finding) == (Verdict.VERIFIED_SELF_SIGNED, None)
        left.append(rows(months, 0, claim.size))
    assert left == list(range(8, 0, -1))


def test_what_an_end_rolled_back_left_nothing(months: Bench) -> None:
    claim = ended(months)
    assert claim is not None

    def fail(_tx: object) -> None:
        raise RuntimeError

    before = rows(months, 0, claim.size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.expiry.removing.delete", fail)  # after the first statements
        with pytest.raises(RuntimeError):
            remove_some(months.db, claim)
    assert rows(months, 0, claim.size) == before
    with months.db.read() as tx:
        assert tx.execute(select(EXPIRIES)).all() == []
    removed(months, claim)
    assert months.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


@pytest.mark.parametrize("table", ["audit_event", "audit_leaf", "audit_part"])
def test_no_row_goes_but_through_an_end(months: Bench, table: str) -> None:
    claim = ended(months)
    assert claim is not None
    with pytest.raises(DBAPIError, match="append-only"):
        months.db.write(lambda tx: tx.exec_driver_sql(f"DELETE FROM {table}"))  # noqa: S608 # a test's own name
    removed(months, claim)
    with pytest.raises(DBAPIError, match="append-only"):
        months.db.write(lambda tx: tx.exec_driver_sql(f"DELETE FROM {table}"))  # noqa: S608 # the same


def test_a_range_that_no_event_in_the_tree_names_opens_nothing(months: Bench) -> None:
    ended(months, placed=False)
    with months.db.read() as tx:
        query = select(EVENTS.c.id).where(EVENTS.c.action == EventCode.LOG_SHARD_EXPIRED.value)
        event = tx.execute(query).scalar_one()
    wanted: dict[str, Any] = {"event_id": event, "start": 0, "below": 8}
    opening = insert(EXPIRIES).values
    with pytest.raises(DBAPIError, match="append-only"):  # it waits for its place
        months.db.write(partial(Connection.execute, statement=opening(wanted)))
    months.sequence((LATER - NOW).total_seconds())
    for other in ({"below": 9}, {"start": 1}, {"start": -1}):
        with pytest.raises(DBAPIError, match="append-only"):  # it names another range
            months.db.write(partial(Connection.execute, statement=opening(wanted | other)))
    months.db.write(partial(Connection.execute, statement=opening(wanted)))


def test_nothing_outside_a_range_and_no_joint_of_the_log_can_leave(months: Bench) -> None:
    claim = ended(months, 1)
    assert claim is not None
    remove_some(months.db, claim)
    with months.db.read() as tx:
        query = select(LEAVES.c.event_id).where(LEAVES.c.seq.in_([claim.size, claim.size + 1]))
        staying = tx.execute(query).scalars().all()
    for event in staying:
        entering = insert(EXPIRING).values(event_id=event)
        with pytest.raises(DBAPIError, match="append-only"):
            months.db.write(partial(Connection.execute, statement=entering))


def test_a_row_missing_without_an_end_is_tampering(months: Bench) -> None:
    claim = ended(months, 1)
    assert claim is not None
    removed(months, claim)
    months.run(
        "DELETE FROM audit_leaf WHERE seq = :seq", seq=claim.size + 1
    )  # of May, which has not ended
    report = months.verify()
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.ROW_MISSING)


def test_rows_put_back_into_an_ended_month_must_be_those_that_were_signed(months: Bench) -> None:
    claim = ended(months, 1)
    assert claim is not None
    removed(months, claim)
    late = months.add()[0]
    months.sequence((LATER - NOW).total_seconds() + 1)
    months.run("UPDATE audit_leaf SET seq = 1 WHERE event_id = :id", id=late)
    assert months.verify().verdict is Verdict.TAMPERED


def test_hashes_of_an_ended_month_cannot_be_changed(months: Bench) -> None:
    claim = ended(months, 1)
    assert claim is not None
    removed(months, claim)
    with months.db.read() as tx:
        query = select(TILES.c.hashes).where(TILES.c.level == 0, TILES.c.n == 0)
        hashes = bytearray(tx.execute(query).scalar_one())
    hashes[0] ^= 1
    months.run("UPDATE audit_tile SET hashes = :hashes WHERE level = 0", hashes=bytes(hashes))
    assert months.verify().verdict is Verdict.TAMPERED


def test_hidden_numbers_of_an_ended_month_are_found(months: Bench) -> None:
    claim = ended(months, 1)
    assert claim is not None
    removed(months, claim)
    months.run("UPDATE audit_expired_numbers SET numbers = '1-9'")
    assert months.verify().finding is Finding.SHARD


def test_months_go_in_their_order_and_the_open_one_never(months: Bench) -> None:
    assert stops(standing(months)) == [None, None, Stop.OPEN]
    at = NOW + timedelta(days=380)  # in April 2027: a year and more after April, not after May
    assert stops(standing(months, at=at)) == [Stop.PERIOD, Stop.PERIOD, Stop.OPEN]
    at = NOW + timedelta(days=400)
    assert stops(standing(months, at=at)) == [None, Stop.PERIOD, Stop.OPEN]


def test_a_hold_on_a_person_keeps_their_months_and_younger_ones(months: Bench) -> None:
    assert stops(standing(months, OTHER)) == [Stop.HELD_PERSON, Stop.EARLIER, Stop.OPEN]
    assert stops(standing(months, SUBJECT)) == [None, Stop.HELD_PERSON, Stop.OPEN]
    assert going(standing(months, OTHER)) == ()


def test_a_reference_to_a_held_person_keeps_the_month(bench: Bench) -> None:
    bench.add(refs=(f"person:{SUBJECT}",))
    bench.sequence()
    bench.add()
    bench.sequence(MAY)
    assert stops(standing(bench, SUBJECT)) == [Stop.HELD_PERSON, Stop.OPEN]


def test_a_hold_on_a_month_keeps_it_until_it_is_released(months: Bench) -> None:
    months.db.write(lambda tx: place_hold(tx, "2026-04", matter="case-7", by=OFFICER, at=NOW))
    assert stops(standing(months)) == [Stop.HELD_SHARD, Stop.EARLIER, Stop.OPEN]
    months.db.write(lambda tx: release_holds(tx, "2026-04", by=OFFICER, at=NOW))
    assert stops(standing(months)) == [None, None, Stop.OPEN]


def test_records_that_a_law_keeps_longer_keep_their_month(bench: Bench) -> None:
    bench.add(action=EventCode.PROVISION_RECORDED)
    bench.sequence()
    bench.add()
    bench.sequence(MAY)
    two_years = NOW + timedelta(days=2 * 365)
    assert stops(standing(bench, at=two_years)) == [Stop.LAW, Stop.OPEN]
    assert stops(standing(bench, at=LATER)) == [None, Stop.OPEN]


def test_a_month_waits_for_the_receiver_of_the_log(months: Bench) -> None:
    assert stops(standing(months, forwarded=5)) == [None, Stop.FORWARDING, Stop.OPEN]


def test_an_erasure_goes_with_the_younger_month_whose_part_it_took(bench: Bench) -> None:
    """Clocks of two processes: the erasure got its place before what it erased."""
    bench.add(count=2)
    bench.sequence()
    bench.add(part())
    bench.add()
    bench.sequence(MAY)
    bench.add()
    bench.sequence(JUNE)
    erasure = bench.erase()
    bench.sequence(JUNE + 1)
    bench.run("UPDATE audit_leaf SET seq = 100 WHERE event_id = :id", id=erasure)
    bench.run("UPDATE audit_leaf SET seq = 7 WHERE seq = 0")
    bench.run("UPDATE audit_leaf SET seq = 0 WHERE seq = 100")
    found = standing(bench)
    assert stops(found) == [Stop.ERASURE, None, Stop.OPEN]
    assert len(going(found)) == 2
    assert going(found[:1]) == ()
