"""What the third gate needs of a stored person."""

from consent.ages import age_table
from consent.types import SubjectFacts
from governance.customers.store import Subject
from governance.customers.subjects import below, known_laws


def facts_of(subject: Subject | None) -> SubjectFacts | None:
    """What the third gate needs of a stored person."""
    if subject is None:
        return None
    laws, ages = known_laws(subject.laws), age_table()
    return SubjectFacts(
        subject=subject.id,
        state=subject.state.value,
        laws=laws,
        minor=below(subject.age_band, ages.of_consent(laws, subject.country)),
        minor_in_contract=below(subject.age_band, ages.contract),
        guardian_verified=subject.guardian_verified,
        kept_by_law=subject.kept_by_law,
        grown_on=subject.grown_on,
        last_active_on=subject.last_active_on,
    )
