"""A month of the log begins with an entry that commits to the checkpoint before it."""

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from audit.findings import Finding
from audit.models import CHECKPOINTS, EVENTS, LEAVES
from audit.shards.store import claims_in, shards
from audit.types import Verdict
from tests.audit.bench import NOW, Bench

MONTH = timedelta(days=30).total_seconds()  # from April into May


def test_the_first_event_of_a_month_stands_behind_its_opening(filled: Bench) -> None:
    filled.add(count=3)
    assert filled.sequence(MONTH).placed == 4
    with filled.db.read() as tx:
        (claim,) = claims_in(tx)
        note = tx.execute(select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == 7)).scalar_one()
        april, may = shards(tx)
    assert (claim.action, claim.seq, claim.size) == (EventCode.LOG_SHARD_OPENED, 7, 7)
    assert claim.note == sha256(note.encode()).hexdigest()
    assert (april.name, april.first, april.below) == ("2026-04", 0, 7)
    assert (may.name, may.first, may.below) == ("2026-05", 7, 11)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_month_turns_by_japanese_time(bench: Bench) -> None:
    bench.add()
    bench.sequence()
    to_the_first = (NOW.replace(day=30, hour=15) - NOW).total_seconds()  # 1 May 00:00 in Japan
    bench.add()
    assert bench.sequence(to_the_first - 1).placed == 1
    bench.add()
    assert bench.sequence(to_the_first).placed == 2


def test_an_event_from_before_the_turn_is_lawful_after_it(bench: Bench) -> None:
    bench.add()
    bench.sequence()
    bench.add(occurred_at=NOW + timedelta(days=1))  # sequenced in June
    bench.sequence(2 * MONTH + 86_400)
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with bench.db.read() as tx:
        assert [one.name for one in shards(tx)] == ["2026-04", "2026-06"]


def test_what_was_placed_and_not_signed_is_signed_before_the_month_opens(bench: Bench) -> None:
    """As after a kill between a batch and its checkpoint."""
    bench.add(count=3)
    bench.sequence(limit=2)
    with bench.db.read() as tx:
        assert tx.execute(select(CHECKPOINTS.c.size)).scalars().all() == [2]
    bench.run("DELETE FROM audit_checkpoint")
    bench.sequence(MONTH)
    with bench.db.read() as tx:
        assert tx.execute(select(CHECKPOINTS.c.size)).scalars().all() == [2, 4]
        assert [claim.size for claim in claims_in(tx)] == [2]
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


@pytest.mark.parametrize("signed", [False, True], ids=["after", "with-its-key"])
def test_an_opening_that_names_another_tree_is_found(filled: Bench, *, signed: bool) -> None:
    named = ("tree:7", f"root:{'ab' * 32}", "note:1")
    if signed:  # whoever has the key can place such an event, and is found by the tree itself
        filled.add(action=EventCode.LOG_SHARD_OPENED, object_id="2026-04", refs=named)
        filled.sequence(5)
    else:
        filled.add()
        filled.sequence(MONTH)
        with filled.db.read() as tx:
            query = select(LEAVES.c.event_id).where(LEAVES.c.seq == 7)
            opening = tx.execute(query).scalar_one()
        filled.run("UPDATE audit_event SET refs = :refs WHERE id = :id",
                   refs=",".join(named), id=opening)  # fmt: skip
    report = filled.verify()
    assert report.verdict is Verdict.TAMPERED
    assert report.finding in {Finding.SHARD, Finding.LEAF}


def test_a_checkpoint_that_an_opening_named_cannot_be_replaced(filled: Bench) -> None:
    filled.add()
    filled.sequence(MONTH)
    filled.run("DELETE FROM audit_checkpoint WHERE size = 7")
    assert filled.verify().finding is Finding.SHARD


def test_an_opening_within_a_month_is_found(filled: Bench) -> None:
    filled.add()
    filled.sequence(MONTH)
    filled.add(count=2)
    filled.sequence(MONTH + 5)
    with filled.db.read() as tx:
        (claim,) = claims_in(tx)
        refs = tx.execute(select(EVENTS.c.refs).where(EVENTS.c.id == claim.event_id)).scalar_one()
    filled.add(action=EventCode.LOG_SHARD_OPENED, object_id="2026-05", refs=tuple(refs.split(",")))
    filled.sequence(MONTH + 6)
    assert filled.verify().finding is Finding.SHARD
