"""Types that keep the two sides of a seal apart: `Ciphertext` and `Revealed`."""

from typing import Generic, NewType, TypeVar

Ciphertext = NewType("Ciphertext", bytes)  # one frame of `frame.py`; safe to store

T_co = TypeVar("T_co", covariant=True)


class Revealed(Generic[T_co]):
    """An opened value, NULL included; nothing but `.value` shows what is inside."""

    __slots__ = ("_value",)

    def __init__(self, value: T_co) -> None:
        self._value = value

    @property
    def value(self) -> T_co:
        """The plain value, for the smallest scope that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Revealed(...)"

    def __format__(self, spec: str) -> str:
        return "Revealed(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Revealed) and bool(self._value == other._value)

    __hash__ = None  # type: ignore[assignment] # a hash of a value would be a token of it

    def __reduce__(self) -> str:
        raise TypeError("an opened value is never pickled")
