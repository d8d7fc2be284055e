"""The folder of a witness: its own key, the logs that it watches, what it last cosigned.

    key              64 hexadecimal digits, the seed of both signing keys (0600)
    name             the witness's key name
    logs             trusted keys, one vkey a line
    seen/<digest>    the newest cosigned note of an origin; <digest> is SHA-256(origin)

It knows nothing of the log's database: whoever runs it needs this folder and the program.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from audit.errors import (
    NoteSignatureError,
    WitnessExistsError,
    WitnessFolderError,
    WitnessKeyOpenError,
)
from audit.note import (
    Checkpoint,
    KeyType,
    VerifierKey,
    checked_name,
    cosign,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_note,
)
from audit.witness.protocol import Refused, Submission, judge
from governance.crypto.signing import SEED_BYTES, Ed25519Signer, MlDsa44Signer, Signer

PRIVATE, PRIVATE_FILE = 0o700, 0o600
OTHERS = 0o077
LABELS: Final = {
    KeyType.COSIGNATURE_ED25519: b"sekisho/witness/ed25519/1",
    KeyType.SUBTREE_MLDSA44: b"sekisho/witness/mldsa44/1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """One signing key of a witness with its public half."""

    public: VerifierKey
    signer: Signer = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness over its folder; safe in several threads and processes."""

    folder: Path
    name: str
    keys: tuple[WitnessKey, ...]

    @classmethod
    def create(cls, folder: Path, name: str) -> Self:
        """A new witness with a fresh key; raises WitnessExistsError where one lives already."""
        checked_name(name)
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            (folder / "seen").mkdir(mode=PRIVATE)
        except FileExistsError as error:
            raise WitnessExistsError from error
        _write(folder / "key", os.urandom(SEED_BYTES).hex() + "\n")
        _write(folder / "name", name + "\n")
        _write(folder / "logs", "")
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The witness of the folder; fails closed on a key that others can read."""
        path = folder / "key"
        try:
            if path.stat().st_mode & OTHERS:
                raise WitnessKeyOpenError
            seed = bytes.fromhex(path.read_text("ascii").strip())
            name = (folder / "name").read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise WitnessFolderError from error
        if len(seed) != SEED_BYTES:
            raise WitnessFolderError
        return cls(folder=folder, name=name, keys=_keys(name, seed))

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The public keys that auditors pin."""
        return tuple(key.public.vkey for key in self.keys)

    def logs(self) -> dict[str, tuple[VerifierKey, ...]]:
        """The trusted keys by the origin that they sign for."""
        found: dict[str, tuple[VerifierKey, ...]] = {}
        for line in (self.folder / "logs").read_text("utf-8").splitlines():
            key = parse_vkey(line)
            found[key.name] = (*found.get(key.name, ()), key)
        return found

    def trust(self, vkeys: Sequence[str]) -> None:
        """The witness cosigns for these logs from now on; twice equals once."""
        wanted = [parse_vkey(text).vkey for text in vkeys]
        with self._alone():
            path = self.folder / "logs"
            lines = path.read_text("utf-8").splitlines()
            lines += [line for line in dict.fromkeys(wanted) if line not in lines]
            _replace(path, "".join(line + "\n" for line in lines))

    def latest(self, origin: str) -> str | None:
        """The newest note of this log that the witness cosigned."""
        try:
            return self._seen(origin).read_text("utf-8")
        except FileNotFoundError:
            return None

    def witness(self, asked: Submission, *, at: datetime) -> str | Refused:
        """The cosignature lines, after the checkpoint is durable here; or the refusal."""
        origin = asked.checkpoint.origin
        with self._alone():
            refused = judge(asked, logs=self.logs(), known=self._known(origin))
            if refused is not None:
                return refused
            lines = "".join(
                cosign(asked.checkpoint, key.public, key.signer, at=at) for key in self.keys
            )
            _replace(self._seen(origin), f"{asked.checkpoint.text}\n{lines}")
        return lines

    def accept(self, text: str, *, at: datetime) -> tuple[Checkpoint | None, Checkpoint]:
        """The witness follows this head of a log that went back, and keeps what it held.

        Only its own operator does this, after the log's officers told by another way what was
        lost. Raises NoteSignatureError unless a trusted key of the log signed the head.
        """
        note = parse_note(text)
        head = parse_checkpoint(note.text)
        if not verify_note(note, self.logs().get(head.origin, ())):
            raise NoteSignatureError(key_id="-")
        with self._alone():
            before = self.latest(head.origin)
            held = None if before is None else parse_checkpoint(parse_note(before).text)
            seen = self._seen(head.origin)
            if before is not None and held is not None:
                _replace(seen.with_name(f"{seen.name}.lost-{held.size}"), before)
            lines = "".join(cosign(head, key.public, key.signer, at=at) for key in self.keys)
            _replace(seen, f"{head.text}\n{lines}")
        return held, head

    def _known(self, origin: str) -> dict[str, Checkpoint]:
        note = self.latest(origin)
        return {} if note is None else {origin: parse_checkpoint(parse_note(note).text)}

    def _seen(self, origin: str) -> Path:
        return self.folder / "seen" / sha256(origin.encode()).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Compare and keep as one step, whoever else asks (C2SP: no rolling back)."""
        with (self.folder / "lock").open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _keys(name: str, seed: bytes) -> tuple[WitnessKey, ...]:
    """Both keys of a witness, each from its own hash of the seed."""
    makers: dict[KeyType, Callable[[bytes], Ed25519Signer | MlDsa44Signer]] = {
        KeyType.COSIGNATURE_ED25519: Ed25519Signer.from_seed,
        KeyType.SUBTREE_MLDSA44: MlDsa44Signer.from_seed,
    }
    found = []
    for kind, make in makers.items():
        signer = make(sha256(LABELS[kind] + seed).digest())
        public = VerifierKey(name=name, kind=kind, public=signer.public_key)
        found.append(WitnessKey(public=public, signer=signer))
    return tuple(found)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _replace(path: Path, text: str) -> None:
    """The file holds this text durably, or what it held before."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, text)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
