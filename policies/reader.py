"""Reading of one policy value at a time: closed keys, closed words, every fault with its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Never, TypeVar

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.document import Place
from policies.types import Label
from policies.words import key_word, value_word
from policies.yaml_tree import Scalar, Sequence, Table, Tree

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
RULE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
NOTHING: Mapping[str, Never] = MappingProxyType({})
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a policy folder, and where."""

    code: str
    place: Place
    name: str = ""
    allowed: str = ""

    def sentence(self, lang: Lang) -> str:
        """File, line, path and what is wrong, in words."""
        what = text(f"policies.fault.{self.code}", lang, name=self.name, allowed=self.allowed)
        place = self.place
        where = {"file": place.file, "line": place.line, "path": place.path or "/"}
        return text("policies.fault_at", lang, **where, what=what)


class Refused(Exception):  # noqa: N818 - carries one fault inside the loader, never seen outside
    """The value at hand cannot be read."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """One node of a policy file with the way that leads to it."""

    tree: Tree
    file: str
    path: str = ""

    @property
    def place(self) -> Place:
        """Where this node stands."""
        return Place(file=self.file, line=self.tree.line, path=self.path)

    @property
    def is_table(self) -> bool:
        """Whether named entries stand here."""
        return isinstance(self.tree, Table)

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands here: no value, or a table without entries."""
        match self.tree:
            case Scalar(text=text):
                return text is None
            case Table(entries=entries):
                return not entries
            case Sequence(items=items):
                return not items

    def refuse(self, code: str, name: str = "", *, allowed: str = "") -> Refused:
        """A fault at this place, to be raised."""
        return Refused(Fault(code=code, place=self.place, name=name, allowed=allowed))

    def _under(self, tree: Tree, step: str) -> "Cursor":
        return Cursor(tree=tree, file=self.file, path=f"{self.path}/{step}")

    def named(self) -> Mapping[str, "Cursor"]:
        """Entries whose keys are names chosen by the officer."""
        if not isinstance(self.tree, Table):
            raise self.refuse("table_expected")
        return {key: self._under(value, key) for key, value in self.tree.entries.items()}

    def table(self, allowed: frozenset[str], *, required: frozenset[str]) -> Mapping[str, "Cursor"]:
        """Entries with closed keys, Japanese or English; each at most once."""
        entries: dict[str, Cursor] = {}
        for written, cursor in self.named().items():
            key = key_word(written)
            if key not in allowed:
                raise cursor.refuse("unknown_key", written, allowed=", ".join(sorted(allowed)))
            if key in entries:
                raise cursor.refuse("duplicate_key", written)
            entries[key] = cursor
        for missing in sorted(required - entries.keys()):
            raise self.refuse("missing_key", missing)
        return entries

    def items(self) -> Iterator["Cursor"]:
        """The nodes of a list; a single node counts as a list of one."""
        if isinstance(self.tree, Sequence):
            for place, item in enumerate(self.tree.items):
                yield self._under(item, str(place))
        else:
            yield self

    def written(self) -> str:
        """The word or sentence at this place as it is written."""
        if not isinstance(self.tree, Scalar):
            raise self.refuse("word_expected")
        if not self.tree.text:
            raise self.refuse("empty_word")
        return self.tree.text

    def plain(self) -> str:
        """The word at this place, or nothing where a list or a table stands."""
        return (self.tree.text or "") if isinstance(self.tree, Scalar) else ""

    def word(self) -> str:
        """The word at this place, in its canonical form."""
        return value_word(self.written())

    def words(self) -> tuple[tuple["Cursor", str], ...]:
        """The words of a list, each with its place; no word twice, no empty list."""
        found = tuple((item, item.word()) for item in self.items())
        if not found:
            raise self.refuse("empty_list")
        seen: set[str] = set()
        for item, word in found:
            if word in seen:
                raise item.refuse("listed_twice", word)
            seen.add(word)
        return found

    def name(self, pattern: re.Pattern[str] = NAME) -> str:
        """A name that can stand in an exported policy line."""
        name = self.written()
        if not pattern.fullmatch(name):
            raise self.refuse("bad_name", name)
        return name

    def choice(self, kinds: type[E], *, also: Mapping[str, E] = NOTHING) -> E:
        """A member of a closed enum, or its label; spelling and case must fit."""
        word = self.word()
        if word in also:
            return also[word]
        try:
            return kinds(word)
        except ValueError:
            known = ", ".join(kind.value for kind in kinds)
            raise self.refuse("unknown_word", word, allowed=known) from None

    def within(self, allowed: frozenset[str]) -> str:
        """One of these words; spelling and case must fit."""
        word = self.word()
        if word not in allowed:
            raise self.refuse("unknown_word", word, allowed=", ".join(sorted(allowed)))
        return word

    def choices(self, kinds: type[E], *, also: Mapping[str, E] = NOTHING) -> tuple[E, ...]:
        """Members of a closed enum, none twice."""
        return tuple(item.choice(kinds, also=also) for item, _ in self.words())

    def flag(self) -> bool:
        """True or false."""
        word = self.word()
        if word not in _FLAGS:
            raise self.refuse("unknown_word", word, allowed="true, false")
        return _FLAGS[word]

    def number(self, *, least: int, most: int) -> int:
        """A whole number within these bounds."""
        word = self.written()
        if not re.fullmatch(r"[0-9]{1,9}", word) or not least <= int(word) <= most:
            raise self.refuse("not_a_number", word, allowed=f"{least}..{most}")
        return int(word)

    def label(self) -> Label:
        """Both names: ``日本語 / English`` or a table with ja and en."""
        if isinstance(self.tree, Table):
            both = frozenset({"ja", "en"})
            parts = self.table(both, required=both)
            return Label(ja=parts["ja"].written(), en=parts["en"].written())
        ja, slash, en = self.written().partition(" / ")
        if not slash or not ja.strip() or not en.strip():
            raise self.refuse("label_in_both")
        return Label(ja=ja.strip(), en=en.strip())

    def reference(self) -> Label:
        """Both forms of a reference: ``日本語 / English``, or one form that serves both."""
        if isinstance(self.tree, Table) or " / " in self.written():
            return self.label()
        return Label(ja=self.written(), en=self.written())

    def one_of(self, known: Mapping[str, T], code: str) -> T:
        """What this word names; the word must be known."""
        word = self.written()
        if word not in known:
            raise self.refuse(code, word)
        return known[word]
