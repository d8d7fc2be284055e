"""Key provider `pkcs11`: one AES-256 key per epoch inside a security module (HSM).

The keys are made in the token, marked sensitive and not extractable, and used with AES-256-GCM
(CKM_AES_GCM) over the context. `destroy` is C_DestroyObject. A module's own backups keep a key
as long as they live: they are kept shorter than R days, like copies of keys.

    wrapped = 0xE3 || nonce(12) || ciphertext(32) || tag(16)                      61 bytes

python-pkcs11 is the extra `pkcs11` and is imported only when this provider is chosen.
"""

import hashlib
import importlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES, NONCE
from governance.crypto.providers.folder import EpochFolder
from governance.crypto.providers.probe import probe
from governance.crypto.providers.types import (
    AT_ONCE,
    LEASE,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderExtraError,
    ProviderHealth,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
    day_of,
    is_day,
)
from governance.crypto.secret_refs import read_secret
from governance.crypto.wrap import WRAPPED, KeyUnwrapError, context

FORM: Final = "sekisho/pkcs11-epoch/1"
MAGIC: Final = b"\xe3"
BITS: Final = 8 * KEY_BYTES
PIN_TROUBLE: Final = frozenset({"PinIncorrect", "PinLocked", "PinExpired", "PinInvalid"})
ONE_AT_A_TIME: Final = threading.RLock()  # a token knows one login of a process, not of a thread


class Pkcs11KeyError(GovernanceError):
    """A key of the token can be read out of it, so destroying it would prove nothing."""

    code, status, exit_code = "pkcs11_key_open", 503, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """Which token of which module; the PIN stays behind its reference."""

    module: Path
    token: str
    pin: str


class Pkcs11KeyProvider:
    """Epoch keys in a token; the folder beside holds only which of them have ended."""

    name = "pkcs11"
    destroys = True
    ends_after = AT_ONCE
    lease = LEASE

    def __init__(self, place: TokenPlace, folder: Path, *, prefix: str = "sekisho") -> None:
        """A provider over one token; its keys are labelled `<prefix>-<day>`."""
        try:
            self._pkcs11: Any = importlib.import_module("pkcs11")
            self._errors: Any = importlib.import_module("pkcs11.exceptions")
        except ModuleNotFoundError:
            raise ProviderExtraError(provider=self.name, extra="pkcs11") from None
        self._place = place
        self._files = EpochFolder(folder, form=FORM)
        self._prefix = f"{prefix}-"
        self._refused: bytes | None = None  # digest of a PIN that the token did not take

    def __repr__(self) -> str:
        return "Pkcs11KeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its key in the token and never out of it."""
        epoch = EpochId(day.isoformat())
        self._files.assert_living(epoch)
        with self._session(rw=True) as session:
            if not list(self._keys(session, epoch)):
                attribute = self._pkcs11.Attribute
                session.generate_key(
                    self._pkcs11.KeyType.AES,
                    BITS,
                    label=self._label(epoch),
                    store=True,
                    capabilities=self._pkcs11.MechanismFlag.ENCRYPT
                    | self._pkcs11.MechanismFlag.DECRYPT,
                    template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
                )
            self._key(session, epoch)
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each encrypted in the token."""
        self._files.assert_living(ctx.epoch)
        with self._session() as session:
            key = self._key(session, ctx.epoch)
            return tuple(self._sealed(key, item, ctx) for item in keys)

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        self._files.assert_living(ctx.epoch)
        if any(len(item) != WRAPPED or item[:1] != MAGIC for item in wrapped):
            raise KeyUnwrapError(reason="form")
        with self._session() as session:
            key = self._key(session, ctx.epoch)
            return tuple(self._opened(key, item, ctx) for item in wrapped)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """The moment from which the token has no key of the epoch any more."""
        files = self._files
        if (done := files.final_at(epoch)) is not None:
            return done
        with self._session(rw=True) as session:
            found = list(self._keys(session, epoch))
            if not found and not files.has_tomb(epoch):
                raise EpochUnknownError(epoch=epoch)
            files.bury(epoch, final_at=None)  # from here on nothing is wrapped or opened
            for key in found:
                key.destroy()
            if list(self._keys(session, epoch)):
                raise ProviderRefusedError(provider=self.name, reason="still_there")
        files.bury(epoch, final_at=at)
        return files.final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """The epochs that the token has a key of, and those that ended here, oldest first."""
        found = {item.epoch: item for item in self._files.epochs()}
        with self._session() as session:
            for key in self._objects(session, {}):
                label = str(key.label)
                epoch = EpochId(label.removeprefix(self._prefix))
                if label.startswith(self._prefix) and is_day(epoch):
                    found.setdefault(epoch, ProviderEpoch(epoch=epoch, state=EpochState.LIVE))
        return tuple(found[epoch] for epoch in sorted(found))

    def health(self) -> ProviderHealth:
        """Whether the token wraps and opens under the newest key now."""
        return probe(self)

    @contextmanager
    def _session(self, *, rw: bool = False) -> Iterator[Any]:
        """An open, logged-in session; a PIN that was refused is not tried twice."""
        pin = read_secret(self._place.pin)
        with ONE_AT_A_TIME:
            if self._refused == _digest(pin):
                raise ProviderRefusedError(provider=self.name, reason="PinIncorrect")
            try:
                module = self._pkcs11.lib(str(self._place.module))
                token = module.get_token(token_label=self._place.token)
                with token.open(user_pin=pin.decode(errors="replace"), rw=rw) as session:
                    yield session
            except self._pkcs11.PKCS11Error as error:
                if type(error).__name__ == "PinIncorrect":
                    self._refused = _digest(pin)  # a token locks after some wrong PINs
                raise self._refusal(error) from None
            except RuntimeError:  # the module itself cannot be loaded
                raise ProviderUnavailableError(provider=self.name, reason="module") from None

    def _refusal(self, error: Exception) -> GovernanceError:
        reason = type(error).__name__
        if reason in PIN_TROUBLE:
            return ProviderRefusedError(provider=self.name, reason=reason)
        return ProviderUnavailableError(provider=self.name, reason=reason)

    def _label(self, epoch: EpochId) -> str:
        return self._prefix + day_of(epoch).isoformat()

    def _objects(self, session: Any, wanted: dict[Any, Any]) -> Iterator[Any]:
        attribute, kind = self._pkcs11.Attribute, self._pkcs11.ObjectClass.SECRET_KEY
        found: Iterator[Any] = session.get_objects({attribute.CLASS: kind} | wanted)
        return found

    def _keys(self, session: Any, epoch: EpochId) -> Iterator[Any]:
        return self._objects(session, {self._pkcs11.Attribute.LABEL: self._label(epoch)})

    def _key(self, session: Any, epoch: EpochId) -> Any:
        """The one key of the epoch; fails closed if it could be read out of the token."""
        found = list(self._keys(session, epoch))
        if not found:
            raise EpochUnknownError(epoch=epoch)
        attribute = self._pkcs11.Attribute
        if len(found) > 1 or found[0][attribute.EXTRACTABLE] or not found[0][attribute.SENSITIVE]:
            raise Pkcs11KeyError(epoch=epoch)
        return found[0]

    def _parameters(self, nonce: bytes, ctx: WrapContext) -> dict[str, Any]:
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        return {
            "mechanism": self._pkcs11.Mechanism.AES_GCM,
            "mechanism_param": self._pkcs11.GCMParams(nonce, aad=aad),
        }

    def _sealed(self, key: Any, plain: bytes, ctx: WrapContext) -> bytes:
        nonce = os.urandom(NONCE)
        sealed: bytes = key.encrypt(plain, **self._parameters(nonce, ctx))
        return MAGIC + nonce + sealed

    def _opened(self, key: Any, wrapped: bytes, ctx: WrapContext) -> bytes:
        try:
            return self._decrypted(key, wrapped, ctx)
        except self._pkcs11.PKCS11Error:
            # Modules word a bad tag as they like; a token that still works has judged the bytes.
            trial = bytes(KEY_BYTES)
            if self._decrypted(key, self._sealed(key, trial, ctx), ctx) != trial:
                raise
            raise KeyUnwrapError(reason="tag") from None

    def _decrypted(self, key: Any, wrapped: bytes, ctx: WrapContext) -> bytes:
        nonce, sealed = wrapped[1 : 1 + NONCE], wrapped[1 + NONCE :]
        opened: bytes = key.decrypt(sealed, **self._parameters(nonce, ctx))
        return opened


def _digest(pin: bytes) -> bytes:
    return hashlib.sha256(pin).digest()
