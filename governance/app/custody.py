"""The daily roll of the key epochs as a use case: done, and on record."""

from datetime import datetime

from audit.actions import EventCode
from audit.sequencer import integrate_now
from audit.types import EventDraft, Outcome
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.core.terms import ActorId
from governance.keys.epochs import roll
from governance.keys.types import RollReport


def roll_today(wiring: Wiring, actor: ActorId, *, at: datetime) -> RollReport:
    """Today's epoch wraps every living key, old epochs have ended, and the log says so."""
    report = roll(
        wiring.vault.ring,
        day=at.astimezone(JST).date(),
        keep_days=wiring.settings.key_final_days,
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
    event = wiring.database.write(lambda tx: wiring.audit.append(tx, draft))
    integrate_now(wiring.database, wiring.log_keys, wiring.audit, event, at=at)
    return report
