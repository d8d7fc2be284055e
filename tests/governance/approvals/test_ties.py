"""Nobody approves by another hand: another role, a role for a time, a system, a puppet account."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.approvals import ties
from governance.approvals.bonds import FRESH, LASTING, ONE_PERSON, Tie, TieKind, own_hands
from governance.approvals.errors import ApprovalForbiddenError
from governance.approvals.rules import may_approve
from governance.approvals.service import Approvals
from governance.approvals.types import Allowed, ApprovalKind, Reason, Refused, Rule
from governance.core.terms import ActorId, PurposeId
from governance.http.principal import Principal, PrincipalKind
from governance.identity import lifecycle
from governance.identity.accounts import (
    AccountUnknownError,
    NewClient,
    NewStaff,
    add_client,
    note_one_person,
    set_staff_mail,
)
from governance.identity.accounts import add_staff as hire
from governance.identity.clients.service import rotate_key
from policies.admin.pausing import SamePersonError as PauseSamePersonError
from policies.admin.pausing import lift, pause
from policies.pause import PauseReason
from tests.governance.approvals.cases import ALICE, BOB, NOW, REQUESTED, SYSTEM
from tests.installation import AT, create, staff

MADE = st.builds(
    Tie,
    holder=st.sampled_from([ALICE.id, BOB.id, SYSTEM.id]),
    giver=st.sampled_from([ALICE.id, BOB.id, SYSTEM.id]),
    kind=st.sampled_from(TieKind),
    at=st.integers(-400, 10).map(lambda hours: NOW + timedelta(hours=hours)),
)
ROLES = st.frozensets(st.sampled_from(["privacy_officer", "privacy_approver", "it_operator"]))


@given(ROLES, st.lists(MADE))
def test_whatever_role_somebody_acts_by_they_approve_nothing_of_their_own(
    roles: frozenset[str], made: list[Tie]
) -> None:
    own = Principal(id=ALICE.id, kind=PrincipalKind.STAFF, roles=roles)
    assert may_approve(own, REQUESTED, Rule(), ties=made, at=NOW) == Refused(Reason.OWN_REQUEST)


@given(st.lists(MADE.filter(lambda one: one.kind is not TieKind.KEY)))
def test_an_approver_has_nothing_lately_from_the_requester(made: list[Tie]) -> None:
    verdict = may_approve(BOB, REQUESTED, Rule(), ties=made, at=NOW)
    same = any(
        {one.holder, one.giver} == {ALICE.id, BOB.id} for one in made if one.kind in ONE_PERSON
    )
    if same:
        assert verdict == Refused(Reason.SAME_PERSON)
        return
    puppet = any(
        one.kind not in LASTING
        and (one.holder, one.giver) == (BOB.id, ALICE.id)
        and one.at >= REQUESTED.requested_at - FRESH
        for one in made
    )
    assert verdict == (Refused(Reason.BEHOLDEN) if puppet else Allowed())


@given(st.lists(MADE))
def test_whoever_may_approve_has_no_hand_in_the_request(made: list[Tie]) -> None:
    """The second step without a waiting approval asks the same as the one with."""
    hands = own_hands(made, BOB.id, since=REQUESTED.requested_at)
    verdict = may_approve(BOB, REQUESTED, Rule(), ties=made, at=NOW)
    assert bool(verdict) is (REQUESTED.requested_by not in hands)
    assert BOB.id in hands


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("ties"))
    for login, role in (("op", "it_operator"), ("cpo", "privacy_approver")):
        made.database.write(
            partial(add_staff, wiring=made, login=login, display_name="架空", roles=[role], at=AT)
        )
    yield made
    made.close()


OPERATOR = staff("it_operator", name="op")
LONG_AGO = AT - timedelta(days=60)


def tried(wiring: Wiring, requester: Principal, approver: Principal) -> Reason | None:
    """The reason for which the approval is refused, or None."""
    desk = Approvals(audit=wiring.audit, executors={})

    def work(tx: Connection) -> None:
        kind = ApprovalKind.RESTORE
        asked = desk.request(tx, kind, object_ref="x:1", sealed=b"x", by=requester, at=AT)
        desk.approve(tx, asked.id, digest=asked.digest, by=approver, at=AT)

    try:
        wiring.database.write(work)
    except ApprovalForbiddenError as error:
        return Reason(str(error.params["reason"]))
    return None


def test_a_puppet_of_the_requester_is_no_second_person(wiring: Wiring) -> None:
    approver = staff("privacy_approver", name="cpo")
    assert tried(wiring, OPERATOR, approver) is None

    def act(work: partial[object]) -> None:
        wiring.database.write(
            lambda tx: work(tx, wiring.ports, OPERATOR, at=AT)  # type: ignore[call-arg]
        )

    new = NewStaff(login="puppet", display_name="架空", roles=frozenset({"privacy_approver"}))
    act(partial(hire, new=new))
    puppet = staff("privacy_approver", name="puppet")
    assert tried(wiring, OPERATOR, puppet) is Reason.BEHOLDEN
    assert tried(wiring, staff("privacy_officer", name="other"), puppet) is None
    act(
        partial(lifecycle.reset, login="cpo", seen=lifecycle.Seen.IN_PERSON)
    )  # whoever holds the code can be the approver
    assert tried(wiring, OPERATOR, approver) is Reason.BEHOLDEN
    ties_old = partial(
        ties.note, holder=puppet.id, giver=OPERATOR.id, kind=TieKind.ACCOUNT, at=LONG_AGO
    )
    wiring.database.write(ties_old)
    assert tried(wiring, OPERATOR, puppet) is None  # a colleague by now


def test_who_holds_the_key_of_a_system_does_not_approve_what_it_asks(wiring: Wiring) -> None:
    new = NewClient(name="robot", role="mail_sender", purposes=frozenset[PurposeId]())
    wiring.database.write(lambda tx: add_client(tx, wiring.ports, OPERATOR, new, at=LONG_AGO))
    robot = Principal(id=ActorId("svc:robot"), kind=PrincipalKind.SYSTEM)
    assert tried(wiring, robot, OPERATOR) is Reason.OWN_SYSTEM  # however long ago
    second = staff("it_operator", name="op2")
    assert tried(wiring, robot, second) is None
    wiring.database.write(
        lambda tx: rotate_key(tx, wiring.ports, second, "robot", overlap=timedelta(0), at=AT)
    )
    assert tried(wiring, robot, second) is Reason.OWN_SYSTEM


def test_two_accounts_of_one_person_are_no_two_persons(wiring: Wiring) -> None:
    def act(work: partial[object]) -> None:
        wiring.database.write(
            lambda tx: work(tx, wiring.ports, OPERATOR, at=LONG_AGO)  # type: ignore[call-arg]
        )

    people = {}
    for login, role in (("day", "privacy_officer"), ("night", "privacy_approver")):
        new = NewStaff(login=login, display_name="架空", roles=frozenset({role}))
        act(partial(hire, new=new))
        people[login] = staff(role, name=login)
    day, night = people["day"], people["night"]
    pause(wiring.ports, day, PauseReason.DRILL, at=AT)
    assert tried(wiring, day, night) is None
    act(partial(set_staff_mail, login="day", address="Team@example.com"))
    act(partial(set_staff_mail, login="night", address="team@example.com"))
    for asks, approves in ((day, night), (night, day)):  # who reads the code is the other, too
        assert tried(wiring, asks, approves) is Reason.SAME_PERSON
    with pytest.raises(PauseSamePersonError):
        lift(wiring.ports, night, at=AT)
    act(partial(set_staff_mail, login="night", address="night@example.com"))
    assert tried(wiring, day, night) is None
    act(partial(note_one_person, login="day", other="night"))
    assert tried(wiring, day, night) is Reason.SAME_PERSON
    act(partial(set_staff_mail, login="night", address=None))
    assert tried(wiring, night, day) is Reason.SAME_PERSON  # what was noted stands
    with pytest.raises(PauseSamePersonError):
        lift(wiring.ports, night, at=AT)
    for login, other in (("day", "day"), ("day", "nobody")):
        with pytest.raises(AccountUnknownError):
            act(partial(note_one_person, login=login, other=other))
    lift(wiring.ports, staff("privacy_approver", name="cpo"), at=AT)
