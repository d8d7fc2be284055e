"""What the house does by itself about due dates: the calendar is as the last writing left it."""

from datetime import timedelta
from typing import Final

from governance.jobs.registry import InTransaction
from governance.jobs.types import EveryMinutes, Schedule
from retention.calendar import keeping

DUE_DATES: Final = "retention.due_dates"
LOCK: Final = timedelta(milliseconds=40)  # how long a step may keep other writers waiting
DUE_DATES_SCHEDULE: Final = Schedule(job=DUE_DATES, rule=EveryMinutes(minutes=5))
DUE_DATES_JOB: Final = InTransaction(step=keeping.step, limit=keeping.PAGE, aim=LOCK)
