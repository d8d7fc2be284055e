"""Who has a request in hand hears of it: by number alone, once, and weekly while it is overdue."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from dsar import assigning
from dsar.case import Case
from dsar.errors import RequestAssigneeError, RequestNotAllowedError, RequestStepError
from dsar.messages.service import reply
from dsar.store import REQUEST
from dsar.types import Event
from governance.core.terms import ActorId
from governance.identity.accounts import set_staff_mail
from governance.identity.errors import StaffMailError
from governance.identity.service import invite_staff
from governance.identity.store import STAFF, set_staff_state
from governance.identity.types import AccountState
from governance.outbound.mail import Mail
from tests.dsar.corresponding import mails
from tests.dsar.world import NAME, OFFICER, PERSON, STRANGER, SUPPORT, World

OPERATOR = replace(OFFICER, id=ActorId("u:operator"), roles=frozenset({"it_operator"}))
HANDS, ADDRESS = ActorId("u:hands"), "hands@example.com"


def hired(world: World, login: str = "hands", role: str = "support") -> None:
    at = world.tick()
    use = partial(invite_staff, login=login, display_name="架空", roles=[role], by=OFFICER.id)
    world.write(lambda tx: use(tx, known_roles=frozenset({role}), at=at))


def addressed(world: World, address: str | None = ADDRESS) -> None:
    at = world.tick()
    world.write(lambda tx: set_staff_mail(tx, world.ports, OPERATOR, "hands", address, at=at))


def begun(world: World) -> Case:
    """A request whose days count."""
    return world.step(world.proved(world.receive()), Event.START)


def assigned(world: World, case: Case, by: object = OFFICER, to: ActorId = HANDS) -> Case:
    at = world.tick()
    return world.write(
        lambda tx: assigning.assign(tx, world.ports, by, case.id, to, at=at)  # type: ignore[arg-type] # a principal
    )


def to(world: World, address: str = ADDRESS) -> list[Mail]:
    return [mail for mail in mails(world) if mail.to == address]


def templates(found: Iterable[Mail]) -> list[str]:
    return [mail.template.removeprefix("dsar.mail.") for mail in found]


def remind(world: World, case: Case, *, days: int) -> None:
    """The reminder runs so many days after the day of the answer."""
    with world.ports.database.read() as tx:
        day = tx.execute(select(REQUEST.c.answer_by).where(REQUEST.c.id == case.id)).scalar_one()
    at = world.tick()
    assigning.remind(world.ports, at=at + timedelta(days=(day - at.date()).days + days))


def test_who_gets_a_request_hears_of_it_by_its_number_alone(world: World) -> None:
    hired(world)
    addressed(world)
    case = assigned(world, world.receive())
    assert case.assignee == HANDS
    (mail,) = to(world)
    assert (mail.template, mail.params) == ("dsar.mail.assigned", {"reference": case.reference})
    assigned(world, case)
    assert len(to(world)) == 1, "who has it already hears nothing again"
    with world.ports.database.read() as tx:
        stored = repr(tx.execute(STAFF.select()).all())
    assert ADDRESS not in stored


def test_a_message_of_the_person_is_told_to_who_has_the_request(world: World) -> None:
    hired(world)
    addressed(world)
    case = assigned(world, world.receive())
    for words in ("一つめ", "二つめ"):
        reply(world.ports, PERSON, case.id, words, at=world.tick())
    assert templates(to(world)) == ["assigned", "message_came"], "once until it is read"
    assert NAME not in repr(to(world))


def test_a_request_is_brought_to_mind_before_its_day_and_weekly_after(world: World) -> None:
    hired(world)
    addressed(world)
    case = assigned(world, begun(world))
    for days in (-4, -3, -3, 1, 1, 8):
        remind(world, case, days=days)
    assert templates(to(world))[:2] == ["assigned", "due_soon"]
    assert set(templates(to(world))[2:]) == {"overdue"}
    assert len(to(world)) == 4


def test_what_nobody_has_in_hand_is_told_to_the_desk(world: World) -> None:
    case = begun(world)
    desk = world.ports.controller.contact_mail
    remind(world, case, days=1)
    assert templates(to(world, desk)) == ["overdue"]


def test_who_left_hears_nothing_and_the_desk_does(world: World) -> None:
    hired(world)
    addressed(world)
    case = assigned(world, begun(world))
    world.write(lambda tx: set_staff_state(tx, HANDS, AccountState.ENDED))
    remind(world, case, days=1)
    assert templates(to(world)) == ["assigned"]
    assert templates(to(world, world.ports.controller.contact_mail)) == ["overdue"]


def test_only_who_works_on_requests_gets_one_and_only_the_desk_gives_it(world: World) -> None:
    hired(world)
    hired(world, "seller", "sales")
    case = world.receive()
    for stranger in (ActorId("u:seller"), ActorId("u:nobody"), PERSON.id, ActorId("=1+1<b>")):
        with pytest.raises(RequestAssigneeError):
            assigned(world, case, to=stranger)
    for who in (PERSON, STRANGER):
        with pytest.raises(RequestNotAllowedError):
            assigned(world, case, by=who)
    assert assigned(world, case, by=SUPPORT).assignee == HANDS
    world.step(world.step(world.case(case.id), Event.WITHDRAW, by=PERSON), Event.CLOSE)
    with pytest.raises(RequestStepError):
        assigned(world, case)


def test_what_is_no_address_is_refused_and_an_address_can_be_taken_away(world: World) -> None:
    hired(world)
    for wrong in ("", "x", "a@b\r\nbcc: c@example.com", "<script>@example.com", "a" * 5_000_000):
        with pytest.raises(StaffMailError):
            addressed(world, wrong)
    addressed(world)
    addressed(world, None)
    assigned(world, world.receive())
    assert to(world) == []
