"""Schedules with lines about rows, for tests."""

from governance.core.terms import RowId, SubjectId
from retention.schedules import RETAIL_SAMPLE, read_schedule, shipped_schedule
from retention.types import Schedule

SUBJECT = SubjectId("00000001-0000-4000-8000-000000000001")
ROW = RowId("00000000-0000-7000-8000-0000000000aa")


def schedule(parts: str, *, duties: bool = False) -> Schedule:
    """The retail sample with these lines; its duty keeps what a purchase's books need."""
    text = shipped_schedule(RETAIL_SAMPLE).text.replace(
        "sekisho-retention/1", "sekisho-retention/2"
    )
    if not duties:
        head, _, rest = text.partition("duties:\n")
        text = head + rest[rest.index("ledger:") :]
    return read_schedule(text + "parts:" + parts)
