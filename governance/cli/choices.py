"""Options whose value is one of a closed set of words."""

from enum import StrEnum
from typing import TypeVar, overload

from governance.cli.errors import ChoiceError

_E = TypeVar("_E", bound=StrEnum)


@overload
def one_of(kind: type[_E], value: str, option: str) -> _E: ...
@overload
def one_of(kind: type[_E], value: None, option: str) -> None: ...
@overload
def one_of(kind: type[_E], value: str | None, option: str) -> _E | None: ...


def one_of(kind: type[_E], value: str | None, option: str) -> _E | None:
    """The member of this name; raises ChoiceError with the words that are possible."""
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(sorted(one.value for one in kind))
        raise ChoiceError(option=option, known=known) from error
