"""The birthday on which a person begins to consent alone, though nobody writes."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from consent import ledger
from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.coming_due import come_of_age_step
from governance.app.staff import signed_in
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, SubjectId
from governance.customers import store
from governance.http.principal import PrincipalKind
from governance.identity.types import Session
from tests.installation import (
    AT,
    OFFICER,
    REGISTER,
    add_person,
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


def test_a_purchase_in_a_file_is_the_persons_act(installation: Wiring, tmp_path: Path) -> None:
    buyer = customer(1, 最終購入日="2026/08/03")
    content = register([buyer, customer(2)], headers=(*REGISTER, "最終購入日"))
    import_file(installation, write_file(tmp_path, content))
    with installation.database.read() as tx:
        days = tx.execute(select(store.SUBJECT.c.last_active_on)).scalars().all()
    assert set(days) == {date(2026, 8, 3), None}


def test_a_sign_in_is_the_persons_act(installation: Wiring) -> None:
    person = add_person(installation)
    session = Session(
        id=new_row_id(),
        actor=ActorId(f"p:{person}"),
        kind=PrincipalKind.PERSON,
        csrf="-",
        created_at=AT,
        expires_at=AT,
        revoked_at=None,
    )
    signed_in(installation, session)
    with installation.database.read() as tx:
        found = store.subject_by_id(tx, person, on=AT.date())
    assert found is not None
    assert found.last_active_on == AT.date()


def _grown_on(wiring: Wiring, person: SubjectId, *, days: int) -> date | None:
    at = AT + timedelta(days=days)
    wiring.database.write(lambda tx: come_of_age_step(wiring, tx, cursor=None, limit=10, at=at))
    with wiring.database.read() as tx:
        found = store.subject_by_id(tx, person, on=at.date())
    assert found is not None
    return found.grown_on
