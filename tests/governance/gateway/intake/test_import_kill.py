"""An import that is killed again and again loses nothing, doubles nothing, and goes on."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit.types import Verdict
from audit.verify import verify_log
from governance.app.wiring import Wiring
from governance.customers import imports, store
from governance.customers.sources.store import IMPORT_ROW
from governance.jobs.journal_record import JournalKind
from tests.forking import Forked
from tests.installation import create, customer, register, write_file

IMPORTER = "tests.governance.gateway.intake.importer"
SOAKING = "SEKISHO_SOAK" in os.environ
KILLS = 50 if SOAKING else 4
PEOPLE = 4_000 if SOAKING else 500
SEED = 20261126
HELD = 7  # persons under a hold
ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
PURCHASES = ("購買ID", "顧客ID", "区分", "商品名", "金額", "購入日")


def files(folder: Path) -> list[Path]:
    """Persons, a newer file of the same source, their purchases; each with rows that wait."""
    people = [customer(n, 保全="1" if n <= HELD else "") for n in range(1, PEOPLE + 1)]
    people += [customer(n, 顧客ID="") for n in range(PEOPLE + 1, PEOPLE + 41)]
    people += [customer(n, 氏名="") for n in range(PEOPLE + 41, PEOPLE + 51)]
    newer = [row | ({"備考": "更新"} if n % 5 == 0 else {}) for n, row in enumerate(people)]
    bought = []
    for n in range(1, PEOPLE + 1):
        cells = (f"P{n}", f"C{n % (PEOPLE + 9):06d}", "単品", "茶", "500", "2024/05/05")
        bought.append(dict(zip(PURCHASES, cells, strict=True)))
    return [
        write_file(folder, register(people), name="people.csv"),
        write_file(folder, register(newer), name="newer.csv"),
        write_file(folder, register(bought, headers=PURCHASES), name="bought.csv"),
    ]


def kill_until_done(setting: Path, wanted: int) -> tuple[int, int]:
    """How often the importer was killed after it had begun, and how it ended at last."""
    chance = random.Random(SEED)  # noqa: S311 # moments of death, not secrets
    kills = 0
    while True:
        with Forked(IMPORTER, str(setting)) as process:
            process.stdout.readline()
            if kills < wanted:
                time.sleep(chance.expovariate(1 / 0.35))
                if process.poll() is None:
                    process.kill()
                    kills += 1
            code = process.wait(timeout=300)
        if code != -signal.SIGKILL:
            return kills, code


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("engine", ENGINES)
def test_kills_lose_and_double_nothing(
    engine: str, new_database: Callable[..., str], tmp_path: Path
) -> None:
    url = new_database("upgraded") if engine == "postgres" else None
    wiring = create(tmp_path, url=url)
    wiring.close()
    paths = files(tmp_path)
    setting = tmp_path / "setting.json"
    told = {"data": str(wiring.settings.data_dir), "url": url, "files": [str(p) for p in paths]}
    setting.write_text(json.dumps(told))
    kills, code = kill_until_done(setting, KILLS if engine == "sqlite" else max(3, KILLS // 5))
    assert (kills > 0, code) == (True, 0)
    reopened = Wiring.open(wiring.settings)
    try:
        everything_is_there_once(reopened)
    finally:
        reopened.close()


def everything_is_there_once(wiring: Wiring) -> None:
    with wiring.database.read() as tx:
        runs = {run.file_name: run for run in imports.all_runs(tx)}
        people = store.records_after(tx, "person", after=None, limit=99_999)
        bought = store.count_rows(tx, "purchase")
        said = tx.execute(select(func.count()).select_from(IMPORT_ROW)).scalar_one()
        holds = tx.execute(select(func.count()).select_from(store.HOLD)).scalar_one()
        waits = {name: imports.waiting_count(tx, run.id) for name, run in runs.items()}
        subjects = tx.execute(select(func.count()).select_from(store.SUBJECT)).scalar_one()
    total = PEOPLE + 40
    assert {run.counts["read"] for run in runs.values()} == {total + 10, PEOPLE}
    for run in runs.values():
        counts = run.counts
        assert run.done
        parts = ("stored", "merged", "quarantined", "refused")
        assert counts["read"] == run.cursor == sum(counts[part] for part in parts)
        assert counts["quarantined"] == waits[run.file_name]
    assert (runs["people.csv"].counts["stored"], runs["newer.csv"].counts["merged"]) == (
        total,
        total,
    )
    assert len(people) == len({row.subject for row in people}) == subjects == total
    assert (holds, bought, said) == (HELD, runs["bought.csv"].counts["stored"], total + bought)
    opened = wiring.vault.open_rows([(row.id, row.sealed) for row in people])
    ids = Counter(
        str(values["person.customer_id"].value)
        for values in opened
        if "person.customer_id" in values
    )  # type: ignore[comparison-overlap] # ids are text
    assert ids == Counter(f"C{n:06d}" for n in range(1, PEOPLE + 1))
    notes = sum("person.notes" in values for values in opened)  # type: ignore[comparison-overlap] # the same
    assert notes == sum(n % 5 == 0 for n in range(total))
    journalled = {
        r.entry.subject for r in wiring.journal.replay() if r.entry.kind is JournalKind.HOLD
    }
    assert len(journalled) >= HELD
    found = verify_log(wiring.database, keys=wiring.signing.every_key(), anchor=None)
    assert found.verdict in (Verdict.VERIFIED_SELF_SIGNED, Verdict.UNPINNED)


def test_two_processes_that_take_the_same_files_in_store_them_once(
    tmp_path: Path,
) -> None:
    wiring = create(tmp_path)
    wiring.close()
    rows = [customer(n, 顧客ID="" if n % 3 == 0 else f"C{n:06d}") for n in range(1, 301)]
    path = write_file(tmp_path, register(rows), name="people.csv")
    setting = tmp_path / "setting.json"
    told = {"data": str(wiring.settings.data_dir), "url": None, "files": [str(path)]}
    setting.write_text(json.dumps(told))
    with Forked(IMPORTER, str(setting)) as one, Forked(IMPORTER, str(setting)) as other:
        assert [process.wait(timeout=300) for process in (one, other)] == [0, 0]
    reopened = Wiring.open(wiring.settings)
    with reopened.database.read() as tx:
        (run,) = imports.all_runs(tx)
        assert store.count_rows(tx, "person") == run.counts["stored"] == run.cursor == 300
    reopened.close()
