"""Stages of an erasure: in order, never promised early, none reached while its ground is open."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import KeyClass, Lang, RowId, SubjectId
from retention.finality import Finality, Stage, Standing, Terms, stages
from retention.tombstones import Tombstone

AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
TERMS = Terms(keep_days=7, ends_after=timedelta(0), backups_end_after=timedelta(days=30))
DAYS = st.dates(min_value=date(2026, 9, 1), max_value=date(2026, 12, 31))


def stone(
    at: datetime = AT, *, ended: datetime | None = AT, epoch: str | None = "2026-10-01"
) -> Tombstone:
    return Tombstone(
        id=RowId("r"),
        subject=SubjectId("s"),
        run=RowId("run"),
        rule="rule",
        at=at,
        ends_on=date(2030, 1, 1),
        kept={},
        key_classes=(KeyClass.ACTIVE,),
        keys_ended_at=ended,
        last_epoch=epoch if ended is not None else None,
    )


def found(finality: Finality) -> list[tuple[date | None, Standing]]:
    return [(one.on, one.standing) for one in finality.stages]


def test_each_stage_has_its_day() -> None:
    now = found(stages([stone()], TERMS, on=date(2026, 10, 8)))
    assert now == [
        (date(2026, 10, 1), Standing.REACHED),
        (date(2026, 10, 1), Standing.REACHED),
        (date(2026, 10, 8), Standing.REACHED),
        (date(2026, 10, 31), Standing.AWAITED),
    ]


def test_no_day_is_promised_while_a_key_is_not_known_to_be_gone() -> None:
    finality = stages([stone(), stone(ended=None)], TERMS, on=date(2027, 1, 1))
    assert finality.at(Stage.KEYS_DESTROYED).standing is Standing.AWAITED
    assert finality.at(Stage.UNREADABLE).standing is Standing.AWAITED
    assert finality.final_on is None


def test_a_provider_that_cannot_end_keys_promises_nothing() -> None:
    finality = stages([stone()], Terms(ends_after=None), on=date(2027, 1, 1))
    assert finality.at(Stage.UNREADABLE).standing is Standing.UNPROMISED
    assert finality.at(Stage.BACKUPS_ENDED).standing is Standing.UNPROMISED


@pytest.mark.parametrize("pages", [None, 3])
def test_a_log_that_is_not_known_to_be_clear_is_not_erased(pages: int | None) -> None:
    finality = stages([stone()], TERMS, on=date(2026, 12, 1), log_pages=pages)
    assert finality.at(Stage.ERASED).standing is Standing.AWAITED


def test_nothing_erased_is_nothing_reached() -> None:
    assert {one.standing for one in stages([], TERMS, on=date(2027, 1, 1)).stages} == {
        Standing.AWAITED
    }


@given(days=st.lists(st.integers(0, 60), min_size=1, max_size=5), on=DAYS, later=st.integers(0, 60))
def test_stages_come_in_order_and_are_never_taken_back(
    days: list[int], on: date, later: int
) -> None:
    stones = []
    for number in days:
        at = AT + timedelta(days=number)
        stones.append(stone(at, ended=at, epoch=at.date().isoformat()))
    now = stages(stones, TERMS, on=on)
    dates = [one.on for one in now.stages if one.on is not None]
    assert dates == sorted(dates)
    then = stages(stones, TERMS, on=on + timedelta(days=later))
    for before, after in zip(now.stages, then.stages, strict=True):
        assert before.on == after.on
        assert before.standing is not Standing.REACHED or after.standing is Standing.REACHED


@pytest.mark.parametrize("lang", Lang)
def test_every_stage_has_words(lang: Lang) -> None:
    for terms in (TERMS, Terms(ends_after=None)):
        for stones in ([], [stone()]):
            for one in stages(stones, terms, on=date(2026, 10, 1)).stages:
                assert one.words(lang)
