"""A town on each engine with a real vault, journal and log; rules have no fixture."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.jobs.journal import Journal
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from tests.retention.town import NOW, Town


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "keys.db"))
    yield opened
    opened.close()


@pytest.fixture
def town(database: Database, keys: Database, tmp_path: Path) -> Iterator[Town]:
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
        policies=PolicyHolder(default_snapshot()),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    yield Town(ports)
    ports.decisions.close()
    journal.close()
