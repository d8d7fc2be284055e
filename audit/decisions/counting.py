"""How the newest decisions went, gate by gate; the count is bounded, however many there are."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from sqlalchemy import ColumnElement, Connection, and_, func, not_, select

from audit.decisions.models import DECISIONS
from audit.types import Outcome
from governance.core.ids import first_id_at

COUNTED: Final = 5_000  # decisions that one look reads; a range of the primary key, about 10 ms
PERMIT: Final = "permit"
UNAVAILABLE: Final = "unavailable"
DENIED: Final = "denied"  # how the reason of a gate begins


class Answer(StrEnum):
    """What decisions are looked for by: permitted, not permitted, or stopped by one gate."""

    PERMIT = PERMIT
    REFUSED = "refused"  # whatever stopped it
    ACTOR = "actor"
    PURPOSE = "purpose"
    SUBJECT = "subject"
    UNAVAILABLE = UNAVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions since a moment by what stopped them: permit, actor, purpose, subject, ..."""

    ways: Mapping[str, int]
    since: datetime  # of the oldest that was counted, where not all of them were
    full: bool  # there are older ones since the moment that was asked for

    @property
    def total(self) -> int:
        """The decisions that were counted."""
        return sum(self.ways.values())


def decided_since(tx: Connection, since: datetime, *, most: int = COUNTED) -> Decided:
    """The newest decisions since this moment, `most` at the highest."""
    newest = (
        select(DECISIONS.c.id, DECISIONS.c.outcome, DECISIONS.c.reasons, DECISIONS.c.occurred_at)
        .where(DECISIONS.c.id >= first_id_at(since))
        .order_by(DECISIONS.c.id.desc())
        .limit(most)
        .subquery()
    )
    query = select(
        newest.c.outcome,
        newest.c.reasons,
        func.count().label("n"),
        func.min(newest.c.occurred_at).label("oldest"),
    ).group_by(newest.c.outcome, newest.c.reasons)
    rows = tx.execute(query).all()
    ways: Counter[str] = Counter()
    for row in rows:
        ways[way_of(row.outcome, row.reasons)] += row.n
    full = ways.total() >= most
    oldest = min((row.oldest for row in rows), default=since)
    return Decided(ways=ways, since=oldest if full else since, full=full)


def way_of(outcome: str, reasons: str) -> str:
    """The gate that stopped it, by its first reason; what could not be asked is of no gate."""
    if outcome == Outcome.PERMIT:
        return PERMIT
    parts = reasons.partition(",")[0].split(".")
    return parts[1] if len(parts) > 1 and parts[0] == DENIED else UNAVAILABLE


def answered(answer: Answer) -> ColumnElement[bool]:
    """Decisions that were answered so; of each gate exactly those that `way_of` says it of."""
    outcome, reasons = DECISIONS.c.outcome, DECISIONS.c.reasons
    refused = outcome != Outcome.PERMIT.value
    match answer:
        case Answer.PERMIT:
            return not_(refused)
        case Answer.REFUSED:
            return refused
        case Answer.ACTOR | Answer.PURPOSE | Answer.SUBJECT:
            return and_(refused, reasons.startswith(f"{DENIED}.{answer.value}"))
        case Answer.UNAVAILABLE:
            return and_(refused, not_(reasons.startswith(f"{DENIED}.")))
        case _:
            assert_never(answer)
