"""The one error base: a stable code, an HTTP status, an exit code, parameters without values.

Texts stand in the catalogues under ``<domain>.error.<code>``; the domain follows from the
module that defines the class, so an error needs nothing but its code here.
"""

from collections.abc import Mapping
from typing import ClassVar

from governance.core.terms import Lang

Param = str | int


def domain_of(module: str) -> str:
    """Catalogue domain of a module: the feature folder's name."""
    parts = module.split(".")
    return parts[1] if parts[0] == "governance" and len(parts) > 1 else parts[0]


class GovernanceError(Exception):
    """Anything Sekisho refuses or cannot do; the code is API and never reused."""

    code: ClassVar[str] = "governance_error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    registry: ClassVar[dict[str, type["GovernanceError"]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Register the code; refuse a second owner of it."""
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        owner = GovernanceError.registry.get(cls.code)
        if owner is not None and (owner.__module__, owner.__qualname__) != (
            cls.__module__,
            cls.__qualname__,
        ):
            raise TypeError(f"error code {cls.code!r} belongs to {owner.__qualname__}")
        GovernanceError.registry[cls.code] = cls

    def __init__(self, **params: Param) -> None:
        self.params: dict[str, Param] = params
        super().__init__(self.code)

    @property
    def text_key(self) -> str:
        """Catalogue key of the sentence for people."""
        return f"{domain_of(type(self).__module__)}.error.{self.code}"

    def spoken(self, _lang: Lang, /) -> Mapping[str, Param]:
        """The parameters as people are told them."""
        return self.params

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}({inner})"


class NotFoundError(GovernanceError):
    """The thing does not exist, or this caller may not know that it does."""

    code, status = "not_found", 404


class ForbiddenError(GovernanceError):
    """The principal lacks the action."""

    code, status = "forbidden", 403


class UnavailableError(GovernanceError):
    """A part that must answer cannot; nothing was decided or changed."""

    code, status, exit_code = "unavailable", 503, 3


class WrongUseError(GovernanceError):
    """The command or request is not of its form."""

    code, status, exit_code = "wrong_use", 400, 2
