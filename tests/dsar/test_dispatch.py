"""What leaves on paper: written down once, sealed where it says where to, ended once."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.dispatch import service
from dsar.dispatch.errors import DispatchRefusedError, DispatchUnknownError
from dsar.dispatch.rules import end_fault, sent_fault
from dsar.dispatch.store import DISPATCH, dispatches_of
from dsar.dispatch.types import Carrier, Dispatch, Ending, Item, ReturnReason
from dsar.errors import RequestNotAllowedError
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from tests.dsar.world import ADDRESS, OFFICER, SUPPORT, World

SENT_ON = date(2026, 11, 25)


def posted(world: World, by: Any = OFFICER, **more: Any) -> Dispatch:
    case = world.receive()
    row = new_row_id()
    usual: dict[str, Any] = {
        "item": Item.LETTER,
        "item_id": new_row_id(),
        "sent_on": SENT_ON,
        "carrier": Carrier.REGISTERED,
        "tracking": "123-45-67890-1",
        "row": row,
        "sealed_address": service.prepare_address(world.ports, case, row, ADDRESS),
    }
    sent = service.Sent(**usual | more)
    at = world.tick()
    return world.write(lambda tx: service.dispatch(tx, world.ports, by, case.id, sent, at=at))


def ended(world: World, sent: RowId, ending: Ending, **more: Any) -> Dispatch:
    usual: dict[str, Any] = {"on": SENT_ON, "at": world.tick()}
    use = partial(
        service.end,
        ports=world.ports,
        principal=OFFICER,
        wanted=sent,
        ending=ending,
        **usual | more,
    )
    return world.write(use)


def test_a_letter_that_was_posted_is_on_file_and_its_address_is_sealed(world: World) -> None:
    sent = posted(world)
    with world.ports.database.read() as tx:
        assert dispatches_of(tx, sent.request) == (sent,)
        row = tx.execute(select(DISPATCH)).one()
        event = tx.execute(select(EVENTS).where(EVENTS.c.action == "request.dispatched")).one()
    assert ADDRESS.encode() not in row.address
    assert service.address_of(world.ports, sent) == ADDRESS
    assert "registered" in event.reasons
    for secret in (ADDRESS, sent.tracking or "?"):
        assert secret not in repr(event)
        assert secret not in repr(sent)


def test_it_ends_once_delivered_or_returned_with_a_reason(world: World) -> None:
    sent = posted(world)
    with pytest.raises(DispatchRefusedError):
        ended(world, sent.id, Ending.RETURNED)
    done = ended(world, sent.id, Ending.RETURNED, reason=ReturnReason.NOT_COLLECTED)
    assert (done.ending, done.return_reason) == (Ending.RETURNED, ReturnReason.NOT_COLLECTED)
    with pytest.raises(DispatchRefusedError):
        ended(world, sent.id, Ending.DELIVERED)
    with pytest.raises(DispatchUnknownError):
        ended(world, new_row_id(), Ending.DELIVERED)


def test_what_is_handed_over_at_the_counter_has_arrived(world: World) -> None:
    sent = posted(world, carrier=Carrier.COUNTER, tracking=None, item=Item.PACKAGE)
    assert (sent.ending, sent.ended_on) == (Ending.DELIVERED, SENT_ON)


def test_who_may_not_carry_requests_out_dispatches_nothing(world: World) -> None:
    with pytest.raises(RequestNotAllowedError):
        posted(world, by=SUPPORT)


@pytest.mark.parametrize(
    ("carrier", "tracking", "days", "fault"),
    [
        (Carrier.REGISTERED, None, 0, "tracking"),
        (Carrier.ORDINARY, None, 0, None),
        (Carrier.COURIER, "<b>1</b>", 0, "tracking"),
        (Carrier.COURIER, "=1+1", 0, "tracking"),
        (Carrier.ORDINARY, None, 1, "sent_on"),
        (Carrier.ORDINARY, None, -1, "sent_on"),
    ],
)
def test_a_dispatch_says_a_lawful_day_and_a_number_that_can_be_looked_up(
    carrier: Carrier, tracking: str | None, days: int, fault: str | None
) -> None:
    day = SENT_ON + timedelta(days=days)
    found = sent_fault(carrier, tracking, day, received_on=SENT_ON, today=SENT_ON)
    assert found == fault


def test_nothing_arrives_before_it_left_or_comes_back_without_a_reason(world: World) -> None:
    sent = posted(world)
    before = SENT_ON - timedelta(days=1)
    assert end_fault(sent, Ending.DELIVERED, before, None, today=SENT_ON) == "ended_on"
    reason = ReturnReason.REFUSED
    assert end_fault(sent, Ending.DELIVERED, SENT_ON, reason, today=SENT_ON) == "return_reason"
    over = replace(sent, ending=Ending.DELIVERED)
    assert end_fault(over, Ending.DELIVERED, SENT_ON, None, today=SENT_ON) == "ending"
