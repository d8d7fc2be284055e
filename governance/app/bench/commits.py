"""Durable audited events on SQLite: many waiting callers share a commit, one caller has its own."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection
from sqlmodel import SQLModel

from audit.actions import EventCode
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.app.bench.figure import Figure
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.db.engine import Database, sqlite_url

EVENTS = 8_000  # of each round, over all callers
ROUNDS = 3  # in turn; the best counts: the others were disturbed
ALONE = 400  # of the baseline, one commit each
TARGETS = {32: 20_000, 128: 25_000}  # waiting callers: events a second
DRAFT = EventDraft(
    action=EventCode.DECISION_MADE,
    occurred_at=datetime(2026, 10, 1, tzinfo=UTC),
    actor=ActorId("u:bench"),
    object_type="person",
    object_id="00000000-0000-4000-8000-000000000000",
    subject=SubjectId("00000000-0000-4000-8000-000000000000"),
    purpose=PurposeId("order_support"),
    outcome=Outcome.PERMIT,
    reasons=("permit",),
    policy_version="2026.1",
    consent_seq=1,
)


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Events a second with 32 and 128 callers, each waiting until its own event is on disk."""
    with (
        TemporaryDirectory(dir=Path.cwd()) as folder,  # the temporary folder may be memory
        closing(Database.open(sqlite_url(Path(folder) / "events.db"))) as database,
    ):
        SQLModel.metadata.create_all(database.writer_engine)
        log = AuditLog(
            database.writer_engine, process_id=new_row_id(), sealer=lambda _s, _r, part: part
        )
        events_per_second(database, log, callers=32, each=20)
        alone = events_per_second(database, log, callers=1, each=ALONE)
        best = dict.fromkeys(TARGETS, 0.0)
        for _ in range(ROUNDS):
            for callers in TARGETS:
                each = (rows or EVENTS) // callers or 1
                rate = events_per_second(database, log, callers=callers, each=each)
                best[callers] = max(best[callers], rate)
        return tuple(_figure(callers, rate, alone) for callers, rate in best.items())


def events_per_second(database: Database, log: AuditLog, *, callers: int, each: int) -> float:
    """Events a second, every caller waiting until its own is on disk."""

    def append(tx: Connection) -> None:
        log.append(tx, DRAFT)

    def call() -> None:
        for _ in range(each):
            database.write(append)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return callers * each / (time.perf_counter() - start)


def _figure(callers: int, value: float, alone: float) -> Figure:
    return Figure(
        figure=f"durable audited events, {callers} waiting callers",
        value=value,
        unit="events/s",
        baseline="one caller, a commit for each event",
        baseline_value=alone,
        target=f">= {TARGETS[callers]:,}/s",
        met=value >= TARGETS[callers],
    )
