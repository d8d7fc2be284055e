"""The run of a file: begun or found again, with how it is read on record; its outcome."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId
from governance.customers import imports
from governance.customers.contents import unique_headers
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.sources.types import Reading, SavedSource
from governance.customers.tables import SourceHeaderMissingError, TableReader
from governance.customers.workbooks import Sheet
from governance.gateway.intake.aside import SHEETS, cells_of
from governance.gateway.intake.corrections import HeldLayout
from governance.gateway.intake.opening import Opened, of_bytes
from governance.gateway.intake.types import Counts, ImportOutcome, ImportRequest
from governance.http.principal import Principal


def begin(
    ports: Ports,
    principal: Principal,
    request: ImportRequest,
    opened: Opened,
    *,
    at: datetime,
) -> imports.Run:
    """A fresh run, or the one that was begun before; its layout is on record, its source saved."""
    sheets = {sheet.name: _headers(opened, sheet) for sheet in other_sheets(opened)}

    def write(tx: Connection) -> imports.Run:
        run = imports.begin_run(
            tx,
            kind=opened.layout.kind.value,
            digest=opened.digest,
            file=request.path.name,
            encoding=opened.encoding,
            by=principal.id,
            at=at,
        )
        held = HeldLayout(
            headers=opened.layout.headers,
            columns=opened.columns,
            acquisition=opened.acquisition,
            sheets=sheets,
        )
        sources.add_detail(
            tx,
            run.id,
            source=opened.source,
            corrects=opened.linked.run if opened.linked else None,
            layout=held.sealed(ports.vault, run.id),
        )
        if request.source is not None:
            _save(tx, ports, principal, request.source, opened, at=at)
        return run

    return ports.database.write(write)


def _save(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    opened: Opened,
    *,
    at: datetime,
) -> None:
    """Mapping, reading and acquisition of the source are those of this file from now on."""
    saved = SavedSource(
        name=name,
        kind=opened.layout.kind,
        reading=Reading(
            encoding=opened.reading.encoding,
            delimiter=opened.reading.delimiter,
            sheet=opened.reading.sheet,
            header_row=opened.reading.header_row,
        ),
        headers=opened.layout.headers,
        columns=opened.columns,
        acquisition=opened.acquisition,
    )
    if opened.linked is not None or saved == opened.saved:
        return
    sources.save_source(tx, saved, by=principal.id, at=at)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.CATALOGUE_CHANGED,
            occurred_at=at,
            actor=ActorId(principal.id),
            actor_os=principal.os_user,
            object_type="import_source",
            object_id=name,
            outcome=Outcome.DONE,
            fields=tuple(sorted({field for field in opened.columns.values() if field})),
        ),
    )


def settle_sheet(ports: Ports, opened: Opened) -> None:
    """Rows of a sheet that now was taken in by its name wait no longer in the file's first run."""
    if opened.sheet is None or not opened.file.sheets:
        return
    digest = of_bytes(opened.file.path).hexdigest()

    def write(tx: Connection) -> None:
        first = imports.run_of(tx, opened.layout.kind.value, digest)
        if first is None:
            return
        mine = [
            row.id
            for row in imports.waiting(tx, first.id)
            if row.reason in SHEETS and cells_of(ports, row)[0] == opened.sheet
        ]
        sources.count_on(tx, first.id, resolved=imports.drop_waiting(tx, mine))

    ports.database.write(write)


def other_sheets(opened: Opened) -> tuple[Sheet, ...]:
    """Sheets that are put aside: all but the first visible one; none where one was named."""
    if opened.linked is not None or opened.sheet is not None:
        return ()
    taken = next((sheet for sheet in opened.file.sheets if not sheet.hidden), None)
    return tuple(sheet for sheet in opened.file.sheets if sheet is not taken)


def _headers(opened: Opened, sheet: Sheet) -> tuple[str, ...]:
    try:
        return unique_headers(TableReader(opened.file, sheet=sheet.name).headers)
    except SourceHeaderMissingError:
        return ()


def outcome_of(
    ports: Ports,
    opened: Opened,
    run: imports.Run,
    *,
    findings: Mapping[str, int],
    repeated: bool = False,
) -> ImportOutcome:
    """What the file came to, over all calls that took part in it."""
    with ports.database.read() as tx:
        whole = imports.run_by_id(tx, run.id) or run
        problems = imports.problem_counts(tx, run.id)
        detail = sources.detail_of(tx, run.id)
    counts = Counts(**dict(whole.counts), updated=detail.updated if detail else 0)
    if repeated:
        counts.merged += counts.stored
        counts.stored = 0
        counts.updated = 0
    return ImportOutcome(
        run=run.id,
        kind=opened.layout.kind,
        encoding=opened.encoding,
        counts=counts,
        problems=problems,
        findings=findings,
        repeated=repeated,
        source=opened.source,
        left_out=opened.left_out,
        corrects=opened.linked.run if opened.linked else None,
    )
