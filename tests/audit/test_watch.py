"""The verdict of the overview: made once in a while, whoever looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from audit.findings import Report
from audit.types import Verdict
from audit.watch import FRESH, LogWatch

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
