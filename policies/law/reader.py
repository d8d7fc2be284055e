"""Strict reading of YAML: every value is asked for by key and type, every error names its path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from policies.law.errors import (
    BadValueError,
    DuplicateIdError,
    LawYamlError,
    MissingKeyError,
    UnknownKeyError,
    WrongTypeError,
)
from policies.law.types import Plain

E = TypeVar("E", bound=StrEnum)
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it was built in


class StrictLoader(LOADER):  # type: ignore[misc]  # the base is chosen at run time
    """Safe YAML in which a date stays text and a key stands once."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this class attribute
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """The mapping; a key written twice is refused."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.composer.ComposerError(problem="key", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=str(key.value), problem_mark=key.start_mark
                )
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def _refuse_aliases(source: str, *, file: str) -> None:
    """An alias can lead to itself, and whoever walks through the document never ends."""
    if "*" not in source:
        return
    for event in yaml.parse(source, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark is not None else 0
            raise LawYamlError(file=file, path=f"line {line}", line=line)


def read_yaml(source: str, *, file: str) -> "Node":
    """Root of the document; a broken text or a doubled key is a typed error with its place."""
    try:
        _refuse_aliases(source, file=file)
        return Node(file=file, path="", value=yaml.load(source, Loader=StrictLoader))  # noqa: S506 - a SafeLoader
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DuplicateIdError(file=file, path=str(error.problem), line=line) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LawYamlError(file=file, path=f"line {line}", line=line) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise LawYamlError(file=file, path="/") from None  # "0b_" is a number to YAML, and is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands."""

    file: str
    path: str
    value: object = field(repr=False)

    def wrong(self, expected: str) -> WrongTypeError:
        """The error for a value of another type."""
        return WrongTypeError(file=self.file, path=self.path or "/", expected=expected)

    def bad(self, allowed: str) -> BadValueError:
        """The error for a value outside what is allowed."""
        return BadValueError(file=self.file, path=self.path or "/", allowed=allowed)

    def entries(self) -> dict[str, "Node"]:
        """The values of a mapping by their keys."""
        if not isinstance(self.value, dict):
            raise self.wrong("mapping")
        found = {}
        for key, value in self.value.items():
            if not isinstance(key, str):
                raise self.wrong("text keys")
            path = f"{self.path}.{key}" if self.path else key
            found[key] = Node(file=self.file, path=path, value=value)
        return found

    def record(self, *, required: Iterable[str], optional: Iterable[str] = ()) -> "Record":
        """The mapping, with exactly these keys."""
        entries = self.entries()
        required = tuple(required)
        for key in required:
            if key not in entries:
                raise MissingKeyError(file=self.file, path=self.path or "/", name=key)
        for key in entries.keys() - set(required) - set(optional):
            raise UnknownKeyError(file=self.file, path=self.path or "/", name=key)
        return Record(entries=entries)

    def items(self) -> Iterator["Node"]:
        """The values of a list, in order."""
        if not isinstance(self.value, list):
            raise self.wrong("list")
        for index, value in enumerate(self.value):
            yield Node(file=self.file, path=f"{self.path}[{index}]", value=value)

    def text(self) -> str:
        """The value as text."""
        if not isinstance(self.value, str):
            raise self.wrong("text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """The value as a list of texts."""
        return tuple(item.text() for item in self.items())

    def whole(self) -> int:
        """The value as a whole number, not negative."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong("whole number")
        if self.value < 0:
            raise self.bad(">= 0")
        return self.value

    def flag(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def day(self) -> date:
        """The value as a date (YYYY-MM-DD)."""
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            raise self.bad("YYYY-MM-DD") from None

    def one_of(self, kind: type[E]) -> E:
        """The value as a member of a closed list."""
        try:
            return kind(self.text())
        except ValueError:
            raise self.bad(", ".join(member.value for member in kind)) from None

    def plain(self) -> Plain:
        """The value frozen, of any plain type."""
        match self.value:
            case dict():
                return MappingProxyType({k: n.plain() for k, n in self.entries().items()})
            case list():
                return tuple(item.plain() for item in self.items())
            case str() | int() | None:
                return self.value
            case _:
                raise self.wrong("text, number, list or mapping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping whose keys were checked."""

    entries: dict[str, Node]

    def __getitem__(self, key: str) -> Node:
        return self.entries[key]

    def get(self, key: str) -> Node | None:
        """The value of an optional key; None where absent or written as null."""
        node = self.entries.get(key)
        return None if node is None or node.value is None else node

    def text(self, key: str) -> str | None:
        """An optional text."""
        node = self.get(key)
        return node.text() if node else None

    def texts(self, key: str) -> tuple[str, ...]:
        """An optional list of texts; empty where absent."""
        node = self.get(key)
        return node.texts() if node else ()

    def whole(self, key: str) -> int | None:
        """An optional whole number."""
        node = self.get(key)
        return node.whole() if node else None

    def day(self, key: str) -> date | None:
        """An optional date."""
        node = self.get(key)
        return node.day() if node else None
