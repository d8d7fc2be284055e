"""A schedule as a form brings it: a version that is known, an uploaded file, a text."""

from typing import Final

from sqlalchemy import Connection

from governance.core.terms import Lang
from governance.http.numbers import number_in
from governance.i18n.catalogue import text
from governance.ui.parts import Choice
from retention.adoption import SHIPPED, version_text, versions
from retention.errors import ScheduleFormError, ScheduleUnknownError
from retention.schedules import read_schedule
from retention.types import Schedule

LARGEST: Final = 1_000_000  # octets; a schedule has some thousands
FILE: Final = "schedule.yaml"


def version_choices(tx: Connection, lang: Lang) -> tuple[Choice, ...]:
    """The schedule in force, every adopted one and the shipped one."""
    known = versions(tx)
    in_force = Choice(value="", label=text("console.schedules.in_force", lang))
    shipped = Choice(value=str(SHIPPED), label=text("console.schedules.shipped", lang))
    numbered = (
        Choice(
            value=str(one.version),
            label=text(
                "console.schedules.numbered",
                lang,
                n=one.version,
                name=version_text(tx, one.version).label.of(lang),
            ),
        )
        for one in known
    )
    return (in_force, *numbered, shipped)


def schedule_of(tx: Connection, content: bytes, *, which: str) -> Schedule | None:
    """The schedule of the file, or the version that was chosen; None for that in force.

    Raises ScheduleFormError, ScheduleUnknownError.
    """
    if content:
        return read_schedule(schedule_words(content), file=FILE)
    if not which:
        return None
    if (version := number_in(which)) is None:
        raise ScheduleUnknownError
    return version_text(tx, version)


def schedule_words(content: bytes) -> str:
    """The text of an uploaded file; raises ScheduleFormError for none."""
    if len(content) > LARGEST:
        raise ScheduleFormError(file=FILE, path="/", problem="too_large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScheduleFormError(file=FILE, path="/", problem="not_utf8") from None
