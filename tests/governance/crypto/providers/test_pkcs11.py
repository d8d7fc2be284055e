"""What the provider `pkcs11` promises beyond the common suite, on SoftHSM2."""

import importlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from governance.core.errors import GovernanceError
from governance.crypto.providers.pkcs11 import Pkcs11KeyError, Pkcs11KeyProvider, TokenPlace
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    ProviderExtraError,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
)
from tests.governance.crypto.providers.conftest import PIN, pkcs11_case

DAY = date(2026, 11, 25)
EPOCH = EpochId("2026-11-25")
CTX = WrapContext(installation="i-1", epoch=EPOCH, purpose="epoch")
KEY = bytes(range(100, 132))
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return f"p{abs(hash(tmp_path))}"


@pytest.fixture
def provider(
    tmp_path: Path, token: tuple[Path, str], secrets_in_place: None, prefix: str
) -> Pkcs11KeyProvider:
    made = pkcs11_case(tmp_path / "hsm", token, prefix=prefix).make()
    assert isinstance(made, Pkcs11KeyProvider)
    return made


def refused(provider: Pkcs11KeyProvider, kind: type[GovernanceError]) -> object:
    with pytest.raises(kind) as caught:
        provider.wrap([KEY], CTX)
    assert not provider.health().ok
    return caught.value.params.get("reason")


def test_keys_stay_in_the_token(provider: Pkcs11KeyProvider) -> None:
    provider.create_epoch(DAY)
    attribute = importlib.import_module("pkcs11").Attribute
    with provider._session() as session:
        key = provider._key(session, EPOCH)
        assert key[attribute.SENSITIVE]
        assert not key[attribute.EXTRACTABLE]
        with pytest.raises(importlib.import_module("pkcs11.exceptions").AttributeSensitive):
            key[attribute.VALUE]


def test_a_key_that_can_be_read_out_is_not_used(provider: Pkcs11KeyProvider, prefix: str) -> None:
    pkcs11 = importlib.import_module("pkcs11")
    with provider._session(rw=True) as session:
        session.generate_key(
            pkcs11.KeyType.AES,
            256,
            label=f"{prefix}-{EPOCH}",
            store=True,
            template={pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True},
        )
    with pytest.raises(Pkcs11KeyError):
        provider.create_epoch(DAY)
    refused(provider, Pkcs11KeyError)


def test_a_key_that_is_back_in_the_token_stays_refused(provider: Pkcs11KeyProvider) -> None:
    provider.create_epoch(DAY)
    (wrapped,) = provider.wrap([KEY], CTX)
    provider._files.bury(EPOCH, final_at=None)  # as if the process died before C_DestroyObject
    with pytest.raises(EpochDestroyedError):
        provider.unwrap([wrapped], CTX)
    assert provider.destroy(EPOCH, at=NOW) == NOW
    with provider._session() as session:
        assert list(provider._keys(session, EPOCH)) == []


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"token": "another"}, ProviderUnavailableError, "NoSuchToken"),
        ({"module": Path("/nonexistent.so")}, ProviderUnavailableError, None),
    ],
)
def test_says_what_is_missing(
    tmp_path: Path,
    token: tuple[Path, str],
    secrets_in_place: None,
    change: dict[str, object],
    kind: type[GovernanceError],
    reason: str | None,
) -> None:
    place = TokenPlace(**({"module": token[0], "token": token[1], "pin": "env:TEST_PIN"} | change))  # type: ignore[arg-type]
    found = refused(Pkcs11KeyProvider(place, tmp_path / "hsm"), kind)
    assert reason is None or found == reason


def test_a_wrong_pin_is_refused_and_not_shown(
    provider: Pkcs11KeyProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.create_epoch(DAY)
    monkeypatch.setenv("TEST_PIN", "87654321")
    with pytest.raises(ProviderRefusedError) as caught:
        provider.wrap([KEY], CTX)
    assert caught.value.params["reason"] == "PinIncorrect"
    assert "87654321" not in str(caught.value)


def test_a_wrong_pin_is_tried_once_so_that_the_token_does_not_lock(
    provider: Pkcs11KeyProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.create_epoch(DAY)
    module, tried = provider._pkcs11, []

    class Counting:
        def __getattr__(self, name: str) -> object:
            if name == "lib":
                tried.append(name)
            return getattr(module, name)

    monkeypatch.setattr(provider, "_pkcs11", Counting())
    monkeypatch.setenv("TEST_PIN", "87654321")
    for _ in range(20):
        with pytest.raises(ProviderRefusedError):
            provider.wrap([KEY], CTX)
    assert len(tried) == 1
    monkeypatch.setenv("TEST_PIN", PIN)  # the file was put right: no restart is needed
    assert provider.unwrap(provider.wrap([KEY], CTX), CTX) == (KEY,)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def absent(name: str, package: str | None = None) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    place = TokenPlace(module=tmp_path / "m.so", token="t", pin="env:X")
    with pytest.raises(ProviderExtraError) as caught:
        Pkcs11KeyProvider(place, tmp_path / "hsm")
    assert caught.value.params["extra"] == "pkcs11"
