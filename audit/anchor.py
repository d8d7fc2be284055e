"""The last checkpoint, kept in a file outside the database: a restored database cannot hide."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from audit.note import Checkpoint, parse_checkpoint, parse_note
from governance.core.durable import replace_text

LOST: Final = ".lost-"  # and the size of a head that a restore set aside


def read_anchor(path: Path) -> str | None:
    """The note in the file, or None when there is none yet."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None


def anchored(path: Path) -> Checkpoint | None:
    """The checkpoint in the file; raises NoteFormError if it is none."""
    note = read_anchor(path)
    return None if note is None else parse_checkpoint(parse_note(note).text)


def lost_notes(path: Path) -> tuple[str, ...]:
    """The heads that restores set aside, the oldest first."""
    found = sorted(path.parent.glob(f"{path.name}{LOST}*"), key=lambda one: one.stat().st_mtime_ns)
    return tuple(one.read_text("utf-8") for one in found)


def set_aside(path: Path, lost: str, note: str | None) -> None:
    """The lost head stands beside the file as evidence, and the file holds the smaller tree's.

    Twice equals once; a file that moved on meanwhile is left alone.
    """
    size = parse_checkpoint(parse_note(lost).text).size
    with _locked(path):
        if read_anchor(path) != lost:
            return
        replace_text(
            path.with_name(f"{path.name}{LOST}{size}-{sha256(lost.encode()).hexdigest()[:8]}"), lost
        )
        if note is None:
            path.unlink()
        else:
            replace_text(path, note)


def advance_anchor(path: Path, note: str) -> None:
    """The file holds this note durably, unless it already holds one of a larger tree."""
    size = parse_checkpoint(parse_note(note).text).size
    with _locked(path):
        kept = anchored(path)
        if kept is not None and kept.size >= size:
            return
        replace_text(path, note)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time moves the file."""
    with path.with_name(path.name + ".lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
