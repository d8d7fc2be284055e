"""The gate withholds a field that the catalogue does not declare for the asked purpose."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from consent.checks import check
from consent.gates import UseRequest
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, Lang, PurposeId, SubjectId, Treatment
from governance.customers.catalogue import catalogue, install
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.gateway.fields import Idle, unused
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest
from governance.gateway.writing.types import FieldsRefusedError
from policies.reasons import Audience, ReasonCode, reason_text
from tests.installation import (
    AT,
    MANAGER,
    create,
    customer,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

EMAIL, NAME = FieldId("person.email"), FieldId("person.name")
VALUE = FieldId("preference.value")
SUPPORT = PurposeId("order_support")
CUSTOMER_ID = FieldId("person.customer_id")
LOST = frozenset({EMAIL, VALUE})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    folder = tmp_path_factory.mktemp("shop")
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(1)])))
    yield wiring
    wiring.close()


@pytest.fixture
def person(shop: Wiring) -> Iterator[SubjectId]:
    """The customer, while the catalogue declares two fields for everything but support."""
    before = catalogue()
    less = {
        name: replace(before.fields[name], purposes=before.fields[name].purposes - {SUPPORT})
        for name in LOST
    }
    install(replace(before, fields={**before.fields, **less}))
    yield subjects(shop)[0]
    install(before)


def decided(wiring: Wiring, subject: SubjectId, who: str, purpose: str) -> dict[str, ReasonCode]:
    """The code of each field's decision, of those that are shown `permit`."""
    answer = read(wiring.ports, staff(who), ReadRequest(subject=subject, purpose=purpose), at=AT)
    (row,) = answer.rows
    shown = {view.field: view.decision for view in row.fields}
    assert (shown[EMAIL].treatment is Treatment.WITHHELD) is (shown[EMAIL].code != "permit")
    return {str(name): decision.code for name, decision in shown.items()}


def test_a_field_is_withheld_for_a_purpose_that_it_was_not_declared_for(
    shop: Wiring, person: SubjectId
) -> None:
    codes = decided(shop, person, "support", "order_support")
    assert codes[EMAIL] is ReasonCode.PURPOSE_FIELD
    assert codes[NAME] is ReasonCode.PERMIT


def test_a_duty_of_the_law_reaches_every_field(shop: Wiring, person: SubjectId) -> None:
    codes = decided(shop, person, "privacy_officer", "dsar_fulfilment")
    assert codes[EMAIL] is ReasonCode.PERMIT


def test_a_use_of_the_field_is_refused_for_the_same_reason(shop: Wiring, person: SubjectId) -> None:
    asked = UseRequest(subject=person, purpose="order_support", field=CUSTOMER_ID)
    fields = {**catalogue().fields}
    entry = fields[CUSTOMER_ID]
    fields[CUSTOMER_ID] = replace(entry, purposes=entry.purposes - {SUPPORT})
    assert check(shop.ports, staff("support"), asked, at=AT).exact is ReasonCode.PERMIT
    install(replace(catalogue(), fields=fields))
    assert check(shop.ports, staff("support"), asked, at=AT).exact is ReasonCode.PURPOSE_FIELD


def test_nothing_is_written_for_a_purpose_that_was_not_declared(
    shop: Wiring, person: SubjectId
) -> None:
    entry = Entry(
        table="preference",
        subject=person,
        values={"topic": "contact_time", "value": "morning"},
        purpose="order_support",
    )
    with pytest.raises(FieldsRefusedError) as error:
        put(shop.ports, staff("support"), entry, at=AT)
    assert ("value", ReasonCode.PURPOSE_FIELD.value) in {*error.value.faults}


def test_the_reason_says_what_an_officer_can_do(shop: Wiring, person: SubjectId) -> None:
    assert decided(shop, person, "support", "order_support")
    words = reason_text(ReasonCode.PURPOSE_FIELD, Audience.OFFICER, Lang.JA)
    assert "catalogue.d" in words


def test_a_rule_for_an_undeclared_purpose_opens_nothing_to_anybody(
    shop: Wiring, person: SubjectId
) -> None:
    fields = {**catalogue().fields}
    fields[EMAIL] = replace(fields[EMAIL], purposes=frozenset({PurposeId("location_use")}))
    install(replace(catalogue(), fields=fields, duties=frozenset()))
    why = {idle.field.id: idle.why for idle in unused(shop.ports, MANAGER, days=30, at=AT)}
    assert Idle.NO_RULE in why[EMAIL]
