"""Until when a training holds, and who it lets open personal data (APPI 24); pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from governance.core.clock import JST
from governance.identity.training.types import Course, Result, Standing

WARNED = timedelta(days=30)  # before the end


def months_later(at: datetime, months: int) -> datetime:
    """The end of the same day so many months later, in Japan; the last day of a shorter month."""
    local = at.astimezone(JST)
    total = local.year * 12 + local.month - 1 + months
    year, month = divmod(total, 12)
    first_after = local.replace(
        year=year + (month + 1) // 12, month=(month + 1) % 12 + 1, day=1, hour=0, minute=0
    )
    last = (first_after - timedelta(days=1)).day
    day = local.replace(year=year, month=month + 1, day=min(local.day, last))
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def standing(course: Course, results: Iterable[Result]) -> Standing:
    """How somebody stands with the course by what they did."""
    mine = sorted((one for one in results if one.course == course.id), key=lambda one: one.at)
    counts = [one for one in mine if one.passed and one.version >= course.least_version]
    until = months_later(counts[-1].at, course.valid_months) if counts else None
    return Standing(course=course.id, until=until, last=mine[-1] if mine else None)


def trained_until(courses: Iterable[Course], results: Sequence[Result]) -> datetime | None:
    """Until when every course holds; None when one does not hold at all."""
    ends = [standing(course, results).until for course in courses]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def scored(course: Course, answers: Mapping[int, int]) -> tuple[int, bool]:
    """How many answers are right, and whether that is enough; a missing answer is a wrong one."""
    right = sum(answers.get(n) == one.right for n, one in enumerate(course.questions))
    return right, right * 100 >= course.pass_percent * len(course.questions)
