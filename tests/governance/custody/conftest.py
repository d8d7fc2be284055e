"""A store with frames in every place, on each engine, with a clock that the test moves."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from audit.log import AuditLog
from audit.sequencer import LogKeys
from governance.app.keys import places
from governance.crypto.providers.file import FileKeyProvider
from governance.custody.rotation import Custodian
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.jobs.journal import Journal
from governance.keys.epochs import create_key_store
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from tests.governance.custody.world import NOW, World

SNAPSHOT = default_snapshot()


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "keys.db"))
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database, keys: Database, tmp_path: Path) -> Iterator[World]:
    provider = FileKeyProvider(tmp_path / "epochs")
    create_key_store(keys, provider, day=date(2026, 10, 1), at=NOW)
    made: list[World] = []
    vault = FieldVault.open(keys, provider, clock=lambda: made[0].clock() if made else NOW)
    journal = Journal.open(tmp_path / "journal", installation=vault.ring.installation)
    log = AuditLog(database.writer_engine, process_id="test-1", sealer=vault.seal_part)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        journal=journal,
        policies=PolicyHolder(SNAPSHOT),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    signing = LogKeys(
        origin="sekisho/test",
        ed25519=ensure_signer(vault.ring, "audit-log", SigningAlgorithm.ED25519),
        mldsa44=None,
        anchor=tmp_path / "checkpoint",
    )
    by = Custodian(ports=ports, places=places(), log_keys=signing, keep_days=7)
    made.append(World(by))
    yield made[0]
    journal.close()
