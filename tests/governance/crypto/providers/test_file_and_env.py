"""What the providers `file` and `env` promise beyond the common suite."""

import base64
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.crypto.providers.env import EnvKeyProvider, WeakEnvKeyError
from governance.crypto.providers.file import FileKeyProvider, PassphraseError
from governance.crypto.providers.folder import EpochFolder, KeyFileError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochUnknownError,
    ProviderUnavailableError,
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
OLD = "the words before"  # that no key in base64 holds by chance
N = 2**10  # a cheap scrypt; the cost is the setting's, not the test's


def ctx(epoch: EpochId, *, installation: str = "i-1", purpose: str = "epoch") -> WrapContext:
    return WrapContext(installation=installation, epoch=epoch, purpose=purpose)


class Killed(BaseException):
    """The process died."""


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

    @pytest.mark.parametrize("step", ["link", "fsync"])
    def test_a_key_left_by_a_death_while_writing_ends_with_its_epoch(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        provider = FileKeyProvider(folder)

        def dies(*_: object, **__: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(os, step, dies)
            patch.setattr(Path, "unlink", lambda *_, **__: None)  # a dead process tidies nothing
            with pytest.raises(Killed):
                provider.create_epoch(DAY)
        (left,) = folder.iterdir()
        assert left.name.startswith(".2026-11-25.key.")
        epoch = provider.create_epoch(DAY)
        provider.destroy(epoch, at=NOW)
        assert [path.name for path in folder.iterdir()] == ["2026-11-25.destroyed"]

    def test_a_folder_that_cannot_be_searched_is_not_an_empty_one(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        provider = FileKeyProvider(folder)
        epoch = provider.create_epoch(DAY)

        def refused(_: Path) -> bool:
            raise PermissionError

        with monkeypatch.context() as patch:
            patch.setattr(Path, "exists", refused)
            for call in (
                lambda: provider.create_epoch(DAY),
                lambda: provider.wrap(KEYS, ctx(epoch)),
                lambda: provider.destroy(epoch, at=NOW),
            ):
                with pytest.raises(ProviderUnavailableError):
                    call()
        assert provider.health().ok

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
        with pytest.raises(PassphraseError) as caught:
            provider.wrap(KEYS, ctx(epoch))
        assert caught.value.params["reason"] == "wrong"
        assert provider.health().reason == "key_passphrase"
        with pytest.raises(PassphraseError) as caught:
            FileKeyProvider(folder).wrap(KEYS, ctx(epoch))
        assert caught.value.params["reason"] == "missing"

    def test_a_damaged_file_is_not_called_a_wrong_passphrase(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PASS", "right")
        provider = FileKeyProvider(folder, passphrase="env:PASS", scrypt_n=N)
        epoch = provider.create_epoch(DAY)
        path = folder / "2026-11-25.key"
        body = json.loads(path.read_text())
        body["key"] = base64.b64encode(bytes(61)).decode()
        path.write_text(json.dumps(body))
        with pytest.raises(KeyFileError):
            provider.wrap(KEYS, ctx(epoch))

    def test_a_file_of_the_first_release_still_opens(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PASS", "right")
        provider = FileKeyProvider(folder, passphrase="env:PASS", scrypt_n=N)
        epoch = provider.create_epoch(DAY)
        wrapped = provider.wrap(KEYS, ctx(epoch))
        path = folder / "2026-11-25.key"
        body = json.loads(path.read_text())
        del body["scrypt"]["check"]
        path.write_text(json.dumps(body))
        assert list(provider.unwrap(wrapped, ctx(epoch))) == KEYS
        monkeypatch.setenv("PASS", "wrong")
        with pytest.raises(PassphraseError):
            provider.unwrap(wrapped, ctx(epoch))

    @pytest.mark.parametrize("before", [None, "env:OLD"])
    def test_the_passphrase_is_changed_and_a_change_cut_short_is_finished(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
    ) -> None:
        monkeypatch.setenv("OLD", OLD)
        monkeypatch.setenv("NEW", "new")
        old = FileKeyProvider(folder, passphrase=before, scrypt_n=N)
        epochs = [old.create_epoch(DAY + timedelta(days=number)) for number in range(4)]
        old.destroy(epochs[0], at=NOW)
        wrapped = {epoch: old.wrap(KEYS, ctx(epoch)) for epoch in epochs[1:]}
        write, left = EpochFolder.write, [1]

        def dying(files: EpochFolder, path: Path, body: dict[str, object], *, over: bool) -> None:
            if not left:
                raise Killed
            left.pop()
            write(files, path, body, over=over)

        with monkeypatch.context() as patch:
            patch.setattr(EpochFolder, "write", dying)
            with pytest.raises(Killed):
                old.change_passphrase("env:NEW")
        assert old.change_passphrase("env:NEW") == 2
        assert old.change_passphrase("env:NEW") == 0
        new = FileKeyProvider(folder, passphrase="env:NEW", scrypt_n=N)
        for epoch, items in wrapped.items():
            assert list(new.unwrap(items, ctx(epoch))) == KEYS
            with pytest.raises(PassphraseError):
                old.unwrap(items, ctx(epoch))
            body = json.loads((folder / f"{epoch}.key").read_text())
            assert len(base64.b64decode(body["key"])) == 61
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert OLD not in "".join(path.read_text() for path in folder.iterdir())

    def test_a_change_that_would_lose_a_key_changes_nothing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OLD", "old")
        monkeypatch.setenv("NEW", "new")
        monkeypatch.setenv("OTHER", "other")
        old = FileKeyProvider(folder, passphrase="env:OLD", scrypt_n=N)
        epoch = old.create_epoch(DAY)
        wrapped = old.wrap(KEYS, ctx(epoch))
        with pytest.raises(PassphraseError):
            FileKeyProvider(folder, passphrase="env:OTHER", scrypt_n=N).change_passphrase("env:NEW")
        assert list(old.unwrap(wrapped, ctx(epoch))) == KEYS


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


def test_an_epoch_that_another_process_ends_meanwhile_is_not_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, other = (FileKeyProvider(tmp_path / "epochs") for _ in range(2))
    epoch = provider.create_epoch(DAY)
    look = EpochFolder.has_key

    def meanwhile(files: EpochFolder, of: EpochId) -> bool:
        monkeypatch.undo()
        other.destroy(epoch, at=NOW)
        return look(files, of)

    monkeypatch.setattr(EpochFolder, "has_key", meanwhile)
    assert provider.destroy(epoch, at=NOW + timedelta(days=1)) == NOW
