"""Facts of the job ledger: schedules, slots, runs, claims and what a step did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from governance.core.terms import RowId

TOKYO = "Asia/Tokyo"


class JobState(StrEnum):
    """Where one run of one slot stands."""

    RUNNING = "running"  # somebody holds the lease
    WAITING = "waiting"  # released or failed once; due again at next_at
    FINISHED = "finished"
    FAILED = "failed"  # gave up; an officer is told


class Missed(StrEnum):
    """What becomes of slots that passed while nothing ran."""

    CATCH_UP = "catch_up"  # every slot runs, oldest first
    COALESCE = "coalesce"  # the latest runs once for all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryMinutes:
    """Slots at whole multiples of n minutes since 1970-01-01T00:00Z, equal for every process."""

    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """One slot a day at a wall time; a skipped wall time moves forward, a doubled one runs once."""

    at: time
    zone: str = TOKYO


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """One slot a week; Monday is 0."""

    weekday: int
    at: time
    zone: str = TOKYO


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """One slot a month; a day that the month lacks becomes its last day."""

    day: int
    at: time
    zone: str = TOKYO


Rule = EveryMinutes | Daily | Weekly | Monthly


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job runs and how its run is guarded."""

    job: str
    rule: Rule
    missed: Missed = Missed.COALESCE
    lease: timedelta = timedelta(seconds=120)
    max_failures: int = 5  # consecutive failures without progress
    retry_after: timedelta = timedelta(minutes=1)  # doubled at each further failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One moment of one schedule that a run belongs to; computed from the rule, never the clock."""

    job: str
    scheduled_for: datetime
    coalesced: int = 0  # earlier missed slots that this one stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A row of the job ledger."""

    id: RowId
    job: str
    scheduled_for: datetime
    state: JobState
    cursor: str | None
    done: int
    batches: int
    coalesced: int
    fence: int
    failures: int
    lease_owner: str | None
    lease_until: datetime | None
    next_at: datetime | None
    error_code: str | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one slot while the fence stands and the lease lasts."""

    run: RowId
    job: str
    scheduled_for: datetime
    owner: str
    fence: int
    lease_until: datetime
    cursor: str | None
    done: int
    batches: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """What the ledger knows that decides what is due: latest slot per job, and unfinished runs."""

    latest: Mapping[str, datetime]
    unfinished: tuple[JobRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one bounded step of a job did; the cursor holds ids, never a person's values."""

    done: int
    cursor: str | None
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a driver saw of one slot."""

    job: str
    scheduled_for: datetime
    state: JobState | None  # None: another process holds or ended this slot
    done: int
    batches: int
    error_code: str | None = None
