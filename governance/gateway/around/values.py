"""Values of a row around a person as somebody writes them: typed and normalised, faults named."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import assert_never

from governance.core.terms import FieldId
from governance.crypto.values import Plain
from governance.customers.catalogue import Storage, catalogue
from governance.customers.master.types import (
    FORMS,
    NOTE_LIMIT,
    TEXT_LIMIT,
    ColumnForm,
    Form,
    Value,
)
from governance.customers.normalise.chars import clean_text
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.phone import normalise_phone

UNFIT = re.compile("[\0\ud800-\udfff]")  # no database holds NUL or half of a surrogate pair
REFERENCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER_LIMIT = 2**53


@dataclass(slots=True, kw_only=True)
class Values:
    """What was read; a row with faults is not stored."""

    clear: dict[str, object] = field(default_factory=dict, repr=False)
    plain: dict[FieldId, Plain] = field(default_factory=dict, repr=False)
    emptied: set[str] = field(default_factory=set)
    faults: list[tuple[str, str]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)  # columns that were named, readable or not

    def columns(self) -> set[str]:
        """Columns that are written or emptied."""
        return {
            *self.asked,
            *self.clear,
            *self.emptied,
            *(name.partition(".")[2] for name in self.plain),
        }

    def texts(self) -> dict[str, object]:
        """Every value by its column; None for an emptied one."""
        sealed = {name.partition(".")[2]: value for name, value in self.plain.items()}
        return {**dict.fromkeys(self.emptied), **self.clear, **sealed}


def read_values(table: str, given: Mapping[str, Value], *, creating: bool) -> Values:
    """The values in the forms of the table; faults are named by column and code."""
    found, forms = Values(), FORMS[table]
    for name, value in given.items():
        form = forms.get(name)
        if form is None:
            found.faults.append((name if name in _known(table) else "?", "unknown_field"))
            continue
        found.asked.add(name)
        if form.fixed and not creating:
            found.faults.append((name, "read_only"))
        elif value is None or value == "":
            found.emptied.add(name)
        else:
            _read(table, name, form, value, found)
    missing = {n for n, form in forms.items() if form.needed} & found.emptied
    if creating:
        missing |= {name for name, form in forms.items() if form.needed} - given.keys()
    found.faults += [(name, "required") for name in sorted(missing)]
    return found


def clear_columns(table: str) -> Iterable[str]:
    """Columns in clear that a new row gives, one by one, a value or NULL."""
    ours = {"id", "subject_id", "version", "is_primary", "until_majority"}
    return [
        entry.column
        for entry in catalogue().table(table).fields
        if entry.storage is Storage.CLEAR and entry.column not in ours
    ]


def _known(table: str) -> set[str]:
    return {entry.column for entry in catalogue().table(table).fields}


def _read(table: str, name: str, form: ColumnForm, value: Value, found: Values) -> None:
    typed = _typed(form, value)
    if isinstance(typed, _Fault):
        found.faults.append((name, typed.code))
        return
    entry = catalogue().fields[FieldId(f"{table}.{name}")]
    if entry.storage is Storage.SEALED:
        found.plain[entry.id] = typed
    else:
        found.clear[name] = typed


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str


def _typed(form: ColumnForm, value: Value) -> Plain | datetime | _Fault:
    """The value as the column's type."""
    match form.form:
        case Form.FLAG:
            return value if isinstance(value, bool) else _Fault("wrong_type")
        case Form.NUMBER:
            whole = type(value) is int and abs(value) < NUMBER_LIMIT
            return value if whole and isinstance(value, int) else _Fault("wrong_type")
        case (
            Form.TEXT
            | Form.NOTE
            | Form.EMAIL
            | Form.PHONE
            | Form.CODE
            | Form.DATE
            | Form.INSTANT
            | Form.REFERENCE
        ):
            return _worded(form, value) if isinstance(value, str) else _Fault("wrong_type")
        case _ as never:
            assert_never(never)


def _worded(form: ColumnForm, value: str) -> Plain | datetime | _Fault:
    """A value that is written in words."""
    limit = NOTE_LIMIT if form.form is Form.NOTE else TEXT_LIMIT
    if len(value) > limit:
        return _Fault("too_long")
    if UNFIT.search(value):
        return _Fault("unfit_characters")
    match form.form:
        case Form.EMAIL | Form.PHONE:
            normalise = normalise_email if form.form is Form.EMAIL else normalise_phone
            return normalise(value).value or _Fault("unknown_value")
        case Form.CODE:
            known = form.codes is not None and value in {*form.codes}
            return value if known else _Fault("unknown_value")
        case Form.REFERENCE:
            return value if REFERENCE.fullmatch(value) else _Fault("unknown_value")
        case Form.DATE | Form.INSTANT:
            return _moment(form.form, value)
        case Form.NOTE:
            return value
        case _:
            return clean_text(value) or _Fault("required")


def _moment(form: Form, value: str) -> date | datetime | _Fault:
    try:
        if form is Form.DATE:
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return _Fault("unknown_value")
    return moment if moment.tzinfo is not None else _Fault("unknown_value")
