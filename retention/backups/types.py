"""Facts of backups: what a file says of itself, and what was found in it; pure."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from governance.core.terms import RowId
from governance.crypto.stream import FileDamagedError
from governance.jobs.journal_record import JournalHead

FORMAT: Final = 1
SUFFIX: Final = ".skb"


class Form(StrEnum):
    """What a file's data is."""

    SQLITE = "sqlite-zlib"  # a database file, deflated
    POSTGRESQL = "pg-custom"  # what pg_dump writes in its own format


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The head of a backup: in clear, about no person, authentic once a chunk has opened."""

    backup: RowId
    installation: str
    created_at: datetime
    form: Form
    release: str
    revision: str
    checkpoint: str | None  # the log's newest signed head, which is in the data or newer
    tree_size: int
    journal: JournalHead  # the journal had this head before the data was copied
    key_epoch: str  # a copy of the key store from this day or later opens the file
    key_copies: tuple[str, ...]  # copies of the key store that were made with it
    sealed_key: bytes

    def as_json(self) -> dict[str, Any]:
        """The head as it stands in the file; members are only ever added."""
        return {
            "format": FORMAT,
            "backup": self.backup,
            "installation": self.installation,
            "created_at": self.created_at.isoformat(),
            "form": self.form.value,
            "release": self.release,
            "revision": self.revision,
            "checkpoint": self.checkpoint,
            "tree_size": self.tree_size,
            "journal": {"seq": self.journal.seq, "digest": self.journal.digest},
            "key_epoch": self.key_epoch,
            "key_copies": list(self.key_copies),
            "sealed_key": self.sealed_key.hex(),
        }

    @classmethod
    def read(cls, head: bytes) -> "Manifest":
        """The manifest in a file's head; raises FileDamagedError for any other bytes."""
        try:
            said = json.loads(head)
            if said["format"] != FORMAT:
                raise FileDamagedError(reason="format")
            return cls(
                backup=RowId(_word(said["backup"])),
                installation=_word(said["installation"]),
                created_at=_moment(said["created_at"]),
                form=Form(said["form"]),
                release=_word(said["release"]),
                revision=_word(said["revision"]),
                checkpoint=None if said["checkpoint"] is None else _word(said["checkpoint"]),
                tree_size=int(said["tree_size"]),
                journal=JournalHead(
                    seq=int(said["journal"]["seq"]), digest=_word(said["journal"]["digest"])
                ),
                key_epoch=_word(said["key_epoch"]),
                key_copies=tuple(_word(one) for one in said["key_copies"]),
                sealed_key=bytes.fromhex(said["sealed_key"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise FileDamagedError(reason="manifest") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The last chunk of a backup: what all of the data must come to."""

    sha256: str
    size: int  # bytes of the data, inflated
    tokens_left_out: int

    def as_json(self) -> dict[str, Any]:
        """The ending as it stands in the file."""
        return {
            "sha256": self.sha256,
            "size": self.size,
            "tokens_left_out": self.tokens_left_out,
        }

    @classmethod
    def read(cls, ending: bytes) -> "Ending":
        """The ending in a file's last chunk; raises FileDamagedError."""
        try:
            said = json.loads(ending)
            return cls(
                sha256=_word(said["sha256"]),
                size=int(said["size"]),
                tokens_left_out=int(said["tokens_left_out"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise FileDamagedError(reason="ending") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One backup in the folder."""

    file: str
    size: int  # bytes of the file
    manifest: Manifest
    verified_at: datetime | None = None
    verified: str | None = None  # `good`, or the code of what was wrong

    def as_json(self) -> dict[str, Any]:
        """The line of a list."""
        manifest = self.manifest
        return {
            "file": self.file,
            "backup": manifest.backup,
            "created_at": manifest.created_at.isoformat(),
            "size": self.size,
            "form": manifest.form.value,
            "revision": manifest.revision,
            "tree_size": manifest.tree_size,
            "journal_seq": manifest.journal.seq,
            "key_epoch": manifest.key_epoch,
            "key_copies": list(manifest.key_copies),
            "verified_at": self.verified_at.isoformat() if self.verified_at else None,
            "verified": self.verified,
        }


def name_of(backup: RowId, *, at: datetime) -> str:
    """The file of a backup: its moment, and enough of its id that no two are equal."""
    return f"sekisho-{at:%Y%m%dT%H%M%SZ}-{backup.replace('-', '')[-12:]}{SUFFIX}"


def ends_after(*, hours: int, keep: int) -> timedelta:
    """The age at which a backup goes, as long as the schedule makes the ones that replace it."""
    return timedelta(hours=hours) * keep


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_word(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment
