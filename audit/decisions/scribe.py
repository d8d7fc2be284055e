"""A program that writes another process's decisions into the log, batch by batch.

Batches come on standard input, and the number of the last recorded decision goes to standard
output. It ends with its input. What it could not write it says, and writes nothing more.
"""

import os
import signal
import sys
from datetime import datetime
from typing import IO, Final, NoReturn

import msgspec

from audit.decisions.store import Numbered, prepared, write_once
from audit.decisions.types import Decision
from audit.log import AuditLog
from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.db.engine import Database

HEAD: Final = 4  # bytes of length, big-endian
MOST: Final = 64 * 1024 * 1024  # bytes; a longer frame is a fault


class Told(msgspec.Struct, frozen=True, array_like=True):
    """Decisions of a process that follow each other, with the number of the first."""

    stream: str
    first: int
    at: datetime
    decisions: list[Decision]


class Written(msgspec.Struct, frozen=True, array_like=True):
    """Every decision up to this number is in the log; below zero: nothing could be written."""

    last: int


FAILED: Final = Written(-1)
READY: Final = Written(0)
_ENCODER: Final = msgspec.msgpack.Encoder()
_TOLD: Final = msgspec.msgpack.Decoder(Told)
_WRITTEN: Final = msgspec.msgpack.Decoder(Written)


def frame(message: Told | Written | str) -> bytes:
    """The message with its length."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(HEAD, "big") + body


def read_told(stream: IO[bytes]) -> Told | None:
    """The next batch; None at the end."""
    body = _body(stream)
    return None if body is None else _TOLD.decode(body)


def read_written(stream: IO[bytes]) -> Written | None:
    """The next answer; None where the other side has gone."""
    body = _body(stream)
    return None if body is None else _WRITTEN.decode(body)


def _body(stream: IO[bytes]) -> bytes | None:
    head = stream.read(HEAD)
    size = int.from_bytes(head, "big")
    if len(head) < HEAD or size > MOST:
        return None
    body = stream.read(size)
    return body if len(body) == size else None


def write(database: Database, log: AuditLog, told: Told) -> Written:
    """The batch is durable in the log, or nothing of it."""
    batch = prepared(Numbered(stream=told.stream, first=told.first, decisions=told.decisions))
    return Written(database.write(lambda tx: write_once(tx, log, batch, at=told.at)))


def _no_parts(_subject: SubjectId, _row: RowId, _clear: bytes) -> NoReturn:
    """The event of a batch has no personal part, and this process no key."""
    raise TypeError


def main() -> None:
    """Writes until standard input ends; the first frame is the database's URL."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever is asked to stop ends this process
    source, target = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not break the frames
    url = _body(source)
    if url is None:
        return
    database = Database.open(msgspec.msgpack.decode(url, type=str))
    log = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=_no_parts)
    answer = READY
    while answer.last >= 0:
        target.write(frame(answer))
        target.flush()
        told = read_told(source)
        if told is None:
            break
        try:
            answer = write(database, log, told)
        except Exception:  # noqa: BLE001 - process edge: whoever asked writes for itself then
            target.write(frame(FAILED))
            target.flush()
            break
    database.close()


if __name__ == "__main__":
    main()
