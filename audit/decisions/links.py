"""Takes persons out of recorded decisions: the record stays, whom it was about is gone."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from audit.decisions.models import DECISIONS
from audit.leaf import destroyed_digest
from governance.db.fetching import PreparedSelect

IN_LIMIT: Final = 500  # values in one IN list
REF: Final = "decisions:"  # and the digest of the ids of all records that an erasure unlinked

_UNLINK = (
    update(DECISIONS)
    .where(
        DECISIONS.c.id.in_(bindparam("ids", expanding=True)),
        DECISIONS.c.subject.is_not(None),
    )
    .values(subject=None, salt=None, destroyed_by=bindparam("by"))
)
_LINKED = PreparedSelect(
    select(DECISIONS.c.id, DECISIONS.c.event_id)
    .where(DECISIONS.c.subject.in_(bindparam("subjects", expanding=True)))
    .with_for_update()  # two erasures at once: each names only what it unlinks itself
)


def linked(tx: Connection, subjects: Sequence[str], events: Collection[str]) -> list[str]:
    """Ids of the decisions about these persons; of these batches alone where any are named."""
    found: list[str] = []
    for at in range(0, len(subjects), IN_LIMIT):
        rows = _LINKED.rows(tx, {"subjects": list(subjects[at : at + IN_LIMIT])})
        found += [row.id for row in rows if not events or row.event_id in events]
    return found


def unlink(tx: Connection, ids: Sequence[str], *, by: str) -> None:
    """These decisions name nobody any more, and say by which event."""
    for at in range(0, len(ids), IN_LIMIT):
        tx.execute(_UNLINK, {"ids": ids[at : at + IN_LIMIT], "by": by})


def counted(ids: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """What an erasing event counts of them; nothing where there are none."""
    return (("decisions", len(ids)),) if ids else ()


def named(ids: Sequence[str]) -> tuple[str, ...]:
    """How an erasing event names exactly these; nothing where there are none."""
    return (REF + destroyed_digest(ids),) if ids else ()
