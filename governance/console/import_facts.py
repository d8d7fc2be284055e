"""What the pages of imports show: columns and what they are read as, counts, runs, problems."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as hidden
from typing import Final

from sqlalchemy import Connection

from governance.core.errors import NotFoundError
from governance.core.terms import FieldId, Lang
from governance.customers import imports
from governance.customers.catalogue import catalogue
from governance.customers.columns import columns_of
from governance.customers.contents import ColumnSuggestion
from governance.customers.imports import Run
from governance.customers.types import SourceKind
from governance.gateway.intake.drafts import TABLE_OF
from governance.gateway.intake.preview import Preview
from governance.gateway.intake.screening import without_numbers
from governance.i18n.catalogue import domain, text
from governance.ui.parts import Choice

HOME: Final = "/console/imports"
COUNTED: Final = ("read", "stored", "merged", "quarantined", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLine:
    """One column of the file: what it is read as, and why."""

    index: int
    header: str
    field: str
    why: str
    looks: str
    filled: float
    shown: str = hidden(repr=False)  # the first value as the reader may see it


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """One file that came in, or is coming in."""

    run: Run
    counts: Mapping[str, int]
    problems: tuple[tuple[str, int], ...]  # in words, the most frequent first
    waiting: int  # rows that wait for correction


def column_lines(found: Preview, lang: Lang) -> tuple[ColumnLine, ...]:
    """The columns in the order of the file."""
    first = found.rows[0] if found.rows else ()
    return tuple(_line(one, first, lang) for one in found.columns)


def _line(one: ColumnSuggestion, first: tuple[str, ...], lang: Lang) -> ColumnLine:
    return ColumnLine(
        index=one.index,
        header=without_numbers(one.header)[0],
        field=one.field or "",
        why=text(f"cli.import.why_{one.ground.value}", lang),
        looks=_looks(one.looks_like, lang),
        filled=one.filled,
        shown=first[one.index] if one.index < len(first) else "",
    )


def _looks(entity: str | None, lang: Lang) -> str:
    """What the values look like, in words; a kind that has none is not told."""
    found = domain("console", lang).get(f"console.finding.{entity}", "") if entity else ""
    return text("upkeep.import.looks", lang, what=found) if found else ""


def field_choices(kind: SourceKind, lang: Lang) -> tuple[Choice, ...]:
    """What a column can be: a field of this kind of file, or left out."""
    table = TABLE_OF.get(kind, "")
    return (
        Choice(value="", label=text("upkeep.import.left_out", lang)),
        *(
            Choice(value=one.name, label=_field_name(table, one.name, lang))
            for one in columns_of(kind)
        ),
    )


def _field_name(table: str, name: str, lang: Lang) -> str:
    entry = catalogue().fields.get(FieldId(f"{table}.{name}"))
    if entry is not None:
        return entry.label(lang)
    return domain("upkeep", lang).get(f"upkeep.import.field.{name}", name)


def kind_name(kind: str, lang: Lang) -> str:
    """The kind of file in words; its own name where it has none."""
    return domain("customers", lang).get(f"customers.kind.{kind}", kind)


def kind_choices(lang: Lang) -> tuple[Choice, ...]:
    """Kinds of files; the first is found out."""
    return (
        Choice(value="", label=text("upkeep.import.any_kind", lang)),
        *(Choice(value=one.value, label=kind_name(one.value, lang)) for one in SourceKind),
    )


def run_shown(tx: Connection, run: str, lang: Lang) -> RunShown:
    """One run; raises NotFoundError."""
    found = imports.run_by_id(tx, run)
    if found is None:
        raise NotFoundError
    counted = sorted(imports.problem_counts(tx, run).items(), key=lambda one: -one[1])
    return RunShown(
        run=found,
        counts={name: found.counts[name] for name in COUNTED},
        problems=problem_words(counted, lang),
        waiting=imports.waiting_count(tx, run),
    )


def problem_words(counted: Iterable[tuple[str, int]], lang: Lang) -> tuple[tuple[str, int], ...]:
    """Kinds of problems in words with their numbers."""
    return tuple((problem_name(kind, lang), count) for kind, count in counted)


def problem_name(kind: str, lang: Lang) -> str:
    """A kind of problem in words, of no row in particular."""
    named = domain("customers", lang).get(f"customers.problem_of.{kind.lower()}")
    return named or text(f"customers.problem.{kind.lower()}", lang)
