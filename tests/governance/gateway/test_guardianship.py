"""A parent or guardian by two persons: nobody acts before the second hand."""

from datetime import timedelta

import pytest

from governance.app.wiring import Wiring
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.approvals.errors import ApprovalClosedError, ApprovalForbiddenError
from governance.approvals.types import ApprovalId
from governance.core.errors import GovernanceError
from governance.core.terms import RowId, SubjectId
from governance.customers.master.guardians import children_of
from governance.customers.store import record_by_id, subject_by_id
from governance.gateway.around.types import Entry, Removal
from governance.gateway.around.writing import put, remove
from governance.gateway.guardianship import (
    GuardianChangedError,
    GuardianProofError,
    GuardianRecorderError,
    GuardianUnknownError,
    Second,
    answer_second,
    ask_again,
    known_right,
    standings,
)
from governance.http.principal import Principal
from policies.api import ActionForbiddenError
from tests.guardians import SECOND, confirmed
from tests.installation import (
    AT,
    customer,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

SUPPORT, AUDITOR = staff("support", name="hana"), staff("auditor", name="kan")
BOTH = staff("privacy_officer", name="both")  # may record and may confirm
PURPOSE = "dsar_fulfilment"


class House:
    """A parent and a child of eight, on record."""

    def __init__(self, wiring: Wiring, parent: SubjectId, child: SubjectId) -> None:
        self.wiring, self.parent, self.child = wiring, parent, child

    def put(
        self, by: Principal = SUPPORT, row: RowId | None = None, **values: str | bool | None
    ) -> tuple[RowId, str | None]:
        proof = {
            "other_subject_id": self.parent, "kind": "parent", "until_majority": True,
            "verified_how": "family_register", "verified_on": "2026-09-01",
        }  # fmt: skip
        purpose = "order_support" if by is SUPPORT else PURPOSE
        version = None
        if row is not None:
            with self.wiring.database.read() as tx:
                held = record_by_id(tx, "relation", row)
            assert held is not None
            version = held.clear["version"]
        entry = Entry(
            table="relation", subject=self.child, values=values if row else proof | values,
            purpose=purpose, row=row, version=version,
        )  # fmt: skip
        stored = put(self.wiring.ports, by, entry, at=AT)
        return stored.row, stored.approval

    def acts(self, days: int = 0) -> bool:
        """Whether the parent acts, and the third gate says the same."""
        at = AT + timedelta(days=days)
        with self.wiring.database.read() as tx:
            found = children_of(tx, self.wiring.vault, self.parent, at=at)
            person = subject_by_id(tx, self.child, on=at.date())
        assert person is not None
        if not days:
            assert person.guardian_verified is bool(found)
        return bool(found)

    def second(self, row: RowId, days: int = 0) -> Second:
        with self.wiring.database.read() as tx:
            held = record_by_id(tx, "relation", row)
            assert held is not None
            return standings(tx, [held], at=AT + timedelta(days=days))[row].second


@pytest.fixture
def house(installation: Wiring, tmp_path_factory: pytest.TempPathFactory) -> House:
    rows = [customer(1, 生年月日="1980/04/01"), customer(2, 生年月日="2018/05/05")]
    folder = tmp_path_factory.mktemp("guardianship")
    import_file(installation, write_file(folder, register(rows)))
    return House(installation, *subjects(installation))


def test_nobody_acts_before_the_second_hand_and_one_ends_it_at_once(house: House) -> None:
    row, approval = house.put()
    assert approval is not None
    assert (house.acts(), house.second(row)) == (False, Second.WAITING)
    confirmed(house.wiring, row)
    assert (house.acts(), house.second(row)) == (True, Second.CONFIRMED)
    with house.wiring.database.read() as tx:
        told = events(tx, "person.changed")[-1]
    assert (told.subject, told.reasons) == (house.child, "guardian_confirmed")
    assert house.acts(days=365 * 9)
    assert not house.acts(days=365 * 10), "of age"
    _, again = house.put(row=row, valid_to="2026-12-31")
    assert again is None, "an earlier end needs nobody"
    assert house.acts()
    house.put(row=row, valid_to="2026-09-30")
    assert not house.acts()


def test_a_changed_proof_and_a_later_end_are_confirmed_anew(house: House) -> None:
    row, _ = house.put(valid_to="2026-12-31")
    confirmed(house.wiring, row)
    for change in ({"verified_how": "health_card"}, {"valid_to": "2027-12-31"}):
        _, approval = house.put(row=row, **change)
        assert approval is not None
        assert not house.acts(), change
        confirmed(house.wiring, row)
        assert house.acts(), change
    removal = Removal(table="relation", subject=house.child, row=row, purpose="order_support")
    remove(house.wiring.ports, SUPPORT, removal, at=AT)
    assert not house.acts()


def test_who_recorded_the_proof_who_may_not_and_who_comes_late_confirm_nothing(
    house: House,
) -> None:
    row, _ = house.put(by=BOTH)
    wiring, late = house.wiring, AT + timedelta(days=15)
    with pytest.raises(ApprovalForbiddenError):
        confirmed(wiring, row, by=BOTH)
    with pytest.raises(ActionForbiddenError):
        confirmed(wiring, row, by=AUDITOR)
    with pytest.raises(ApprovalClosedError):
        confirmed(wiring, row, at=late)
    assert house.second(row, days=15) is Second.TO_ASK
    asked = wiring.database.write(lambda tx: ask_again(tx, wiring.ports, SUPPORT, row, at=late))
    with pytest.raises(GuardianRecorderError):  # somebody else asked, and still
        wiring.database.write(
            lambda tx: answer_second(tx, wiring.ports, BOTH, row, asked.id, give=True, at=late)
        )
    other, _ = house.put()
    with pytest.raises(GuardianUnknownError):  # an approval of another row
        wiring.database.write(
            lambda tx: answer_second(tx, wiring.ports, SECOND, other, asked.id, give=True, at=late)
        )
    assert not house.acts()


def test_the_recorders_other_account_confirms_nothing(house: House) -> None:
    row, _ = house.put(by=BOTH)
    wiring, late = house.wiring, AT + timedelta(days=15)
    asked = wiring.database.write(lambda tx: ask_again(tx, wiring.ports, SUPPORT, row, at=late))
    wiring.database.write(
        lambda tx: ties.note(tx, SECOND.id, BOTH.id, TieKind.PERSON, at=AT - timedelta(days=99))
    )
    with pytest.raises(GuardianRecorderError):
        wiring.database.write(
            lambda tx: answer_second(tx, wiring.ports, SECOND, row, asked.id, give=True, at=late)
        )
    assert not house.acts()


def test_a_refusal_ends_what_was_asked_before_it_too(house: House) -> None:
    row, first = house.put()
    house.put(row=row, notes="架空の覚え書き")  # nothing that is decided about changes
    confirmed(house.wiring, row, give=False)
    wiring = house.wiring
    with pytest.raises(GuardianChangedError):
        wiring.database.write(
            lambda tx: answer_second(
                tx, wiring.ports, SECOND, row, ApprovalId(str(first)), give=True, at=AT
            )
        )
    assert (house.acts(), house.second(row)) == (False, Second.REFUSED)


def test_a_refusal_gives_nothing_and_what_changed_meanwhile_is_not_confirmed(house: House) -> None:
    row, _ = house.put()
    confirmed(house.wiring, row, give=False)
    assert (house.acts(), house.second(row)) == (False, Second.REFUSED)
    wiring = house.wiring
    first = wiring.database.write(lambda tx: ask_again(tx, wiring.ports, SUPPORT, row, at=AT))
    house.put(row=row, verified_on="2026-09-02")
    refusals: list[tuple[type[GovernanceError], str]] = [(GuardianChangedError, first.id)]
    for refusal, approval in refusals:
        with pytest.raises(refusal):
            wiring.database.write(
                lambda tx, one=approval: answer_second(
                    tx, wiring.ports, SECOND, row, one, give=True, at=AT
                )
            )
    declared, approval_needed = house.put(verified_how="declared")
    assert approval_needed is None
    with pytest.raises(GuardianProofError):
        wiring.database.write(lambda tx: ask_again(tx, wiring.ports, SUPPORT, declared, at=AT))
    with wiring.database.read() as tx, pytest.raises(GuardianUnknownError):
        known_right(tx, wiring.ports, AUDITOR, house.child, row)
    assert not house.acts()
