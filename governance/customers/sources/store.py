"""Statements of sources, details of runs, rows as their source said them, refusals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from governance.core.terms import RowId, SubjectId
from governance.customers.sources.models import (
    ImportDetail,
    ImportRefusal,
    ImportRow,
    ImportSource,
)
from governance.customers.sources.types import (
    Acquisition,
    AcquisitionGround,
    Detail,
    Reading,
    Said,
    SavedSource,
)
from governance.customers.types import SourceKind
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of

SOURCE, DETAIL = table_of(ImportSource), table_of(ImportDetail)
IMPORT_ROW, REFUSAL = table_of(ImportRow), table_of(ImportRefusal)
_ROWS = PreparedInsert(IMPORT_ROW)
IN_LIMIT = 500  # values in one IN list


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSaid:
    """A row with what its source says of it now."""

    row: RowId
    subject: SubjectId
    number: int
    sealed: bytes = field(repr=False)


def source_named(tx: Connection, name: str) -> dict[SourceKind, SavedSource]:
    """What is saved under this name, by kind of file."""
    rows = tx.execute(select(SOURCE).where(SOURCE.c.name == name))
    return {SourceKind(row.kind): _source(row) for row in rows}


def all_sources(tx: Connection) -> tuple[SavedSource, ...]:
    """Every saved source by name."""
    return tuple(
        _source(row) for row in tx.execute(select(SOURCE).order_by(SOURCE.c.name, SOURCE.c.kind))
    )


def _source(row: Any) -> SavedSource:
    ground = row.acquisition_ground
    return SavedSource(
        name=row.name,
        kind=SourceKind(row.kind),
        reading=Reading(
            encoding=row.encoding,
            delimiter=row.delimiter,
            sheet=row.sheet,
            header_row=row.header_row,
        ),
        headers=tuple(json.loads(row.headers)),
        columns=json.loads(row.columns),
        acquisition=Acquisition(
            acquired_from=row.acquired_from,
            acquired_on=row.acquired_on,
            method=row.acquisition_method,
            ground=AcquisitionGround(ground) if ground else None,
            provider=row.provider,
            origin=row.origin,
        ),
    )


def save_source(tx: Connection, source: SavedSource, *, by: str, at: datetime) -> None:
    """The source is saved, in place of what was saved under its name."""
    made = source.acquisition
    key = {"name": source.name, "kind": source.kind.value}
    values = {
        "encoding": source.reading.encoding,
        "delimiter": source.reading.delimiter,
        "sheet": source.reading.sheet,
        "header_row": source.reading.header_row,
        "headers": json.dumps(source.headers, ensure_ascii=False),
        "columns": json.dumps(dict(source.columns), ensure_ascii=False),
        "acquired_from": made.acquired_from,
        "acquired_on": made.acquired_on,
        "acquisition_method": made.method,
        "acquisition_ground": made.ground.value if made.ground else None,
        "provider": made.provider,
        "origin": made.origin,
        "updated_by": by,
        "updated_at": at,
    }
    tx.execute(_upsert(tx, SOURCE, [*key], key | values, set_=values))


def _upsert(
    tx: Connection, table: Any, key: Sequence[str], row: Mapping[str, Any], *, set_: Any
) -> Any:
    made: Any = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(table)
    return made.values(**row).on_conflict_do_update(index_elements=list(key), set_=set_)


def add_detail(
    tx: Connection, run: RowId, *, source: str, corrects: RowId | None, layout: bytes
) -> None:
    """How the run's file is read is on record; the first to say so is right."""
    tx.execute(
        insert_ignore(DETAIL, tx.dialect.name).values(
            run_id=run, source=source, corrects=corrects, layout=layout, updated=0, resolved=0
        )
    )


def detail_of(tx: Connection, run: str) -> Detail | None:
    """The detail of a run; none for a run of the first release."""
    row = tx.execute(select(DETAIL).where(DETAIL.c.run_id == run)).one_or_none()
    if row is None:
        return None
    return Detail(
        run=RowId(row.run_id),
        source=row.source,
        corrects=RowId(row.corrects) if row.corrects else None,
        layout=bytes(row.layout),
        updated=row.updated,
        resolved=row.resolved,
    )


def count_on(tx: Connection, run: str, *, updated: int = 0, resolved: int = 0) -> None:
    """So many rows more were updated by the run, so many of its waiting ones settled."""
    if updated or resolved:
        tx.execute(
            update(DETAIL)
            .where(DETAIL.c.run_id == run)
            .values(updated=DETAIL.c.updated + updated, resolved=DETAIL.c.resolved + resolved)
        )


def said_of(tx: Connection, source: str, rows: Iterable[RowId]) -> dict[RowId, Said]:
    """What the source last said of these rows."""
    wanted = list(rows)
    found: dict[RowId, Said] = {}
    for start in range(0, len(wanted), IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        for row in tx.execute(
            select(
                IMPORT_ROW.c.row_id, IMPORT_ROW.c.run_id, IMPORT_ROW.c.said, IMPORT_ROW.c.said_at
            ).where(IMPORT_ROW.c.source == source, IMPORT_ROW.c.row_id.in_(part))
        ):
            found[RowId(row.row_id)] = Said(
                row=RowId(row.row_id), run=RowId(row.run_id), sealed=bytes(row.said), at=row.said_at
            )
    return found


def note_said(
    tx: Connection,
    source: str,
    run: str,
    *,
    new: Sequence[NewSaid],
    again: Sequence[NewSaid],
    at: datetime,
) -> None:
    """What the source says of each row is what it last said."""
    _ROWS.rows(tx, [_row(item, source, run, at=at) for item in new])
    for item in again:
        row = _row(item, source, run, at=at)
        changed = {name: row[name] for name in ("run_id", "row", "said", "said_at")}
        tx.execute(_upsert(tx, IMPORT_ROW, ["row_id", "source"], row, set_=changed))


def _row(item: NewSaid, source: str, run: str, *, at: datetime) -> dict[str, Any]:
    return {
        "row_id": item.row,
        "source": source,
        "subject_id": item.subject,
        "run_id": run,
        "row": item.number,
        "said": item.sealed,
        "said_at": at,
    }


def add_refusals(tx: Connection, run: str, refused: Mapping[int, str]) -> None:
    """The refused rows are named by number and reason."""
    if refused:
        tx.execute(
            insert_ignore(REFUSAL, tx.dialect.name),
            [{"run_id": run, "row": row, "reason": why} for row, why in refused.items()],
        )


def refusals_of(tx: Connection, run: str) -> dict[int, str]:
    """Refused rows of a run with their reasons, by number."""
    rows = tx.execute(select(REFUSAL).where(REFUSAL.c.run_id == run).order_by(REFUSAL.c.row))
    return {row.row: row.reason for row in rows}


def settle_refusals(tx: Connection, run: str, rows: Iterable[int]) -> int:
    """The refused rows that a corrected file has settled are refused no more."""
    wanted = list(rows)
    gone = 0
    for start in range(0, len(wanted), IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        mine = REFUSAL.c.run_id == run, REFUSAL.c.row.in_(part)
        gone += tx.execute(delete(REFUSAL).where(*mine)).rowcount
    return gone


def rows_from(tx: Connection, source: str) -> int:
    """How many stored rows the source has spoken of."""
    statement = select(func.count()).select_from(IMPORT_ROW).where(IMPORT_ROW.c.source == source)
    return int(tx.execute(statement).scalar_one())
