"""Subject keys rotate online: all opens all the time, and an old key ends when nothing needs it."""

import importlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from audit.models import EVENTS
from audit.types import Verdict
from audit.verify import verify_log
from consent.proofs import PROOF
from governance.app.keys import places
from governance.core.terms import KeyClass
from governance.custody import service
from governance.custody.errors import (
    ColumnsUndeclaredError,
    KeyActForbiddenError,
    KeySubjectUnknownError,
    KeyTaskHeldElsewhereError,
)
from governance.custody.rotation import SETTLE
from governance.custody.sweep import stored_bytes
from governance.custody.types import Phase, TaskState
from governance.db.engine import Database
from governance.keys.errors import SubjectErasedError
from governance.keys.places import Places
from governance.keys.types import KeyState
from tests.governance.custody.world import OPERATOR, World


def test_every_person_has_a_fresh_key_and_no_frame_names_an_old_one(world: World) -> None:
    world.settle(5)
    old = world.keys(KeyState.ACTIVE)
    done = world.drive(world.begin())
    assert (done.state, done.renewed) == (TaskState.DONE, 5)
    assert world.wrong() == []
    assert world.named() & old == set()
    assert world.keys(KeyState.ACTIVE).isdisjoint(old)


def test_a_key_that_a_part_of_the_log_needs_opens_on_and_the_log_still_verifies(
    world: World,
) -> None:
    world.settle(3)
    old = world.keys(KeyState.ACTIVE)
    done = world.drive(world.begin())
    assert (done.pinned, done.ended) == (3, 0)
    assert world.keys(KeyState.RETIRED) == old
    found = verify_log(world.by.ports.database, keys=world.by.log_keys.verifier_keys)
    assert found.verdict is Verdict.VERIFIED_SELF_SIGNED


def test_old_keys_that_nothing_names_are_destroyed(world: World) -> None:
    world.settle(3)
    old = world.keys(KeyState.ACTIVE, KeyClass.RECORD)
    done = world.drive(world.begin(key_class=KeyClass.RECORD))
    assert (done.pinned, done.ended) == (0, 4)  # three persons, and what is of no one person
    assert world.keys(KeyState.DESTROYED, KeyClass.RECORD) == old
    assert world.wrong() == []


def test_the_keys_of_one_person_rotate_alone(world: World) -> None:
    world.settle(3)
    before = world.keys(KeyState.ACTIVE, KeyClass.RECORD)
    done = world.drive(world.begin(world.people[1], key_class=KeyClass.RECORD))
    assert (done.renewed, done.ended, done.target) == (1, 1, None)
    assert len(before & world.keys(KeyState.ACTIVE, KeyClass.RECORD)) == 2
    assert world.wrong() == []


def test_nothing_ends_before_its_day_and_all_opens_meanwhile(world: World) -> None:
    world.settle(2)
    task = world.begin(key_class=KeyClass.RECORD, keep_old=timedelta(days=30))
    waiting = service.run(world.by, task.id, worker=world.worker())
    assert (waiting.phase, waiting.ended) == (Phase.WAIT, 0)
    assert world.wrong() == []
    world.now += timedelta(days=29)
    assert service.run(world.by, task.id, worker=world.worker()).phase is Phase.WAIT
    assert len(world.keys(KeyState.RETIRED, KeyClass.RECORD)) == 2
    world.now += timedelta(days=2)
    assert service.run(world.by, task.id, worker=world.worker()).ended == 3


def test_a_later_rotation_does_not_end_what_an_earlier_one_keeps(world: World) -> None:
    world.settle(1)
    first = world.begin(key_class=KeyClass.RECORD, keep_old=timedelta(days=30))
    service.run(world.by, first.id, worker=world.worker())
    second = world.begin(key_class=KeyClass.RECORD)
    assert second.end_after is not None
    assert first.end_after is not None
    assert second.end_after >= first.end_after


def test_a_frame_that_comes_late_is_moved_before_its_key_ends(world: World) -> None:
    world.settle(2)
    vault, who = world.by.ports.vault, world.people[0]
    row = next(key[1] for key in world.said if key[0] == "consent_event")

    late = vault.seal_row(who, row, {PROOF: "遅れて届いた"}, key_class=KeyClass.RECORD)[PROOF]
    task = world.begin(key_class=KeyClass.RECORD)
    assert service.run(world.by, task.id, worker=world.worker()).phase is Phase.WAIT

    table = SQLModel.metadata.tables["consent_event"]
    change = table.update().where(table.c.id == row).values(proof=late)
    world.by.ports.database.write(lambda tx: tx.execute(change))
    world.said["consent_event", row, PROOF] = "遅れて届いた"
    world.now += SETTLE + timedelta(minutes=1)
    again = service.run(world.by, task.id, worker=world.worker())
    assert (again.phase, again.ended) == (Phase.WAIT, 0)
    assert world.drive(task).ended == 3
    assert world.wrong() == []


def test_reads_and_writes_go_on_during_a_rotation(world: World) -> None:
    world.settle(12)
    stop, trouble = threading.Event(), list[BaseException]()

    def clerk() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            try:
                world.rewrite(world.people[n % 12], f"直した名前 {n}")
                world.wrong()
            except Exception as error:  # noqa: BLE001 # the test looks at it
                trouble.append(error)
                return

    thread = threading.Thread(target=clerk)
    thread.start()
    try:
        for _ in range(3):
            world.drive(world.begin())
    finally:
        stop.set()
        thread.join()
    assert trouble == []
    assert world.wrong() == []


def test_who_is_erased_meanwhile_stays_erased(world: World) -> None:
    world.settle(3)
    gone = world.people[1]
    world.by.ports.vault.destroy(gone, KeyClass.ACTIVE)
    done = world.drive(world.begin())
    assert done.renewed == 2
    assert world.wrong(but=[gone]) == []

    with pytest.raises(SubjectErasedError):
        world.by.ports.vault.seal_row(gone, "x", {})


def test_an_undeclared_column_of_bytes_keeps_every_old_key(world: World) -> None:
    world.settle(1)
    part = world.by.places
    world.by = type(world.by)(
        ports=world.by.ports,
        places=Places(frames=part.frames, other={**part.other, "suppression": frozenset()}),
        log_keys=world.by.log_keys,
        keep_days=7,
    )
    task = world.begin(key_class=KeyClass.RECORD)
    with pytest.raises(ColumnsUndeclaredError, match="columns_undeclared"):
        world.drive(task)
    assert len(world.keys(KeyState.RETIRED, KeyClass.RECORD)) == 1


def test_every_column_of_bytes_is_declared(new_database: Callable[..., str]) -> None:
    root = Path(__file__).parents[3]
    for package in ("governance", "policies", "consent", "retention", "audit", "dsar"):
        for path in (root / package).rglob("models.py"):
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    opened = Database.open(new_database("sqlite"))
    SQLModel.metadata.create_all(opened.writer_engine)
    with opened.read() as tx:
        assert places().undeclared(stored_bytes(tx)) == ()
    opened.close()


def test_two_processes_do_not_drive_one_task_at_once(world: World) -> None:
    world.settle(2)
    task = world.begin()
    trouble = list[str]()

    def meddle() -> bool:
        with pytest.raises(KeyTaskHeldElsewhereError):
            service.run(world.by, task.id, worker=world.worker(name="two"))
        trouble.append("refused")
        return True

    service.run(world.by, task.id, worker=world.worker(stopping=meddle))
    assert trouble == ["refused"]
    assert world.drive(task, name="two").state is TaskState.DONE


def test_asking_twice_is_asking_once_and_only_who_may_can_ask(world: World) -> None:
    world.settle(1)
    assert world.begin().id == world.begin().id

    clerk = replace(OPERATOR, roles=frozenset({"support"}))
    with pytest.raises(KeyActForbiddenError):
        service.begin_rotation(
            world.by, clerk, subject=None, key_class=KeyClass.ACTIVE, at=world.clock()
        )
    with pytest.raises(KeySubjectUnknownError):
        world.begin(world.people[0], key_class=KeyClass.KEPT)


def test_a_rotation_is_on_record_with_its_counts_and_its_day(world: World) -> None:
    world.settle(2)
    world.drive(world.begin(key_class=KeyClass.RECORD))
    with world.by.ports.database.read() as tx:
        rows = tx.execute(
            select(EVENTS.c.action, EVENTS.c.counts, EVENTS.c.refs)
            .where(EVENTS.c.action.in_(["key.rotated", "key.destroyed"]))
            .order_by(EVENTS.c.id)
        ).all()
    assert [row.action for row in rows] == ["key.rotated", "key.destroyed"]
    assert "renewed" in rows[0].counts
    assert "ended" in rows[1].counts
    assert "final_at:2026-10-08" in rows[1].refs
