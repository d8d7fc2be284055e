"""What an officer writes when asking for a hold, read strictly: whom and what of them."""

import re
from collections.abc import Iterable, Iterator

from governance.core.terms import FieldId, Lang, RowId, SubjectId
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.holds.types import CATEGORY, Comparison, Condition, ScopeKind, What
from retention.holds.errors import HoldConditionError, HoldFormError
from retention.holds.types import Wanted

SHOWN = 80  # characters of what was written that a refusal repeats
CONDITION = re.compile(
    rf"(?P<field>.+?)\s+(?P<test>{'|'.join(Comparison)})\s+(?P<value>.+)", re.DOTALL
)


def wanted_of(
    *,
    persons: Iterable[str] = (),
    everyone: bool = False,
    conditions: Iterable[str] = (),
    what: Iterable[str] = (),
) -> Wanted:
    """Whom and what the words name; raises HoldFormError, HoldConditionError."""
    people = tuple(dict.fromkeys(SubjectId(one.strip()) for one in persons if one.strip()))
    tests = tuple(condition_of(one) for one in conditions if one.strip())
    if sum((bool(people), everyone, bool(tests))) != 1:
        raise HoldFormError(field="persons")
    kind = ScopeKind.EVERYONE if everyone else ScopeKind.QUERY if tests else None
    parts = tuple(dict.fromkeys(what_of(one) for one in what if one.strip()))
    return Wanted(persons=people, kind=kind, conditions=tests, what=parts or (What(),))


def what_of(word: str) -> What:
    """`table:T`, `field:T.F`, `category:T:C`, `row:T:ID`; raises HoldFormError."""
    kind, _, name = word.strip().partition(":")
    table, _, rest = name.partition(":")
    match kind:
        case "table" if name:
            return What(table=name)
        case "field" if "." in name:
            return What(table=name.partition(".")[0], field=name)
        case "category" if table and rest:
            return What(table=table, field=CATEGORY + rest)
        case "row" if table and rest:
            return What(table=table, row=RowId(rest))
        case _:
            raise HoldFormError(field="what")


def word_of(what: What) -> str:
    """The word that `what_of` reads back; empty for everything of a person."""
    if what.table is None:
        return ""
    if what.row is not None:
        return f"row:{what.table}:{what.row}"
    if what.field is None:
        return f"table:{what.table}"
    if what.field.startswith(CATEGORY):
        return f"category:{what.table}:{what.field.removeprefix(CATEGORY)}"
    return f"field:{what.field}"


def condition_of(text: str) -> Condition:
    """`person.status is withdrawn` or `顧客.会員状態 is withdrawn`; raises HoldConditionError."""
    found = CONDITION.fullmatch(text.strip())
    if found is None:
        raise HoldConditionError(field=(text.split() or ["-"])[0][:SHOWN])
    return Condition(
        field=_field(found["field"]),
        test=Comparison(found["test"]),
        value=found["value"],
    )


def text_of(one: Condition) -> str:
    """The text that `condition_of` reads back."""
    return f"{one.field} {one.test.value} {one.value}"


def _field(word: str) -> FieldId:
    """The field of this id or of this name for people (`顧客.退会日`, `退会日` of a person)."""
    named = {name: field.id for field in catalogue().fields.values() for name in _names(field)}
    return named.get(word, FieldId(word))


def _names(field: CatalogueField) -> Iterator[str]:
    table, declared = field.id.partition(".")[0], catalogue().tables
    for lang in Lang:
        label = field.label(lang)
        yield f"{declared[table].label(lang) if table in declared else table}.{label}"
        if table == "person":
            yield label
