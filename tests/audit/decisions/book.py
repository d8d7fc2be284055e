"""Decisions of a bench, recorded and read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audit.decisions.models import DECISIONS
from audit.decisions.recorder import DecisionRecorder
from audit.decisions.store import RECORDS, record_of
from audit.decisions.types import Decision, DecisionRecord
from audit.types import Outcome
from governance.core.ids import new_event_id
from governance.core.terms import ActorId, PurposeId
from tests.audit.bench import NOW, SUBJECT, Bench


def decision(**more: Any) -> Decision:
    values: dict[str, Any] = {
        "id": new_event_id(),
        "occurred_at": NOW,
        "actor": ActorId("svc:mailer"),
        "actor_os": None,
        "subject": SUBJECT,
        "purpose": PurposeId("mail_marketing"),
        "channel": "email",
        "recipient": "internal",
        "country": "JP",
        "field": None,
        "outcome": Outcome.PERMIT,
        "reasons": "permit",
        "policy_version": "2026.1",
        "consent_seq": 7,
        "request_id": "r1",
        "network": "203.0.113.0/24",
    }
    return Decision(**(values | more))


@contextmanager
def recorder(bench: Bench, marks: Path, **more: Any) -> Iterator[DecisionRecorder]:
    known: dict[str, Any] = {"marks": marks, "clock": lambda: NOW, "patience": 60}  # a busy machine
    opened = DecisionRecorder(bench.db, bench.log, **(known | more))
    try:
        yield opened
    finally:
        opened.close()


def records(bench: Bench) -> list[DecisionRecord]:
    """Every recorded decision by its number."""
    with bench.db.read() as tx:
        return [record_of(row) for row in tx.execute(RECORDS.order_by(DECISIONS.c.n)).all()]
