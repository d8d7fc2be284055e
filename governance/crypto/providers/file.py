"""Key provider `file`: one private file per epoch, its key under a passphrase if there is one.

"key"     base64: the bare key, or the key wrapped under the stretched passphrase
"scrypt"  n, salt, check (RFC 7914; the check tells a wrong passphrase from a damaged file)
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES
from governance.crypto.providers.folder import EpochFolder, KeyFileError
from governance.crypto.providers.probe import probe
from governance.crypto.providers.types import (
    AT_ONCE,
    LEASE,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderHealth,
    ProviderUnavailableError,
    WrapContext,
)
from governance.crypto.secret_refs import read_secret
from governance.crypto.wrap import WRAPPED, KeyUnwrapError, WrappingKey, context, new_key

FORMAT: Final = "sekisho/epoch-key/1"
SCRYPT_N: Final = 2**15  # 32 MiB, about 80 ms; once per epoch and process
SCRYPT_N_MOST: Final = 2**20  # 1 GiB; a file that asks for more is refused
SCRYPT_R: Final = 8
SALT_BYTES: Final = 16
CHECK: Final = b"sekisho/passphrase/1"


class PassphraseError(GovernanceError):
    """The passphrase is missing, or is not the one that the epoch's key was sealed under."""

    code, status, exit_code = "key_passphrase", 503, 3


class FileKeyProvider:
    """Epoch keys in files that only this user can read."""

    name = "file"
    destroys = True
    ends_after = AT_ONCE
    lease = LEASE

    def __init__(
        self, folder: Path, *, passphrase: str | None = None, scrypt_n: int = SCRYPT_N
    ) -> None:
        """A provider over this folder; `passphrase` is a reference such as `env:NAME`."""
        self._folder = folder
        self._files = EpochFolder(folder, form=FORMAT)
        self._passphrase = passphrase
        self._scrypt_n = scrypt_n

    def __repr__(self) -> str:
        return "FileKeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its key durable in the folder."""
        epoch = EpochId(day.isoformat())
        self._files.assert_living(epoch)
        if not self._files.has_key(epoch):
            sealed = _sealed(epoch, new_key(), self._secret(), n=self._scrypt_n)
            self._files.write(self._files.key(epoch), sealed)
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
        files = self._files
        if not files.has_key(epoch) and not files.has_tomb(epoch):  # in this order: a tomb is first
            raise EpochUnknownError(epoch=epoch)
        files.bury(epoch, final_at=None)
        files.erase(epoch)  # also after a crash between the tomb and this line
        files.bury(epoch, final_at=at)
        return files.final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """All epochs with a file, oldest first."""
        return self._files.epochs()

    def health(self) -> ProviderHealth:
        """Whether the newest living key can be read and used."""
        try:
            self._files.assert_private()
        except GovernanceError as error:
            return ProviderHealth(ok=False, reason=error.code)
        except OSError:
            return ProviderHealth(ok=False, reason=ProviderUnavailableError.code)
        return probe(self)

    def change_passphrase(self, new: str) -> int:
        """How many living keys now lie under the passphrase that `new` refers to.

        Cut short, it is finished by doing it again: a key already under the new one is left.
        """
        secret, moved = read_secret(new), 0
        for item in self._files.epochs():
            if item.state is not EpochState.LIVE:
                continue
            path = self._files.key(item.epoch)
            body = self._files.read(path, item.epoch)
            if not _lies_under(item.epoch, body, secret):
                key = _opened(item.epoch, body, self._secret())
                sealed = _sealed(item.epoch, key, secret, n=self._scrypt_n)
                self._files.write(path, sealed, over=True)
                moved += 1
        return moved

    def _secret(self) -> bytes | None:
        return None if self._passphrase is None else read_secret(self._passphrase)

    def _load(self, epoch: EpochId) -> bytes:
        self._files.assert_living(epoch)
        body = self._files.read(self._files.key(epoch), epoch)
        return _opened(epoch, body, self._secret())


def _sealed(epoch: EpochId, key: bytes, secret: bytes | None, *, n: int) -> dict[str, object]:
    """What a new key file holds."""
    if secret is None:
        return {"epoch": epoch, "scrypt": None, "key": base64.b64encode(key).decode()}
    salt = secrets.token_bytes(SALT_BYTES)
    stretched = _stretch(epoch, secret, n=n, salt=salt)
    key = WrappingKey(stretched).wrap(key, context(FORMAT, epoch))
    scrypt = {
        "n": n,
        "salt": base64.b64encode(salt).decode(),
        "check": base64.b64encode(_check(stretched)).decode(),
    }
    return {"epoch": epoch, "scrypt": scrypt, "key": base64.b64encode(key).decode()}


def _opened(epoch: EpochId, body: Mapping[str, object], secret: bytes | None) -> bytes:
    """The key of a key file."""
    scrypt = body.get("scrypt")
    if scrypt is None:
        return _bytes(body, "key", epoch)
    if not isinstance(scrypt, dict) or not isinstance(scrypt.get("n"), int):
        raise KeyFileError(epoch=epoch)
    if secret is None:
        raise PassphraseError(epoch=epoch, reason="missing")
    stretched = _stretch(epoch, secret, n=scrypt["n"], salt=_bytes(scrypt, "salt", epoch))
    known = "check" in scrypt  # files of the first release have none
    if known and not hmac.compare_digest(_bytes(scrypt, "check", epoch), _check(stretched)):
        raise PassphraseError(epoch=epoch, reason="wrong")
    try:
        return WrappingKey(stretched).unwrap(_bytes(body, "key", epoch), context(FORMAT, epoch))
    except KeyUnwrapError:
        if known:
            raise KeyFileError(epoch=epoch) from None
        raise PassphraseError(epoch=epoch, reason="wrong") from None


def _lies_under(epoch: EpochId, body: Mapping[str, object], secret: bytes) -> bool:
    """True if this passphrase already opens the file; a bare key lies under none."""
    if body.get("scrypt") is None:
        return False
    try:
        _opened(epoch, body, secret)
    except PassphraseError:
        return False
    return True


def _check(stretched: bytes) -> bytes:
    return hmac.digest(stretched, CHECK, "sha256")[:16]


def _stretch(epoch: EpochId, secret: bytes, *, n: int, salt: bytes) -> bytes:
    if not 1 < n <= SCRYPT_N_MOST:
        raise KeyFileError(epoch=epoch)
    memory = 128 * SCRYPT_R * n + 2**20  # bytes
    try:
        return hashlib.scrypt(secret, salt=salt, n=n, r=SCRYPT_R, p=1, maxmem=memory, dklen=32)
    except ValueError:  # n is no power of two
        raise KeyFileError(epoch=epoch) from None


def _bytes(body: Mapping[str, object], name: str, epoch: EpochId) -> bytes:
    """A base64 entry of a key file; a bare key has its full length or the file is damaged."""
    try:
        found = base64.b64decode(str(body.get(name)), validate=True)
    except ValueError:
        raise KeyFileError(epoch=epoch) from None
    if name == "key" and len(found) not in {KEY_BYTES, WRAPPED}:
        raise KeyFileError(epoch=epoch)
    return found
