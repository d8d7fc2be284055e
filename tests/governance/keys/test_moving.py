"""A key store moves from one key provider to another while it is in use."""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from governance.core.terms import FieldId, SubjectId
from governance.crypto.providers.env import EnvKeyProvider
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.switching import EpochElsewhereError, SwitchingKeyProvider, keepers
from governance.crypto.providers.types import EpochDestroyedError, EpochId, EpochState
from governance.db.engine import Database
from governance.keys import store
from governance.keys.epochs import create_key_store, promised_day, roll, unreadable_from
from governance.keys.moving import EpochMovedOnError, move, remaining
from governance.keys.vault import FieldVault
from tests.governance.keys.conftest import FixedClock

DAY = date(2026, 11, 25)
PEOPLE = [SubjectId(f"00000000-0000-4000-8000-{number:012d}") for number in range(3)]
FIELD = FieldId("person.name")


class Second(FileKeyProvider):
    """Another provider: the same mechanism under another name, in a folder of its own."""

    name = "second"


def day(number: int) -> date:
    return DAY + timedelta(days=number)


@pytest.fixture
def second(tmp_path: Path) -> Second:
    return Second(tmp_path / "second")


@pytest.fixture(params=["first_release", "named"])
def before(request: pytest.FixtureRequest, provider: FileKeyProvider) -> object:
    return provider if request.param == "first_release" else SwitchingKeyProvider(provider)


@pytest.fixture
def old_vault(
    key_database: Database, before: FileKeyProvider | SwitchingKeyProvider, clock: FixedClock
) -> FieldVault:
    create_key_store(key_database, before, day=DAY, at=clock())
    return FieldVault.open(key_database, before, clock=clock)


def seal_all(vault: FieldVault) -> dict[SubjectId, dict[FieldId, bytes | None]]:
    return {who: dict(vault.seal_row(who, "row", {FIELD: f"架空 {who}"})) for who in PEOPLE}


def all_open(vault: FieldVault, cells: dict[SubjectId, dict[FieldId, bytes | None]]) -> bool:
    return all(
        vault.open_row("row", row)[FIELD].value == f"架空 {who}" for who, row in cells.items()
    )


def current(vault: FieldVault) -> bytes:
    with vault.ring.db.read() as tx:
        return store.current_epoch(tx).wrapped or b""


def test_today_moves_at_once_and_everything_opens_throughout(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    cells = seal_all(old_vault)
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    assert all_open(vault, cells)
    done = move(vault.ring, switch)
    assert (done.epoch, done.provider, done.moved) == ("2026-11-25", "second", True)
    assert keepers(current(vault)) == ("second", "file")
    assert all_open(vault, cells)
    assert not move(vault.ring, switch).moved
    cells |= seal_all(vault)
    assert all_open(vault, cells)


def test_the_daily_roll_moves_without_a_command_and_ends_the_old_keys(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    cells = seal_all(old_vault)
    roll(old_vault.ring, day=day(1))
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    for number in range(2, 9):
        clock.forward(timedelta(days=1))
        report = roll(vault.ring, day=day(number))
        assert not report.stuck
        assert all_open(vault, cells)
    left = remaining(switch, keep_days=7)
    assert left is not None
    assert left.epochs == ()
    assert left.needed_until is None
    assert {item.state for item in provider.list_epochs()} == {EpochState.DESTROYED}
    assert all_open(
        FieldVault.open(vault.ring.db, SwitchingKeyProvider(second), clock=clock), cells
    )


def test_what_the_one_before_still_keeps_is_told_with_its_last_day(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second
) -> None:
    roll(old_vault.ring, day=day(2))
    left = remaining(SwitchingKeyProvider(second, previous=provider), keep_days=7)
    assert left is not None
    assert (left.provider, left.epochs) == ("file", ("2026-11-25", "2026-11-27"))
    assert left.needed_until == day(9)
    assert remaining(SwitchingKeyProvider(second), keep_days=7) is None


def test_a_moved_epoch_ends_at_both(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    move(vault.ring, switch)
    roll(vault.ring, day=day(1))
    report = roll(vault.ring, day=day(7))
    assert [end.epoch for end in report.ended] == ["2026-11-25"]
    for each in (provider, second):
        ended = {item.epoch: item.state for item in each.list_epochs()}
        assert ended["2026-11-25"] is EpochState.DESTROYED


def test_a_copy_from_before_the_move_opens_until_its_day_and_not_after(
    new_database: Callable[..., str],
    provider: FileKeyProvider,
    second: Second,
    tmp_path: Path,
    clock: FixedClock,
) -> None:
    url = new_database("sqlite")
    db = Database.open(url)
    create_key_store(db, SwitchingKeyProvider(provider), day=DAY, at=clock())
    cells = seal_all(FieldVault.open(db, SwitchingKeyProvider(provider), clock=clock))
    db.checkpoint()
    copy = tmp_path / "copy.db"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as live, sqlite3.connect(copy) as into:
        live.backup(into)
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(db, switch, clock=clock)
    move(vault.ring, switch)
    restored = Database.open(f"sqlite:///{copy}")
    assert all_open(FieldVault.open(restored, switch, clock=clock), cells)
    roll(vault.ring, day=day(1))
    roll(vault.ring, day=day(7))
    with pytest.raises(EpochDestroyedError):
        FieldVault.open(restored, switch, clock=clock)
    restored.close()
    db.close()


def test_forgetting_the_one_before_stops_the_start_and_ends_nothing(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    roll(vault.ring, day=day(1))
    with pytest.raises(EpochElsewhereError):  # yesterday's epoch is still there
        FieldVault.open(vault.ring.db, SwitchingKeyProvider(second), clock=clock)
    assert [item.state for item in provider.list_epochs()] == [EpochState.LIVE]


def test_a_moved_epoch_needs_the_one_before_until_it_has_ended_there(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    """Otherwise its end would be promised while the provider before still has its key."""
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    move(vault.ring, switch)
    with pytest.raises(EpochElsewhereError) as caught:
        FieldVault.open(vault.ring.db, SwitchingKeyProvider(second), clock=clock)
    assert caught.value.params["provider"] == "file"
    roll(vault.ring, day=day(1))
    roll(vault.ring, day=day(7))
    assert FieldVault.open(vault.ring.db, SwitchingKeyProvider(second), clock=clock)


def test_an_epoch_can_move_on_and_back(
    old_vault: FieldVault, provider: FileKeyProvider, second: Second, clock: FixedClock
) -> None:
    cells = seal_all(old_vault)
    there = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, there, clock=clock)
    move(vault.ring, there)
    back = SwitchingKeyProvider(provider, previous=second)
    vault = FieldVault.open(old_vault.ring.db, back, clock=clock)
    assert move(vault.ring, back).moved
    assert keepers(current(vault)) == ("file", "second")
    assert all_open(vault, cells)


def test_an_epoch_that_ends_during_the_move_stays_ended(
    old_vault: FieldVault,
    provider: FileKeyProvider,
    second: Second,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)
    create = switch.create_epoch

    def meanwhile(of: date) -> object:
        monkeypatch.undo()
        roll(vault.ring, day=day(1))
        roll(vault.ring, day=day(8))
        return create(of)

    monkeypatch.setattr(switch, "create_epoch", meanwhile)
    with pytest.raises(EpochMovedOnError):
        move(vault.ring, switch)
    with vault.ring.db.read() as tx:
        stored = store.epoch(tx, EpochId("2026-11-25"))
    assert stored is not None
    assert stored.wrapped is None


@pytest.mark.parametrize("died_after", ["create", "wrap"])
def test_a_move_cut_short_is_finished_by_doing_it_again(
    old_vault: FieldVault,
    provider: FileKeyProvider,
    second: Second,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    died_after: str,
) -> None:
    cells = seal_all(old_vault)
    switch = SwitchingKeyProvider(second, previous=provider)
    vault = FieldVault.open(old_vault.ring.db, switch, clock=clock)

    def dies(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    place, name = (second, "wrap") if died_after == "create" else (vault.ring.db, "write")
    monkeypatch.setattr(place, name, dies)
    with pytest.raises(KeyboardInterrupt):
        move(vault.ring, switch)
    monkeypatch.undo()
    fresh = FieldVault.open(vault.ring.db, switch, clock=clock)
    assert all_open(fresh, cells)
    assert move(fresh.ring, switch).moved
    assert all_open(fresh, cells)


def test_leaving_a_provider_that_cannot_destroy_promises_a_date_again(
    key_database: Database, second: Second, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    env = EnvKeyProvider("env:TEST_KEK")
    create_key_store(key_database, SwitchingKeyProvider(env), day=DAY, at=clock())
    switch = SwitchingKeyProvider(second, previous=env)
    vault = FieldVault.open(key_database, switch, clock=clock)
    move(vault.ring, switch)
    roll(vault.ring, day=day(1))
    assert [end.final_at for end in roll(vault.ring, day=day(7)).ended] == [None]
    alone = FieldVault.open(key_database, SwitchingKeyProvider(second), clock=clock)
    assert {end.final_at for end in roll(alone.ring, day=day(14)).ended} == {clock()}


def test_the_wait_of_a_provider_is_in_the_promised_day() -> None:
    assert unreadable_from(EpochId("2026-11-25"), keep_days=7) == date(2026, 12, 2)
    late = unreadable_from(EpochId("2026-11-25"), keep_days=7, ends_after=timedelta(days=7))
    assert late == date(2026, 12, 9)


def test_no_day_is_promised_for_a_provider_that_cannot_end_a_key(
    key_database: Database, second: Second, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    env = SwitchingKeyProvider(EnvKeyProvider("env:TEST_KEK"))
    create_key_store(key_database, env, day=DAY, at=clock())
    vault = FieldVault.open(key_database, env, clock=clock)
    assert promised_day(vault.ring, EpochId("2026-11-25"), keep_days=7) is None
    monkeypatch.setattr(Second, "ends_after", timedelta(days=7, hours=1))
    vault.ring.provider = SwitchingKeyProvider(second)
    assert promised_day(vault.ring, EpochId("2026-11-25"), keep_days=7) == date(2026, 12, 10)
