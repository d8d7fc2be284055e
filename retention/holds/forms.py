"""What may be asked of a hold: numbers, texts, tables, conditions over clear columns."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from governance.customers.catalogue import Catalogue, Storage
from governance.customers.holds.codes import NUMBER
from governance.customers.holds.reading import typed
from governance.customers.holds.types import CATEGORY, Comparison, Condition, What
from governance.customers.store import TABLES
from governance.customers.upkeep.merges import TRACE
from retention.holds.errors import HoldConditionError, HoldFormError
from retention.holds.types import Placing

LONGEST: Final = 4_000  # characters of a reason, a name or notes
VALUE: Final = 80  # characters of a condition's value
CONDITIONS: Final = 10
PERSONS: Final = 10_000  # named one by one; more are caught by a condition
ORDERED: Final = (date, int)  # kinds of columns that have a before and an after


def demand_form(placing: Placing, declared: Catalogue) -> None:
    """Raises HoldFormError or HoldConditionError; fails closed on whatever is not declared."""
    wanted = placing.wanted
    if not NUMBER.fullmatch(placing.number):
        raise HoldFormError(field="number")
    if not placing.reason.strip() or len(placing.reason) > LONGEST:
        raise HoldFormError(field="reason")
    if (said := placing.particulars) is not None and (
        not said.name.strip() or max(map(len, (said.name, said.counsel, said.notes))) > LONGEST
    ):
        raise HoldFormError(field="name")
    if bool(wanted.persons) == (wanted.kind is not None) or len(wanted.persons) > PERSONS:
        raise HoldFormError(field="persons")
    if not wanted.what:
        raise HoldFormError(field="what")
    for what in wanted.what:
        _demand_what(what, declared)
    if wanted.kind is not None and any(what.row is not None for what in wanted.what):
        raise HoldFormError(field="row")
    demand_conditions(wanted.conditions, declared)


def _demand_what(what: What, declared: Catalogue) -> None:
    if what.table is None:
        if what.field is not None or what.row is not None:
            raise HoldFormError(field="what")
        return
    if what.table not in declared.tables or what.table == TRACE.name:
        raise HoldFormError(field="table")
    if what.field is None:
        return
    if what.field.startswith(CATEGORY):
        known = {field.category for field in declared.table(what.table).fields}
        if what.field.removeprefix(CATEGORY) not in known:
            raise HoldFormError(field="category")
    elif what.field not in {field.id for field in declared.table(what.table).fields}:
        raise HoldFormError(field="field")


def demand_conditions(conditions: Iterable[Condition], declared: Catalogue) -> None:
    """Raises HoldConditionError for anything but a clear column and a value that fits it."""
    found = tuple(conditions)
    if len(found) > CONDITIONS:
        raise HoldConditionError(field="conditions")
    for one in found:
        entry = declared.fields.get(one.field)
        if entry is None or entry.storage is not Storage.CLEAR or entry.custom is not None:
            raise HoldConditionError(field=str(one.field)[:VALUE])
        column = TABLES[entry.table].c[entry.column]
        ordered = issubclass(column.type.python_type, ORDERED)
        if len(one.value) > VALUE or (one.test is not Comparison.IS and not ordered):
            raise HoldConditionError(field=one.field)
        try:
            typed(column, one.value, end=False)
        except (ValueError, KeyError, OverflowError) as error:
            raise HoldConditionError(field=one.field) from error
