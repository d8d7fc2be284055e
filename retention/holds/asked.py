"""What an officer writes when asking for a hold, read strictly: whom and what of them."""

from collections.abc import Iterable

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.holds.types import CATEGORY, Comparison, Condition, ScopeKind, What
from retention.holds.errors import HoldConditionError, HoldFormError
from retention.holds.types import Wanted

SHOWN = 80  # characters of what was written that a refusal repeats
PARTS = 3  # of a condition: field, comparison, value


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
    """`person.status is withdrawn`; raises HoldConditionError."""
    parts = text.split(maxsplit=PARTS - 1)
    if len(parts) != PARTS or parts[1] not in set(Comparison):
        raise HoldConditionError(field=(parts[0] if parts else "-")[:SHOWN])
    return Condition(field=FieldId(parts[0]), test=Comparison(parts[1]), value=parts[2].strip())


def text_of(one: Condition) -> str:
    """The text that `condition_of` reads back."""
    return f"{one.field} {one.test.value} {one.value}"
