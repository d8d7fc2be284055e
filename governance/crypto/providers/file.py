"""Key provider `file`: one private file per epoch in a private folder, optional passphrase.

The folder is its own trust domain: it belongs on another disk than the data and the key store,
with its own copies that are kept shorter than R days.

    2026-11-25.key         JSON: format, epoch, key (base64), scrypt parameters or null
    2026-11-25.destroyed   JSON: format, epoch, final_at
"""

import base64
import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderHealth,
    ProviderUnavailableError,
    WrapContext,
)
from governance.crypto.secret_refs import assert_private, read_private, read_secret
from governance.crypto.wrap import WRAPPED, KeyUnwrapError, WrappingKey, context, new_key

FORMAT: Final = "sekisho/epoch-key/1"
SCRYPT_N: Final = 2**15  # 32 MiB, about 80 ms; once per epoch and process
SCRYPT_N_MOST: Final = 2**20  # 1 GiB; a file that asks for more is refused
SCRYPT_R: Final = 8
SALT_BYTES: Final = 16


class KeyFileError(GovernanceError):
    """A key file is damaged or of a newer format."""

    code, status, exit_code = "key_file", 503, 3


class FileKeyProvider:
    """Epoch keys in files that only this user can read."""

    name = "file"
    destroys = True

    def __init__(
        self, folder: Path, *, passphrase: str | None = None, scrypt_n: int = SCRYPT_N
    ) -> None:
        """A provider over this folder; `passphrase` is a reference such as `env:NAME`."""
        self._folder = folder
        self._passphrase = passphrase
        self._scrypt_n = scrypt_n
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        assert_private(folder.stat(), folder.name)

    def __repr__(self) -> str:
        return "FileKeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its key durable in the folder."""
        epoch = EpochId(day.isoformat())
        if self._tomb(epoch).exists():
            raise EpochDestroyedError(epoch=epoch)
        if not self._path(epoch).exists():
            self._write(self._path(epoch), self._sealed(epoch, new_key()))
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each wrapped under the file's key of the epoch."""
        wrapping = WrappingKey(self._load(ctx.epoch))
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        return tuple(wrapping.wrap(key, aad) for key in keys)

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        wrapping = WrappingKey(self._load(ctx.epoch))
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        return tuple(wrapping.unwrap(item, aad) for item in wrapped)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """The moment of destruction, the file overwritten and removed; durable on return."""
        if not self._tomb(epoch).exists():
            if not self._path(epoch).exists():
                raise EpochUnknownError(epoch=epoch)
            tomb = {"format": FORMAT, "epoch": epoch, "final_at": at.isoformat()}
            self._write(self._tomb(epoch), tomb)
        self._erase(self._path(epoch))  # also after a crash between the tomb and this line
        return self._final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """All epochs with a file, oldest first."""
        ended = {EpochId(path.stem) for path in self._folder.glob("*.destroyed")}
        live = {EpochId(path.stem) for path in self._folder.glob("*.key")} - ended
        return tuple(
            ProviderEpoch(epoch=epoch, state=EpochState.DESTROYED, final_at=self._final_at(epoch))
            if epoch in ended
            else ProviderEpoch(epoch=epoch, state=EpochState.LIVE)
            for epoch in sorted(live | ended)
        )

    def health(self) -> ProviderHealth:
        """Whether the newest live key can be read."""
        try:
            assert_private(self._folder.stat(), self._folder.name)
            live = [item.epoch for item in self.list_epochs() if item.state is EpochState.LIVE]
            for epoch in live[-1:]:
                self._load(epoch)
        except GovernanceError as error:
            return ProviderHealth(ok=False, reason=error.code)
        except OSError:
            return ProviderHealth(ok=False, reason=ProviderUnavailableError.code)
        return ProviderHealth(ok=True)

    def _path(self, epoch: EpochId) -> Path:
        try:
            day = date.fromisoformat(epoch)
        except ValueError:
            raise EpochUnknownError(epoch=epoch) from None  # and no path leaves the folder
        return self._folder / f"{day.isoformat()}.key"

    def _tomb(self, epoch: EpochId) -> Path:
        return self._path(epoch).with_suffix(".destroyed")

    def _final_at(self, epoch: EpochId) -> datetime:
        return datetime.fromisoformat(str(self._read(self._tomb(epoch), epoch)["final_at"]))

    def _load(self, epoch: EpochId) -> bytes:
        if self._tomb(epoch).exists():
            raise EpochDestroyedError(epoch=epoch)  # fails closed: even if the key file is back
        body = self._read(self._path(epoch), epoch)
        scrypt = body.get("scrypt")
        if scrypt is None:
            return _bytes(body, "key", epoch)
        if not isinstance(scrypt, dict) or not isinstance(scrypt.get("n"), int):
            raise KeyFileError(epoch=epoch)
        wrapping = WrappingKey(self._stretch(epoch, scrypt["n"], _bytes(scrypt, "salt", epoch)))
        return wrapping.unwrap(_bytes(body, "key", epoch), context(FORMAT, epoch))

    def _sealed(self, epoch: EpochId, key: bytes) -> dict[str, object]:
        """What a new key file holds."""
        body: dict[str, object] = {"format": FORMAT, "epoch": epoch, "scrypt": None}
        if self._passphrase is not None:
            salt = secrets.token_bytes(SALT_BYTES)
            wrapping = WrappingKey(self._stretch(epoch, self._scrypt_n, salt))
            key = wrapping.wrap(key, context(FORMAT, epoch))
            body["scrypt"] = {"n": self._scrypt_n, "salt": base64.b64encode(salt).decode()}
        return body | {"key": base64.b64encode(key).decode()}

    def _stretch(self, epoch: EpochId, n: int, salt: bytes) -> bytes:
        if self._passphrase is None:
            raise KeyUnwrapError(reason="passphrase_missing", epoch=epoch)
        if not 1 < n <= SCRYPT_N_MOST:
            raise KeyFileError(epoch=epoch)
        secret = read_secret(self._passphrase)
        memory = 128 * SCRYPT_R * n + 2**20  # bytes
        return hashlib.scrypt(secret, salt=salt, n=n, r=SCRYPT_R, p=1, maxmem=memory, dklen=32)

    def _read(self, path: Path, epoch: EpochId) -> Mapping[str, object]:
        try:
            body = json.loads(read_private(path))
        except FileNotFoundError:
            raise EpochUnknownError(epoch=epoch) from None
        except OSError:
            raise ProviderUnavailableError(epoch=epoch) from None
        except ValueError:
            raise KeyFileError(epoch=epoch) from None
        if not isinstance(body, dict) or (body.get("format"), body.get("epoch")) != (FORMAT, epoch):
            raise KeyFileError(epoch=epoch)
        return body

    def _write(self, path: Path, body: Mapping[str, object]) -> None:
        """The file is whole and durable, or absent; one that another process made stays."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
                stream.write(json.dumps(body, sort_keys=True).encode())
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):  # another process's file is as good
                os.link(temporary, path)
        except OSError:
            raise ProviderUnavailableError(path=path.name) from None
        finally:
            temporary.unlink(missing_ok=True)
        self._sync_folder()

    def _erase(self, path: Path) -> None:
        """The file's bytes are overwritten and its name is gone."""
        try:
            with path.open("r+b") as stream:
                stream.write(secrets.token_bytes(path.stat().st_size))
                stream.flush()
                os.fsync(stream.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        except OSError:
            raise ProviderUnavailableError(path=path.name) from None
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _bytes(body: Mapping[str, object], name: str, epoch: EpochId) -> bytes:
    """A base64 entry of a key file; a bare key has its full length or the file is damaged."""
    try:
        found = base64.b64decode(str(body.get(name)), validate=True)
    except ValueError:
        raise KeyFileError(epoch=epoch) from None
    if name == "key" and len(found) not in {KEY_BYTES, WRAPPED}:
        raise KeyFileError(epoch=epoch)
    return found
