"""The file of errors of a run: rows that wait, with their place and what is wrong in words.

It holds what was put aside, without any 個人番号 or card number, for a person to correct and
bring back (corrections.py). Rows that are never kept are named by number alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError, WrongUseError
from governance.core.terms import ActorId, Lang
from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.tables import UNNAMED
from governance.customers.types import SourceKind
from governance.documents.tables import TableReport, write_csv, write_xlsx
from governance.gateway.intake.aside import NEVER_KEPT, SHEETS, cells_of
from governance.gateway.intake.corrections import HeldLayout, layout_held, marks
from governance.gateway.intake.drafts import TABLE_OF
from governance.gateway.intake.service import may_take_in
from governance.gateway.intake.types import RunUnknownError
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action
from policies.actors import may

ENDINGS = (".csv", ".xlsx")


class ErrorsRefusedError(GovernanceError):
    """The principal may not carry rows of persons out."""

    code, status = "import_errors_refused", 403


class ErrorsFormatError(WrongUseError):
    """The file of errors is CSV or XLSX, by its ending."""

    code = "import_errors_format"


class NothingWaitsError(GovernanceError):
    """No row of this run waits for correction."""

    code, status = "import_nothing_waits", 404


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsWritten:
    """What was written: rows with their content, rows named alone, rows of other sheets left."""

    run: str
    rows: int
    named: int
    left: int
    report: TableReport

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho import errors`."""
        return {
            "run": self.run,
            "rows": self.rows,
            "named": self.named,
            "other_sheets": self.left,
            "neutralised": self.report.neutralised,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    reason: str
    cells: tuple[str, ...]

    def __repr__(self) -> str:
        return f"_Line({self.number}, {self.reason})"


def write_errors(
    ports: Ports, principal: Principal, run: str, path: Path, *, lang: Lang, at: datetime
) -> ErrorsWritten:
    """The file holds every row of the run that waits; who took it out is on record first."""
    if path.suffix.lower() not in ENDINGS:
        raise ErrorsFormatError(known=", ".join(ENDINGS))
    with ports.database.read() as tx:
        found, detail = imports.run_by_id(tx, run), sources.detail_of(tx, run)
        if found is None or detail is None:
            raise RunUnknownError
        _ensure(ports, principal, SourceKind(found.kind))
        waiting = imports.waiting(tx, run)
        refused = sources.refusals_of(tx, run)
        problems = imports.row_problems(tx, run)
    held = layout_held(ports.vault, run, detail.layout)
    lines, left = _lines(ports, waiting, held)
    kept = {line.number for line in lines}
    named = [_Line(number=n, reason=why, cells=()) for n, why in refused.items() if n not in kept]
    whole = sorted((*lines, *named), key=lambda line: line.number)
    if not whole:
        raise NothingWaitsError(other_sheets=left)
    header, rows = _table(run, whole, held, problems, lang=lang)
    _record(ports, principal, run, rows=len(whole), at=at)
    write = write_csv if path.suffix.lower() == ".csv" else write_xlsx
    report = write(path, header, rows)
    return ErrorsWritten(run=run, rows=len(lines), named=len(named), left=left, report=report)


def _ensure(ports: Ports, principal: Principal, kind: SourceKind) -> None:
    """Fails closed: who takes rows out may take such files in, and may export persons."""
    may_take_in(ports, principal, kind)
    policy = ports.policies.current
    personal = kind in TABLE_OF
    if personal and not may(principal, Action.PERSON_EXPORT, policy):
        raise ErrorsRefusedError(kind=kind.value)


def _lines(
    ports: Ports, waiting: Sequence[imports.Aside], held: HeldLayout
) -> tuple[list[_Line], int]:
    """The rows of the table itself, and of sheets with the same columns; how many were left."""
    lines: list[_Line] = []
    left = 0
    for row in waiting:
        sheet, cells = cells_of(ports, row)
        if row.reason in SHEETS:
            names = held.sheets.get(sheet, ())
            if {*names} != {*held.headers} or len(names) != len(held.headers):
                left += 1
                continue
            by_name = dict(zip(names, (*cells, *[""] * len(names)), strict=False))
            cells = tuple(by_name[name] for name in held.headers)
        lines.append(_Line(number=row.row, reason=row.reason, cells=cells))
    return lines, left


def _table(
    run: str,
    lines: Sequence[_Line],
    held: HeldLayout,
    problems: Mapping[int, Sequence[tuple[str, str]]],
    *,
    lang: Lang,
) -> tuple[tuple[str, ...], list[tuple[str | int, ...]]]:
    width = max((len(line.cells) for line in lines), default=0)
    known = len(held.headers)
    surplus = tuple(f"{UNNAMED}{n + 1}" for n in range(known, width))
    header = (*marks(lang), *held.headers, *surplus)
    headers = {field: name for name, field in held.columns.items() if field}
    rows: list[tuple[str | int, ...]] = []
    for line in lines:
        met = [(_header(column, headers), kind) for column, kind in problems.get(line.number, ())]
        words = _words(line, met, lang=lang)
        gap = ("",) * (known + len(surplus) - len(line.cells))
        rows.append((run, line.number, words, *line.cells, *gap))
    return header, rows


def _header(column: str, headers: Mapping[str, str]) -> str:
    """The header of a column that is named by its field, where the file has one."""
    _, dot, name = column.partition(".")
    return headers.get(name, column) if dot else column


def _words(line: _Line, problems: Sequence[tuple[str, str]], *, lang: Lang) -> str:
    """What is wrong, in words: the reason first, then every problem of the row with its column."""
    said = [_problem(line.reason, lang)]
    for column, kind in problems:
        if kind in SHEETS and kind != line.reason:
            continue
        word = _problem(kind, lang)
        said.append(f"{column}: {word}" if column else word)
    if line.reason in NEVER_KEPT:
        said.append(text("gateway.correction.never_kept", lang))
    told = dict.fromkeys(said)
    return " / ".join(words for words in told if not _repeated(words, told))


def _repeated(words: str, told: Mapping[str, None]) -> bool:
    """Whether the same is said with its column."""
    return any(other != words and other.endswith(f": {words}") for other in told)


def _problem(kind: str, lang: Lang) -> str:
    return text(f"customers.problem.{kind.lower()}", lang)


def _record(ports: Ports, principal: Principal, run: str, *, rows: int, at: datetime) -> None:
    event = EventDraft(
        action=EventCode.PERSON_EXPORTED,
        occurred_at=at,
        actor=ActorId(principal.id),
        actor_os=principal.os_user,
        object_type="import",
        object_id=run,
        outcome=Outcome.DONE,
        counts=(("rows", rows),),
    )
    ports.database.write(lambda tx: ports.audit.append(tx, event))
