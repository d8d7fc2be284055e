"""Rows that were not stored: kept sealed for correction without any number, or named alone."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.types import ProblemKind
from governance.gateway.intake.screening import mask_cells
from governance.gateway.intake.types import Rejected, RunFacts

BLOB = "quarantine"
CELL, SHEET = "\x1f", "\x1e"  # between cells, and before the name of another sheet
SHEETS = frozenset({ProblemKind.HIDDEN_SHEET.value, ProblemKind.OTHER_SHEET.value})
NEVER_KEPT = frozenset(  # not even to be corrected
    {ProblemKind.SUPPRESSED.value, ProblemKind.SPECIAL_CARE_NO_GROUND.value}
)


def put_aside(
    tx: Connection,
    ports: Ports,
    run: RunFacts,
    rejected: Iterable[Rejected],
    cells: Mapping[int, tuple[str, ...]],
    *,
    sheet: str = "",
) -> None:
    """What can be corrected waits, sealed; every refused row is named by number and reason."""
    kept, refused = [], {}
    for row in rejected:
        if row.refused:
            refused[row.number] = row.reason
        if row.reason in NEVER_KEPT:
            continue
        aside = new_row_id()
        headers = () if sheet else run.headers
        masked = mask_cells(row.cells or cells.get(row.number, ()), headers=headers)[0]
        content = CELL.join(map(_whole, masked)) + (SHEET + _whole(sheet) if sheet else "")
        sealed = ports.vault.seal_blob(BLOB, aside, content.encode("utf-8", "replace"))
        kept.append(
            {
                "id": aside,
                "run_id": run.run,
                "row": row.number,
                "reason": row.reason,
                "content": sealed,
            }
        )
    imports.put_aside(tx, kept)
    sources.add_refusals(tx, run.run, refused)


def _whole(cell: str) -> str:
    """The cell without the signs that divide cells."""
    return cell.replace(CELL, " ").replace(SHEET, " ")


def cells_of(ports: Ports, row: imports.Aside) -> tuple[str, tuple[str, ...]]:
    """The name of the sheet, empty for the table itself, and the cells of a waiting row."""
    content = ports.vault.open_blob(BLOB, row.id, row.content).decode()
    cells, _, sheet = content.partition(SHEET)
    return sheet, tuple(cells.split(CELL))


def settle(tx: Connection, run: RunFacts, numbers: Iterable[int]) -> None:
    """The rows that a file of corrections brought back wait no more where they waited."""
    if run.corrects is None:
        return
    wanted = sorted(set(numbers))
    gone = imports.settle(tx, run.corrects, wanted, but=SHEETS)
    sources.settle_refusals(tx, run.corrects, wanted)
    sources.count_on(tx, run.corrects, resolved=gone)
