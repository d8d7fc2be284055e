"""The law book of this process: the shipped one, with the installation's files and rule sets."""

from collections.abc import Callable
from datetime import date

from policies.law.load import RuleSet, rules_of, shipped
from policies.law.types import LawBook

KEPT = 256  # days of which the rule set is remembered


class _Holder:
    """What this process counts by; replaced whole, never changed."""

    def __init__(self) -> None:
        self.current: LawBook | None = None
        self.days: dict[date, RuleSet] = {}
        self.forget: list[Callable[[], object]] = []


_HOLDER = _Holder()


def law_in_force() -> LawBook:
    """The law book that requests, retention and registers are counted by."""
    return _HOLDER.current or shipped()


def install(book: LawBook) -> None:
    """This book is in force; what was counted by another is counted anew when asked for."""
    if book == _HOLDER.current:
        return
    _HOLDER.current = book
    _HOLDER.days = {}
    for forget in _HOLDER.forget:
        forget()


def follows(forget: Callable[[], object]) -> None:
    """The call is made whenever another book comes into force, to drop what was counted."""
    _HOLDER.forget.append(forget)


def rule_set(at: date) -> RuleSet:
    """The law of this day."""
    found = _HOLDER.days.get(at)
    if found is None:
        found = rules_of(law_in_force(), at)
        if len(_HOLDER.days) >= KEPT:
            _HOLDER.days = {}
        _HOLDER.days[at] = found
    return found
