"""Rows around a person as a file brings them: typed by the forms of the API, faults named; pure.

What a row refers to stays beside it by its key at the source; placing.py looks that up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from governance.customers.kinds import KINDS, RowKind
from governance.customers.master.types import FORMS, Form, Told, Value
from governance.customers.types import NormalisedRow, Problem, ProblemKind, SourceKind
from governance.gateway.around.values import clear_columns, read_values
from governance.gateway.intake.keys import SOURCE_KEY, digest_of
from governance.gateway.intake.types import Draft

FAULTS: Mapping[str, ProblemKind] = {
    "required": ProblemKind.MISSING_REQUIRED,
    "wrong_type": ProblemKind.VALUE_UNKNOWN,
    "unknown_value": ProblemKind.VALUE_UNKNOWN,
    "not_for_this_kind": ProblemKind.VALUE_UNKNOWN,
    "too_long": ProblemKind.OVERLONG,
    "unfit_characters": ProblemKind.CONTROL_CHAR,
    "before_begin": ProblemKind.DATE_ORDER,
    "in_future": ProblemKind.DATE_FUTURE,
    "out_of_range": ProblemKind.NUMBER_INVALID,
    "undeclared": ProblemKind.WORD_UNDECLARED,
    "other_purpose": ProblemKind.WORD_UNDECLARED,
}
OF_COLUMN = {"person_tag.ground": ProblemKind.SPECIAL_CARE_NO_GROUND}  # whatever its fault
UNREAD = frozenset(  # a cell that was written and could not be read
    {
        ProblemKind.VALUE_UNKNOWN,
        ProblemKind.NUMBER_INVALID,
        ProblemKind.DATE_AMBIGUOUS,
        ProblemKind.DATE_FUTURE,
        ProblemKind.DATE_IMPOSSIBLE,
        ProblemKind.DATE_PARTIAL,
        ProblemKind.DATE_UNPARSEABLE,
        ProblemKind.ERA_INVALID,
    }
)
FOUND_LATER = frozenset({("person_tag", "vocabulary")})  # from the label, where it is not said
GIVEN_BY: Mapping[str, Mapping[str, str]] = {  # who gave a contact's data -> of the register row
    Told.CARD: {"acquired_from": "person", "acquisition_method": "card"},
    Told.PERSON: {"acquired_from": "person"},
    Told.REPRESENTATIVE: {"acquired_from": "representative"},
    Told.COMPANY: {"acquired_from": "third_party"},
    Told.REGISTER: {"acquired_from": "public"},
}
WHO = ("name", "kana")  # what a contact's row says of the person as such


def around_values(row: NormalisedRow, kind: SourceKind) -> dict[str, Value]:
    """The row's canonical texts as somebody would write them to the API."""
    entry = KINDS[kind]
    forms = FORMS[entry.table]
    given: dict[str, Value] = {}
    for name, form in forms.items():
        value = row.get(entry.key) if name == "source_key" else row.get(name)
        if value is not None and form.form is not Form.REFERENCE:
            given[name] = _typed(form.form, value)
    if not any(
        p.kind in UNREAD for p in row.problems
    ):  # fails closed: a word that nobody understood must not become a default
        given |= {name: word for name, word in entry.defaults.items() if name not in given}
    return given


def _typed(form: Form, value: str) -> Value:
    match form:
        case Form.FLAG:
            return value == "true"
        case Form.NUMBER:
            return int(value)
        case _:
            return value


def references_of(row: NormalisedRow, entry: RowKind) -> dict[str, str]:
    """The keys at the source of what the row refers to, by the column that will name it."""
    named = ((reference.into, row.get(reference.column)) for reference in entry.references)
    return {into: key for into, key in named if key}


def fault_problems(table: str, number: int, faults: Iterable[tuple[str, str]]) -> list[Problem]:
    """Faults of values as problems of the row."""
    return [
        Problem(
            kind=OF_COLUMN.get(f"{table}.{name}", FAULTS[code]),
            row=number,
            column=f"{table}.{name}",
        )
        for name, code in faults
    ]


def around_draft(row: NormalisedRow, kind: SourceKind) -> Draft:
    """The row as the table's types; what cannot be makes it wait."""
    entry = KINDS[kind]
    read = read_values(entry.table, around_values(row, kind), creating=True)
    refs = references_of(row, entry)
    unread = next((p.kind for p in row.problems if p.kind in UNREAD), None)
    faults = [
        (name, code)
        for name, code in read.faults
        if name not in refs and (entry.table, name) not in FOUND_LATER
    ]
    told_already = [fault for fault in faults if unread and fault[1] == "required"]
    wrong = fault_problems(
        entry.table, row.number, (fault for fault in faults if fault not in told_already)
    )
    owner = row.get("customer_id")
    told = row.get("contact_id") or digest_of(row)
    brings = entry.names_person and owner is None
    if brings and not (told and row.get("name")):
        missing = Problem(
            kind=ProblemKind.MISSING_REQUIRED, row=row.number, column=f"{entry.table}.customer_id"
        )
        wrong.append(missing)
    return Draft(
        number=row.number,
        table=entry.table,
        key=row.get(entry.key),
        owner_key=owner,
        clear={**dict.fromkeys(clear_columns(entry.table)), **read.clear},
        plain=read.plain,
        refs={**refs, **({"person": told} if brings and told else {})},
        barred=wrong[0].kind if wrong else unread if told_already else None,
        problems=(*row.problems, *wrong),
    )


def person_values(row: NormalisedRow) -> dict[str, str | None]:
    """What the register would hold of the person whom a contact's row brings."""
    given = GIVEN_BY.get(row.get("source") or "", {})
    return {**{name: row.get(name) for name in WHO}, **given}


def keyed(person: Draft, key: str) -> Draft:
    """The person under the key that the row has for them."""
    return replace(person, plain={**person.plain, SOURCE_KEY: key})
