"""The table of attacks, row by row: each who can notice says what the table says."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from audit.models import EVENTS, LEAVES
from audit.store import opened_parts
from audit.types import Verdict
from tests.audit.attacks import acts
from tests.audit.attacks.detecting import Known, counted, in_product, offline, starts, witness
from tests.audit.attacks.table import ATTACKS, SOUND, Attack
from tests.audit.bench import NOW, Bench, masked


def test_the_untouched_log_raises_no_alarm(filled: Bench, tmp_path: Path) -> None:
    known = Known.of(filled)
    assert (in_product(filled, known), offline(filled, known, tmp_path / "b")) == (SOUND, SOUND)
    assert (witness(filled, known), counted(filled), starts(filled)) == (None, (), True)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_each_says_what_the_table_says(filled: Bench, attack: Attack, tmp_path: Path) -> None:
    known = Known.of(filled)
    after = attack.act(filled) or filled
    keys = after.keys.verifier_keys
    assert in_product(after, known, keys) == attack.product
    assert offline(after, known, tmp_path / "bundle") == attack.offline
    assert witness(after, known) == attack.witness
    assert counted(after) == attack.lost
    assert starts(after) == attack.starts


def test_somebody_notices_every_attack_that_leaves_the_log_untrue() -> None:
    quiet = {row.id for row in ATTACKS if row.product == SOUND == row.offline and not row.lost}
    assert quiet == {
        "payload shredded by a lawful erasure",
        "rollback after the event was inserted",
        "sequencer dies in a batch",
        "two sequencers",
        "clock set back",
        "signing key changed, the old one signed it",
    }


def test_without_the_outside_copy_an_old_database_looks_sound(filled: Bench) -> None:
    acts.restore_old(filled)
    assert filled.verify(anchor=None).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_the_step_back_of_the_clock_is_on_record_and_times_never_fall(filled: Bench) -> None:
    acts.set_the_clock_back(filled)
    with filled.db.read() as tx:
        times = tx.execute(select(LEAVES.c.recorded_at).order_by(LEAVES.c.seq)).scalars().all()
        told = select(EVENTS.c.counts).where(EVENTS.c.action == EventCode.CLOCK_ANOMALY.value)
        assert tx.execute(told).scalars().all() == ["milliseconds_back=90000"]
    assert times == sorted(times)
    assert times[-1] == NOW + timedelta(seconds=100)


def test_a_shredded_part_names_the_event_that_took_it(filled: Bench) -> None:
    third = acts.event_at(filled, 2)
    acts.shred_lawfully(filled)
    with filled.db.read() as tx:
        gone, kept = opened_parts(tx, third, opener=masked)  # type: ignore[arg-type] # its id
        erasures = select(EVENTS.c.id).where(EVENTS.c.action == EventCode.ERASURE_EXECUTED.value)
        assert gone.destroyed_by == tx.execute(erasures).scalar_one()
    assert gone.payload is None
    assert kept.payload is not None


def test_a_lost_key_is_pinned_anew(filled: Bench) -> None:
    after = acts.lose_the_key(filled)
    assert after.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
