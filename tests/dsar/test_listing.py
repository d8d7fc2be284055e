"""Who sees which requests in the list, and how much of each."""

from dataclasses import replace

import pytest

from dsar import reading
from dsar.errors import RequestNotAllowedError
from dsar.listing import Summary
from dsar.types import Event, Outcome
from governance.core.terms import ActorId
from governance.http.principal import Principal
from tests.dsar.world import OFFICER, PERSON, SUBJECT, SUPPORT, World

SALES = replace(OFFICER, id=ActorId("u:sales"), roles=frozenset({"sales"}))


def listed(world: World, by: Principal, *, is_open: bool | None = None) -> tuple[Summary, ...]:
    with world.ports.database.read() as tx:
        return reading.list_requests(tx, world.ports, by, is_open=is_open)


def ended(world: World, by: Principal) -> Summary:
    """A request that this principal entered and that its person took back."""
    case = world.step(world.receive(by=by), Event.WITHDRAW, by=PERSON)
    world.step(case, Event.CLOSE)
    (found,) = [one for one in listed(world, OFFICER) if one.id == case.id]
    assert not found.open
    return found


def test_the_desk_sees_what_is_open_and_what_it_entered_and_no_person(world: World) -> None:
    own, others = ended(world, SUPPORT), ended(world, OFFICER)
    decided = world.decide(world.reviewed()).case
    officers = {one.id: one for one in listed(world, OFFICER)}
    assert officers.keys() == {own.id, others.id, decided.id}
    assert (officers[decided.id].subject, officers[decided.id].outcome) == (
        SUBJECT,
        Outcome.PARTIAL,
    )
    desk = {one.id: one for one in listed(world, SUPPORT)}
    assert desk.keys() == {own.id, decided.id}
    assert {(one.subject, one.outcome) for one in desk.values()} == {(None, None)}
    assert desk[decided.id].tracks == officers[decided.id].tracks
    assert [one.id for one in listed(world, SUPPORT, is_open=True)] == [decided.id]


def test_what_is_over_follows_what_is_open_the_newest_first(world: World) -> None:
    over = [ended(world, OFFICER), ended(world, OFFICER)]
    world.receive(by=OFFICER)
    found = listed(world, OFFICER)
    assert [one.open for one in found] == [True, False, False]
    assert [one.received_at for one in found[1:]] == sorted(
        (one.received_at for one in over), reverse=True
    )
    first = min(one.received_at for one in over)
    with world.ports.database.read() as tx:
        since, until = (
            reading.list_requests(tx, world.ports, OFFICER, received=asked)
            for asked in ((first, None), (None, first))
        )
    assert {one.id for one in since} == {one.id for one in found}
    assert until == ()


def test_whoever_neither_reads_nor_enters_requests_sees_no_list(world: World) -> None:
    with pytest.raises(RequestNotAllowedError):
        listed(world, SALES)
