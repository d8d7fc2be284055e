"""The birthday on which a person begins to consent alone, though nobody writes."""

from datetime import date, timedelta
from pathlib import Path

from consent import ledger
from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.coming_due import come_of_age_step
from governance.app.wiring import Wiring
from governance.core.terms import SubjectId
from governance.customers import store
from tests.installation import (
    AT,
    OFFICER,
    REGISTER,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)


def test_who_reaches_the_age_is_asked_what_a_guardian_agreed_to(
    installation: Wiring, tmp_path: Path
) -> None:
    child = customer(1, 生年月日="2010/10/02", 保護者同意日="2026/04/01")
    content = register([child], headers=(*REGISTER, "保護者同意日"))
    import_file(installation, write_file(tmp_path, content))
    (person,) = subjects(installation)
    choice = Choice(subject=person, purpose="mail_marketing", kind=EventKind.GIVEN, guardian=True)
    choose(installation.ports, OFFICER, choice, at=AT)
    assert _grown_on(installation, person, days=0) is None
    assert _grown_on(installation, person, days=1) == date(2026, 11, 1)
    assert _grown_on(installation, person, days=2) == date(2026, 11, 1)
    with installation.database.read() as tx:
        kinds = [event.kind for event in ledger.full_history(tx, person)]
    assert kinds == [EventKind.GIVEN, EventKind.REQUESTED]


def _grown_on(wiring: Wiring, person: SubjectId, *, days: int) -> date | None:
    at = AT + timedelta(days=days)
    wiring.database.write(lambda tx: come_of_age_step(wiring, tx, cursor=None, limit=10, at=at))
    with wiring.database.read() as tx:
        found = store.subject_by_id(tx, person, on=at.date())
    assert found is not None
    return found.grown_on
