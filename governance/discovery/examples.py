"""Masked examples of values: enough to recognise a column by, too little to know a person by."""

from collections.abc import Iterable
from typing import Final

from governance.pii.types import Entity
from policies.address import prefecture_of
from policies.masking import MARK, initial, partial

SHOWN: Final = 3  # examples of a column
_KEEP: Final = 2  # last digits of a number
_CARD: Final = 4  # PCI DSS 4.0, 3.4.1


def example(entity: Entity | None, value: str) -> str | None:
    """The value as it may stand in a report; None for what no part may be shown of."""
    match entity:
        case Entity.EMAIL:
            return partial(value, keep=_KEEP)
        case Entity.PERSON:
            return initial(value)
        case Entity.ADDRESS:
            return (prefecture_of(value) or "") + MARK
        case Entity.CREDIT_CARD:
            return partial(value, keep=_CARD)
        case Entity.BIRTH_DATE:
            return MARK
        case Entity.PHONE | Entity.POSTAL_CODE | Entity.BANK_ACCOUNT:
            return partial(value, keep=_KEEP)
        case _:
            return None  # 個人番号 (番号法 19) and other numbers: not even a part; texts neither


def examples(entity: Entity | None, values: Iterable[str]) -> tuple[str, ...]:
    """The first different masked values."""
    found: dict[str, None] = {}
    for value in values:
        if (shown := example(entity, value)) is not None:
            found[shown] = None
        if len(found) == SHOWN:
            break
    return tuple(found)
