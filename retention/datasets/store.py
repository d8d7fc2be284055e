"""Reads and writes the tables of data sets; the caller owns the transaction."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, PurposeId, RowId
from governance.db.types import table_of
from retention.datasets.errors import DatasetUnknownError
from retention.datasets.models import DatasetPartRow, DatasetProvisionRow, DatasetRow
from retention.datasets.types import Dataset, DatasetId, DatasetKind, Provision, State

DATASET: Final = table_of(DatasetRow)
PART: Final = table_of(DatasetPartRow)
PROVISION: Final = table_of(DatasetProvisionRow)


def add(tx: Connection, row: Mapping[str, Any], parts: Sequence[tuple[RowId, bytes]]) -> None:
    """The data set stands with its sealed parts."""
    tx.execute(insert(DATASET).values(**row))
    if parts:
        tx.execute(
            insert(PART),
            [
                {"id": id_, "dataset_id": row["id"], "n": n, "content": content}
                for n, (id_, content) in enumerate(parts)
            ],
        )


def by_id(tx: Connection, dataset: DatasetId, *, lock: bool = False) -> Dataset:
    """The data set; raises DatasetUnknownError."""
    wanted = select(DATASET).where(DATASET.c.id == dataset)
    row = tx.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise DatasetUnknownError
    return _dataset(row, _provisions(tx, [dataset]))


def every(tx: Connection) -> tuple[Dataset, ...]:
    """Every data set, the newest first."""
    rows = tx.execute(select(DATASET).order_by(DATASET.c.id.desc())).all()
    given = _provisions(tx, [row.id for row in rows])
    return tuple(_dataset(row, given) for row in rows)


def method_of(tx: Connection, dataset: DatasetId) -> tuple[str, str]:
    """The request that it was made by, and what the checks found (JSON)."""
    columns = select(DATASET.c.request, DATASET.c.found).where(DATASET.c.id == dataset)
    row = tx.execute(columns).one_or_none()
    if row is None:
        raise DatasetUnknownError
    return row.request, row.found


def parts(tx: Connection, dataset: DatasetId) -> Iterator[tuple[RowId, bytes]]:
    """The sealed parts in their order."""
    wanted = select(PART.c.id, PART.c.content).where(PART.c.dataset_id == dataset)
    for row in tx.execute(wanted.order_by(PART.c.n)):
        yield RowId(row.id), row.content


def release(tx: Connection, dataset: DatasetId, *, by: ActorId, at: datetime) -> None:
    """A second person has released it."""
    _set(tx, dataset, state=State.RELEASED.value, released_by=by, released_at=at)


def end(tx: Connection, dataset: DatasetId, *, by: ActorId, at: datetime) -> None:
    """Its rows are gone; what it was stays on record."""
    tx.execute(delete(PART).where(PART.c.dataset_id == dataset))
    _set(tx, dataset, state=State.ENDED.value, ended_by=by, ended_at=at)


def provide(tx: Connection, dataset: DatasetId, *, to: str, by: ActorId, at: datetime) -> None:
    """It was given to a recipient, who was told what it is."""
    tx.execute(
        insert(PROVISION).values(
            id=new_row_id(), dataset_id=dataset, recipient=to, told_at=at, by=by
        )
    )


def over(tx: Connection, *, on: date) -> tuple[DatasetId, ...]:
    """Those whose last day has passed and whose rows still stand."""
    wanted = select(DATASET.c.id).where(
        DATASET.c.expires_on < on, DATASET.c.state != State.ENDED.value
    )
    return tuple(DatasetId(one) for one in tx.execute(wanted.order_by(DATASET.c.id)).scalars())


def _set(tx: Connection, dataset: DatasetId, **values: Any) -> None:
    tx.execute(update(DATASET).where(DATASET.c.id == dataset).values(**values))


def _provisions(tx: Connection, ids: Sequence[str]) -> dict[str, list[Provision]]:
    found: dict[str, list[Provision]] = {}
    if not ids:
        return found
    wanted = select(PROVISION).where(PROVISION.c.dataset_id.in_(ids)).order_by(PROVISION.c.id)
    for row in tx.execute(wanted):
        one = Provision(recipient=row.recipient, told_at=row.told_at, by=ActorId(row.by))
        found.setdefault(row.dataset_id, []).append(one)
    return found


def _dataset(row: Row[Any], given: Mapping[str, list[Provision]]) -> Dataset:
    return Dataset(
        id=DatasetId(row.id),
        kind=DatasetKind(row.kind),
        name=row.name,
        purpose=PurposeId(row.purpose),
        table=row.table_name,
        fields=tuple(FieldId(name) for name in row.fields.split(",")),
        state=State(row.state),
        k=row.k,
        persons_read=row.persons_read,
        persons=row.persons,
        rows=row.rows,
        smallest=row.smallest,
        removed=row.removed,
        export=RowId(row.export_id),
        request_digest=row.request_digest,
        content_digest=row.content_digest,
        made_by=ActorId(row.made_by),
        made_at=row.made_at,
        expires_on=row.expires_on,
        released_by=None if row.released_by is None else ActorId(row.released_by),
        released_at=row.released_at,
        ended_by=None if row.ended_by is None else ActorId(row.ended_by),
        ended_at=row.ended_at,
        provisions=tuple(given.get(row.id, ())),
    )
