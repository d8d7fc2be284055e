"""The daily roll of the key epochs as a use case: done, and on record."""

from datetime import datetime

from audit.actions import EventCode
from audit.sequencer import LogKeys, integrate_now
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.keys.epochs import roll
from governance.keys.types import RollReport


def roll_today(
    ports: Ports, log_keys: LogKeys, actor: ActorId, *, keep_days: int, at: datetime
) -> RollReport:
    """Today's epoch wraps every living key and epochs over `keep_days` old end, on record."""
    report = roll(
        ports.vault.ring,
        day=at.astimezone(JST).date(),
        keep_days=keep_days,
    )
    if not report.rewrapped and not report.ended:
        return report
    draft = EventDraft(
        action=EventCode.KEY_ROTATED,
        occurred_at=at,
        actor=actor,
        object_type="epoch",
        object_id=report.epoch,
        outcome=Outcome.FAILED if report.stuck else Outcome.DONE,
        counts=(
            ("rewrapped", report.rewrapped),
            ("ended", len(report.ended)),
            ("stuck", len(report.stuck)),
        ),
    )
    event = ports.database.write(lambda tx: ports.audit.append(tx, draft))
    integrate_now(ports.database, log_keys, ports.audit, event, at=at)
    return report
