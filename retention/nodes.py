"""What rules, rows and duties of a schedule share in YAML: labels, conditions, events, periods."""

from collections.abc import Iterable

from governance.core.terms import FieldId
from governance.customers.catalogue import catalogue
from governance.customers.subjects import SubjectKind
from policies.law.reader import Node, Record
from retention.types import Condition, Label, Period, Pick, Since, Trigger

STATUSES = frozenset({"active", "dormant", "withdrawn", "prospect", "unknown"})
MONTHS = 12
LONGEST = 100  # years; a longer period is a slip of the pen


def listed(node: Node | None) -> Iterable[Node]:
    """The items of a list that may be left out."""
    return node.items() if node is not None else ()


def label(node: Node) -> Label:
    """A text in both languages."""
    entry = node.record(required=("ja", "en"))
    return Label(ja=entry["ja"].text(), en=entry["en"].text())


def condition(node: Node | None) -> Condition:
    """What must be true of the person; nothing is asked where it is left out."""
    if node is None:
        return Condition()
    entry = node.record(
        required=(), optional=("status", "kind", "unpaid", "running_contract", "transactions")
    )
    statuses = entry.get("status")
    kinds = entry.get("kind")
    return Condition(
        statuses=frozenset(_status(item) for item in listed(statuses)),
        kinds=frozenset(item.one_of(SubjectKind) for item in listed(kinds)),
        unpaid=_flag(entry, "unpaid"),
        running_contract=_flag(entry, "running_contract"),
        transactions=_flag(entry, "transactions"),
    )


def _status(node: Node) -> str:
    if node.text() not in STATUSES:
        raise node.bad(", ".join(sorted(STATUSES)))
    return node.text()


def _flag(entry: Record, name: str) -> bool | None:
    node = entry.get(name)
    return node.flag() if node is not None else None


def since(node: Node) -> Since:
    """The events of which one starts the period."""
    entry = node.record(required=(), optional=tuple(pick.value for pick in Pick))
    named = [(pick, found) for pick in Pick if (found := entry.get(pick.value)) is not None]
    if len(named) != 1:
        raise node.bad(" | ".join(pick.value for pick in Pick))
    pick, events = named[0]
    triggers = tuple(item.one_of(Trigger) for item in events.items())
    if not triggers:
        raise events.bad("one event or more")
    return Since(pick=pick, triggers=triggers)


def period(node: Node) -> Period:
    """A length of time, longer than nothing."""
    entry = node.record(required=(), optional=("years", "months", "days"))
    found = Period(
        years=entry.whole("years") or 0,
        months=entry.whole("months") or 0,
        days=entry.whole("days") or 0,
    )
    total = found.years + found.months / MONTHS + found.days / 365
    if not 0 < total <= LONGEST:
        raise node.bad(f"longer than nothing, {LONGEST} years at most")
    return found


def field(node: Node, table: str) -> FieldId:
    """A field of this table."""
    name = FieldId(node.text())
    known = catalogue().fields.get(name)
    if known is None or known.table != table:
        raise node.bad(f"{table}.<column>")
    return name
