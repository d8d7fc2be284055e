"""Whether a row of an outside system is the person's; pure, and it fails closed.

A customer number says more than an e-mail address, that more than a telephone number. A row found
by a weaker one is the person's only if no stronger one in the row says another person's, and if
nobody else of our own store has that address or number.
"""

from collections.abc import Mapping
from typing import Final

from governance.connectors.types import KeyKind, PersonKeys
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.phone import normalise_phone

STRENGTH: Final = (KeyKind.CUSTOMER, KeyKind.EMAIL, KeyKind.PHONE)
JAPAN, HOME = "+81", "0"


def canonical(kind: KeyKind, value: object) -> str:
    """One spelling for comparing; empty when nothing stands there."""
    written = "" if value is None else str(value).strip()
    match kind:
        case KeyKind.CUSTOMER:
            return written
        case KeyKind.EMAIL:
            return normalise_email(written).value or written.lower()
        case KeyKind.PHONE:
            return normalise_phone(written).value or written


def own(person: PersonKeys, kind: KeyKind) -> frozenset[str]:
    """The person's values of this kind, in one spelling."""
    return frozenset(canonical(kind, value) for value in person.of(kind)) - {""}


def belongs(person: PersonKeys, row: Mapping[KeyKind, object]) -> bool:
    """Whether the row is surely this person's; False where it may be another's."""
    for kind in STRENGTH:
        if kind not in row or not (said := canonical(kind, row[kind])):
            continue
        return said in own(person, kind) and _alone(person, kind)
    return False


def _alone(person: PersonKeys, kind: KeyKind) -> bool:
    return kind not in person.shared


def telephones(person: PersonKeys) -> frozenset[str]:
    """Digits under which a telephone number may stand once marks and blanks are taken out."""
    found: set[str] = set()
    for number in own(person, KeyKind.PHONE):
        found |= {number, number.removeprefix("+")}
        if number.startswith(JAPAN):
            found.add(HOME + number.removeprefix(JAPAN))
    return frozenset(found)
