"""All recognisers by name; the engine registers each of them with Presidio."""

from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import Final

from governance.pii.document import Document
from governance.pii.recognisers import (
    address,
    address_romaji,
    address_western,
    bank_account,
    birth_date,
    credit_card,
    customer_number,
    email,
    health_insurance,
    iban,
    ip_address,
    labelled,
    my_number,
    person,
    person_western,
    phone,
    postal_code,
    sensitive,
    sns_account,
)
from governance.pii.resolve import resolve
from governance.pii.types import Entity, Span

Recogniser = Callable[[Document], Iterator[Span]]
Named = MappingProxyType[str, tuple[Recogniser, frozenset[Entity]]]

# Those that a text without a long number cannot concern, and those without any digit
NEEDS_LONG_NUMBER: Final[Named] = MappingProxyType({
    "my_number": (my_number.find, frozenset({Entity.MY_NUMBER})),
    "credit_card": (credit_card.find, frozenset({Entity.CREDIT_CARD})),
    "phone": (phone.find, frozenset({Entity.PHONE})),
    "labelled": (
        labelled.find,
        frozenset({Entity.DRIVER_LICENSE, Entity.PASSPORT, Entity.RESIDENCE_CARD,
                   Entity.PENSION_NUMBER, Entity.US_SSN}),
    ),
    "bank_account": (bank_account.find, frozenset({Entity.BANK_ACCOUNT})),
    "iban": (iban.find, frozenset({Entity.IBAN})),
})  # fmt: skip
NEEDS_DIGIT: Final[Named] = MappingProxyType({
    "postal_code": (postal_code.find, frozenset({Entity.POSTAL_CODE})),
    "health_insurance": (health_insurance.find, frozenset({Entity.HEALTH_INSURANCE})),
    "address_western": (address_western.find, frozenset({Entity.ADDRESS})),
})  # fmt: skip
ALWAYS: Final[Named] = MappingProxyType({
    "email": (email.find, frozenset({Entity.EMAIL})),
    "birth_date": (birth_date.find, frozenset({Entity.BIRTH_DATE})),
    "ip_address": (ip_address.find, frozenset({Entity.IP_ADDRESS})),
    "sns_account": (sns_account.find, frozenset({Entity.SNS_ACCOUNT})),
    "address": (address.find, frozenset({Entity.ADDRESS})),
    "address_romaji": (address_romaji.find, frozenset({Entity.ADDRESS})),
    "person": (person.find, frozenset({Entity.PERSON})),
    "person_western": (person_western.find, frozenset({Entity.PERSON})),
    "sensitive": (sensitive.find, frozenset({Entity.SENSITIVE})),
})  # fmt: skip


def recognisers(own_numbers: Iterable[str]) -> dict[str, tuple[Recogniser, frozenset[Entity]]]:
    """Every recogniser with the entities it can give, the company's own numbers included."""
    own = customer_number.finder(own_numbers)
    found = {
        name: (_remembered(name, find), entities) for name, (find, entities) in _GUARDED.items()
    }
    found["customer_number"] = (_with_digit(own), frozenset({Entity.CUSTOMER_NUMBER}))
    return found


def ruled(document: Document) -> tuple[Span, ...]:
    """What the rules find in the text, without overlaps; each of them is asked at most once."""
    return resolve(
        (
            span
            for name, (find, _) in _GUARDED.items()
            if name not in _APART
            for span in _remembered(name, find)(document)
        ),
        len(document.text),
    )


def _with_digit(find: Recogniser) -> Recogniser:
    return lambda document: find(document) if document.has_digit else iter(())


def _with_long_number(find: Recogniser) -> Recogniser:
    return lambda document: find(document) if document.has_long_number else iter(())


def _remembered(name: str, find: Recogniser) -> Recogniser:
    def known(document: Document) -> Iterator[Span]:
        found = document.findings.get(name)
        if found is None:
            found = document.findings[name] = tuple(find(document))
        return iter(found)

    return known


_APART: Final = frozenset({"sensitive"})  # mentions are of anything
_GUARDED: Final[Named] = MappingProxyType(
    {name: (_with_digit(find), entities) for name, (find, entities) in NEEDS_DIGIT.items()}
    | {
        name: (_with_long_number(find), entities)
        for name, (find, entities) in NEEDS_LONG_NUMBER.items()
    }
    | dict(ALWAYS)
)
