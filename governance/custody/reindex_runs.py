"""The rotations of search indexes as they are stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from governance.core.terms import ActorId, EventId, FieldId, RowId
from governance.customers.search.models import ReindexRow
from governance.customers.tokens import Version
from governance.db.types import table_of
from governance.keys.errors import IndexUnknownError

RUN: Final = table_of(ReindexRow)


class ReindexState(StrEnum):
    """Where a rotation stands."""

    BUILDING = "building"
    SWEEPING = "sweeping"
    DROPPING = "dropping"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """One kind of index of the field: the versions that go and the one that comes."""

    name: FieldId
    old: tuple[int, ...]
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexing:
    """One rotation, as far as it is."""

    id: RowId
    field: FieldId
    source: str
    state: ReindexState
    turnovers: tuple[Turnover, ...]
    cursor: str | None
    done: int
    total: int
    dropped: int
    event: EventId | None  # what the log says of its end
    started_by: ActorId
    started_at: datetime
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether the old index is gone."""
        return self.state is ReindexState.DONE

    @property
    def new(self) -> frozenset[Version]:
        """The versions that come."""
        return frozenset((one.name, one.new) for one in self.turnovers)

    @property
    def old(self) -> frozenset[Version]:
        """The versions that go."""
        return frozenset((one.name, version) for one in self.turnovers for version in one.old)


def spelled(one: Turnover) -> str:
    """The turnover as it is stored."""
    return f"{one.name}:{'/'.join(map(str, one.old))}>{one.new}"


def _turnover(stored: str) -> Turnover:
    name, _, versions = stored.rpartition(":")
    old, _, new = versions.partition(">")
    return Turnover(
        name=FieldId(name), old=tuple(int(one) for one in old.split("/") if one), new=int(new)
    )


def _run(row: Row[Any]) -> Reindexing:
    return Reindexing(
        id=RowId(row.id),
        field=FieldId(row.field),
        source=row.source,
        state=ReindexState(row.state),
        turnovers=tuple(map(_turnover, row.names.split(","))),
        cursor=row.cursor,
        done=row.done,
        total=row.total,
        dropped=row.dropped,
        event=EventId(row.event_id) if row.event_id is not None else None,
        started_by=ActorId(row.started_by),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def status(tx: Connection, run: RowId) -> Reindexing:
    """The rotation as it is stored now; raises IndexUnknownError."""
    row = tx.execute(select(RUN).where(RUN.c.id == run)).first()
    if row is None:
        raise IndexUnknownError(field=run)
    return _run(row)


def runs(tx: Connection, *, running: bool = False) -> tuple[Reindexing, ...]:
    """Every rotation, the newest first; only those that are not at their end, if asked."""
    wanted = select(RUN).order_by(RUN.c.id.desc())
    if running:
        wanted = wanted.where(RUN.c.state != ReindexState.DONE.value)
    return tuple(map(_run, tx.execute(wanted)))


def running_of(tx: Connection, field: FieldId) -> Reindexing | None:
    """The rotation of this field that is not at its end."""
    return next((one for one in runs(tx, running=True) if one.field == field), None)
