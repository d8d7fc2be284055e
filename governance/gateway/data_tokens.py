"""Random signs for the values of one data set, which is forgotten with them: no hash, no key.

The same value has the same sign within the data set and another one in the next, so that two files
cannot be joined and nobody can compute a sign from a value or a value from a sign.
"""

from secrets import token_urlsafe
from typing import Final

OCTETS: Final = 12


class DataTokens:
    """The signs of one data set; stored nowhere."""

    def __init__(self) -> None:
        self._signs: dict[str, str] = {}

    def __call__(self, value: str) -> str:
        """The sign of this value."""
        sign = self._signs.get(value)
        if sign is None:
            sign = self._signs[value] = token_urlsafe(OCTETS)
        return sign

    def __repr__(self) -> str:
        return "DataTokens(...)"
