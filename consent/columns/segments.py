"""Saved segments: a list of persons under a random id, for a day, for the system that saved it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from consent.columns.models import AudienceSegment
from governance.core.terms import ActorId, SubjectId
from governance.db.types import table_of

SEGMENT: Final = table_of(AudienceSegment)
LIFE: Final = timedelta(days=1)
OCTETS: Final = 16  # of one UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A list of persons in the order in which it was given."""

    id: str
    digest: str
    subjects: list[SubjectId]
    ends_at: datetime


def save(
    tx: Connection,
    subjects: Sequence[SubjectId],
    *,
    digest: str,
    actor: ActorId,
    at: datetime,
) -> str:
    """The segment's id, which nobody can guess; what has ended is gone. Each id is a UUID."""
    tx.execute(delete(SEGMENT).where(SEGMENT.c.ends_at <= at))
    name = str(uuid.uuid4())
    tx.execute(
        insert(SEGMENT).values(
            id=name,
            actor=actor,
            size=len(subjects),
            digest=digest,
            ids=bytes.fromhex("".join(subjects).replace("-", "")),
            saved_at=at,
            ends_at=at + LIFE,
        )
    )
    return name


def load(tx: Connection, name: str, *, actor: ActorId, at: datetime) -> Segment | None:
    """The segment, if this actor saved it and it has not ended."""
    row = tx.execute(select(SEGMENT).where(SEGMENT.c.id == name)).one_or_none()
    if row is None or row.actor != actor or at >= row.ends_at:
        return None
    return Segment(id=name, digest=row.digest, subjects=_names(bytes(row.ids)), ends_at=row.ends_at)


def drop(tx: Connection, name: str, *, actor: ActorId) -> bool:
    """Whether the actor's segment was there; now it is not."""
    mine = delete(SEGMENT).where(SEGMENT.c.id == name, SEGMENT.c.actor == actor)
    return tx.execute(mine).rowcount == 1


def _names(ids: bytes) -> list[SubjectId]:
    text = ids.hex()
    return [
        SubjectId(
            f"{text[n : n + 8]}-{text[n + 8 : n + 12]}-{text[n + 12 : n + 16]}"
            f"-{text[n + 16 : n + 20]}-{text[n + 20 : n + 32]}"
        )
        for n in range(0, len(text), 2 * OCTETS)
    ]
