"""Recording decisions: what it adds for the caller, and how many a second become durable."""

import gc
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.decisions.recorder import BATCH, DecisionRecorder
from audit.decisions.types import Decision
from audit.log import AuditLog
from audit.types import Outcome
from governance.app.bench.commits import DRAFT
from governance.app.bench.decisions import requests
from governance.app.bench.figure import Figure
from governance.app.bench.sequencing import Ledger, drain, new_ledger
from governance.core.ids import new_event_id, new_row_id, new_subject_id
from governance.core.terms import ActorId, PurposeId, SubjectId
from policies.snapshot import PolicySnapshot, default_snapshot

DECISIONS = 20_000  # of each round
ROUNDS = 3  # in turn; the best counts
MICRO = 1_000_000
CALLER_LIMIT = 5.0  # microseconds that recording adds for whoever waits for the answer
PATIENCE = 600.0  # seconds; a bench waits for what a caller would not
AT = datetime(2026, 10, 1, tzinfo=UTC)


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Microseconds added for the caller, and durable decisions a second."""
    count = rows or DECISIONS
    with new_ledger() as ledger, TemporaryDirectory() as marks:
        return _figures(ledger, Path(marks), count)


def _figures(ledger: Ledger, marks: Path, count: int) -> tuple[Figure, ...]:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, taken in _round(ledger, marks, count).items():
            best[name] = min(taken, best.get(name, taken))
    bare, recorded = best["bare"] / count * MICRO, best["recorded"] / count * MICRO
    rate, events = count / best["durable"], count / best["events"]
    return (
        Figure(
            figure="a role decision with its record, for the caller",
            value=recorded,
            unit="us",
            baseline="the same decision without a record",
            baseline_value=bare,
            target=f"<= {CALLER_LIMIT:g} us more",
            met=recorded - bare <= CALLER_LIMIT,
        ),
        Figure(
            figure="recorded decisions, each durable and provable",
            value=rate,
            unit="decisions/s",
            baseline="as many events of their own, written in batches as large",
            baseline_value=events,
            target="told",
            met=True,
        ),
    )


def _round(ledger: Ledger, marks: Path, count: int) -> dict[str, float]:
    """Seconds of each kind, in turn, for so many decisions."""
    database = ledger.database
    log = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=lambda _s, _r, p: p)
    decide = _decider(default_snapshot())
    subjects = [new_subject_id() for _ in range(BATCH)]
    recorder = DecisionRecorder(
        database, log, marks=marks, clock=lambda: AT, limit=count, patience=PATIENCE
    )

    def record(n: int) -> None:
        recorder.record(_decision(subjects[n % BATCH], permitted=decide(n)))

    with closing(recorder):
        bare = _of_this_thread(decide, count)
        start = time.perf_counter()
        recorded = _of_this_thread(record, count)
        recorder.settle()
        drain(ledger)
        durable = time.perf_counter() - start
    start = time.perf_counter()
    for done in range(0, count, BATCH):
        drafts = [DRAFT] * min(BATCH, count - done)
        database.write(partial(log.append_many, drafts=drafts))
    drain(ledger)
    events = time.perf_counter() - start
    return {"bare": bare, "recorded": recorded, "durable": durable, "events": events}


def _of_this_thread(work: Callable[[int], object], count: int) -> float:
    """Seconds of the processor that the calls took here; who writes the batches is another."""
    gc.disable()
    try:
        start = time.thread_time()
        for n in range(count):
            work(n)
        return time.thread_time() - start
    finally:
        gc.enable()


def _decider(snapshot: PolicySnapshot) -> Callable[[int], bool]:
    """The ACTOR gate over requests of every role."""
    asked = tuple(requests(snapshot))

    def decide(n: int) -> bool:
        roles, field, action, purpose = asked[n % len(asked)]
        return bool(snapshot.decide(roles, field=field, action=action, purpose=purpose))

    return decide


def _decision(subject: SubjectId, *, permitted: bool) -> Decision:
    return Decision(
        id=new_event_id(),
        occurred_at=AT,
        actor=ActorId("svc:bench"),
        actor_os=None,
        subject=subject,
        purpose=PurposeId("mail_marketing"),
        channel="email",
        recipient="internal",
        country=None,
        field=None,
        outcome=Outcome.PERMIT if permitted else Outcome.DENY,
        reasons="permit" if permitted else "denied.actor.no_rule",
        policy_version="2026.1",
        consent_seq=1,
        request_id=None,
        network=None,
    )
