"""Comparisons between facts of the actor and of the record, written in a rule under ``when``.

``resource.owner == subject.id`` · ``'editor' in subject.roles`` · ``action.soft == true`` ·
``resource.region in ['JP', 'KR']``. A fact that is missing never opens anything: an allow rule
does not hold then, a deny rule does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from policies.types import Attributes, Effect

_FACT = re.compile(r"(subject|resource|action)\.([a-z][A-Za-z0-9_]*)")
_TEXT = r"'[^',\"\\\n&()\[\]{}#]+'"  # nothing that a line of Casbin would take for its own
_SET = rf"\[\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\]|\{{{_TEXT}(?: {_TEXT})*\}}"
_OPERAND = (
    rf"(?:subject|resource|action)\.[a-z][A-Za-z0-9_]*|{_TEXT}|{_SET}"
    r"|true|false|-?[0-9]{1,15}"
)
_SENTENCE = re.compile(rf"({_OPERAND})\s+(==|!=|in|not in)\s+({_OPERAND})")
JOINT = " && "


class Comparison(StrEnum):
    """The closed list of comparisons."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    IN = "in"
    NOT_IN = "not in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison; each side is a fact (``subject.x``, ``action.x``) or a literal."""

    left: str
    comparison: Comparison
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.comparison.value} {self.right}"


def parse_condition(sentence: str) -> Condition | None:
    """The condition that this sentence writes, or None when it writes none."""
    found = _SENTENCE.fullmatch(sentence.strip())
    if found is None:
        return None
    comparison = found.group(2)
    left, right = _canonical(found.group(1)), _canonical(found.group(3))
    if fact_of(left) is None and fact_of(right) is None:
        return None  # it would hold always or never
    return Condition(left=left, comparison=Comparison(comparison), right=right)


def _canonical(side: str) -> str:
    """The side as it stands in an exported line, where a comma would end the column."""
    if not side.startswith("["):
        return side
    return "{" + " ".join(re.findall(_TEXT, side)) + "}"


@lru_cache(maxsize=4_096)  # sides of the policy's own sentences
def fact_of(side: str) -> tuple[str, str] | None:
    """Owner and name of the fact that a side reads; None for a literal."""
    found = _FACT.fullmatch(side)
    return None if found is None else (found.group(1), found.group(2))


@lru_cache(maxsize=4_096)
def literal_of(side: str) -> str | bool | int | tuple[str, ...]:
    """The value of a side that is no fact."""
    if side.startswith("'"):
        return side[1:-1]
    if side.startswith("{"):
        return tuple(text[1:-1] for text in re.findall(_TEXT, side))
    return side == "true" if side in {"true", "false"} else int(side)


def attributes_of(condition: Condition) -> tuple[tuple[str, str], ...]:
    """Facts that the condition reads, as (subject, resource or action, name)."""
    sides = (fact_of(condition.left), fact_of(condition.right))
    return tuple(fact for fact in sides if fact is not None)


def _value(side: str, attributes: Attributes) -> object:
    fact = fact_of(side)
    if fact is None:
        return literal_of(side)
    owner, name = fact
    match owner:
        case "subject":
            return attributes.subject.get(name)
        case "resource":
            return attributes.resource.get(name)
        case _:
            return attributes.action.get(name)


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right  # 1 is not True


def _member(value: object, group: object) -> bool | None:
    if isinstance(group, tuple | list | frozenset | set):
        return any(_same(value, member) for member in group)
    return None


def _holds(condition: Condition, attributes: Attributes) -> bool | None:
    left, right = _value(condition.left, attributes), _value(condition.right, attributes)
    if left is None or right is None or left == "" or right == "":
        return None
    match condition.comparison:
        case Comparison.EQUAL:
            return _same(left, right)
        case Comparison.NOT_EQUAL:
            return not _same(left, right)
        case Comparison.IN:
            return _member(left, right)
        case Comparison.NOT_IN:
            inside = _member(left, right)
            return None if inside is None else not inside


def all_hold(conditions: Iterable[Condition], attributes: Attributes, *, effect: Effect) -> bool:
    """Whether the rule applies; what is unknown stands against the access, whatever the effect."""
    answers = [_holds(condition, attributes) for condition in conditions]
    if effect is Effect.ALLOW:
        return all(answer is True for answer in answers)  # fails closed: unknown is not a yes
    return all(answer is not False for answer in answers)  # fails closed: unknown denies


def as_text(conditions: Iterable[Condition]) -> str:
    """The conditions as one line of the exported policy; ``-`` stands for none."""
    return JOINT.join(str(condition) for condition in conditions) or "-"


def from_text(line: str) -> tuple[Condition, ...] | None:
    """The conditions of one exported line, or None when it holds something else."""
    if line == "-":
        return ()
    found = [parse_condition(part) for part in line.split(JOINT)]
    return None if None in found else tuple(part for part in found if part is not None)
