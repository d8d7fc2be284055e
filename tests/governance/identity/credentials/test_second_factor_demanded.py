"""A role that opens personal data or holds grave acts does not count in a session of one factor."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from consent.gates import UseRequest
from consent.kinds import Kinds
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.setting_kinds import SecondFor
from governance.core.terms import ActorId, Lang, PurposeId
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest
from governance.http.principal import Principal, PrincipalKind
from governance.identity import service
from governance.identity.elevation import store as elevations
from governance.identity.elevation.types import Elevation
from governance.identity.types import Level, Limits
from policies.actions import GRAVE, PERSONAL, Action
from policies.actors import decide_actor, needs_second, roles_of
from policies.api import SecondFactorDueError, ensure
from tests.installation import AT, add_person, create

ONE, TWO = (Level.CODE, Level.PASSWORD), (Level.MFA, Level.RECOVERED, Level.SIGNED_ON)
EVERYBODY, OPENING = Limits(second=SecondFor.EVERYBODY), Limits(second=SecondFor.OPENING)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("second"))
    for role in ("support", "it_operator", "staff"):
        made.database.write(
            partial(add_staff, wiring=made, login=role, display_name="架空", roles=[role], at=AT)
        )
    yield made
    made.close()


def who(wiring: Wiring, role: str, level: Level, limits: Limits) -> Principal:
    enter = partial(
        service.open_session, actor=ActorId(f"u:{role}"), kind=PrincipalKind.STAFF,
        lasting=timedelta(hours=1), at=AT, level=level,
    )  # fmt: skip
    _, secret = wiring.database.write(enter)
    with wiring.database.read() as tx:
        return service.principal_by_session(tx, secret, at=AT, lang=Lang.JA, limits=limits)[0]


@pytest.mark.parametrize("limits", [EVERYBODY, OPENING])
@pytest.mark.parametrize("level", [*ONE, Level.ENROLLING])
def test_a_session_of_one_factor_reads_no_person(
    wiring: Wiring, level: Level, limits: Limits
) -> None:
    policy, single = wiring.policies.current, who(wiring, "support", level, limits)
    for action in (*PERSONAL, *GRAVE, Action.CONSOLE_OPEN):
        with pytest.raises(SecondFactorDueError):
            ensure(single, action, policy)
    purpose = PurposeId("order_support")
    for field in ("person.name", "person.customer_id"):
        assert not decide_actor(single, policy, field=field, action="read", purpose=purpose)
    asked = ReadRequest(subject=add_person(wiring), purpose=purpose)
    answer = read(wiring.ports, single, asked, at=AT)
    assert not answer.known  # the first gate tells not even whether there is such a person
    shown = [view.shown.value for row in answer.rows for view in row.fields]
    assert not any(shown)


@pytest.mark.parametrize("limits", [EVERYBODY, OPENING, Limits()])
@pytest.mark.parametrize("level", TWO)
def test_two_factors_open_what_the_role_opens(wiring: Wiring, level: Level, limits: Limits) -> None:
    whole = who(wiring, "support", level, limits)
    assert ensure(whole, Action.PERSON_READ, wiring.policies.current) is whole


@pytest.mark.parametrize("level", ONE)
def test_whom_it_is_asked_of_is_a_setting(wiring: Wiring, level: Level) -> None:
    policy = wiring.policies.current
    assert ensure(who(wiring, "support", level, Limits()), Action.PERSON_READ, policy)
    plain = who(wiring, "staff", level, OPENING)
    assert ensure(plain, Action.CONSOLE_OPEN, policy) is plain
    assert not roles_of(who(wiring, "staff", level, EVERYBODY), policy)
    assert not roles_of(who(wiring, "it_operator", level, OPENING), policy)  # grave acts


def test_a_role_for_a_time_needs_it_too(wiring: Wiring) -> None:
    def give(tx: Connection) -> None:
        one = Elevation(
            id=elevations.RowId("e1"), staff=ActorId("u:staff"), role="support", minutes=30,
            reason=b"x", asked_at=AT, approval=None, begun_at=None, approved_by=None,
            ends_at=None, ended_at=None, ended_by=None,
        )  # fmt: skip
        elevations.add(tx, one)
        until = AT + timedelta(minutes=30)
        elevations.give(tx, one.id, by=ActorId("u:x"), at=AT, ends_at=until)

    wiring.database.write(give)
    policy = wiring.policies.current
    with pytest.raises(SecondFactorDueError):
        ensure(who(wiring, "staff", Level.PASSWORD, OPENING), Action.PERSON_READ, policy)
    assert ensure(who(wiring, "staff", Level.MFA, OPENING), Action.PERSON_READ, policy)


def test_a_question_that_was_asked_before_is_judged_anew_for_another_proof(wiring: Wiring) -> None:
    kinds, policy = Kinds(), wiring.policies.current
    asked = UseRequest(subject=add_person(wiring), purpose=PurposeId("order_support"))
    whole = who(wiring, "support", Level.MFA, OPENING)
    assert kinds.of(policy, whole, asked).may_ask
    for less in (replace(whole, single=True), replace(whole, untrained=True)):
        assert not kinds.of(policy, less, asked).may_ask


def test_every_role_of_the_shipped_policy_that_opens_anything_needs_it(wiring: Wiring) -> None:
    known = wiring.policies.current.roles
    assert {name for name in known if not needs_second([name], known)} == {
        "staff", "collection", "customer", "directory", "request_intake"
    }  # fmt: skip
