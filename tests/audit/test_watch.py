"""The verdict of the overview: made once in a while, whoever looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from audit.findings import Report
from audit.types import Verdict
from audit.watch import FRESH, OLDEST, LogWatch

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def test_many_views_are_one_recomputation_until_it_is_old() -> None:
    made: list[Verdict] = []

    def verify() -> Report:
        made.append(Verdict.VERIFIED_SELF_SIGNED)
        return Report(verdict=made[-1])

    watch = LogWatch(verify=verify)
    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = list(pool.map(lambda _: watch.latest(at=NOW).checked_at, range(40)))
    assert seen == [NOW] * 40
    assert len(made) == 1
    assert watch.latest(at=NOW + FRESH - timedelta(microseconds=1)).checked_at == NOW
    later = NOW + FRESH
    assert watch.latest(at=later).checked_at == later
    assert len(made) == 2


def test_a_clock_that_went_back_is_not_trusted() -> None:
    watch = LogWatch(verify=lambda: Report(verdict=Verdict.TAMPERED))
    watch.latest(at=NOW)
    before = NOW - timedelta(seconds=1)
    assert watch.latest(at=before).checked_at == before


def test_nobody_waits_long_for_a_verdict_that_is_being_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.watch.PATIENCE", 0.01)
    go_on = Event()
    go_on.set()

    def verify() -> Report:
        assert go_on.wait(30)
        return Report(verdict=Verdict.VERIFIED_SELF_SIGNED)

    watch = LogWatch(verify=verify)
    watch.latest(at=NOW)
    go_on.clear()
    later = NOW + FRESH
    assert [watch.latest(at=later).checked_at for _ in range(2)] == [NOW, NOW]
    go_on.set()
    told = NOW + OLDEST
    assert watch.latest(at=told).checked_at in {later, told}


def test_a_verdict_that_cannot_be_made_is_told_and_the_old_one_ends() -> None:
    found = [Report(verdict=Verdict.VERIFIED_SELF_SIGNED)]
    watch = LogWatch(verify=found.pop)
    watch.latest(at=NOW)
    with pytest.raises(IndexError):
        watch.latest(at=NOW + OLDEST)
    with pytest.raises(IndexError):
        watch.latest(at=NOW + OLDEST)
