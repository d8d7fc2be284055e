"""From the members of a JSON object to the columns of a row: typed, normalised, each fault named.

Pure. A value is brought to the same form as an imported one (表記揺れ), so that a person is found
whichever way they came in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from governance.core.terms import FieldId
from governance.crypto.values import Plain
from governance.customers.catalogue import CatalogueField, Storage, catalogue, derived
from governance.customers.columns import Column, columns_of
from governance.customers.custom.types import WHOLE as CUSTOM_WHOLE
from governance.customers.normalise.chars import cell_problems
from governance.customers.normalise.rows import READERS, Context
from governance.customers.types import FieldKind, ProblemKind, SourceKind
from governance.gateway.intake.drafts import CODES, INTEGERS, MONEY_LIMIT
from governance.gateway.writing.types import Given, Notice

WRITABLE = frozenset({"person", "company", "purchase", "inquiry", "deal"})
OURS = frozenset(  # set by the store itself, or by the address and the acquisition record
    {
        *("id", "subject_id", "company_id", "version", "recorded_at", "problems"),
        *("source_file", "source_row"),
    }
)
ACQUISITION = frozenset(
    {
        *("source", "origin", "acquired_on", "acquired_from", "acquisition_method"),
        *("acquisition_ground", "provider"),
    }
)  # of a new person these come with the acquisition record
NEEDED: Mapping[str, frozenset[str]] = {
    "person": frozenset({"name"}),
    "company": frozenset({"name"}),
    "purchase": frozenset({"type"}),
    "inquiry": frozenset({"body", "received_at"}),
    "deal": frozenset({"deal_name"}),
}
IMPORT_KEY = FieldId("person.source_key")  # by it an import knows its persons again
PERCENT = FieldId("deal.probability")
HUNDRED = 100
TEXT_LIMIT, NOTE_LIMIT = 500, 20_000  # characters
MEMBER = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39})?")
UNFIT = re.compile("[\0\ud800-\udfff]")  # no database holds NUL or half of a surrogate pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one field is written over the API."""

    column: Column
    field: CatalogueField

    @property
    def whole(self) -> bool:
        """Whether the value is a JSON number."""
        whole = self.field.id in INTEGERS or self.field.custom in CUSTOM_WHOLE
        return whole or self.field.id == PERCENT

    @property
    def flag(self) -> bool:
        """Whether the value is true or false."""
        return self.column.kind is FieldKind.BOOLEAN

    @property
    def codes(self) -> frozenset[str] | None:
        """The closed list of values, where there is one."""
        found = CODES.get(self.field.id)
        return None if found is None else frozenset({*found.values(), *DEFAULT_CODES})

    @property
    def limit(self) -> int:
        """The longest text in characters."""
        return NOTE_LIMIT if self.field.free_text else TEXT_LIMIT


DEFAULT_CODES = ("unknown",)


@dataclass(slots=True, kw_only=True)
class Values:
    """What was read of the members; a row with faults is not stored."""

    plain: dict[FieldId, Plain] = field(default_factory=dict, repr=False)
    clear: dict[str, object] = field(default_factory=dict, repr=False)
    emptied: set[str] = field(default_factory=set)  # columns
    normalised: dict[str, str | None] = field(default_factory=dict, repr=False)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def texts(self) -> dict[str, object]:
        """Every value by its column."""
        return {
            **self.clear,
            **{name.partition(".")[2]: value for name, value in self.plain.items()},
        }


@derived
def forms(table: str) -> Mapping[str, Form]:
    """The fields of a table that can be written, by their member names."""
    declared = catalogue().table(table)
    kinds = {column.name: column for column in columns_of(SourceKind(declared.source))}
    return {
        entry.column: Form(column=kinds.get(entry.column) or _plain_column(entry), field=entry)
        for entry in declared.fields
        if entry.column not in OURS and entry.id != IMPORT_KEY
    }


def _plain_column(entry: CatalogueField) -> Column:
    """How a column without a place in a source file is read."""
    kind = FieldKind.DATE if entry.column.endswith("_on") else FieldKind.CODE
    return Column(name=entry.column, kind=kind, required=False, headers=())


def read_members(table: str, members: Mapping[str, Given], *, creating: bool, at: date) -> Values:
    """The values of the members; faults are named by member and code."""
    found, known = Values(), forms(table)
    cells = {name: text for name, value in members.items() if (text := _text(value))}
    context = Context(at=at, cells=cells)
    for name, value in members.items():
        form = known.get(name)
        if form is None or (creating and table == "person" and name in ACQUISITION):
            ours = name in OURS | ACQUISITION or f"{table}.{name}" == IMPORT_KEY
            shown = name if MEMBER.fullmatch(name) else "?"  # somebody's name, perhaps
            found.faults.append((shown, "read_only" if ours else "unknown_field"))
        else:
            _read(form, value, context, found)
    needed = NEEDED[table]
    empty = {*found.emptied, *(needed - members.keys() if creating else ())}
    found.faults += [(name, "required") for name in sorted(empty & needed)]
    return found


def _text(value: Given) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


def _read(form: Form, value: Given, context: Context, found: Values) -> None:
    """One member is read into the values, or its fault is noted."""
    name = form.column.name
    if value is None or value == "":
        found.emptied.add(name)
        return
    if (fault := _form_fault(form, value)) is not None:
        found.faults.append((name, fault))
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    read = READERS[form.column.kind](text, form.column, context)
    canonical = read.value
    if canonical is None and read.problems:
        found.faults += [(name, problem.value) for problem in read.problems]
        return
    found.notices += [Notice(field=name, kind=kind) for kind in read.problems]
    found.notices += [Notice(field=name, kind=kind) for kind in cell_problems(text)]
    if canonical is None:  # なし, 不明 and the like
        found.emptied.add(name)
        found.normalised[name] = None
        return
    _place(form, canonical, text, found)


def _form_fault(form: Form, value: Given) -> str | None:
    """What is wrong with a value before it is read."""
    if form.whole:
        return None if type(value) is int else "wrong_type"
    if isinstance(value, bool) and form.column.kind is FieldKind.BOOLEAN:
        return None
    if form.flag:
        return None if isinstance(value, bool) else "wrong_type"
    if not isinstance(value, str):
        return "wrong_type"
    if len(value) > form.limit:
        return "too_long"
    return "unfit_characters" if UNFIT.search(value) else None


def _place(form: Form, canonical: str, text: str, found: Values) -> None:
    """The canonical text as the column's type."""
    name = form.column.name
    codes = form.codes
    if codes is not None:
        canonical = CODES[form.field.id].get(canonical, canonical)
        if canonical not in codes:
            found.faults.append((name, ProblemKind.VALUE_UNKNOWN.value))
            return
    typed = _typed(form, canonical)
    if typed is None:
        found.faults.append((name, ProblemKind.NUMBER_INVALID.value))
        return
    if canonical != text:
        found.normalised[name] = canonical
    if form.field.storage is Storage.SEALED:
        found.plain[form.field.id] = typed
    else:
        found.clear[name] = typed


def _typed(form: Form, canonical: str) -> Plain | None:
    if form.whole:
        number = int(canonical)
        limit = HUNDRED + 1 if form.field.id == PERCENT else MONEY_LIMIT
        least = 0 if form.field.id == PERCENT else -MONEY_LIMIT
        return number if least <= number < limit else None
    return BY_KIND.get(form.column.kind, str)(canonical)


BY_KIND: Mapping[FieldKind, Callable[[str], Plain]] = {
    FieldKind.DATE: date.fromisoformat,
    FieldKind.BIRTH_DATE: date.fromisoformat,
    FieldKind.INSTANT: datetime.fromisoformat,
}
