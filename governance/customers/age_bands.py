"""How old many persons are, as far as it is known."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from governance.core.terms import SubjectId
from governance.customers.store import IN_LIMIT, SUBJECT
from governance.customers.subjects import AgeBand


def age_bands(tx: Connection, subjects: Iterable[SubjectId]) -> dict[SubjectId, AgeBand]:
    """How old each of these persons is, as far as it is known; unknown persons are left out."""
    found: dict[SubjectId, AgeBand] = {}
    wanted = list(dict.fromkeys(subjects))
    for start in range(0, len(wanted), IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        rows = tx.execute(select(SUBJECT.c.id, SUBJECT.c.birth_band).where(SUBJECT.c.id.in_(part)))
        found |= {SubjectId(row): AgeBand(band or "unknown") for row, band in rows}
    return found
