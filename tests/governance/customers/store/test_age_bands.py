from datetime import UTC, datetime

from governance.core.ids import new_subject_id
from governance.core.terms import Law
from governance.customers.age_bands import age_bands
from governance.customers.store import NewSubject
from governance.customers.subjects import AgeBand, SubjectKind
from governance.db.engine import Database

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def test_each_known_person_has_the_band_that_is_stored(database: Database) -> None:
    bands = list(AgeBand)
    people = [
        NewSubject(
            id=new_subject_id(),
            kind=SubjectKind.CUSTOMER,
            laws={Law.APPI: "test"},
            age_band=bands[n % len(bands)],
        )
        for n in range(store.IN_LIMIT + 20)
    ]
    database.write(lambda tx: store.add_subjects(tx, people, at=NOW))
    asked = [*(person.id for person in people), people[0].id, new_subject_id()]
    with database.read() as tx:
        found = age_bands(tx, asked)
        one = store.subject_by_id(tx, people[1].id, on=NOW.date())
    assert found == {person.id: person.age_band for person in people}
    assert one is not None
    assert one.age_band is found[people[1].id]
