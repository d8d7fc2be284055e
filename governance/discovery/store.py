"""Scans in the database: kept for a while, newest first, names and findings sealed."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Row, delete, insert, select

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.db.types import table_of
from governance.discovery.models import ScanRow
from governance.discovery.report import reported, shape
from governance.discovery.types import ScanReport, ScanUnknownError
from governance.keys.vault import FieldVault

SCAN: Final = table_of(ScanRow)
NAME, CONTENT = "pii_scan_name", "pii_scan"  # kinds of sealed blobs
KEPT: Final = timedelta(days=90)  # a quarter; what is in force by then is the catalogue
MOST: Final = 4 * 1024 * 1024  # octets of a kept result, compressed


class ScanSource(StrEnum):
    """Where a scan was started."""

    COMMAND = "command"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScan:
    """One scan as the list shows it."""

    id: RowId
    name: str = field(repr=False)  # of the file or place: it may name a person
    actor: ActorId
    source: ScanSource
    began_at: datetime
    complete: bool
    places: int
    personal: int
    special_care: int
    missed: int
    whole: bool  # its findings are kept
    forget_at: datetime


def keep(
    tx: Connection, vault: FieldVault, report: ScanReport, *, actor: ActorId, source: ScanSource
) -> RowId:
    """The id under which the scan can be read until its time is over."""
    scan = new_row_id()
    packed = zlib.compress(json.dumps(shape(report), ensure_ascii=False).encode())
    row = {
        "id": scan,
        "actor": actor,
        "source": source.value,
        "began_at": report.began,
        "ended_at": report.ended,
        "complete": report.complete,
        "places": len(report.places),
        "personal": sum(place.personal for place in report.places),
        "special_care": sum(
            bool(column.special_care) for place in report.places for column in place.columns
        ),
        "missed": len(report.not_read),
        "name": bytes(vault.seal_blob(NAME, scan, report.target.encode("utf-8", "replace"))),
        "content": bytes(vault.seal_blob(CONTENT, scan, packed)) if len(packed) <= MOST else None,
        "forget_at": report.ended + KEPT,
    }
    tx.execute(insert(SCAN).values(**row))
    return scan


def scans(
    tx: Connection, vault: FieldVault, *, before: RowId | None, limit: int
) -> Sequence[KeptScan]:
    """The scans before this one, newest first."""
    asked = select(SCAN).order_by(SCAN.c.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(SCAN.c.id < before)
    return [_kept(vault, row) for row in tx.execute(asked)]


def scan(tx: Connection, vault: FieldVault, scan_id: RowId) -> tuple[KeptScan, ScanReport | None]:
    """One scan with its findings, where they are kept; raises ScanUnknownError."""
    row = tx.execute(select(SCAN).where(SCAN.c.id == scan_id)).first()
    if row is None:
        raise ScanUnknownError
    if row.content is None:
        return _kept(vault, row), None
    packed = vault.open_blob(CONTENT, row.id, bytes(row.content))
    return _kept(vault, row), reported(json.loads(zlib.decompress(packed)))


def forget_scans(tx: Connection, /, *, at: datetime, limit: int) -> int:
    """How many scans went because their time is over."""
    over = select(SCAN.c.id).where(SCAN.c.forget_at <= at).order_by(SCAN.c.forget_at).limit(limit)
    ids = list(tx.execute(over).scalars())
    return tx.execute(delete(SCAN).where(SCAN.c.id.in_(ids))).rowcount if ids else 0


def _kept(vault: FieldVault, row: Row[tuple[object, ...]]) -> KeptScan:
    return KeptScan(
        id=RowId(row.id),
        name=vault.open_blob(NAME, row.id, bytes(row.name)).decode(),
        actor=ActorId(row.actor),
        source=ScanSource(row.source),
        began_at=row.began_at,
        complete=row.complete,
        places=row.places,
        personal=row.personal,
        special_care=row.special_care,
        missed=row.missed,
        whole=row.content is not None,
        forget_at=row.forget_at,
    )
