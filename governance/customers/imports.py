"""Rows of import runs: cursor, counts, problems, what was put aside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.customers.models import (
    FindingRow,
    ImportProblem,
    ImportRun,
    IntakeTurn,
    QuarantineRow,
)
from governance.customers.types import Problem
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of

RUN, TURN = table_of(ImportRun), table_of(IntakeTurn)
PROBLEM, ASIDE = table_of(ImportProblem), table_of(QuarantineRow)
FINDING = table_of(FindingRow)
_PROBLEMS = PreparedInsert(PROBLEM)
COUNTED = ("read", "stored", "merged", "quarantined", "refused", "normalised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One file being taken in, or taken in already."""

    id: RowId
    kind: str
    file_name: str
    encoding: str
    done: bool
    cursor: int
    counts: Mapping[str, int]
    started_at: datetime
    finished_at: datetime | None


def run_of(tx: Connection, kind: str, digest: str) -> Run | None:
    """The run of this very file, if there is one."""
    row = tx.execute(select(RUN).where(RUN.c.kind == kind, RUN.c.digest == digest)).one_or_none()
    return None if row is None else _run(row)


def run_by_id(tx: Connection, run: str) -> Run | None:
    """The run of this number."""
    row = tx.execute(select(RUN).where(RUN.c.id == run)).one_or_none()
    return None if row is None else _run(row)


def all_runs(tx: Connection) -> tuple[Run, ...]:
    """Every run, newest first."""
    return tuple(_run(row) for row in tx.execute(select(RUN).order_by(RUN.c.id.desc())))


def begin_run(
    tx: Connection, *, kind: str, digest: str, file: str, encoding: str, by: str, at: datetime
) -> Run:
    """A fresh run at its first row, or the one that another importer of the file just began."""
    tx.execute(
        insert_ignore(RUN, tx.dialect.name).values(
            id=new_row_id(),
            kind=kind,
            digest=digest,
            file_name=own_name(tx, file, digest),
            encoding=encoding,
            state="running",
            cursor=0,
            started_by=by,
            started_at=at,
            **dict.fromkeys(COUNTED, 0),
        )
    )
    found = tx.execute(select(RUN).where(RUN.c.kind == kind, RUN.c.digest == digest)).one()
    return _run(found)


def own_name(tx: Connection, file: str, digest: str) -> str:
    """The file's name; with a mark of its content when another file bore that name before.

    Rows are named by file and number, and next month's export is often named as this month's.
    """
    taken = select(func.count()).select_from(RUN).where(RUN.c.file_name == file)
    return file if tx.execute(taken).scalar_one() == 0 else f"{file}@{digest[:12]}"


def advance_run(tx: Connection, run: str, *, rows: int, counts: Mapping[str, int]) -> None:
    """The cursor and the counts move on with the rows that this transaction stores."""
    values: dict[str, Any] = {name: RUN.c[name] + counts[name] for name in COUNTED}
    tx.execute(update(RUN).where(RUN.c.id == run).values(cursor=RUN.c.cursor + rows, **values))


def finish_run(tx: Connection, run: str, *, at: datetime) -> None:
    """The file is wholly taken in."""
    tx.execute(update(RUN).where(RUN.c.id == run).values(state="done", finished_at=at))


def take_turn(tx: Connection, run: str, *, first: int) -> bool:
    """Whether the batch that begins after `first` rows is this importer's to store.

    No other batch decides what is new until this transaction ends. False when another importer
    of the same file has stored the batch.
    """
    tx.execute(insert_ignore(TURN, tx.dialect.name).values(id=0, turn=0))
    tx.execute(update(TURN).where(TURN.c.id == 0).values(turn=TURN.c.turn + 1))
    cursor = tx.execute(select(RUN.c.cursor).where(RUN.c.id == run)).scalar_one()
    return bool(cursor == first)


def add_problems(tx: Connection, run: str, problems: Iterable[Problem]) -> None:
    """Each problem is noted by row, column and kind."""
    rows = [
        {
            "id": new_row_id(),
            "run_id": run,
            "row": problem.row,
            "column": problem.column or "",
            "kind": problem.kind.value,
        }
        for problem in problems
    ]
    _PROBLEMS.rows(tx, rows)


def problem_counts(tx: Connection, run: str | None = None) -> dict[str, int]:
    """How often each kind of problem was met, in one run or in all."""
    statement = select(PROBLEM.c.kind, func.count()).group_by(PROBLEM.c.kind)
    if run is not None:
        statement = statement.where(PROBLEM.c.run_id == run)
    return {row.kind: int(row.count_1) for row in tx.execute(statement)}


def put_aside(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that could not be stored wait, sealed, for a person."""
    if rows:
        tx.execute(insert(ASIDE), list(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A row that waits, still sealed."""

    id: RowId
    row: int
    reason: str
    content: bytes = field(repr=False)


def waiting(tx: Connection, run: str) -> tuple[Aside, ...]:
    """Rows of a run that wait for correction, in file order."""
    rows = tx.execute(select(ASIDE).where(ASIDE.c.run_id == run).order_by(ASIDE.c.row, ASIDE.c.id))
    return tuple(
        Aside(id=RowId(row.id), row=row.row, reason=row.reason, content=bytes(row.content))
        for row in rows
    )


def waiting_count(tx: Connection, run: str) -> int:
    """How many rows of a run wait for correction."""
    statement = select(func.count()).select_from(ASIDE).where(ASIDE.c.run_id == run)
    return int(tx.execute(statement).scalar_one())


def settle(tx: Connection, run: str, rows: Sequence[int], *, but: Iterable[str] = ()) -> int:
    """The waiting rows of these numbers wait no more; those of the reasons `but` stay."""
    kept = list(but)
    gone = 0
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        mine = ASIDE.c.run_id == run, ASIDE.c.row.in_(part), ASIDE.c.reason.not_in(kept)
        gone += tx.execute(delete(ASIDE).where(*mine)).rowcount
    return gone


def drop_waiting(tx: Connection, rows: Sequence[RowId]) -> int:
    """These waiting rows wait no more; how many there were."""
    gone = 0
    for start in range(0, len(rows), 500):
        mine = ASIDE.c.id.in_(rows[start : start + 500])
        gone += tx.execute(delete(ASIDE).where(mine)).rowcount
    return gone


def row_problems(tx: Connection, run: str) -> dict[int, list[tuple[str, str]]]:
    """Column and kind of every problem of a run, by row."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = tx.execute(select(PROBLEM).where(PROBLEM.c.run_id == run).order_by(PROBLEM.c.id))
    for row in rows:
        found.setdefault(row.row, []).append((row.column, row.kind))
    return found


def finding_counts(tx: Connection) -> dict[tuple[str, str], int]:
    """How many findings of each entity and kind the free texts hold."""
    rows = tx.execute(
        select(FINDING.c.entity, FINDING.c.kind, func.sum(FINDING.c.found)).group_by(
            FINDING.c.entity, FINDING.c.kind
        )
    )
    return {(entity, kind): int(found) for entity, kind, found in rows}


def _run(row: Row[Any]) -> Run:
    return Run(
        id=RowId(row.id),
        kind=row.kind,
        file_name=row.file_name,
        encoding=row.encoding,
        done=row.state == "done",
        cursor=row.cursor,
        counts={name: getattr(row, name) for name in COUNTED},
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
