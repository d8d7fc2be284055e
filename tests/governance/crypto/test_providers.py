"""One suite that every key provider passes, and what each promises beyond it."""

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.crypto.providers.env import EnvKeyProvider, WeakEnvKeyError
from governance.crypto.providers.file import FileKeyProvider, KeyFileError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochState,
    EpochUnknownError,
    KeyProvider,
    WrapContext,
)
from governance.crypto.secret_refs import SecretPermissionError, SecretRefError, read_secret
from governance.crypto.wrap import (
    KeyCommitmentError,
    KeyUnwrapError,
    WrappingKey,
    assert_commitment,
    commitment,
    context,
)

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
KEYS = [bytes([number]) * 32 for number in range(3)]
N = 2**10  # a cheap scrypt; the cost is the setting's, not the test's


def ctx(epoch: EpochId, *, installation: str = "i-1", purpose: str = "epoch") -> WrapContext:
    return WrapContext(installation=installation, epoch=epoch, purpose=purpose)


@pytest.fixture(params=["file", "file_passphrase", "env"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], KeyProvider]:
    monkeypatch.setenv("TEST_PASSPHRASE", "架空 passphrase")
    monkeypatch.setenv("TEST_KEK", base64.b64encode(bytes(range(32))).decode())
    makers: dict[str, Callable[[], KeyProvider]] = {
        "file": lambda: FileKeyProvider(tmp_path / "epochs"),
        "file_passphrase": lambda: FileKeyProvider(
            tmp_path / "epochs", passphrase="env:TEST_PASSPHRASE", scrypt_n=N
        ),
        "env": lambda: EnvKeyProvider("env:TEST_KEK"),
    }
    return makers[request.param]


class TestEveryProvider:
    def test_unwraps_what_another_instance_wrapped(self, make: Callable[[], KeyProvider]) -> None:
        epoch = make().create_epoch(DAY)
        wrapped = make().wrap(KEYS, ctx(epoch))
        assert list(make().unwrap(wrapped, ctx(epoch))) == KEYS
        assert not {key for key in KEYS for item in wrapped if key in item}

    def test_creates_an_epoch_once(self, make: Callable[[], KeyProvider]) -> None:
        provider = make()
        epoch = provider.create_epoch(DAY)
        wrapped = provider.wrap(KEYS, ctx(epoch))
        assert provider.create_epoch(DAY) == epoch == "2026-11-25"
        assert list(provider.unwrap(wrapped, ctx(epoch))) == KEYS
        assert [item.epoch for item in provider.list_epochs()] == [epoch]

    def test_binds_to_installation_epoch_and_purpose(self, make: Callable[[], KeyProvider]) -> None:
        provider = make()
        epoch, following = provider.create_epoch(DAY), provider.create_epoch(date(2026, 11, 26))
        wrapped = provider.wrap(KEYS, ctx(epoch))
        for other in (
            ctx(following),
            ctx(epoch, installation="i-2"),
            ctx(epoch, purpose="other"),
        ):
            with pytest.raises(KeyUnwrapError):
                provider.unwrap(wrapped, other)

    def test_refuses_altered_keys(self, make: Callable[[], KeyProvider]) -> None:
        provider = make()
        epoch = provider.create_epoch(DAY)
        (wrapped,) = provider.wrap(KEYS[:1], ctx(epoch))
        for position in (0, 5, 20, len(wrapped) - 1):
            altered = bytearray(wrapped)
            altered[position] ^= 1
            with pytest.raises(KeyUnwrapError):
                provider.unwrap([bytes(altered)], ctx(epoch))
        with pytest.raises(KeyUnwrapError):
            provider.unwrap([b""], ctx(epoch))

    def test_a_destroyed_epoch_opens_nothing_and_is_not_made_again(
        self, make: Callable[[], KeyProvider]
    ) -> None:
        provider = make()
        epoch = provider.create_epoch(DAY)
        wrapped = provider.wrap(KEYS, ctx(epoch))
        final_at = provider.destroy(epoch, at=NOW)
        assert provider.destroy(epoch, at=NOW + timedelta(days=1)) == final_at
        assert (final_at is not None) == provider.destroys
        assert [item.state for item in provider.list_epochs()] == [EpochState.DESTROYED]
        with pytest.raises(EpochDestroyedError):
            provider.unwrap(wrapped, ctx(epoch))
        with pytest.raises(EpochDestroyedError):
            provider.wrap(KEYS, ctx(epoch))

    def test_refuses_what_is_no_epoch(self, make: Callable[[], KeyProvider]) -> None:
        with pytest.raises(EpochUnknownError):
            make().wrap(KEYS, ctx(EpochId("../2026-11-25")))

    def test_is_healthy_and_shows_no_secret(self, make: Callable[[], KeyProvider]) -> None:
        provider = make()
        provider.create_epoch(DAY)
        assert provider.health().ok
        assert "passphrase" not in repr(provider)
        assert "KEK" not in repr(provider)


class TestFileProvider:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "epochs"

    def test_files_are_private_and_whole(self, folder: Path) -> None:
        FileKeyProvider(folder).create_epoch(DAY)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [
            ("2026-11-25.key", 0o600)
        ]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
    def test_a_key_file_open_to_others_is_refused(self, folder: Path, mode: int) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)
        (folder / "2026-11-25.key").chmod(mode)
        with pytest.raises(SecretPermissionError):
            provider.wrap(KEYS, ctx(epoch))
        assert provider.health().reason == "secret_permission"

    def test_a_folder_open_to_others_is_refused(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        folder.chmod(0o750)
        with pytest.raises(SecretPermissionError):
            FileKeyProvider(folder)

    def test_destruction_leaves_no_key_and_is_finished_after_a_crash(self, folder: Path) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)
        path = folder / "2026-11-25.key"
        content = path.read_bytes()
        final_at = provider.destroy(epoch, at=NOW)
        assert final_at == NOW
        assert not path.exists()
        path.write_bytes(content)  # as if the process died after writing the tomb
        path.chmod(0o600)
        with pytest.raises(EpochDestroyedError):
            provider.unwrap([b""], ctx(epoch))
        assert provider.destroy(epoch, at=NOW + timedelta(days=9)) == NOW
        assert not path.exists()
        with pytest.raises(EpochDestroyedError):
            provider.create_epoch(DAY)

    def test_a_lost_file_is_said_to_be_lost(self, folder: Path) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)
        (folder / "2026-11-25.key").unlink()
        with pytest.raises(EpochUnknownError):
            provider.unwrap([b""], ctx(epoch))
        with pytest.raises(EpochUnknownError):
            provider.destroy(epoch, at=NOW)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[]",
            b'{"format": "sekisho/epoch-key/9"}',
            b'{"format": "sekisho/epoch-key/1", "epoch": "2026-11-24", "key": "AA=="}',
            b'{"format": "sekisho/epoch-key/1", "epoch": "2026-11-25"}',
            b'{"format": "sekisho/epoch-key/1", "epoch": "2026-11-25", "key": "AA=="}',
            b'{"format": "sekisho/epoch-key/1", "epoch": "2026-11-25", "key": "!", "scrypt": {}}',
        ],
    )
    def test_a_damaged_file_is_said_to_be_damaged(self, folder: Path, content: bytes) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)
        (folder / "2026-11-25.key").write_bytes(content)
        with pytest.raises(KeyFileError):
            provider.wrap(KEYS, ctx(epoch))

    def test_a_link_is_not_followed(self, folder: Path, tmp_path: Path) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)
        (folder / "2026-11-25.key").rename(tmp_path / "elsewhere")
        (folder / "2026-11-25.key").symlink_to(tmp_path / "elsewhere")
        assert not provider.health().ok
        with pytest.raises(Exception, match="key_provider_unavailable"):
            provider.wrap(KEYS, ctx(epoch))

    def test_a_wrong_or_missing_passphrase_opens_nothing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PASS", "right")
        provider = FileKeyProvider(folder, passphrase="env:PASS", scrypt_n=N)
        epoch = provider.create_epoch(DAY)
        assert json.loads((folder / "2026-11-25.key").read_text())["scrypt"]["n"] == N
        monkeypatch.setenv("PASS", "wrong")
        with pytest.raises(KeyUnwrapError) as caught:
            provider.wrap(KEYS, ctx(epoch))
        assert "wrong" not in str(caught.value)
        with pytest.raises(KeyUnwrapError):
            FileKeyProvider(folder).wrap(KEYS, ctx(epoch))


@pytest.mark.parametrize(
    "secret",
    ["", "not base64!", base64.b64encode(b"short").decode(), base64.b64encode(bytes(32)).decode()],
)
def test_a_weak_environment_key_is_refused(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEK", secret)
    provider = EnvKeyProvider("env:TEST_KEK")
    with pytest.raises((WeakEnvKeyError, SecretRefError)) as caught:
        provider.create_epoch(DAY)
    assert not secret or secret not in str(caught.value)
    assert not provider.health().ok


def test_secrets_come_by_reference_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_bytes(b"from a file\n")
    monkeypatch.setenv("HELD", "from the environment")
    assert read_secret(f"file:{path}") == b"from a file"
    assert read_secret("env:HELD") == b"from the environment"
    for reference in ("hunter2", "env:", "env:ABSENT", f"file:{path}.absent", "vault:x"):
        with pytest.raises(SecretRefError) as caught:
            read_secret(reference)
        assert "hunter2" not in str(caught.value)
    os.chmod(path, 0o644)  # noqa: PTH101 # the point of the test
    with pytest.raises(SecretPermissionError):
        read_secret(f"file:{path}")


def test_the_commitment_catches_another_key_of_the_same_id() -> None:
    expected = commitment(KEYS[1], "i-1", 7)
    assert len(expected) == 16
    assert_commitment(KEYS[1], "i-1", 7, expected)
    for key, installation, key_id in (
        (KEYS[2], "i-1", 7),
        (KEYS[1], "i-2", 7),
        (KEYS[1], "i-1", 8),
    ):
        with pytest.raises(KeyCommitmentError):
            assert_commitment(key, installation, key_id, expected)


def test_a_wrapped_key_opens_only_in_its_place() -> None:
    wrapping = WrappingKey(KEYS[1])
    wrapped = wrapping.wrap(KEYS[2], context("a", "bc"))
    assert len(wrapped) == 61
    assert wrapping.unwrap(wrapped, context("a", "bc")) == KEYS[2]
    for other in (context("ab", "c"), context("a", "bc", "")):
        with pytest.raises(KeyUnwrapError):
            wrapping.unwrap(wrapped, other)
    assert repr(KEYS[1]) not in repr(wrapping)
