"""When a month of the log is over: its own period, what laws ask, and what stops it; pure.

Months end in their order: an erasure stands behind the parts that it destroyed, so nothing
that remains ever needs what has gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from audit.actions import EventCode
from audit.shards.claims import Shard
from governance.core.clock import JST

MONTHS: Final = 12
THREE_YEARS: Final = 36  # months
DUTIES: Final[Mapping[EventCode, int]] = MappingProxyType(
    {  # months after the record; the longest of a month's events counts
        EventCode.PROVISION_RECORDED: THREE_YEARS,  # APPI 29(2), 30(4); Rules 21, 25
        EventCode.CONSENT_GIVEN: THREE_YEARS,  # 特定商取引法 12-3(3): consent to e-mail advertising
        EventCode.CONSENT_RENEWED: THREE_YEARS,  # the same
        EventCode.CONSENT_WITHDRAWN: THREE_YEARS,  # the same: the day from which mails stopped
        EventCode.CONSENT_IMPORTED: THREE_YEARS,  # the same
    }
)
LONGEST: Final = max(DUTIES.values())


class Stop(StrEnum):
    """Why a month of the log stays; texts under ``audit.stop.<code>``."""

    OPEN = "open"  # it has not ended itself
    PERIOD = "period"  # its own period runs
    LAW = "law"  # a law's period for some of its records runs longer
    HELD_SHARD = "held_shard"  # a legal hold names it
    HELD_PERSON = "held_person"  # it tells of a person under a legal hold
    FORWARDING = "forwarding"  # the receiver of the log has not got it yet
    ERASURE = "erasure"  # an erasure in it is needed by a younger event
    EARLIER = "earlier"  # an older month stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found of a closed month."""

    closed_at: datetime  # when the next month was opened
    actions: frozenset[str]
    held_shard: bool
    held_persons: int
    forwarded: bool
    erasure_needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a month stands: from which day it may go, and what stops it."""

    shard: Shard
    due_on: date | None
    stop: Stop | None


def months_kept(actions: Iterable[str], *, keep_months: int) -> tuple[int, bool]:
    """How many months such records are kept, and whether a law asks for more than we do."""
    asked = max((DUTIES.get(EventCode(action), 0) for action in actions), default=0)
    return max(asked, keep_months), asked > keep_months


def due_on(facts: Facts, *, keep_months: int) -> date:
    """The first day on which the month may go, counted from the one in which it was closed."""
    months, _ = months_kept(facts.actions, keep_months=keep_months)
    closed = facts.closed_at.astimezone(JST)
    whole = closed.year * MONTHS + closed.month - 1 + months
    return date(whole // MONTHS, whole % MONTHS + 1, 1)


def stands(shard: Shard, facts: Facts | None, *, keep_months: int, at: datetime) -> Standing:
    """The month's standing by itself; holds are looked at before periods."""
    if facts is None:
        return Standing(shard=shard, due_on=None, stop=Stop.OPEN)
    due = due_on(facts, keep_months=keep_months)
    return Standing(shard=shard, due_on=due, stop=_stop(facts, due, keep_months, at=at))


def _stop(facts: Facts, due: date, keep_months: int, *, at: datetime) -> Stop | None:
    if facts.held_shard:
        return Stop.HELD_SHARD
    if facts.held_persons:
        return Stop.HELD_PERSON
    if at.astimezone(JST).date() < due:
        _, by_law = months_kept(facts.actions, keep_months=keep_months)
        return Stop.LAW if by_law else Stop.PERIOD
    if not facts.forwarded:
        return Stop.FORWARDING
    return Stop.ERASURE if facts.erasure_needed else None


def in_order(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    """The same months, none of which goes before an older one.

    One that an erasure keeps goes together with the next, if that may go.
    """
    found: list[Standing] = []
    stopped = False
    for one in standings:
        if stopped and one.stop is None:
            found.append(Standing(shard=one.shard, due_on=one.due_on, stop=Stop.EARLIER))
            continue
        found.append(one)
        stopped = stopped or one.stop not in {None, Stop.ERASURE}
    return tuple(found)


def going(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    """The oldest months that may go together now; the last of them needs nothing from before."""
    first: list[Standing] = []
    last = 0
    for one in standings:
        if one.stop not in {None, Stop.ERASURE}:
            break
        first.append(one)
        if one.stop is None:
            last = len(first)
    return tuple(first[:last])
