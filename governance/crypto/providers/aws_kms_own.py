"""Key provider `aws-kms-own`: one KMS key for each epoch, which AWS destroys after a waiting time.

No copy of anything on our disks brings such a key back. In exchange it ends late: KMS refuses
it at once, but deletes it only 7 to 30 days after, and until then whoever may cancel the
deletion can undo it. The date that is promised is KMS's own. Each living key is charged.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.providers.aws import Kms, KmsPlace
from governance.crypto.providers.folder import EpochFolder
from governance.crypto.providers.probe import probe
from governance.crypto.providers.types import (
    LEASE,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderHealth,
    WrapContext,
    is_day,
)

FORM: Final = "sekisho/kms-own/1"
PENDING: Final = "PendingDeletion"
LEAST_DAYS: Final = 7  # AWS's own bounds for the waiting time
MOST_DAYS: Final = 30


class KmsOwnKeyProvider:
    """A KMS key per epoch; the folder beside holds only which of them have ended."""

    name = "aws-kms-own"
    destroys = True
    lease = LEASE

    def __init__(
        self, place: KmsPlace, folder: Path, *, prefix: str = "sekisho", wait_days: int = LEAST_DAYS
    ) -> None:
        """A provider whose keys carry the aliases `alias/<prefix>-<day>`."""
        self._kms = Kms(place)
        self._files = EpochFolder(folder, form=FORM)
        self._prefix = f"alias/{prefix}-"
        self._ending = threading.Lock()
        self._wait_days = min(max(wait_days, LEAST_DAYS), MOST_DAYS)

    def __repr__(self) -> str:
        return "KmsOwnKeyProvider(...)"

    @property
    def ends_after(self) -> timedelta:
        """How long after `destroy` a key can still be brought back by AWS's customer."""
        return timedelta(days=self._wait_days)

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, its key and alias in KMS."""
        epoch = EpochId(day.isoformat())
        self._files.assert_living(epoch)
        if self._found(epoch) is None:
            made = self._kms.call(
                "create_key",
                Description=f"Sekisho, epoch {epoch}",
                KeyUsage="ENCRYPT_DECRYPT",
                KeySpec="SYMMETRIC_DEFAULT",
                Tags=[{"TagKey": "sekisho:epoch", "TagValue": epoch}],
            )["KeyMetadata"]["KeyId"]
            try:
                self._kms.call("create_alias", AliasName=self._alias(epoch), TargetKeyId=made)
            except GovernanceError:
                self._schedule(made)  # another process's key carries the alias, or none does
                if self._found(epoch) is None:
                    raise
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each as KMS's ciphertext."""
        alias = self._living(ctx.epoch)
        place = _place(ctx)
        return tuple(
            bytes(
                self._kms.call("encrypt", KeyId=alias, Plaintext=key, EncryptionContext=place)[
                    "CiphertextBlob"
                ]
            )
            for key in keys
        )

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        alias = self._living(ctx.epoch)
        place = _place(ctx)
        return tuple(
            bytes(
                self._kms.call(
                    "decrypt", KeyId=alias, CiphertextBlob=item or b"\x00", EncryptionContext=place
                )["Plaintext"]
            )
            for item in wrapped
        )

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:  # noqa: ARG002 # KMS's
        """The date on which KMS deletes the key, as KMS says it: 7 days from now at the least."""
        files = self._files
        with self._ending:
            if (done := files.final_at(epoch)) is not None:
                return done
            found = self._found(epoch)
            if found is None:
                raise EpochUnknownError(epoch=epoch)
            files.bury(epoch, final_at=None)  # from here on nothing is wrapped or opened
            key_id, pending = found
            files.bury(epoch, final_at=pending or self._schedule(key_id))
            return files.final_at(epoch)

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """The epochs that have an alias in KMS, and those that ended here, oldest first."""
        found = {item.epoch: item for item in self._files.epochs()}
        page: dict[str, object] = {}
        while True:
            answer = self._kms.call("list_aliases", **page)
            for alias in answer["Aliases"]:
                name = str(alias["AliasName"])
                epoch = EpochId(name.removeprefix(self._prefix))
                if name.startswith(self._prefix) and is_day(epoch):
                    found.setdefault(epoch, ProviderEpoch(epoch=epoch, state=EpochState.LIVE))
            if not answer.get("Truncated"):
                return tuple(found[epoch] for epoch in sorted(found))
            page = {"Marker": answer["NextMarker"]}

    def health(self) -> ProviderHealth:
        """Whether KMS wraps and opens under the newest key now."""
        return probe(self)

    def _alias(self, epoch: EpochId) -> str:
        return self._prefix + epoch

    def _living(self, epoch: EpochId) -> str:
        self._files.assert_living(epoch)
        if self._found(epoch) is None:
            raise EpochUnknownError(epoch=epoch)
        return self._alias(epoch)

    def _found(self, epoch: EpochId) -> tuple[str, datetime | None] | None:
        """The key of the epoch and, if its deletion runs, when it ends; None without one."""
        answer = self._kms.seek("describe_key", KeyId=self._alias(epoch))
        if answer is None:
            return None
        key = answer["KeyMetadata"]
        pending = key.get("DeletionDate") if key["KeyState"] == PENDING else None
        return str(key["KeyId"]), pending.astimezone(UTC) if pending else None

    def _schedule(self, key_id: str) -> datetime:
        answer = self._kms.call(
            "schedule_key_deletion", KeyId=key_id, PendingWindowInDays=self._wait_days
        )
        moment: datetime = answer["DeletionDate"]
        return moment.astimezone(UTC)


def _place(ctx: WrapContext) -> dict[str, str]:
    """What KMS binds a wrapped key to; it stands readable in CloudTrail."""
    return {
        "sekisho:installation": ctx.installation,
        "sekisho:epoch": ctx.epoch,
        "sekisho:purpose": ctx.purpose,
    }
