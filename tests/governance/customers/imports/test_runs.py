"""Rows of import runs on both engines."""

from datetime import timedelta
from functools import partial
from typing import Any

from governance.core.ids import new_row_id
from governance.customers import imports
from governance.customers.types import Problem, ProblemKind
from governance.db.engine import Database
from tests.installation import AT

COUNTS = dict.fromkeys(imports.COUNTED, 0)


def begun(database: Database, *, digest: str = "d" * 64, file: str = "a.csv") -> imports.Run:
    facts: dict[str, Any] = {"kind": "customers", "encoding": "utf-8", "by": "u:taro", "at": AT}
    return database.write(partial(imports.begin_run, digest=digest, file=file, **facts))


def test_a_run_begins_once_for_a_file(database: Database) -> None:
    first, second = begun(database), begun(database)
    assert first == second
    with database.read() as tx:
        assert imports.run_of(tx, "customers", "d" * 64) == first
        assert imports.run_of(tx, "companies", "d" * 64) is None
        assert imports.all_runs(tx) == (first,)
    assert (first.cursor, first.done, first.file_name) == (0, False, "a.csv")


def test_another_file_of_the_same_name_has_a_name_of_its_own(database: Database) -> None:
    begun(database)
    other = begun(database, digest="e" * 64)
    assert other.file_name == "a.csv@" + "e" * 12
    assert begun(database, digest="e" * 64) == other


def test_cursor_and_counts_move_together(database: Database) -> None:
    run = begun(database)
    for _ in range(2):
        database.write(
            partial(
                imports.advance_run, run=run.id, rows=3, counts=COUNTS | {"read": 3, "stored": 2}
            )
        )
    database.write(partial(imports.finish_run, run=run.id, at=AT + timedelta(seconds=1)))
    with database.read() as tx:
        found = imports.run_of(tx, "customers", "d" * 64)
    assert found is not None
    assert (found.cursor, found.counts["read"], found.counts["stored"]) == (6, 6, 4)
    assert (found.done, found.finished_at) == (True, AT + timedelta(seconds=1))


def test_a_batch_is_taken_by_the_importer_who_stands_at_the_cursor(database: Database) -> None:
    run = begun(database)
    assert database.write(partial(imports.take_turn, run=run.id, first=0))
    database.write(partial(imports.advance_run, run=run.id, rows=5, counts=COUNTS))
    assert not database.write(partial(imports.take_turn, run=run.id, first=0))
    assert database.write(partial(imports.take_turn, run=run.id, first=5))


def test_problems_are_counted_by_kind_and_run(database: Database) -> None:
    first, second = begun(database), begun(database, digest="e" * 64)
    kinds = (ProblemKind.DATE_FUTURE, ProblemKind.DATE_FUTURE, ProblemKind.OVERLONG)
    found = [Problem(kind=kind, row=n, column="備考") for n, kind in enumerate(kinds)]
    database.write(partial(imports.add_problems, run=first.id, problems=found))
    database.write(partial(imports.add_problems, run=second.id, problems=found[:1]))
    database.write(partial(imports.add_problems, run=second.id, problems=[]))
    with database.read() as tx:
        assert imports.problem_counts(tx, first.id) == {"DATE_FUTURE": 2, "OVERLONG": 1}
        assert imports.problem_counts(tx) == {"DATE_FUTURE": 3, "OVERLONG": 1}


def test_rows_that_wait_are_kept_by_run(database: Database) -> None:
    run = begun(database)
    row = {
        "id": new_row_id(),
        "run_id": run.id,
        "row": 3,
        "reason": "MISSING_REQUIRED",
        "content": b"sealed",
    }
    database.write(partial(imports.put_aside, rows=[row]))
    database.write(partial(imports.put_aside, rows=[]))
    with database.read() as tx:
        (found,) = tx.execute(imports.ASIDE.select()).mappings()
    assert dict(found) == row
