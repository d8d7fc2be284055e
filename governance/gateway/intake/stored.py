"""Stored rows opened for a merge: what they hold, and what their source last said of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection, select

from governance.core.clock import JST
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.gateway.intake import merging

SAID = FieldId("import_row.said")  # field of the check values in their own seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One stored row, opened; with the former word of the source that speaks now."""

    table: str
    row: RowId
    subject: SubjectId
    version: int
    values: Mapping[FieldId, object] = field(repr=False)
    said: Mapping[int, int] | None = field(repr=False)
    said_by: str | None = None  # the run of the former word
    said_on: date | None = None
    spoken: bool = False  # the source has a former word of this row, whatever its run

    def before(self, run: str) -> Mapping[int, int] | None:
        """The former word; none within one file, where the earlier row stays."""
        return None if self.said_by == run else self.said

    def newer(self, acquired: date | None) -> bool:
        """Whether data acquired on this day is not older than the former word."""
        return acquired is None or self.said_on is None or acquired >= self.said_on

    def after(self, taken: Mapping[FieldId, object]) -> "Stored":
        """The row with the values that it takes; later rows of the batch meet it like this."""
        return replace(self, values={**self.values, **taken}, said=None, version=self.version + 1)


def load(
    tx: Connection,
    ports: Ports,
    table: str,
    rows: Sequence[RowId],
    *,
    source: str,
    lock: bool,
) -> dict[RowId, Stored]:
    """The rows with their values opened, under the lock that erasure and holds share."""
    records = [r for r in map_records(tx, table, rows) if r is not None]
    if lock:
        _lock(tx, {record.subject for record in records})
        records = [r for r in map_records(tx, table, rows) if r is not None]
    opened = ports.vault.open_rows([(record.id, record.sealed) for record in records])
    former = sources.said_of(tx, source, (record.id for record in records))
    words = ports.vault.open_rows([(said.row, {SAID: said.sealed}) for said in former.values()])
    packed = {said.row: values[SAID].value for said, values in zip(former.values(), words,
                                                                    strict=True)}  # fmt: skip
    found: dict[RowId, Stored] = {}
    for record, values in zip(records, opened, strict=True):
        said = former.get(record.id)
        word = packed.get(record.id)
        found[record.id] = Stored(
            table=table,
            row=record.id,
            subject=record.subject,
            version=int(record.clear.get("version") or 1),
            values=merging.words(table, values.reveal(), record.clear) | values.reveal(),
            said=merging.read_said(word) if isinstance(word, bytes) else None,
            said_by=said.run if said else None,
            said_on=said.at.astimezone(JST).date() if said else None,
            spoken=said is not None,
        )
    return found


def map_records(tx: Connection, table: str, rows: Sequence[RowId]) -> Iterable[store.Record | None]:
    """The stored rows of these ids."""
    source = store.TABLES[table]
    for start in range(0, len(rows), store.IN_LIMIT):
        part = list(rows[start : start + store.IN_LIMIT])
        for row in tx.execute(select(source).where(source.c.id.in_(part))).mappings():
            yield store.record_of(table, row)


def _lock(tx: Connection, subjects: set[SubjectId]) -> None:
    """No other batch, hold or erasure changes these persons until this transaction ends."""
    if tx.dialect.name == "sqlite":  # BEGIN IMMEDIATE already is that lock
        return
    wanted = sorted(subjects)
    for start in range(0, len(wanted), store.IN_LIMIT):
        part = wanted[start : start + store.IN_LIMIT]
        mine = select(store.SUBJECT.c.id).where(store.SUBJECT.c.id.in_(part))
        tx.execute(mine.order_by(store.SUBJECT.c.id).with_for_update()).all()
