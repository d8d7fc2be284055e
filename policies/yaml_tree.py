"""Strict YAML: every scalar stays text, every node knows its line, no duplicate key, no alias.

YAML 1.1 would read the key ``on`` as true, the country ``NO`` as false and the method ``null`` as
nothing; here they stay words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import yaml

from governance.core.yamls import LOADER

MAX_BYTES = 2_000_000  # one file; a policy is read by people
MAX_DEPTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One word or sentence; ``text`` is None for an empty value."""

    text: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Tree", ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Named nodes in the order of the file."""

    entries: Mapping[str, "Tree"]
    line: int


Tree = Scalar | Sequence | Table


class TreeFault(Exception):  # noqa: N818 - a carrier inside the loader, never seen outside
    """The text is not of the strict form; the loader turns it into a fault with its file."""

    def __init__(self, code: str, line: int, name: str = "") -> None:
        self.code, self.line, self.name = code, line, name
        super().__init__(code)


def read_tree(source: str) -> Tree:
    """The nodes of one YAML document; raises TreeFault with the line of the first fault."""
    if len(source) > MAX_BYTES:
        raise TreeFault("file_too_large", 1)
    try:
        _refuse_aliases(source)
        node = yaml.compose(source, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TreeFault("not_yaml", 1 if mark is None else mark.line + 1) from error
    except yaml.YAMLError as error:
        raise TreeFault("not_yaml", 1) from error
    if node is None:
        raise TreeFault("empty_file", 1)
    return _convert(node, depth=0)


def _refuse_aliases(source: str) -> None:
    depth = 0
    for event in yaml.parse(source, Loader=LOADER):
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise TreeFault("alias_refused", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise TreeFault("too_deep", line)


def _convert(node: yaml.Node, *, depth: int) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _table(node, line, depth=depth)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_convert(item, depth=depth + 1) for item in node.value)
        return Sequence(items=items, line=line)
    empty = node.tag == "tag:yaml.org,2002:null" and node.value in {"", "~"}  # null is a word
    return Scalar(text=None if empty else str(node.value).strip(), line=line)


def _table(node: yaml.MappingNode, line: int, *, depth: int) -> Table:
    entries: dict[str, Tree] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not str(key.value).strip():
            raise TreeFault("key_not_a_word", at)
        name = str(key.value).strip()
        if name in entries:
            raise TreeFault("duplicate_key", at, name)
        entries[name] = _convert(value, depth=depth + 1)
    return Table(entries=MappingProxyType(entries), line=line)
