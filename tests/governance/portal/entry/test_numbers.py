"""Customers whom the company's provider names by their number, or by an address."""

from dataclasses import replace

import pytest

from governance.core.terms import Lang, SubjectId
from governance.signon.customers import customer_for
from governance.signon.types import Audience, Match, Provider, Vouched
from tests.governance.portal.entry.conftest import ALONE, TWINS, Portal
from tests.installation import AT

BY_NUMBER = Provider(
    id="shop",
    label={Lang.JA: "架空", Lang.EN: "Fake"},
    audience=Audience.CUSTOMERS,
    issuer="https://id.example.com",
    client_id="sekisho",
    match=Match.CUSTOMER_NUMBER,
    customer_claim="customer_number",
)
BY_MAIL = replace(BY_NUMBER, id="mail", match=Match.EMAIL, customer_claim=None)


def found(portal: Portal, provider: Provider, **said: str | None) -> SubjectId | None:
    vouched = Vouched(provider=provider.id, subject="s", account=str(sorted(said.items())), **said)
    return portal.wiring.database.write(
        lambda tx: customer_for(tx, portal.wiring.ports, provider, vouched, at=AT)
    )


def test_a_number_of_one_customer_is_that_customer(portal: Portal) -> None:
    assert found(portal, BY_NUMBER, customer="C000001") == portal.person(1)
    assert found(portal, BY_NUMBER, customer="C000005") == portal.person(5), "twins have their own"


@pytest.mark.parametrize("number", [None, "", "C999999", "C00000", "c000001 OR 1=1", "%"])
def test_any_other_number_is_nobody(portal: Portal, number: str | None) -> None:
    assert found(portal, BY_NUMBER, customer=number) is None


def test_one_way_of_knowing_is_not_the_other(portal: Portal) -> None:
    assert found(portal, BY_NUMBER, email=ALONE) is None
    assert found(portal, BY_MAIL, customer="C000001") is None
    assert found(portal, BY_MAIL, email=ALONE) == portal.person(1)
    assert found(portal, BY_MAIL, email=TWINS) is None, "two persons are nobody"
    assert found(portal, replace(BY_MAIL, id="none", match=None), email=ALONE) is None
