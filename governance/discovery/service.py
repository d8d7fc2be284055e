"""Scans as use cases: a file that was sent, a result that is kept and on record, an export of it.

The log holds counts and the scan's id, never the name of a place, file or column: they may name
persons.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import Clock
from governance.core.terms import ActorId, Lang, RowId
from governance.customers.ports import Ports
from governance.discovery import store
from governance.discovery.report import narrowed, write
from governance.discovery.sampling import SAMPLE
from governance.discovery.scan import SQLITE, Scan
from governance.discovery.store import KeptScan, ScanSource
from governance.discovery.types import Analyse, ScanFileError, ScanReport, ScanTooLongError
from governance.http.principal import Principal
from governance.pii.types import Analyse as Analysing
from governance.pii.types import Span

LARGEST: Final = 5 * 1024 * 1024  # octets of a file; larger ones by the command line
LONGEST_NAME: Final = 60  # signs; with four octets each still a name that every disk takes
UNNAMED: Final = "file"
BATCH: Final = 200  # texts of one question


def look_through(content: bytes, name: str, ports: Ports, *, clock: Clock) -> ScanReport:
    """What a file holds that was sent; it is on disk for the time of the scan, for us alone."""
    if not content:
        raise ScanFileError(reason="empty")
    if len(content) > LARGEST:
        raise ScanFileError(reason="too_large")
    if content.startswith(SQLITE):
        raise ScanFileError(reason="database")  # reading one runs what its writer put into it
    shown = _clean(name)
    with TemporaryDirectory(prefix="sekisho-scan-") as folder:  # for its owner alone
        path = Path(folder) / shown
        path.write_bytes(content)
        running = Scan(
            target=str(path),
            analyse=_by(ports.analyse),
            sample=SAMPLE,
            began=clock(),
            progress=_untold,
        )
        running.run()
    return replace(running.report(at=clock()), target=shown)


def _by(analyse: Analysing) -> Analyse:
    """The analysis of the installation, asked in batches of one language."""

    def asked(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        waiting = iter(texts)
        while batch := list(islice(waiting, BATCH)):
            for lang, some in groupby(batch, key=itemgetter(1)):
                yield from analyse([text for text, _ in some], Lang(lang))

    return asked


def _clean(name: str) -> str:
    """The last part of a file's name, without signs that hide or break it; its ending stays."""
    last = PurePosixPath(name.replace("\\", "/")).name
    seen = "".join(
        sign for sign in last if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    ).strip(". ")
    stem, dot, ending = seen.rpartition(".")
    if not stem:
        return seen[:LONGEST_NAME] or UNNAMED
    ending = ending[:10]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}"


def _untold(_done: int, _of: int | None) -> None:
    """Nobody waits for a bar."""


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    report: ScanReport,
    *,
    source: ScanSource,
    at: datetime,
) -> RowId:
    """The scan is kept and on record, with counts alone."""
    scan = store.keep(tx, ports.vault, report, actor=principal.id, source=source)
    counts = (
        ("places", len(report.places)),
        ("places_personal", sum(place.personal for place in report.places)),
        ("places_not_read", len(report.not_read)),
        ("broken_off", int(not report.complete)),
    )
    ports.audit.append(tx, _event(EventCode.PII_SCANNED, principal, scan, counts, at=at))
    return scan


def export(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    scan: RowId,
    *,
    form: str,
    every_column: bool,
    lang: Lang,
    at: datetime,
) -> bytes:
    """The findings as the page shows them, as a file; that it was made is on record."""
    _, found = store.scan(tx, ports.vault, scan)
    if found is None:
        raise ScanTooLongError
    shown = found if every_column else narrowed(found)
    with TemporaryDirectory(prefix="sekisho-scan-") as folder:
        path = Path(folder) / f"scan.{form}"
        write(shown, path, lang=lang, every_column=True)
        content = path.read_bytes()
    columns = sum(len(place.columns) for place in shown.places)
    event = _event(EventCode.PII_SCAN_EXPORTED, principal, scan, (("columns", columns),), at=at)
    ports.audit.append(tx, event)
    return content


def shown_scan(
    tx: Connection, ports: Ports, scan: RowId, *, every_column: bool
) -> tuple[KeptScan, ScanReport | None]:
    """A kept scan; of its columns those with personal data, or every one."""
    kept, found = store.scan(tx, ports.vault, scan)
    return kept, found if found is None or every_column else narrowed(found)


def _event(
    code: EventCode,
    principal: Principal,
    scan: RowId,
    counts: tuple[tuple[str, int], ...],
    *,
    at: datetime,
) -> EventDraft:
    return EventDraft(
        action=code,
        occurred_at=at,
        actor=ActorId(principal.id),
        actor_os=principal.os_user,
        object_type="pii_scan",
        object_id=scan,
        outcome=Outcome.DONE,
        counts=counts,
    )
