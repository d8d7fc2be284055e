"""An installation with two persons on each engine; times and persons are invented."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.core.terms import Lang
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.jobs.journal import Journal
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from governance.pii.engine import Analyzer
from governance.pii.types import Analyse, Span
from policies.snapshot import PolicyHolder, default_snapshot
from tests.dsar.world import NOW, World


@pytest.fixture(scope="session")
def analyse() -> Analyse:
    """The real analysis, in this process."""
    analyzer = Analyzer()

    def run(texts: Sequence[str], lang: Lang) -> Sequence[tuple[Span, ...]]:
        return [analyzer.analyze(text, lang.value) for text in texts]

    return run


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[FieldVault]:
    keys = Database.open(sqlite_url(tmp_path / "keys.db"))
    provider = FileKeyProvider(tmp_path / "epochs")
    create_key_store(keys, provider, day=date(2026, 11, 25), at=NOW)
    yield FieldVault.open(keys, provider, clock=lambda: datetime(2026, 11, 25, 3, tzinfo=UTC))
    keys.close()


@pytest.fixture
def world(
    database: Database, vault: FieldVault, tmp_path: Path, analyse: Analyse
) -> Iterator[World]:
    journal = Journal.open(tmp_path / "journal", installation=vault.ring.installation)
    log = AuditLog(
        database.writer_engine,
        process_id="test-1",
        sealer=vault.seal_part,
    )
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=tmp_path, clock=lambda: NOW),
        journal=journal,
        policies=PolicyHolder(default_snapshot()),
        analyse=analyse,
    )
    made = World(ports)
    made.fill()
    yield made
    ports.decisions.close()
    journal.close()
