"""The log asks its witnesses: the newest checkpoint goes out, the cosignatures come back.

A witness that is silent or refuses changes nothing here; it is told in the answer, so that an
alarm can say since when no witness has seen the log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from audit.errors import NoteFormError, NoteSignatureError, WitnessListError
from audit.models import CHECKPOINTS
from audit.note import KEY_ID_BYTES, Note, VerifierKey, parse_note, parse_vkey, verify_note
from audit.store import last_note, prove_consistency
from audit.witness.models import COSIGNATURES
from audit.witness.protocol import SIZE_TYPE, Refusal, request_body
from governance.db.engine import Database
from governance.db.types import insert_ignore

OK: Final = 200
TRIES = 3  # the witness may learn a newer size from another of our processes meanwhile

_SEEN = (
    select(COSIGNATURES.c.size, COSIGNATURES.c.received_at)
    .where(COSIGNATURES.c.key_id.in_(bindparam("keys", expanding=True)))
    .order_by(COSIGNATURES.c.size.desc())
    .limit(1)
)
_LINES = (
    select(COSIGNATURES.c.line)
    .where(COSIGNATURES.c.size == bindparam("size"))
    .order_by(COSIGNATURES.c.key_id)
)
_OF_EACH = select(func.max(COSIGNATURES.c.size)).group_by(COSIGNATURES.c.witness)
_NEWEST = (
    select(CHECKPOINTS.c.note, COSIGNATURES.c.size)
    .join_from(COSIGNATURES, CHECKPOINTS, CHECKPOINTS.c.size == COSIGNATURES.c.size)
    .where(COSIGNATURES.c.key_id.in_(bindparam("keys", expanding=True)))
    .order_by(COSIGNATURES.c.size.desc())
    .limit(1)
)


class Asked(StrEnum):
    """How asking one witness ended."""

    COSIGNED = "cosigned"
    KNOWN = "known"  # it has cosigned this checkpoint before
    SILENT = "silent"  # no answer
    REFUSED = "refused"  # an answer that is no cosignature under its pinned keys
    CONFLICT = "conflict"  # the witness holds a tree that ours does not contain


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWitness:
    """A witness as the settings name it: where it is asked, which keys it must sign with."""

    url: str
    keys: tuple[VerifierKey, ...]

    @property
    def name(self) -> str:
        """The witness's key name."""
        return self.keys[0].name

    @property
    def key_ids(self) -> list[str]:
        """Its keys as cosignatures name them."""
        return [key.key_id.hex() for key in self.keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over the wire."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A tree head that a witness cosigned, and when its answer came."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWitness:
    """The result for one witness."""

    witness: str
    asked: Asked
    size: int
    status: int | None = None


Post = Callable[[str, bytes], Answer | None]  # (url, body); None: nobody answered


def parse_witnesses(text: str) -> tuple[KnownWitness, ...]:
    """The witnesses of a list: one a line, its address and then its keys; `#` begins a remark.

    Raises WitnessListError with the line's number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        url, *vkeys = words
        try:
            keys = tuple(map(parse_vkey, vkeys))
        except NoteFormError as error:
            raise WitnessListError(line=number) from error
        if not url.startswith(("https://", "http://")) or len({key.name for key in keys}) != 1:
            raise WitnessListError(line=number)
        found.append(KnownWitness(url=url.rstrip("/"), keys=keys))
    return tuple(found)


def ask_all(
    db: Database, witnesses: Sequence[KnownWitness], *, post: Post, at: datetime
) -> tuple[AskedWitness, ...]:
    """Every witness was asked for the newest checkpoint; what holds is stored."""
    with db.read() as tx:
        note = last_note(tx)
    if note is None:
        return ()
    return tuple(_ask(db, one, note, post=post, at=at) for one in witnesses)


def size_known_to(witness: KnownWitness, note: str, *, post: Post) -> int | None:
    """The size of the log that the witness holds, when it tells; it is asked about this head.

    The head is one that the log signed, so a witness that never saw the log may cosign it.
    """
    answer = post(f"{witness.url}/add-checkpoint", request_body(0, (), note))
    if answer is None:
        return None
    return int(note.split("\n", 2)[1]) if answer.status == OK else _told_size(answer)


def _ask(
    db: Database, witness: KnownWitness, note: str, *, post: Post, at: datetime
) -> AskedWitness:
    size = int(note.split("\n", 2)[1])
    with db.read() as tx:
        seen = seen_by(tx, witness)
    old = 0 if seen is None else seen.size
    if old == size:
        return AskedWitness(witness=witness.name, asked=Asked.KNOWN, size=size)
    for _ in range(TRIES):
        if old > size:
            return AskedWitness(witness=witness.name, asked=Asked.CONFLICT, size=size)
        with db.read() as tx:
            proof = prove_consistency(tx, old, size=size).path
        answer = post(f"{witness.url}/add-checkpoint", request_body(old, proof, note))
        if answer is None:
            return AskedWitness(witness=witness.name, asked=Asked.SILENT, size=size)
        told = _told_size(answer)
        if told is None or told == old:
            return _kept(db, witness, note, answer, size=size, at=at)
        old = told
    return AskedWitness(witness=witness.name, asked=Asked.REFUSED, size=size)


def _told_size(answer: Answer) -> int | None:
    """The size that the witness holds, when it says so."""
    if answer.status != Refusal.CONFLICT or answer.content_type != SIZE_TYPE:
        return None
    text = answer.body.decode("ascii", "replace").removesuffix("\n")
    return int(text) if text.isascii() and text.isdigit() else None


def _kept(
    db: Database,
    witness: KnownWitness,
    note: str,
    answer: Answer,
    *,
    size: int,
    at: datetime,
) -> AskedWitness:
    """The cosignatures under the witness's pinned keys are stored; nothing else is believed."""
    if answer.status != OK:
        forked = answer.status in {Refusal.CONFLICT, Refusal.PROOF}
        asked = Asked.CONFLICT if forked else Asked.REFUSED
        return AskedWitness(witness=witness.name, asked=asked, size=size, status=answer.status)
    try:
        lines = answer.body.decode().splitlines(keepends=True)
        cosigned = parse_note(note + "".join(lines))
        holding = {one.key.key_id for one in verify_note(cosigned, witness.keys)}
    except (NoteFormError, NoteSignatureError, UnicodeDecodeError):
        holding = set()
    if not holding:
        return AskedWitness(
            witness=witness.name, asked=Asked.REFUSED, size=size, status=answer.status
        )
    rows = [
        {
            "size": size,
            "key_id": key_id.hex(),
            "witness": witness.name,
            "line": line,
            "received_at": at,
        }
        for key_id, line in _lines_of(cosigned, holding)
    ]
    statement = insert_ignore(COSIGNATURES, db.dialect)
    db.write(lambda tx: tx.execute(statement, rows).rowcount)
    return AskedWitness(witness=witness.name, asked=Asked.COSIGNED, size=size, status=OK)


def _lines_of(note: Note, holding: set[bytes]) -> list[tuple[bytes, str]]:
    """The signature lines of these keys, in one spelling."""
    return [
        (one.key_id, one.line)
        for one in note.signatures
        if one.key_id in holding and len(one.key_id) == KEY_ID_BYTES
    ]


def seen_by(tx: Connection, witness: KnownWitness) -> Seen | None:
    """The newest tree head that this witness cosigned."""
    row = tx.execute(_SEEN, {"keys": witness.key_ids}).first()
    return None if row is None else Seen(size=row.size, at=row.received_at)


def cosigned_note(tx: Connection, size: int, note: str) -> str:
    """The note of this size with the cosignatures that we hold of it."""
    return note + "".join(tx.execute(_LINES, {"size": size}).scalars())


def newest_cosigned(tx: Connection, keys: Sequence[VerifierKey]) -> str | None:
    """The newest note that one of these keys cosigned, with all its cosignatures."""
    row = tx.execute(_NEWEST, {"keys": [key.key_id.hex() for key in keys]}).first()
    return None if row is None else cosigned_note(tx, row.size, row.note)


def newest_of_each(tx: Connection) -> tuple[int, ...]:
    """The size of the newest tree that each witness cosigned."""
    return tuple(tx.execute(_OF_EACH).scalars())
