"""The imported demo files give the gold decisions out of the database too."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRequest
from governance.jobs.journal import Journal
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from retention import listing, store
from retention.plans import RunState
from retention.types import DecisionKind
from tests.retention.samples import DEMO, gold
from tests.retention.town import NOW, OFFICER, TODAY, Town, staff

FIELDS = ("decision", "rule", "basis", "due_on", "ledger_until")


@pytest.mark.timeout(300)
def test_the_imported_register_is_planned_and_purged_as_the_gold_says(tmp_path: Path) -> None:
    database, keys = (Database.open(sqlite_url(tmp_path / f"{name}.db")) for name in "dk")
    SQLModel.metadata.create_all(database.writer_engine)
    provider = FileKeyProvider(tmp_path / "epochs")
    create_key_store(keys, provider, day=TODAY, at=NOW)
    vault = FieldVault.open(keys, provider, clock=lambda: NOW)
    log = AuditLog(database.writer_engine, process_id="t", sealer=vault.seal_part)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=tmp_path, clock=lambda: NOW),
        journal=Journal.open(tmp_path / "journal", installation=vault.ring.installation),
        policies=PolicyHolder(default_snapshot()),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    for name in ("customers.csv", "purchases.csv"):
        request = ImportRequest(path=DEMO / name)
        take_in(ports, staff("data", "data_manager"), request, at=NOW)
    town = Town(ports)
    town.adopt()
    compare(town)
    plan = town.plan()
    with database.read() as tx:
        due = store.plan_by_id(tx, plan, items=False).count(DecisionKind.DUE)
    report = town.drive(town.start(plan))
    assert (report.state, report.erased, report.skipped) == (RunState.DONE, due, 0)
    assert due > 600
    ports.journal.close()
    database.close()
    keys.close()


def compare(town: Town) -> None:
    by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in gold("retention_due.jsonl"):
        by_id[line["id"]].append({name: line.get(name) for name in FIELDS})
    lines = town.ports.database.write(
        lambda tx: list(listing.people(tx, town.ports, OFFICER, on=TODAY, at=NOW))
    )
    assert len(lines) > 3000
    for line in lines:
        assert {name: line[name] for name in FIELDS} in by_id[str(line["id"])]
