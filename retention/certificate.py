"""What a certificate of deletion says, from stored facts only: what, why, what a law keeps.

The final date is that on which no copy of the key store can open a backup any more (design 1).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from governance.core.terms import ActorId, RowId, SubjectId
from governance.crypto.providers.types import EpochId
from governance.keys.epochs import KEEP_DAYS, unreadable_from
from retention import outside, store, tombstones
from retention.errors import RunNotFoundError
from retention.key_ends import shredded_by
from retention.parts.store import ended_rows
from retention.plans import Json, RunState
from retention.tombstones import Tombstone
from retention.types import Action, latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The facts of one run, or of one person in it."""

    run: RowId
    plan: RowId
    plan_digest: str
    schedule: str
    schedule_digest: str
    state: RunState
    subject: SubjectId | None
    erased: int
    skipped: int
    by_rule: tuple[tuple[str, int], ...]
    kept: tuple[tuple[str, int, date], ...]  # duty, persons, last day
    requested_by: ActorId
    approved_by: ActorId | None
    began_at: datetime
    ended_at: datetime | None
    keys_ended_at: datetime | None  # None: not all keys are known to be gone
    final_on: date | None  # every backup is unreadable for the erased from this day on
    ledger_ends_on: date | None
    log_pages: int | None
    bare: int = 0  # of the erased: the key is gone, rows stay without what it sealed
    rows: tuple[tuple[str, str, int], ...] = ()  # line of the schedule, action, rows of who stays
    told: int = 0  # persons of whom connected systems hear
    waiting: int = 0  # of these: whose systems have not all answered

    def as_json(self) -> dict[str, Json]:
        """The certificate's content."""
        return {
            "run": self.run,
            "plan": self.plan,
            "plan_sha256": self.plan_digest,
            "schedule": self.schedule,
            "schedule_sha256": self.schedule_digest,
            "state": self.state.value,
            "subject": self.subject,
            "erased": self.erased,
            "skipped": self.skipped,
            "rows_stay_without_key": self.bare,
            "by_rule": dict(self.by_rule),
            "kept": [
                {"law": duty, "persons": persons, "until": until.isoformat()}
                for duty, persons, until in self.kept
            ],
            "requested_by": self.requested_by,
            "approved_by": self.approved_by,
            "began_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "keys_ended_at": self.keys_ended_at.isoformat() if self.keys_ended_at else None,
            "final_on": self.final_on.isoformat() if self.final_on else None,
            "ledger_ends_on": self.ledger_ends_on.isoformat() if self.ledger_ends_on else None,
            "log_pages": self.log_pages,
            "connected": {"persons": self.told, "waiting": self.waiting},
            "rows": [
                {"rule": rule, "action": action, "rows": rows} for rule, action, rows in self.rows
            ],
        }


def certificate(
    tx: Connection,
    run_id: RowId,
    *,
    subject: SubjectId | None = None,
    keep_days: int = KEEP_DAYS,
    ends_after: timedelta | None = timedelta(0),
) -> Certificate:
    """The certificate of a run, or of one person whom it erased; raises RunNotFoundError.

    `ends_after` is the key provider's own wait; None: it cannot end a key, no day is promised.
    """
    run = store.run_by_id(tx, run_id)
    plan = store.plan_by_id(tx, run.plan, items=False)
    stones = [
        stone
        for stone in tombstones.tombstones(tx, run=run_id)
        if subject is None or stone.subject == subject
    ]
    if subject is not None and not stones:
        raise RunNotFoundError
    told, waits = outside.counts(tx, run=run_id, subject=subject)
    return Certificate(
        run=run.id,
        plan=plan.id,
        plan_digest=plan.digest,
        schedule=f"{plan.schedule_name}/{plan.schedule_version}",
        schedule_digest=plan.schedule_digest,
        state=run.state,
        subject=subject,
        erased=len(stones),
        skipped=run.skipped if subject is None else 0,
        by_rule=tuple(sorted(Counter(stone.rule for stone in stones).items())),
        kept=_kept(stones),
        requested_by=run.requested_by,
        approved_by=run.approved_by,
        began_at=run.started_at,
        ended_at=run.finished_at,
        keys_ended_at=_keys_ended(stones),
        final_on=_final_on(stones, keep_days=keep_days, ends_after=ends_after),
        ledger_ends_on=latest(*(stone.ends_on for stone in stones)),
        log_pages=run.wal_pages,
        bare=_bare(tx, plan.schedule_digest, stones),
        rows=ended_rows(tx, plan.id) if subject is None else (),
        told=told,
        waiting=waits,
    )


def _kept(stones: list[Tombstone]) -> tuple[tuple[str, int, date], ...]:
    persons: Counter[str] = Counter()
    until: dict[str, date] = {}
    for stone in stones:
        for duty, end in stone.kept.items():
            persons[duty] += 1
            until[duty] = max(end, until.get(duty, end))
    return tuple((duty, persons[duty], until[duty]) for duty in sorted(persons))


def _bare(tx: Connection, digest: str, stones: list[Tombstone]) -> int:
    """Persons of whom the key ended and the rows stay, by the schedule of the plan."""
    rules = store.schedule_by_digest(tx, digest).rules
    ending = {rule.id for rule in rules if rule.action is Action.DESTROY_KEY}
    return sum(stone.rule in ending or shredded_by(stone.rule) is not None for stone in stones)


def _keys_ended(stones: list[Tombstone]) -> datetime | None:
    """When the last key ended; None as long as one is not known to be gone."""
    moments = [stone.keys_ended_at for stone in stones]
    if not moments or any(moment is None for moment in moments):
        return None
    return max(moment for moment in moments if moment is not None)


def _final_on(
    stones: list[Tombstone], *, keep_days: int, ends_after: timedelta | None
) -> date | None:
    """Fails closed: no date as long as a key is not known to be gone."""
    if _keys_ended(stones) is None or ends_after is None:
        return None
    epochs = (stone.last_epoch for stone in stones if stone.last_epoch is not None)
    return latest(
        *(
            unreadable_from(EpochId(epoch), keep_days=keep_days, ends_after=ends_after)
            for epoch in epochs
        )
    )
