"""The day's quality figures and the quarter's review tasks, put together from every feature."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.models import EVENTS
from consent.ledger import EVENT as CONSENT
from consent.types import EvidenceGrade
from dsar.figures import corrections as asked
from governance.core.clock import JST
from governance.customers.store import TABLES
from governance.customers.upkeep import measures, reviews
from governance.customers.upkeep.measures import Corrections, Extra, Measure
from governance.jobs.types import Step

PERIOD: Final = timedelta(days=365)  # corrections of a year count
PERMISSION = TABLES["channel_permission"]


def current_figures(tx: Connection, *, at: datetime) -> tuple[Measure, ...]:
    """Every figure as it stands at this moment."""
    day = at.astimezone(JST).date()
    counted = measures.counted(
        tx,
        day=day,
        verified=measures.verified_rows(tx, _acted()),
        corrections=_corrections(tx, since=at - PERIOD),
    )
    late, open_ = reviews.overdue(tx, on=day), len(reviews.tasks(tx))
    kpi = Extra.REVIEWS_OVERDUE.value
    return (*counted, Measure(day=day, kpi=kpi, field="", part=late, whole=open_))


def _acted() -> tuple[object, ...]:
    """Persons who did something themselves, so that some contact of theirs is known to work."""
    chose = select(CONSENT.c.subject_id).where(
        CONSENT.c.import_run.is_(None), CONSENT.c.evidence == EvidenceGrade.ACTIVE.value
    )
    told = select(PERMISSION.c.subject_id).where(PERMISSION.c.source == "person")
    signed_in = select(EVENTS.c.subject).where(
        EVENTS.c.action == EventCode.SIGN_IN.value, EVENTS.c.subject.is_not(None)
    )
    return chose, told, signed_in


def _corrections(tx: Connection, *, since: datetime) -> Corrections:
    """What persons asked for, and what staff corrected at once."""
    requested = asked(tx, since=since)
    by_staff = select(func.count()).where(
        EVENTS.c.action == EventCode.PERSON_CHANGED.value, EVENTS.c.occurred_at >= since
    )
    edits = int(tx.execute(by_staff).scalar_one())
    return Corrections(
        received=requested.received + edits,
        applied=requested.applied + edits,
        days=requested.days,
    )


def measure_step(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:  # noqa: ARG001 # the form of a step
    """The day's figures are on record; a day that has them keeps them."""
    if measures.has_day(tx, at.astimezone(JST).date()):
        return Step(done=0, cursor=cursor, finished=True)
    found = current_figures(tx, at=at)
    measures.record(tx, found, at=at)
    return Step(done=len(found), cursor=cursor, finished=True)


def review_step(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:  # noqa: ARG001 # the form of a step
    """The quarter's review tasks exist; twice equals once."""
    made = reviews.make_tasks(tx, on=at.astimezone(JST).date(), at=at)
    return Step(done=made, cursor=cursor, finished=True)
