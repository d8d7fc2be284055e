"""Key provider `aws-kms`: a secret per epoch, wrapped by one KMS key, kept in a private folder.

KMS makes the epoch's secret and gives it out again only to whom its policy lets, in the
encryption context of that day; on the disk lies what KMS wrapped. `destroy` removes the file,
which is final at once, as far as copies of the folder are kept shorter than R days. A KMS key
for each epoch would be final no sooner than seven days after (`aws_kms_own.py`).

    2026-11-25.key   JSON: format, epoch, key (base64 of KMS's ciphertext of 32 bytes)
"""

import base64
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES
from governance.crypto.providers.aws import Kms, KmsPlace
from governance.crypto.providers.folder import EpochFolder, KeyFileError
from governance.crypto.providers.probe import probe
from governance.crypto.providers.types import (
    AT_ONCE,
    LEASE,
    EpochId,
    EpochUnknownError,
    ProviderEpoch,
    ProviderHealth,
    ProviderRefusedError,
    WrapContext,
)
from governance.crypto.wrap import WrappingKey, context

FORM: Final = "sekisho/kms-epoch/1"


class KmsKeyProvider:
    """Epoch secrets that only KMS can open."""

    name = "aws-kms"
    destroys = True
    ends_after = AT_ONCE
    lease = LEASE

    def __init__(self, place: KmsPlace, folder: Path, *, key_id: str) -> None:
        """A provider over one KMS key (id, ARN or alias) and the folder of wrapped secrets."""
        self._kms = Kms(place)
        self._key_id = key_id
        self._files = EpochFolder(folder, form=FORM)

    def __repr__(self) -> str:
        return "KmsKeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its wrapped secret durable in the folder."""
        epoch = EpochId(day.isoformat())
        self._files.assert_living(epoch)
        if not self._files.has_key(epoch):
            made = self._kms.call(
                "generate_data_key_without_plaintext",
                KeyId=self._key_id,
                NumberOfBytes=KEY_BYTES,
                EncryptionContext=_place(epoch),
            )
            blob = base64.b64encode(made["CiphertextBlob"]).decode()
            self._files.write(self._files.key(epoch), {"epoch": epoch, "key": blob})
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each wrapped under the secret of the epoch."""
        wrapping = self._wrapping(ctx.epoch)
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        return tuple(wrapping.wrap(key, aad) for key in keys)

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        wrapping = self._wrapping(ctx.epoch)
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        return tuple(wrapping.unwrap(item, aad) for item in wrapped)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """The moment from which nothing is left here that KMS could open."""
        files = self._files
        if not files.has_key(epoch) and not files.has_tomb(epoch):  # in this order: a tomb is first
            raise EpochUnknownError(epoch=epoch)
        files.bury(epoch, final_at=None)
        files.erase(epoch)
        files.bury(epoch, final_at=at)
        return files.final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """All epochs with a file, oldest first."""
        return self._files.epochs()

    def health(self) -> ProviderHealth:
        """Whether the KMS key is on, and the newest epoch wraps and opens."""
        try:
            self._files.assert_private()
            state = self._kms.call("describe_key", KeyId=self._key_id)["KeyMetadata"]["KeyState"]
        except GovernanceError as error:
            return ProviderHealth(ok=False, reason=error.code)
        if state != "Enabled":
            return ProviderHealth(ok=False, reason=ProviderRefusedError.code)
        return probe(self)

    def _wrapping(self, epoch: EpochId) -> WrappingKey:
        self._files.assert_living(epoch)
        body = self._files.read(self._files.key(epoch), epoch)
        try:
            blob = base64.b64decode(str(body.get("key")), validate=True)
        except ValueError:
            raise KeyFileError(epoch=epoch) from None
        opened = self._kms.call(
            "decrypt",
            KeyId=self._key_id,
            CiphertextBlob=blob,
            EncryptionContext=_place(epoch),
        )
        secret = opened["Plaintext"]
        if len(secret) != KEY_BYTES:
            raise KeyFileError(epoch=epoch)
        return WrappingKey(secret)


def _place(epoch: EpochId) -> dict[str, str]:
    """What KMS binds a secret to; it stands readable in CloudTrail."""
    return {"sekisho:epoch": epoch, "sekisho:form": FORM}
