"""A private folder with one file per epoch, and a tomb for each epoch that ended.

The folder is its own trust domain: it belongs on another disk than the data and the key store,
with its own copies that are kept shorter than R days.

    2026-11-25.key         JSON: format, epoch, and what the provider keeps of the epoch
    2026-11-25.destroyed   JSON: format, epoch, final_at (null while the destruction is under way)

A tomb is written before anything is destroyed and wins over every key: an epoch that comes back
with an old copy of the folder, of a Vault or of a token stays refused.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochState,
    EpochUnknownError,
    ProviderEpoch,
    ProviderUnavailableError,
    day_of,
)
from governance.crypto.secret_refs import assert_private, read_private


class KeyFileError(GovernanceError):
    """A key file is damaged or of a newer format."""

    code, status, exit_code = "key_file", 503, 3


class EpochFolder:
    """The files of one provider; every write is durable on return."""

    def __init__(self, path: Path, *, form: str) -> None:
        self.path = path
        self._form = form
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            raise ProviderUnavailableError(path=path.name) from None
        self.assert_private()

    def __repr__(self) -> str:
        return "EpochFolder(...)"

    def assert_private(self) -> None:
        """Nobody else may look into the folder."""
        assert_private(self.path.stat(), self.path.name)

    def key(self, epoch: EpochId) -> Path:
        """Where the epoch's file lies; what is no day leads nowhere."""
        return self.path / f"{day_of(epoch).isoformat()}.key"

    def tomb(self, epoch: EpochId) -> Path:
        """Where it stands that the epoch has ended."""
        return self.key(epoch).with_suffix(".destroyed")

    def assert_living(self, epoch: EpochId) -> None:
        """Fails closed: an epoch with a tomb is refused, even if its key is back."""
        if self.has_tomb(epoch):
            raise EpochDestroyedError(epoch=epoch)

    def has_key(self, epoch: EpochId) -> bool:
        """True if the epoch has a file."""
        return _there(self.key(epoch))

    def has_tomb(self, epoch: EpochId) -> bool:
        """True if the end of the epoch has begun."""
        return _there(self.tomb(epoch))

    def final_at(self, epoch: EpochId) -> datetime | None:
        """When the epoch's key was gone; None if it has no tomb, or is not gone yet."""
        if not self.has_tomb(epoch):
            return None
        moment = self.read(self.tomb(epoch), epoch).get("final_at")
        try:
            return None if moment is None else datetime.fromisoformat(str(moment))
        except ValueError:
            raise KeyFileError(epoch=epoch) from None

    def bury(self, epoch: EpochId, *, final_at: datetime | None) -> None:
        """The epoch has a tomb; with a date, that is when its key was gone."""
        tomb: dict[str, object] = {
            "epoch": epoch,
            "final_at": None if final_at is None else final_at.isoformat(),
        }
        if final_at is None:
            self.write(self.tomb(epoch), tomb)
        elif self.final_at(epoch) is None:
            self.write(self.tomb(epoch), tomb, over=True)

    def epochs(self) -> tuple[ProviderEpoch, ...]:
        """All epochs with a file, oldest first."""
        ended = {EpochId(path.stem) for path in self.path.glob("*.destroyed")}
        live = {EpochId(path.stem) for path in self.path.glob("*.key")} - ended
        return tuple(
            ProviderEpoch(epoch=epoch, state=EpochState.DESTROYED, final_at=self.final_at(epoch))
            if epoch in ended
            else ProviderEpoch(epoch=epoch, state=EpochState.LIVE)
            for epoch in sorted(live | ended)
        )

    def read(self, path: Path, epoch: EpochId) -> Mapping[str, object]:
        """What a file of the epoch says; raises unless it is whole, private and of this format."""
        try:
            body = json.loads(read_private(path))
        except FileNotFoundError:
            raise EpochUnknownError(epoch=epoch) from None
        except OSError:
            raise ProviderUnavailableError(epoch=epoch) from None
        except ValueError:
            raise KeyFileError(epoch=epoch) from None
        of = (body.get("format"), body.get("epoch")) if isinstance(body, dict) else None
        if of != (self._form, epoch):
            raise KeyFileError(epoch=epoch)
        return dict(body)

    def write(self, path: Path, body: Mapping[str, object], *, over: bool = False) -> None:
        """The file is whole and durable, or absent; one that another process made stays."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
                stream.write(json.dumps({"format": self._form} | dict(body)).encode())
                stream.flush()
                os.fsync(stream.fileno())
            if over:
                temporary.replace(path)
            else:
                with contextlib.suppress(FileExistsError):  # another process's file is as good
                    os.link(temporary, path)
        except OSError:
            raise ProviderUnavailableError(path=path.name) from None
        finally:
            temporary.unlink(missing_ok=True)
        self._sync()

    def erase(self, epoch: EpochId) -> None:
        """The epoch's file is overwritten and gone, and what a death while writing it left."""
        key = self.key(epoch)
        for path in (key, *self.path.glob(f".{key.name}.*")):
            self._erase(path)

    def _erase(self, path: Path) -> None:
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
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _there(path: Path) -> bool:
    """Fails closed: a folder that cannot be searched is not an empty one."""
    try:
        return path.exists()
    except OSError:
        raise ProviderUnavailableError(path=path.name) from None
