"""Two providers while an installation moves from one to the other."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.crypto.providers.env import EnvKeyProvider
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.switching import (
    EpochElsewhereError,
    SameProviderError,
    SwitchingKeyProvider,
    keepers,
)
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochUnknownError,
    WrapContext,
)
from governance.crypto.providers.vault import VaultKeyProvider
from governance.crypto.wrap import KeyUnwrapError
from tests.governance.crypto.providers.conftest import vault_case
from tests.governance.crypto.providers.vault_fake import Server

DAY = date(2026, 11, 25)
EPOCH = EpochId("2026-11-25")
CTX = WrapContext(installation="i-1", epoch=EPOCH, purpose="epoch")
KEY = bytes(range(100, 132))
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> FileKeyProvider:
    return FileKeyProvider(tmp_path / "file")


@pytest.fixture
def vault(tmp_path: Path, server: Server) -> VaultKeyProvider:
    made = vault_case(tmp_path / "vault", server).make()
    assert isinstance(made, VaultKeyProvider)
    return made


def test_wrapped_keys_name_their_provider(file: FileKeyProvider) -> None:
    provider = SwitchingKeyProvider(file)
    provider.create_epoch(DAY)
    (wrapped,) = provider.wrap([KEY], CTX)
    assert keepers(wrapped) == ("file",)
    assert wrapped[:6] == b"\xe4\x04file"


def test_what_the_one_before_wrapped_still_opens(
    file: FileKeyProvider, vault: VaultKeyProvider
) -> None:
    before = SwitchingKeyProvider(file)
    before.create_epoch(DAY)
    old = before.wrap([KEY], CTX)
    after = SwitchingKeyProvider(vault, previous=file)
    assert after.unwrap(old, CTX) == (KEY,)
    after.create_epoch(DAY)  # the same day lives with both now, and nothing is guessed
    new = after.wrap([KEY], CTX)
    assert after.unwrap([*old, *new], CTX) == (KEY, KEY)
    assert [keepers(item) for item in (*old, *new)] == [("file",), ("vault",)]


def test_a_provider_that_the_settings_forgot_is_named(
    file: FileKeyProvider, vault: VaultKeyProvider
) -> None:
    before = SwitchingKeyProvider(file)
    before.create_epoch(DAY)
    (old,) = before.wrap([KEY], CTX)
    vault.create_epoch(DAY)
    with pytest.raises(EpochElsewhereError) as caught:
        SwitchingKeyProvider(vault).unwrap([old], CTX)
    assert caught.value.params == {"epoch": EPOCH, "provider": "file"}
    (first_release,) = file.wrap([KEY], CTX)
    with pytest.raises(EpochElsewhereError):
        SwitchingKeyProvider(vault).unwrap([first_release], CTX)
    assert SwitchingKeyProvider(vault, previous=file).unwrap([first_release], CTX) == (KEY,)
    assert SwitchingKeyProvider(file).unwrap([first_release], CTX) == (KEY,)


def test_a_changed_name_opens_nothing(file: FileKeyProvider, vault: VaultKeyProvider) -> None:
    provider = SwitchingKeyProvider(file, previous=vault)
    provider.create_epoch(DAY)
    vault.create_epoch(DAY)
    (wrapped,) = provider.wrap([KEY], CTX)
    with pytest.raises(KeyUnwrapError):
        provider.unwrap([b"\xe4\x05vault" + wrapped[6:]], CTX)
    for torn in (b"\xe4", b"\xe4\x00", b"\xe4\x09file", b"\xe4\x04\xff\xff\xff\xff"):
        with pytest.raises(KeyUnwrapError):
            provider.unwrap([torn], CTX)


def test_an_epoch_has_ended_when_both_have_ended_it(
    file: FileKeyProvider, vault: VaultKeyProvider, server: Server
) -> None:
    file.create_epoch(DAY)
    (old,) = file.wrap([KEY], CTX)
    provider = SwitchingKeyProvider(vault, previous=file)
    provider.create_epoch(DAY)
    (new,) = provider.wrap([KEY], CTX)
    server.vault.sealed = True
    with pytest.raises(Exception, match="key_provider_unavailable"):
        provider.destroy(EPOCH, at=NOW)
    server.vault.sealed = False
    assert provider.destroy(EPOCH, at=NOW + timedelta(days=1)) == NOW + timedelta(days=1)
    for item in (old, new):
        with pytest.raises(EpochDestroyedError):
            provider.unwrap([item], CTX)
    assert server.vault.keys == {}


def test_an_epoch_of_the_one_before_alone_ends_there(
    file: FileKeyProvider, vault: VaultKeyProvider
) -> None:
    file.create_epoch(DAY)
    provider = SwitchingKeyProvider(vault, previous=file)
    assert [item.epoch for item in provider.list_epochs()] == [EPOCH]
    assert provider.destroy(EPOCH, at=NOW) == NOW
    with pytest.raises(EpochUnknownError):
        provider.destroy(EpochId("2026-01-01"), at=NOW)


def test_one_that_cannot_destroy_leaves_no_date(
    file: FileKeyProvider, secrets_in_place: None
) -> None:
    file.create_epoch(DAY)
    provider = SwitchingKeyProvider(file, previous=EnvKeyProvider("env:TEST_KEK"))
    assert provider.destroy(EPOCH, at=NOW) is None


def test_an_ailing_provider_of_either_time_is_said(
    file: FileKeyProvider, vault: VaultKeyProvider, server: Server
) -> None:
    provider = SwitchingKeyProvider(file, previous=vault)
    assert provider.health().ok
    server.vault.sealed = True
    assert provider.health().reason == "key_provider_unavailable"


def test_a_move_goes_from_one_kind_to_another(file: FileKeyProvider, tmp_path: Path) -> None:
    with pytest.raises(SameProviderError):
        SwitchingKeyProvider(file, previous=FileKeyProvider(tmp_path / "other"))
