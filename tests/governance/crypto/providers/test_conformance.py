"""One suite that every key provider passes."""

import base64
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.core.clock import utc_now
from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochState,
    EpochUnknownError,
    KeyProvider,
    WrapContext,
)
from governance.crypto.wrap import KeyUnwrapError
from governance.db.engine import Database
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from tests.governance.crypto.providers.conftest import SECRETS, Case

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
KEYS = [bytes((17 * number + place) % 256 for place in range(32)) for number in range(1, 4)]
NEVER = EpochId("2026-01-31")
SLACK = timedelta(minutes=1)


def ctx(epoch: EpochId, *, installation: str = "i-1", purpose: str = "epoch") -> WrapContext:
    return WrapContext(installation=installation, epoch=epoch, purpose=purpose)


def refusal(provider: KeyProvider, wrapped: bytes, at: WrapContext) -> GovernanceError:
    with pytest.raises(GovernanceError) as caught:
        provider.unwrap([wrapped], at)
    return caught.value


def test_opens_what_another_process_wrapped(case: Case) -> None:
    epoch = case.make().create_epoch(DAY)
    wrapped = case.make().wrap(KEYS, ctx(epoch))
    assert list(case.make().unwrap(wrapped, ctx(epoch))) == KEYS
    assert not {key for key in KEYS for item in wrapped if key in item}
    assert case.make().unwrap([], ctx(epoch)) == case.make().wrap([], ctx(epoch)) == ()


def test_wraps_the_same_key_differently_each_time(case: Case) -> None:
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    assert len(set(provider.wrap([KEYS[0]] * 4, ctx(epoch)))) == 4


def test_creates_an_epoch_once(case: Case) -> None:
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    wrapped = provider.wrap(KEYS, ctx(epoch))
    assert provider.create_epoch(DAY) == case.make().create_epoch(DAY) == epoch == "2026-11-25"
    assert list(provider.unwrap(wrapped, ctx(epoch))) == KEYS
    assert [(item.epoch, item.state) for item in provider.list_epochs()] == [
        (epoch, EpochState.LIVE)
    ]


def test_lists_epochs_oldest_first(case: Case) -> None:
    provider = case.make()
    days = [date(2026, 12, 1), date(2026, 11, 25), date(2026, 11, 30)]
    for day in days:
        provider.create_epoch(day)
    assert [item.epoch for item in provider.list_epochs()] == sorted(map(str, days))


def test_binds_to_installation_epoch_and_purpose(case: Case) -> None:
    provider = case.make()
    epoch, following = provider.create_epoch(DAY), provider.create_epoch(date(2026, 11, 26))
    wrapped = provider.wrap(KEYS, ctx(epoch))
    others = ctx(following), ctx(epoch, installation="i-2"), ctx(epoch, purpose="other")
    for other in others:
        assert isinstance(refusal(provider, wrapped[0], other), KeyUnwrapError)


def test_refuses_altered_keys(case: Case) -> None:
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    (wrapped,) = provider.wrap(KEYS[:1], ctx(epoch))
    for position in (0, 5, 20, len(wrapped) // 2, len(wrapped) - 3):
        altered = bytearray(wrapped)
        altered[position] ^= 1
        error = refusal(provider, bytes(altered), ctx(epoch))
    assert isinstance(error, KeyUnwrapError)
    for torn in (b"", wrapped[:-1], wrapped[: len(wrapped) // 2], b"\x00" * len(wrapped)):
        refusal(provider, torn, ctx(epoch))
    with pytest.raises(KeyUnwrapError):  # one bad key among good ones opens none of them
        provider.unwrap([wrapped, bytes(altered)], ctx(epoch))


def test_knows_no_epoch_that_was_not_made(case: Case) -> None:
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    (wrapped,) = provider.wrap(KEYS[:1], ctx(epoch))
    if case.name == "env":  # its keys are derived, so every day has one
        assert isinstance(refusal(provider, wrapped, ctx(NEVER)), KeyUnwrapError)
        return
    for _ in range(2):  # and asking does not make it
        assert isinstance(refusal(provider, wrapped, ctx(NEVER)), EpochUnknownError)
        with pytest.raises(EpochUnknownError):
            provider.wrap(KEYS, ctx(NEVER))
        with pytest.raises(EpochUnknownError):
            provider.destroy(NEVER, at=NOW)
    assert [item.epoch for item in provider.list_epochs()] == [epoch]


@pytest.mark.parametrize("name", ["../2026-11-25", "2026-11-25/../x", "", "*", "20261125x"])
def test_refuses_what_is_no_epoch(case: Case, name: str) -> None:
    with pytest.raises(EpochUnknownError):
        case.make().wrap(KEYS, ctx(EpochId(name)))


def test_a_destroyed_epoch_is_refused_for_ever(case: Case) -> None:
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    wrapped = provider.wrap(KEYS, ctx(epoch))
    provider.destroy(epoch, at=NOW)
    again = [provider] if case.name == "env" else [provider, case.make()]  # env forgets
    for each in again:
        assert isinstance(refusal(each, wrapped[0], ctx(epoch)), EpochDestroyedError)
        with pytest.raises(EpochDestroyedError):
            each.wrap(KEYS, ctx(epoch))
        with pytest.raises(EpochDestroyedError):
            each.create_epoch(DAY)
        assert [item.state for item in each.list_epochs()] == [EpochState.DESTROYED]
    assert provider.create_epoch(date(2026, 11, 26)) == "2026-11-26"


def test_says_truthfully_when_a_key_is_gone_and_the_same_each_time(case: Case) -> None:
    provider, at = case.make(), utc_now()
    epoch = provider.create_epoch(DAY)
    final_at = provider.destroy(epoch, at=at)
    assert provider.destroy(epoch, at=at + timedelta(days=1)) == final_at
    assert (final_at is not None) == provider.destroys
    if final_at is not None:
        assert final_at.tzinfo is not None
        assert at + provider.ends_after <= final_at + SLACK
        assert final_at <= utc_now() + provider.ends_after + SLACK
        assert case.make().destroy(epoch, at=at) == final_at
        assert [item.final_at for item in provider.list_epochs()] == [final_at]


def test_a_lost_key_is_said_loudly_and_stops_the_start(case: Case, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'keys.db'}")
    create_key_store(database, case.make(), day=DAY, at=NOW)
    FieldVault.open(database, case.make())
    case.lose(EpochId(DAY.isoformat()))
    with pytest.raises(GovernanceError) as caught:
        FieldVault.open(database, case.make())
    assert caught.value.exit_code != 0
    assert caught.value.code in {"epoch_unknown", "key_unwrap", "key_provider_refused"}
    database.close()


def test_serves_eight_threads(case: Case) -> None:
    shared, days = case.make(), [DAY + timedelta(days=number) for number in range(2)]

    def work(number: int) -> bool:
        provider = shared if number % 2 else case.make()
        epoch = provider.create_epoch(days[number % 4 // 2])
        key = bytes([number]) * 32
        return provider.unwrap(provider.wrap([key], ctx(epoch)), ctx(epoch)) == (key,)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(32)))
    assert len(shared.list_epochs()) == 2
    epoch = EpochId(DAY.isoformat())
    with ThreadPoolExecutor(8) as threads:
        ends = set(threads.map(lambda _: shared.destroy(epoch, at=NOW), range(8)))
    assert len(ends) == 1


def test_shows_no_key_and_no_secret(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    provider = case.make()
    epoch = provider.create_epoch(DAY)
    wrapped = provider.wrap(KEYS, ctx(epoch))
    shown = [repr(provider), str(provider.health()), str(provider.list_epochs())]
    for broken in (b"", wrapped[0][:-2] + b"xx"):
        error = refusal(provider, broken, ctx(epoch))
        assert error.__suppress_context__ or error.__context__ is None
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    shown += [record.getMessage() for record in caplog.records if "sekisho" in record.name]
    text = "\n".join(shown)
    for secret in (*KEYS, *(value.encode() for value in SECRETS)):
        for form in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)[2:-1]):
            assert form not in text


def test_is_healthy_and_named(case: Case) -> None:
    provider = case.make()
    assert provider.health().ok
    provider.create_epoch(DAY)
    assert provider.health().ok
    assert provider.name
    assert provider.lease > timedelta(0)
    case.lose(EpochId(DAY.isoformat()))
    if case.name not in {"env", "file", "pkcs11", "aws_kms_own", "switching", "vault"}:
        health = case.make().health()  # the others have no epoch left to probe
        assert not health.ok
        assert health.reason
