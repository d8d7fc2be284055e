"""Headers of source files to canonical column names: suggestions with reasons, per kind of file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files

from governance.core.terms import Lang
from governance.core.yamls import read_yaml
from governance.customers.catalogue import catalogue, derived
from governance.customers.custom.types import CustomKind
from governance.customers.master.types import FORMS
from governance.customers.normalise.chars import fold_width, folded_word, no_spaces
from governance.customers.types import FieldKind, SourceKind
from governance.i18n.catalogue import text

KIND_OF: Mapping[CustomKind, FieldKind] = {
    CustomKind.TEXT: FieldKind.TEXT,
    CustomKind.CODE: FieldKind.CODE,
    CustomKind.NOTE: FieldKind.NOTE,
    CustomKind.NUMBER: FieldKind.NUMBER,
    CustomKind.MONEY: FieldKind.MONEY,
    CustomKind.DATE: FieldKind.DATE,
    CustomKind.BOOLEAN: FieldKind.BOOLEAN,
    CustomKind.CHOICE: FieldKind.CHOICE,
    CustomKind.PHONE: FieldKind.PHONE,
    CustomKind.EMAIL: FieldKind.EMAIL,
    CustomKind.POSTAL: FieldKind.POSTAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One canonical column of a kind of file."""

    name: str
    kind: FieldKind
    required: bool
    headers: tuple[str, ...]  # as written in files, Japanese first
    choices: tuple[str, ...] = ()  # the closed list, where there is one
    words: Mapping[str, str] = field(default_factory=dict)  # folded words of it to their codes

    def as_json(self) -> dict[str, object]:
        """The outside shape of a column in `sekisho import kinds`."""
        return {
            "column": self.name,
            "form": self.kind.value,
            "required": self.required,
            "headers": list(self.headers),
            "words": dict(self.words) or dict.fromkeys(self.choices),
        }


class Reason(StrEnum):
    """Why a header is mapped to a column."""

    EXACT = "exact"  # the header is one of the known ones
    FOLDED = "folded"  # the same after width, spaces, case and brackets
    CONTAINS = "contains"  # a known header stands inside it
    NONE = "none"  # nothing known: a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One header of the file with the column proposed for it."""

    index: int
    header: str
    column: str | None
    reason: Reason


@derived
def columns_of(kind: SourceKind) -> tuple[Column, ...]:
    """Canonical columns of a kind of file, in the order of our own export, custom ones last."""
    shipped = (_column(name, entry) for name, entry in _entries()[kind.value].items())
    return (*shipped, *_custom(kind))


def _custom(kind: SourceKind) -> Iterator[Column]:
    """Columns of the installation's own fields of the table that this kind of file fills."""
    for table in catalogue().tables.values():
        if table.source == kind.value:
            for field in table.custom():
                if field.custom is not None:
                    yield Column(
                        name=field.column,
                        kind=KIND_OF[field.custom],
                        required=False,
                        headers=field.names_in_files(),
                        choices=field.choices,
                    )


@cache
def _entries() -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    source = files("governance.customers.data").joinpath("columns.yaml").read_text("utf-8")
    entries: Mapping[str, Mapping[str, Mapping[str, object]]] = read_yaml(source)
    return entries


def _column(name: str, entry: Mapping[str, object]) -> Column:
    headers = entry["headers"]
    if not isinstance(headers, list):
        raise TypeError(f"headers of {name} must be a list")
    return Column(
        name=name,
        kind=FieldKind(str(entry["kind"])),
        required=bool(entry.get("required", False)),
        headers=tuple(str(header) for header in headers),
        words=_words(str(entry["says"]), entry.get("words", {})) if "says" in entry else {},
    )


def _words(said: str, more: object) -> dict[str, str]:
    """Each code of a closed list by itself, by its labels and by further words that files use."""
    table, _, column = said.partition(".")
    codes = FORMS[table][column].codes
    if codes is None or not isinstance(more, Mapping):
        raise TypeError(f"{said} has no closed list")
    found: dict[str, str] = {}
    for code in codes:
        labels = (text(f"customers.said.{said}.{code}", lang) for lang in Lang)
        for word in (code.value, *labels, *more.get(code.value, ())):
            found.setdefault(folded_word(str(word)), code.value)
    return found


_MARKS = re.compile(r"[\s\u3000_\-‐－:：*＊※.．・/／]+")
_BRACKETS = re.compile(r"[(\[【<].*?[)\]】>]")


def fold_header(header: str) -> str:
    """A header without width, spaces, marks and case: ＴＥＬ is tel, 氏　名 is 氏名."""
    return _MARKS.sub("", no_spaces(fold_width(header))).casefold()


def suggest(headers: Sequence[str], kind: SourceKind) -> tuple[Suggestion, ...]:
    """A column for each header, at most one header per column, with the reason."""
    columns = columns_of(kind)
    exact = {header: column.name for column in columns for header in column.headers}
    folded = {fold_header(header): column.name for column in columns for header in column.headers}
    chosen: dict[int, tuple[str, Reason]] = {}
    taken: set[str] = set()
    for reason in (Reason.EXACT, Reason.FOLDED, Reason.CONTAINS):
        for index, header in enumerate(headers):
            name = _match(header, reason, exact=exact, folded=folded)
            if index not in chosen and name is not None and name not in taken:
                chosen[index] = (name, reason)
                taken.add(name)
    return tuple(
        Suggestion(index=index, header=header, column=column, reason=reason)
        for index, header in enumerate(headers)
        for column, reason in [chosen.get(index, (None, Reason.NONE))]
    )


def _match(
    header: str, reason: Reason, *, exact: Mapping[str, str], folded: Mapping[str, str]
) -> str | None:
    """The column that this way of comparing finds."""
    if reason is Reason.EXACT:
        return exact.get(header.strip())
    if reason is Reason.FOLDED:
        bare = fold_header(_BRACKETS.sub("", fold_width(header)))
        return folded.get(fold_header(header)) or folded.get(bare)
    plain = fold_header(header)
    inside = [known for known in folded if len(known) > 2 and known in plain]  # noqa: PLR2004 -- shorter ones are in everything
    return folded[max(inside, key=len)] if inside else None


def mapping(headers: Sequence[str], kind: SourceKind) -> dict[str, int]:
    """Position in the file by canonical column name."""
    return {
        suggestion.column: suggestion.index
        for suggestion in suggest(headers, kind)
        if suggestion.column is not None
    }


def missing_required(headers: Sequence[str], kind: SourceKind) -> tuple[str, ...]:
    """Required columns that no header of this file gives."""
    found = mapping(headers, kind)
    return tuple(c.name for c in columns_of(kind) if c.required and c.name not in found)


def guess_kind(headers: Iterable[str]) -> SourceKind | None:
    """The kind of file whose columns these headers fit best; none when fewer than half fit."""
    written = tuple(header for header in headers if header.strip())
    if not written:
        return None
    scores = {
        kind: sum(s.reason in {Reason.EXACT, Reason.FOLDED} for s in suggest(written, kind))
        - len(missing_required(written, kind))
        for kind in SourceKind
    }
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] * 2 >= len(written) else None
