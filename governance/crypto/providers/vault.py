"""Key provider `vault`: one key of Vault's transit engine per epoch, which never leaves Vault.

The keys are `aes256-gcm96`, derived: the context (installation, epoch, purpose) takes part in
the key, so another context opens nothing. `destroy` deletes the transit key. Vault's own
snapshots keep it as long as they live: they are kept shorter than R days, like copies of keys.

Vault makes an unknown key when something is encrypted under it and the policy lets it; no
epoch comes back that way, for a key is read before it is used and a tomb refuses it.
"""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from governance.core.errors import GovernanceError
from governance.crypto.providers.folder import EpochFolder
from governance.crypto.providers.probe import probe
from governance.crypto.providers.types import (
    AT_ONCE,
    LEASE,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderHealth,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
    day_of,
    is_day,
)
from governance.crypto.providers.vault_http import VaultAnswer, VaultHttp, VaultPlace
from governance.crypto.wrap import KeyUnwrapError, context

FORM: Final = "sekisho/vault-epoch/1"
KEY_TYPE: Final = "aes256-gcm96"
OK: Final = 200
MISSING: Final = 404
NOT_FOUND: Final = "not found"  # Vault words an absent key this way, in a 400 or a 500


class VaultKeyError(GovernanceError):
    """A transit key can be exported or backed up in plain, so destroying it would prove nothing."""

    code, status, exit_code = "vault_key_open", 503, 3


class VaultKeyProvider:
    """Epoch keys in Vault; the folder beside holds only which of them have ended."""

    name = "vault"
    destroys = True
    ends_after = AT_ONCE
    lease = LEASE

    def __init__(
        self,
        place: VaultPlace,
        folder: Path,
        *,
        prefix: str = "sekisho",
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """A provider over one transit mount; its keys are named `<prefix>-<day>`."""
        self._http = VaultHttp(place) if pause is None else VaultHttp(place, pause=pause)
        self._files = EpochFolder(folder, form=FORM)
        self._prefix = f"{prefix}-"
        self._ending = threading.Lock()

    def __repr__(self) -> str:
        return "VaultKeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its key in Vault and fit to be destroyed for good."""
        epoch = EpochId(day.isoformat())
        self._files.assert_living(epoch)
        if self._read(epoch) is None:
            self._made(
                "POST",
                "keys",
                self._key(epoch),
                body={
                    "type": KEY_TYPE,
                    "derived": True,
                    "exportable": False,
                    "allow_plaintext_backup": False,
                },
            )
        self._assert_closed(epoch)
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each as Vault's ciphertext `vault:v1:...` in ASCII."""
        self._files.assert_living(ctx.epoch)
        self._assert_closed(ctx.epoch)
        items = [{"plaintext": _text(key), "context": _context(ctx)} for key in keys]
        results = self._batch("encrypt", ctx.epoch, items)
        return tuple(str(result.get("ciphertext", "")).encode() for result in results)

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        self._files.assert_living(ctx.epoch)
        items = [{"ciphertext": _ciphertext(item), "context": _context(ctx)} for item in wrapped]
        results = self._batch("decrypt", ctx.epoch, items)
        return tuple(_plain(result) for result in results)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """The moment from which Vault has no key of the epoch any more."""
        files = self._files
        with self._ending:
            if (done := files.final_at(epoch)) is not None:
                return done
            there = self._read(epoch) is not None
            if not there and not files.has_tomb(epoch):
                raise EpochUnknownError(epoch=epoch)
            files.bury(epoch, final_at=None)  # from here on nothing is wrapped or opened
            if there:
                self._delete(epoch)
            files.bury(epoch, final_at=at)
            return files.final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """The epochs that Vault has a key of, and those that ended here, oldest first."""
        found = {item.epoch: item for item in self._files.epochs()}
        answer = self._http.ask("LIST", "keys")
        names = answer.data.get("keys", []) if answer.status == OK else []
        for name in names:
            epoch = EpochId(str(name).removeprefix(self._prefix))
            if str(name).startswith(self._prefix) and is_day(epoch):
                found.setdefault(epoch, ProviderEpoch(epoch=epoch, state=EpochState.LIVE))
        return tuple(found[epoch] for epoch in sorted(found))

    def health(self) -> ProviderHealth:
        """Whether Vault wraps and opens under the newest key now."""
        return probe(self)

    def _key(self, epoch: EpochId) -> str:
        return self._prefix + day_of(epoch).isoformat()

    def _read(self, epoch: EpochId) -> Mapping[str, Any] | None:
        """What Vault says of the epoch's key; None if it has none."""
        answer = self._http.ask("GET", "keys", self._key(epoch))
        if answer.status == MISSING and not answer.errors:  # with words: no such mount
            return None
        if answer.status != OK:
            raise _refusal(answer)
        return answer.data

    def _delete(self, epoch: EpochId) -> None:
        """Vault has no key of the epoch; deletion is allowed only in this moment."""
        try:
            self._made("POST", "keys", self._key(epoch), "config", body={"deletion_allowed": True})
            self._made("DELETE", "keys", self._key(epoch))
        except ProviderRefusedError:
            if self._read(epoch) is not None:
                raise  # otherwise another process deleted it meanwhile
        if self._read(epoch) is not None:
            raise ProviderRefusedError(provider=self.name, reason="still_there")

    def _assert_closed(self, epoch: EpochId) -> None:
        """Fails closed: no key that could be copied out of Vault, or of another kind, is used."""
        found = self._read(epoch)
        if found is None:
            raise EpochUnknownError(epoch=epoch)
        open_ = found.get("exportable") is not False or found.get("allow_plaintext_backup") is True
        if open_ or found.get("type") != KEY_TYPE or found.get("derived") is not True:
            raise VaultKeyError(epoch=epoch)

    def _made(self, method: str, *names: str, body: Mapping[str, object] | None = None) -> None:
        answer = self._http.ask(method, *names, body=body)
        if not answer.done:
            raise _refusal(answer)

    def _batch(
        self, verb: str, epoch: EpochId, items: Sequence[Mapping[str, str]]
    ) -> list[Mapping[str, Any]]:
        """One result for each item, in order; raises unless all went through."""
        if not items:
            return []
        answer = self._http.ask("POST", verb, self._key(epoch), body={"batch_input": items})
        results = answer.data.get("batch_results")
        if NOT_FOUND in answer.errors:
            raise EpochUnknownError(epoch=epoch)
        if not isinstance(results, list) or len(results) != len(items):
            raise _refusal(answer) if not answer.done else KeyUnwrapError(reason="form")
        if any(not isinstance(result, dict) or result.get("error") for result in results):
            raise KeyUnwrapError(reason="tag")  # Vault's words stay with Vault
        return results


def _refusal(answer: VaultAnswer) -> GovernanceError:
    """What an answer without the wanted content means; its words are not passed on."""
    if answer.status in {400, 405}:
        reason = "deletion" if "deletion is not allowed" in answer.errors else "request"
        return ProviderRefusedError(provider="vault", reason=reason)
    if answer.status == MISSING:
        return ProviderRefusedError(provider="vault", reason="mount")
    return ProviderUnavailableError(provider="vault", reason=f"http_{answer.status}")


def _context(ctx: WrapContext) -> str:
    return _text(context(ctx.installation, ctx.epoch, ctx.purpose))


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _ciphertext(wrapped: bytes) -> str:
    """Vault's own form; anything else was not wrapped here."""
    if not wrapped.startswith(b"vault:v") or not wrapped.isascii():
        raise KeyUnwrapError(reason="form")
    return wrapped.decode("ascii")


def _plain(result: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(result.get("plaintext", "")), validate=True)
    except (binascii.Error, ValueError):
        raise KeyUnwrapError(reason="form") from None
