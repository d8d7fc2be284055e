"""A source row to canonical values: every cell by its column's kind, with what is wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from governance.customers.columns import Column, columns_of, mapping
from governance.customers.normalise.address import normalise_address
from governance.customers.normalise.alignment import Alignment, alignment
from governance.customers.normalise.chars import cell_problems, is_absent, is_plain
from governance.customers.normalise.companies import normalise_company, normalise_corporate_number
from governance.customers.normalise.dates import DateRole, normalise_date, normalise_instant
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.hints import hint_of
from governance.customers.normalise.kana import normalise_kana
from governance.customers.normalise.names import normalise_name
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.postal import normalise_postal
from governance.customers.normalise.values import (
    normalise_boolean,
    normalise_choice,
    normalise_code,
    normalise_company_id,
    normalise_money,
    normalise_number,
    normalise_person_id,
    normalise_sex,
    normalise_text,
    normalise_word,
)
from governance.customers.types import (
    FieldKind,
    Normalised,
    NormalisedRow,
    Problem,
    ProblemKind,
    SourceKind,
    SourceRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the cells of one file map to canonical columns; made by `layout_of`."""

    kind: SourceKind
    headers: tuple[str, ...]
    positions: Mapping[str, int]  # canonical name -> index in the file
    columns: tuple[tuple[int, Column], ...]  # the columns that the file has, with their index
    kinds: tuple[FieldKind, ...]  # of each cell in file order; unmapped cells are free text


def layout_of(
    headers: Sequence[str], kind: SourceKind, *, positions: Mapping[str, int] | None = None
) -> Layout:
    """The layout of a file: as suggested from its headers, or as a person mapped it."""
    placed = dict(mapping(headers, kind) if positions is None else positions)
    columns = tuple((placed[c.name], c) for c in columns_of(kind) if c.name in placed)
    by_index = {index: column.kind for index, column in columns}
    return Layout(
        kind=kind,
        headers=tuple(headers),
        positions=placed,
        columns=columns,
        kinds=tuple(by_index.get(i, FieldKind.TEXT) for i in range(len(headers))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the other cells of the row and the day say, for cells that need it."""

    at: date
    cells: Mapping[str, str] = field(repr=False)


Reader = Callable[[str, Column, Context], Normalised]


def _postal(text: str, _: Column, context: Context) -> Normalised:
    foreign = (context.cells.get("origin", "").strip().upper() or "JP") != "JP"
    return normalise_postal(text, address=context.cells.get("address", ""), foreign=foreign)


def _kana(text: str, _: Column, context: Context) -> Normalised:
    return normalise_kana(text, name=context.cells.get("name", ""))


READERS: Mapping[FieldKind, Reader] = {
    FieldKind.TEXT: lambda text, _, __: normalise_text(text),
    FieldKind.NOTE: lambda text, _, __: normalise_text(text),
    FieldKind.NAME: lambda text, column, _: normalise_name(text, required=column.required),
    FieldKind.KANA: _kana,
    FieldKind.COMPANY_NAME: lambda text, _, __: normalise_company(text),
    FieldKind.PHONE: lambda text, _, __: normalise_phone(text),
    FieldKind.EMAIL: lambda text, _, __: normalise_email(text),
    FieldKind.POSTAL: _postal,
    FieldKind.ADDRESS: lambda text, _, __: normalise_address(text),
    FieldKind.BIRTH_DATE: lambda text, _, c: normalise_date(text, at=c.at, role=DateRole.BIRTH),
    FieldKind.DATE: lambda text, column, c: normalise_date(text, at=c.at, required=column.required),
    FieldKind.INSTANT: lambda text, _, c: normalise_instant(text, at=c.at),
    FieldKind.SEX: lambda text, _, __: normalise_sex(text),
    FieldKind.BOOLEAN: lambda text, _, __: normalise_boolean(text),
    FieldKind.MONEY: lambda text, _, __: normalise_money(text),
    FieldKind.NUMBER: lambda text, _, __: normalise_number(text),
    FieldKind.PERSON_ID: lambda text, _, __: normalise_person_id(text),
    FieldKind.COMPANY_ID: lambda text, _, __: normalise_company_id(text),
    FieldKind.CORPORATE_NUMBER: lambda text, _, __: normalise_corporate_number(text),
    FieldKind.CODE: lambda text, _, __: normalise_code(text),
    FieldKind.CHOICE: lambda text, column, _: (
        normalise_word(text, column.words)
        if column.words
        else normalise_choice(text, column.choices)
    ),
}


def normalise_row(row: SourceRow, layout: Layout, *, at: date) -> NormalisedRow:
    """The row's values and everything found wrong; a shifted row is refused, its cells unread."""
    if alignment(row.cells, layout.kinds) is Alignment.SHIFTED:
        marked = tuple(_marked(problem) for problem in row.problems)
        return NormalisedRow(number=row.number, values={}, problems=marked, refused=True)
    width = len(row.cells)
    cells = {name: row.cells[i] if i < width else "" for name, i in layout.positions.items()}
    context = Context(at=at, cells=cells)
    values: dict[str, str | None] = {}
    hints: dict[str, str] = {}
    problems: list[Problem] = list(row.problems)
    changed = 0
    for index, column in layout.columns:
        text = cells[column.name]
        if not text and (not column.required or index >= width):
            values[column.name] = None  # a cell cut off is in the row's count, not reported again
            continue
        found = READERS[column.kind](text, column, context)
        values[column.name] = found.value
        changed += found.value is not None and found.value != text
        if found.value is None and (hint := hint_of(text, column.kind)):
            hints[column.name] = hint
        if found.problems or column.required or not is_plain(text):
            problems += _findings(row.number, layout.headers[index], column, text, found)
    return NormalisedRow(
        number=row.number,
        values=values,
        problems=tuple(problems),
        hints=hints,
        changed=changed,
    )


def _marked(problem: Problem) -> Problem:
    return Problem(
        kind=problem.kind,
        row=problem.row,
        column=problem.column,
        params=(*problem.params, ("shifted", 1)),
    )


def _findings(
    number: int, header: str, column: Column, text: str, found: Normalised
) -> Iterator[Problem]:
    """Problems of one cell: of its characters, then of its kind."""
    for kind in cell_problems(text):
        length = (("length", len(text)),) if kind is ProblemKind.OVERLONG else ()
        yield Problem(kind=kind, row=number, column=header, params=length)
    for kind in found.problems:
        yield Problem(kind=kind, row=number, column=header)
    named = {ProblemKind.MISSING_REQUIRED, ProblemKind.DATE_UNPARSEABLE}
    if (
        column.required
        and found.value is None
        and is_absent(text)
        and not named & {*found.problems}
    ):
        yield Problem(kind=ProblemKind.MISSING_REQUIRED, row=number, column=header)
