"""The register of recipients as use cases: versions, checks, what is kept sealed."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from governance.app.wiring import Wiring
from governance.customers.changes import counter
from governance.registers import service, store
from governance.registers.errors import (
    RecipientChangedError,
    RecipientFieldError,
    RecipientKeyTakenError,
    RecipientUnregisteredError,
)
from governance.registers.passage import passage
from governance.registers.service import NewCheck
from governance.registers.types import CheckKind, CheckMethod, CheckOutcome, Subprocessor
from policies.api import ActionForbiddenError
from policies.reasons import ReasonCode
from tests.installation import AT, OFFICER, create, data_bytes, events, staff

GIVEN = {
    "name": "架空配送株式会社",
    "role": "processor",
    "country": "jp",
    "contracted_on": "2026-04-01",
    "purposes": "order_fulfilment, order_support",
    "categories": ["name", "address"],
    "representative": "架空　太郎",
    "contact_email": "desk@recipient.example.com",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    wiring = create(Path(tmp_path_factory.mktemp("registers")))
    yield wiring
    wiring.close()


@pytest.fixture
def tx(world: Wiring) -> Iterator[Connection]:
    """A transaction that nothing is kept of."""
    with world.database.writer_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def enter(tx: Connection, world: Wiring, key: str = "V900", **other: object) -> None:
    service.enter(tx, world.ports, OFFICER, key, GIVEN | other, at=AT)


def test_a_recipient_is_registered_with_its_first_version_and_an_event(
    tx: Connection, world: Wiring
) -> None:
    enter(tx, world)
    shown = service.show(tx, world.ports, OFFICER, "V900", at=AT)
    one = shown.listed.recipient
    assert (one.country, one.purposes) == ("JP", ("order_fulfilment", "order_support"))
    assert shown.contact.representative == "架空　太郎"
    assert [version.version for version in shown.versions] == [1]
    (event,) = (each for each in events(tx, "register.changed") if each.object_id == one.id)
    assert event.fields is not None
    assert "purposes" in event.fields


def test_every_change_moves_what_all_decisions_rest_on(world: Wiring) -> None:
    def everyone() -> int:
        with world.database.read() as tx:
            return counter.everyone(tx)

    before = everyone()
    world.database.write(lambda tx: enter(tx, world, key="V950"))
    entered = everyone()
    change = {"ended_on": "2026-09-30"}
    world.database.write(
        lambda tx: service.change(tx, world.ports, OFFICER, "V950", change, version=1, at=AT)
    )
    assert before < entered < everyone()


def test_a_change_needs_the_version_that_it_changes(tx: Connection, world: Wiring) -> None:
    enter(tx, world)
    change = {"ended_on": "2026-09-30", "address": "東京都千代田区"}
    service.change(tx, world.ports, OFFICER, "V900", change, version=1, at=AT)
    with pytest.raises(RecipientChangedError):
        service.change(tx, world.ports, OFFICER, "V900", change, version=1, at=AT)
    shown = service.show(tx, world.ports, OFFICER, "V900", at=AT)
    assert [version.version for version in shown.versions] == [2, 1]
    assert shown.listed.recipient.address == "東京都千代田区"
    assert shown.contact.representative == "架空　太郎"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "friend"),
        ("country", "Japan"),
        ("purposes", "world_peace"),
        ("contracted_on", "2026-13-01"),
        ("transfer_basis", "because"),
        ("colour", "red"),
        ("name", ""),
        ("name", "あ" * 1_001),
        ("version", 7),
    ],
)
def test_what_the_register_cannot_read_changes_nothing(
    tx: Connection, world: Wiring, name: str, value: object
) -> None:
    with pytest.raises(RecipientFieldError):
        enter(tx, world, **{name: value})  # type: ignore[arg-type] # never the key
    assert store.recipient_by_key(tx, "V900") is None


def test_a_key_is_given_once(tx: Connection, world: Wiring) -> None:
    enter(tx, world)
    with pytest.raises(RecipientKeyTakenError):
        enter(tx, world)


def test_only_who_holds_the_action_changes_the_register(tx: Connection, world: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        service.enter(tx, world.ports, staff("support"), "V900", GIVEN, at=AT)
    with pytest.raises(ActionForbiddenError):
        service.listing(tx, world.ports, staff("support"), at=AT)
    with pytest.raises(RecipientUnregisteredError):
        service.show(tx, world.ports, OFFICER, "V404", at=AT)


def looked(outcome: CheckOutcome) -> NewCheck:
    return NewCheck(
        kind=CheckKind.SUPERVISION,
        method=CheckMethod.ON_SITE,
        outcome=outcome,
        checked_on=date(2026, 9, 1),
        next_due=date(2027, 9, 1),
        findings="架空の指摘",
    )


def test_a_check_that_stops_closes_the_passage_until_a_sound_one(
    tx: Connection, world: Wiring
) -> None:
    enter(tx, world)
    purpose = world.policies.current.purpose("order_fulfilment")
    assert purpose is not None

    def code() -> ReasonCode:
        found = passage(tx, purpose, "processor:V900", categories=("name",), on=AT.date())
        return found.code

    assert code() is ReasonCode.PERMIT
    service.note_check(tx, world.ports, OFFICER, "V900", looked(CheckOutcome.STOP), at=AT)
    assert code() is ReasonCode.PURPOSE_RECIPIENT_ENDED
    service.note_check(tx, world.ports, OFFICER, "V900", looked(CheckOutcome.SOUND), at=AT)
    assert code() is ReasonCode.PERMIT
    shown = service.show(tx, world.ports, OFFICER, "V900", at=AT)
    assert [found for _, found in shown.checks] == ["架空の指摘"] * 2
    assert shown.listed.recipient.audited_on == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("reference", "country", "code"),
    [
        (None, None, ReasonCode.PERMIT),
        ("internal", None, ReasonCode.PERMIT),
        ("processor:V900", "JP", ReasonCode.PERMIT),
        ("processor:V900", "US", ReasonCode.PURPOSE_COUNTRY),
        ("processor:V404", None, ReasonCode.PURPOSE_RECIPIENT_UNKNOWN),
        ("third_party:V900", None, ReasonCode.PURPOSE_RECIPIENT),
        ("processor:", None, ReasonCode.PURPOSE_RECIPIENT_UNKNOWN),
        ("processor", None, ReasonCode.PURPOSE_RECIPIENT),
        ("", None, ReasonCode.PURPOSE_RECIPIENT),
    ],
)
def test_a_recipient_passes_by_role_and_key_alone(
    tx: Connection, world: Wiring, reference: str | None, country: str | None, code: ReasonCode
) -> None:
    enter(tx, world)
    purpose = world.policies.current.purpose("order_fulfilment")
    assert purpose is not None
    assert passage(tx, purpose, reference, country=country, on=AT.date()).code is code


def test_who_works_for_a_recipient_is_listed_until_it_ends(tx: Connection, world: Wiring) -> None:
    enter(tx, world)
    one = store.recipient_by_key(tx, "V900")
    assert one is not None
    sub = Subprocessor(id=one.id, name="架空便", country="US", service="配達", approved_on=None)
    service.name_subprocessor(tx, world.ports, OFFICER, "V900", sub, at=AT)
    found = service.listing(tx, world.ports, OFFICER, at=AT)
    (listed,) = (each for each in found if each.recipient.source_key == "V900")
    assert [each.name for each in listed.subprocessors] == ["架空便"]


def test_names_of_persons_at_a_recipient_are_not_in_clear(world: Wiring) -> None:
    world.database.write(lambda tx: enter(tx, world, key="V901", representative="架空山奥子"))
    world.database.write(
        lambda tx: service.note_check(
            tx, world.ports, OFFICER, "V901", looked(CheckOutcome.FINDINGS), at=AT
        )
    )
    held = data_bytes(world)
    assert "架空山奥子".encode() not in held
    assert "架空の指摘".encode() not in held
