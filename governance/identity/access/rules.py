"""Pure rules of access reviews: quarters, marks, who may close, the digest of what was closed."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from audit.types import canonical_json
from governance.core.clock import JST
from governance.core.terms import ActorId
from governance.identity.access.types import Decision, Holding, Line, Mark, Review, Row, Verdict
from governance.identity.types import AccountState

SHORTEST, LONGEST = 5, 2_000  # characters of a reason
QUARTER: Final = timedelta(days=92)  # the longest one
FORM: Final = "sekisho/access-review/1"
MONTHS: Final = 3


def quarter_of(at: datetime) -> str:
    """The quarter of the calendar year in Japan, such as 2026Q4."""
    on = at.astimezone(JST).date()
    return f"{on.year}Q{(on.month - 1) // MONTHS + 1}"


def quarter_start(at: datetime) -> datetime:
    """The first moment of that quarter."""
    on = at.astimezone(JST).date()
    first = on.replace(month=(on.month - 1) // MONTHS * MONTHS + 1, day=1)
    return datetime.combine(first, time(), tzinfo=JST)


def due(newest: datetime | None, first: datetime | None, *, within: int, at: datetime) -> bool:
    """Whether a review should have been started: a quarter and the days to hold it have passed.

    `newest` is the start of the newest one, `first` when the oldest account was made.
    """
    since = newest or first
    return since is not None and at - since > QUARTER + timedelta(days=within)


def marks(
    holding: Holding, *, lapsed: bool, apart: bool, unknown: bool, idle: int, on: date
) -> tuple[Mark, ...]:
    """What a reviewer should look at, the gravest first."""
    old = holding.made_on is not None and (on - holding.made_on).days > idle
    unused = holding.used_on is None and old
    dormant = holding.used_on is not None and (on - holding.used_on).days > idle
    found = {
        Mark.CONFLICT: apart,
        Mark.UNKNOWN_ROLE: unknown,
        Mark.NEVER: unused,
        Mark.DORMANT: dormant,
        Mark.UNTRAINED: lapsed and holding.personal,
        Mark.SUSPENDED: holding.state is AccountState.SUSPENDED,
        Mark.ELEVATED: bool(holding.elevations),
    }
    return tuple(mark for mark in Mark if found[mark])


def fault(decision: Decision, holding: Holding) -> str | None:
    """The part of a decision that is not of its form; None for a whole one."""
    length = len(decision.reason.strip())
    needed = decision.verdict is not Verdict.KEEP or bool(holding.marks)
    if length > LONGEST or (length < SHORTEST and (needed or length)):
        return "reason"
    match decision.verdict:
        case Verdict.KEEP | Verdict.END:
            return "taken" if decision.taken else None
        case Verdict.REMOVE:
            within = decision.taken and decision.taken <= holding.rights
            return None if within else "taken"
        case Verdict.GONE:
            return "verdict"  # nobody decides it: it follows from the account


def may_close(
    review: Review, rows: Iterable[Row], closer: ActorId, *, hands: Collection[ActorId] = ()
) -> bool:
    """The second person: neither who started it nor who decided rows of it.

    What was done by the closer's other hands (`governance/approvals/second.py:hands_of`) was done
    by them. The rows of the reviewers themselves do not count: somebody else had to decide them.
    """
    decided, own = tuple(rows), {closer, *hands}
    reviewers = {review.started_by} | {
        one.decided_by for one in decided if one.decided_by not in (None, *own)
    }
    if review.started_by in own:
        return False  # fails closed: nobody closes what they began
    return all(one.account in reviewers for one in decided if one.decided_by in own)


def order(line: Line) -> tuple[bool, int, bool, str]:
    """Rows that wait come first, the gravest mark first, people before systems."""
    marked = line.holding.marks
    weight = tuple(Mark).index(marked[0]) if marked else len(Mark)
    return line.settled, weight, line.holding.system, line.holding.name


def digest(review: Review, rows: Iterable[tuple[Row, str]]) -> str:
    """SHA-256 over the review and every row with its reason, as they are closed.

    Over the words and not over their frame: a frame changes with its key.
    """
    told = {
        "form": FORM,
        "review": review.id,
        "quarter": review.quarter,
        "started_at": review.started_at.isoformat(),
        "started_by": review.started_by,
        "due_on": review.due_on.isoformat(),
        "dormant_days": review.dormant_days,
        "rows": [_row(one, said) for one, said in sorted(rows, key=lambda one: one[0].account)],
    }
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _row(row: Row, reason: str) -> dict[str, object]:
    return {
        "account": row.account,
        "verdict": None if row.verdict is None else row.verdict.value,
        "held": row.held,
        "taken": list(row.taken),
        "reason": hashlib.sha256(reason.encode()).hexdigest(),
        "decided_by": row.decided_by,
        "decided_at": None if row.decided_at is None else row.decided_at.isoformat(),
    }
