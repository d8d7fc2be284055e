"""The journal's newest head, kept outside the journal: an older journal put back cannot hide.

A journal that lost its end verifies by itself; only somebody who saw more knows better.
"""

import fcntl
from pathlib import Path

import msgspec

from governance.core.durable import replace_text
from governance.jobs.errors import JournalDamagedError
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalHead


def noted_head(path: Path) -> JournalHead | None:
    """The head in the file, or None when there is none yet; raises JournalDamagedError."""
    try:
        found = msgspec.json.decode(path.read_bytes())
        return JournalHead(seq=int(found["seq"]), digest=str(found["digest"]))
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise JournalDamagedError(seq=-1) from None  # fails closed


def note_head(path: Path, head: JournalHead) -> None:
    """The file holds this head durably, unless it holds a later one."""
    with path.with_name(path.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = noted_head(path)
        if known is None or known.seq < head.seq:
            content = msgspec.json.encode({"seq": head.seq, "digest": head.digest})
            replace_text(path, content.decode())


def require_head(journal: Journal, path: Path) -> None:
    """Fails closed: the journal goes on from the head that was kept; raises JournalBehindError."""
    known = noted_head(path)
    if known is not None and known != journal.head:
        journal.confirm(known)
