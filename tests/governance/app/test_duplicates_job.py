"""The register is searched for duplicates by a job that can die anywhere and goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select, update

from governance.app.duplicates import (
    JOB,
    NIGHTLY,
    SearchHeldElsewhereError,
    Searching,
    search_now,
)
from governance.app.ticks import SCHEDULES, jobs_of
from governance.app.wiring import Wiring
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.candidates import DUPLICATE, PairKind, PairState
from governance.db.engine import Database
from governance.gateway import duplicates
from governance.gateway.duplicates import Place
from governance.gateway.merge_types import MergeRequest
from governance.gateway.merging import merge, unmerge
from governance.gateway.pairs import waiting
from governance.jobs import ledger
from governance.jobs.registry import Open
from governance.jobs.runner import Worker, run_job, worker_of
from governance.jobs.types import JobState, Slot, Step
from policies.api import ActionForbiddenError
from tests.installation import (
    AT,
    MANAGER,
    create,
    customer,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

ANNE = {"氏名": "架空　杏", "フリガナ": "カクウ アン", "生年月日": "1980/05/05"}
BEN = {"氏名": "想像　勉", "フリガナ": "ソウゾウ ベン", "生年月日": "1971/01/31"}
COMPANY = "会社ID,会社名,法人番号,電話番号,住所\r\n"
FIRMS = (
    "B1,架空商事株式会社,,03-5555-1234,東京都千代田区丸の内1-1\r\n"
    "B2,（株）架空商事,1180301018771,03-5555-1234,東京都千代田区丸の内1-1\r\n"
    "B3,架空商事株式会社,7000012050002,03-5555-1234,東京都千代田区丸の内1-1\r\n"
)


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    rows = [
        customer(1, **ANNE),
        customer(2, **ANNE, 携帯番号="090-0000-0001"),
        customer(3, **BEN),
        customer(4, **BEN, メールアドレス="person3@example.com"),
        customer(5, 氏名="別人　花", フリガナ="ベツジン ハナ", 住所="大阪府大阪市北区梅田9-9"),
    ]
    import_file(made, write_file(tmp_path, register(rows)))
    import_file(made, write_file(tmp_path, COMPANY + FIRMS, name="companies.csv"))
    yield made
    made.close()


def worker(wiring: Wiring) -> Worker:
    return worker_of("test", wiring.clock, Event())


def queue(wiring: Wiring) -> list[tuple[str, str, str]]:
    wanted = select(DUPLICATE.c.kind, DUPLICATE.c.left_id, DUPLICATE.c.right_id)
    with wiring.database.read() as tx:
        return sorted(tuple(row) for row in tx.execute(wanted))


def at_night(wiring: Wiring, step: Any) -> JobState | None:
    slot = Slot(job=JOB, scheduled_for=AT)
    registry = {JOB: Open(step=step, limit=1)}
    done = run_job(
        wiring.database, slot, registry=registry, schedule=NIGHTLY, worker=worker(wiring)
    )
    return done.state


def test_the_queue_fills_each_night_by_itself(wiring: Wiring) -> None:
    assert SCHEDULES[JOB] is NIGHTLY
    job = jobs_of(wiring, worker(wiring))[JOB]
    assert isinstance(job, Open)
    assert at_night(wiring, job.step) is JobState.FINISHED
    assert [kind for kind, _, _ in queue(wiring)] == ["company", "company", "person", "person"]


def test_rows_with_two_corporate_numbers_are_never_proposed(wiring: Wiring) -> None:
    search_now(wiring, MANAGER, worker(wiring))
    with wiring.database.read() as tx:
        found = waiting(tx, wiring.ports, MANAGER, kind=PairKind.COMPANY, limit=9)
    assert len(found) == 2  # B1 with each of the two that have a number
    assert not any("number_differs" in {e.kind.value for e in pair.evidence} for pair in found)


def test_a_search_by_hand_finds_the_same_and_tells_how_far_it_is(wiring: Wiring) -> None:
    seen: list[tuple[int, int]] = []
    found = search_now(wiring, MANAGER, worker(wiring), progress=lambda a, b: seen.append((a, b)))
    assert (found.persons, found.companies, found.pairs, found.company_pairs) == (5, 3, 2, 2)
    assert seen[-1][0] == seen[-1][1]
    assert all(a <= b for a, b in seen)
    before = queue(wiring)
    search_now(replace(wiring, clock=lambda: AT + timedelta(hours=1)), MANAGER, worker(wiring))
    assert queue(wiring) == before
    with wiring.database.read() as tx:
        told = events(tx, "quality.reviewed")
        assert {event.object_id for event in told} == {"person", "company"}


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "ROWS_A_PART", 1)


def dying(wiring: Wiring, *, after: int) -> Callable[..., Step]:
    """A process whose search dies before its step number `after`."""
    searching, steps = Searching(wiring=wiring), iter(range(after))

    def step(db: Database, /, **facts: Any) -> Step:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return searching.step(db, **facts)

    return step


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_search_that_died_goes_on_from_its_part(wiring: Wiring, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        at_night(wiring, dying(wiring, after=after))
    left = queue(wiring)
    with wiring.database.read() as tx:
        (run,) = ledger.recent_runs(tx, job=JOB)
    assert run.batches == after
    later = replace(wiring, clock=lambda: AT + NIGHTLY.lease)
    search_now(later, MANAGER, worker(later))
    with wiring.database.read() as tx:
        (same,) = ledger.recent_runs(tx, job=JOB)
    assert (same.id, same.state) == (run.id, JobState.FINISHED)
    assert same.batches == 6  # five parts of the persons, one of the companies
    assert set(left) <= set(queue(wiring))
    assert len(queue(wiring)) == 4


def test_a_process_that_is_to_stop_does_not_scan_to_the_end(wiring: Wiring) -> None:
    leaving = Searching(wiring=wiring, stopping=lambda: True)
    place = Place(began=AT)
    left = leaving.step(
        wiring.database,
        cursor=place.as_cursor(),
        limit=1,
        at=AT,
        heartbeat=lambda: pytest.fail("no lease is renewed"),
    )
    assert left == Step(done=0, cursor=place.as_cursor(), finished=False)
    assert queue(wiring) == []


def test_while_one_process_searches_no_other_does(wiring: Wiring) -> None:
    with pytest.raises(KeyboardInterrupt):
        at_night(wiring, dying(wiring, after=0))
    with pytest.raises(SearchHeldElsewhereError):
        search_now(wiring, MANAGER, worker(wiring))


def test_a_place_is_kept_as_text_without_a_value() -> None:
    place = Place(began=AT, kind=PairKind.COMPANY, part=3, parts=64, rows=9, compared=8, pairs=7)
    assert Place.of_cursor(place.as_cursor()) == place
    assert len(place.as_cursor()) < 200


def test_pairs_that_are_alike_no_more_leave_and_decided_ones_stay(wiring: Wiring) -> None:
    search_now(wiring, MANAGER, worker(wiring))
    decided, gone, *_ = [row for row in queue(wiring) if row[0] == "person"]
    told = update(DUPLICATE).where(DUPLICATE.c.left_id == decided[1])
    wiring.database.write(
        lambda tx: tx.execute(told.values(state=PairState.DIFFERENT.value, score=1))
    )
    with wiring.database.read() as tx:
        owner = select(DUPLICATE.c.left_subject_id).where(DUPLICATE.c.left_id == gone[1])
        subject = tx.execute(owner).scalar_one()
    leaving = update(SUBJECT).where(SUBJECT.c.id == subject)
    wiring.database.write(lambda tx: tx.execute(leaving.values(state=SubjectState.ERASING.value)))
    later = replace(wiring, clock=lambda: AT + timedelta(days=1))
    search_now(later, MANAGER, worker(later))
    assert decided in queue(wiring)
    assert gone not in queue(wiring)
    with wiring.database.read() as tx:
        state = select(DUPLICATE.c.state).where(DUPLICATE.c.left_id == decided[1])
        assert tx.execute(state).scalar_one() == PairState.DIFFERENT.value


def test_rows_that_were_merged_are_not_proposed_and_their_undoing_decides(
    wiring: Wiring,
) -> None:
    search_now(wiring, MANAGER, worker(wiring))
    with wiring.database.read() as tx:
        best = waiting(tx, wiring.ports, MANAGER, limit=1)[0]
    done = merge(wiring.ports, MANAGER, MergeRequest(pair=best.id), at=AT)
    later = replace(wiring, clock=lambda: AT + timedelta(days=1))
    assert search_now(later, MANAGER, worker(later)).pairs == 1
    unmerge(wiring.ports, MANAGER, done.merge, at=AT)
    next_day = replace(wiring, clock=lambda: AT + timedelta(days=2))
    assert search_now(next_day, MANAGER, worker(next_day)).pairs == 1  # told apart: decided


def test_who_may_not_merge_starts_no_search(wiring: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        search_now(wiring, staff("support"), worker(wiring))
    with wiring.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(DUPLICATE)).scalar_one() == 0
    assert subjects(wiring)
