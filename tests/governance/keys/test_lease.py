"""How long a process works on while its key provider is silent."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.types import (
    LEASE,
    EpochUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
)
from governance.db.engine import Database
from governance.keys.epoch_keys import AGAIN, RENEW, REST
from governance.keys.epochs import create_key_store, roll, status
from governance.keys.vault import FieldVault
from tests.governance.keys.conftest import FixedClock

DAY = date(2026, 11, 25)
PERSON = SubjectId("00000000-0000-4000-8000-000000000001")
OTHER = SubjectId("00000000-0000-4000-8000-000000000002")
FIELD = FieldId("person.name")
SECOND = timedelta(seconds=1)


class Moody(FileKeyProvider):
    """A provider that a test makes silent, or makes refuse; it counts how often it was asked."""

    error: GovernanceError | None = None
    asked = 0

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return super().unwrap(wrapped, ctx)


@pytest.fixture
def moody(tmp_path: Path) -> Moody:
    return Moody(tmp_path / "epochs")


@pytest.fixture
def leased(
    new_database: Callable[..., str], moody: Moody, clock: FixedClock
) -> Iterator[FieldVault]:
    db = Database.open(new_database("sqlite"))
    create_key_store(db, moody, day=DAY, at=clock())
    yield FieldVault.open(db, moody, clock=clock)
    db.close()


def works(vault: FieldVault) -> bool:
    sealed = vault.seal_row(PERSON, "row", {FIELD: "架空 花子"})
    return vault.open_row("row", sealed)[FIELD].value == "架空 花子"


def test_a_silent_provider_is_waited_out_for_the_lease_and_then_nothing_opens(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    sealed = leased.seal_row(PERSON, "row", {FIELD: "架空 花子"})
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(LEASE - SECOND)
    assert works(leased)
    assert leased.open_row("row", sealed)[FIELD].value == "架空 花子"
    leased.ensure_keys([OTHER])  # new persons too
    clock.forward(SECOND)
    for refused in (
        lambda: leased.open_row("row", sealed),
        lambda: leased.open_rows([("row", sealed)]),
        lambda: leased.seal_row(PERSON, "row", {FIELD: "x"}),
        lambda: leased.ensure_keys([SubjectId("00000000-0000-4000-8000-000000000003")]),
        lambda: leased.seal_blob("x", "row", b"x"),
        lambda: roll(leased.ring, day=DAY + timedelta(days=1)),
    ):
        with pytest.raises(ProviderUnavailableError):
            refused()
    moody.error = None
    clock.forward(REST)
    assert works(leased)


def test_a_silence_shorter_than_two_thirds_of_the_lease_is_never_noticed(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    step = timedelta(seconds=30)
    for minute in range(4):
        moody.error = None
        for _ in range(int(LEASE / RENEW / step) + 1):
            clock.forward(step)
            assert works(leased), minute
        moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
        for _ in range(int(LEASE / RENEW * (RENEW - 1) / step) - 1):
            clock.forward(step)
            assert works(leased), minute


def test_no_key_stays_in_memory_past_the_lease(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    assert works(leased)
    assert leased.ring._held
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(LEASE)
    with pytest.raises(ProviderUnavailableError):
        works(leased)
    assert not leased.ring._held
    assert not leased.ring._sealing
    assert not leased.ring._known
    assert not leased.ring._epoch_keys._entries


@pytest.mark.parametrize(
    "error",
    [
        ProviderRefusedError(provider="moody", reason="token"),
        EpochUnknownError(epoch="2026-11-25"),
    ],
)
def test_a_refusal_is_believed_at_the_next_question(
    leased: FieldVault, moody: Moody, clock: FixedClock, error: GovernanceError
) -> None:
    assert works(leased)
    moody.error = error
    clock.forward(LEASE / RENEW - SECOND)
    assert works(leased)
    clock.forward(SECOND)
    before = moody.asked
    for _ in range(20):  # and not asked again and again
        with pytest.raises(type(error)):
            works(leased)
    assert moody.asked == before + 1
    moody.error = None
    clock.forward(REST)
    assert works(leased)


def test_the_provider_is_asked_seldom(leased: FieldVault, moody: Moody, clock: FixedClock) -> None:
    before = moody.asked
    for _ in range(50):
        assert works(leased)
    assert moody.asked == before
    clock.forward(LEASE / RENEW)
    for _ in range(50):
        assert works(leased)
    assert moody.asked == before + 1
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(LEASE / RENEW)
    for _ in range(50):
        assert works(leased)
    assert moody.asked == before + 2
    clock.forward(AGAIN)
    for _ in range(50):
        assert works(leased)
    assert moody.asked == before + 3


def test_ending_a_person_asks_nothing_of_the_provider(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    assert works(leased)
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    leased.destroy(OTHER, KeyClass.ACTIVE)
    assert works(leased)


def test_the_key_of_an_ended_epoch_leaves_memory(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    assert works(leased)
    for number in range(1, 9):
        roll(leased.ring, day=DAY + timedelta(days=number))
    assert works(leased)
    assert "2026-11-25" not in leased.ring._epoch_keys._entries


def test_the_state_is_told_while_the_provider_is_silent(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(LEASE)
    assert status(leased.ring, day=DAY).health.reason == "key_provider_unavailable"


def test_many_threads_ask_once_and_all_are_served(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    assert works(leased)
    clock.forward(LEASE * 3)  # an idle night: every thread finds the lease over
    before = moody.asked
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: works(leased), range(32)))
    assert moody.asked - before <= 2


def test_many_threads_do_not_queue_for_a_silent_provider(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(LEASE)
    before = moody.asked

    def refused(_: int) -> bool:
        try:
            works(leased)
        except ProviderUnavailableError:
            return True
        return False

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(refused, range(32)))
    assert moody.asked == before + 1


def test_the_start_fails_when_the_provider_is_silent(
    leased: FieldVault, moody: Moody, clock: FixedClock
) -> None:
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    with pytest.raises(ProviderUnavailableError):
        FieldVault.open(leased.ring.db, moody, clock=clock)


def test_the_lease_is_the_provider_s_own(
    leased: FieldVault, moody: Moody, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Moody, "lease", timedelta(minutes=3))
    vault = FieldVault.open(leased.ring.db, moody, clock=clock)
    assert works(vault)
    moody.error = ProviderUnavailableError(provider="moody", reason="timeout")
    clock.forward(timedelta(minutes=3) - SECOND)
    assert works(vault)
    clock.forward(SECOND)
    with pytest.raises(ProviderUnavailableError):
        works(vault)
