"""A policy desk on each engine, with the first small policy in force."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.jobs.journal import Journal
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from policies.admin import service
from policies.admin.types import Desk
from policies.snapshot import PolicyHolder
from tests.policies.admin.office import NOW, Office, small


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """The desk on one engine."""
    keys = Database.open(sqlite_url(tmp_path / "keys.db"))
    provider = FileKeyProvider(tmp_path / "epochs")
    create_key_store(keys, provider, day=date(2026, 10, 1), at=NOW)
    vault = FieldVault.open(keys, provider, clock=lambda: NOW)
    journal = Journal.open(tmp_path / "journal", installation=vault.ring.installation)
    log = AuditLog(database.writer_engine, process_id="test-1", sealer=vault.seal_part)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=tmp_path, clock=lambda: NOW),
        journal=journal,
        policies=PolicyHolder(),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    desk = Desk(ports=ports)
    executors = {ApprovalKind.POLICY_CHANGE: service.policy_executor(desk)}
    made = Office(desk=desk, approvals=Approvals(audit=log, executors=executors))
    made.start(small("1"))
    yield made
    ports.decisions.close()
    journal.close()
    keys.close()
