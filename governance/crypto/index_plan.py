"""How many bits an index token has: enough to find, too few to tell persons apart for sure.

With X distinct values, k bits must satisfy sqrt(X) < 2**k < X / 2: above the first bound a
search opens few wrong rows, below the second a token stays shared (the rule of CipherSweet
and the AWS Database Encryption SDK).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BITS_DEFAULT: Final = 32
BITS_LEAST: Final = 1
BITS_MOST: Final = 63
DISTINCT_LEAST: Final = 1_000  # fewer values than this are read off by counting tokens
PART_LEAST: Final = 500  # of parts of values (prefixes, ends, n-grams), which always share tokens


class IndexRefusal(StrEnum):
    """Why a field must not be indexed alone."""

    BOOLEAN = "boolean"  # two tokens: their counts name them
    SEX = "sex"  # the same, and sensitive
    PREFECTURE = "prefecture"  # 47 values with published frequencies
    MY_NUMBER = "my_number"  # My Number Act: no search by it outside its procedures
    FEW_VALUES = "few_values"  # any other field below DISTINCT_LEAST, or a part of such values


class ValueShape(StrEnum):
    """What the values of a field are like, as its catalogue entry says."""

    FREE = "free"
    BOOLEAN = "boolean"
    SEX = "sex"
    PREFECTURE = "prefecture"
    MY_NUMBER = "my_number"
    FEW_VALUES = "few_values"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPlanned:
    """The index may exist with tokens of this many bits."""

    bits: int
    expected_rows: float  # wrong rows per exact search, at this many distinct values


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRefused:
    """The index would tell the values; the reason is for the officer."""

    reason: IndexRefusal

    @property
    def text_key(self) -> str:
        """Catalogue key of the reason, with the way out (an index over several fields)."""
        return f"crypto.index_refusal.{self.reason.value}"


def plan_bits(shape: ValueShape, *, distinct: int | None = None) -> IndexPlanned | IndexRefused:
    """Bits for an index over this many distinct values, or the reason for having none.

    Without a count the default of 32 bits stands: right for nearly unique fields from a
    million rows on, and narrowed at the next version when the count is known.
    """
    if shape is not ValueShape.FREE:
        return IndexRefused(reason=IndexRefusal(shape.value))
    if distinct is None:
        return IndexPlanned(bits=BITS_DEFAULT, expected_rows=0.0)
    if distinct < DISTINCT_LEAST:
        return IndexRefused(reason=IndexRefusal.FEW_VALUES)
    bits = min(BITS_DEFAULT, _most_bits(distinct))
    return IndexPlanned(bits=bits, expected_rows=(distinct - 1) / 2**bits)


def plan_part_bits(distinct: int) -> IndexPlanned | IndexRefused:
    """Bits for an index over parts of values: always so few that parts share their tokens."""
    if distinct < PART_LEAST:
        return IndexRefused(reason=IndexRefusal.FEW_VALUES)
    bits = min(BITS_DEFAULT, _most_bits(distinct))
    return IndexPlanned(bits=bits, expected_rows=(distinct - 1) / 2**bits)


def _most_bits(distinct: int) -> int:
    """The largest k with 2**k < distinct / 2; above sqrt(distinct) for every count we accept."""
    return (-(-distinct // 2) - 1).bit_length() - 1
