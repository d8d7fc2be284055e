"""A log with its keys on each engine."""

from pathlib import Path

import pytest

from audit.log import AuditLog
from audit.sequencer import LogKeys
from governance.db.engine import Database
from tests.audit.bench import OTHER, SUBJECT, Bench, masked, part
from tests.audit.worker import keys_at


@pytest.fixture
def keys(tmp_path: Path) -> LogKeys:
    return keys_at(tmp_path / "checkpoint")


@pytest.fixture
def bench(database: Database, keys: LogKeys) -> Bench:
    log = AuditLog(database.writer_engine, process_id="web-1", sealer=masked)
    return Bench(database, log, keys)


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Seven events in the tree, two of them with parts, signed."""
    bench.add(count=2)
    bench.add(part(), part(OTHER), subject=SUBJECT, fields=("person.name",), counts=(("rows", 1),))
    bench.add(part(OTHER))
    bench.sequence()
    bench.add(count=3, purpose="order_support", reasons=("permit.role",), consent_seq=7)
    bench.sequence(1)
    return bench
