"""Names in a law book that point at nothing are refused."""

from collections.abc import Iterator
from itertools import chain

from policies.law import sections
from policies.law.errors import UnknownReferenceError
from policies.law.reader import Record
from policies.law.types import LawBook

Pointer = tuple[str, str]  # where a name stands, and the name


def check_references(book: LawBook, entry: Record, *, file: str) -> None:
    """Refuses a book in which a name points at nothing."""
    pointers = chain(
        _deadline_rules(book, entry), _cited(book), _switchable(book), _amendments(book)
    )
    for path, name in pointers:
        raise UnknownReferenceError(file=file, path=path, name=name)


def _deadline_rules(book: LawBook, entry: Record) -> Iterator[Pointer]:
    rules = {rule.id for rule in book.rules}
    for rule in book.rules:
        if rule.extends_id is not None and rule.extends_id not in rules - {rule.id}:
            yield f"deadline_rules.{rule.id}.extends", rule.extends_id
    for duty in book.obligations:
        if duty.deadline_rule not in rules:
            yield f"obligations.{duty.id}.deadline_rule", duty.deadline_rule
    cases = entry.get("test_cases")
    for case in cases.items() if cases else ():
        if (id_ := sections.check_test_case(case)) not in rules:
            yield f"{case.path}.rule", id_


def _cited(book: LawBook) -> Iterator[Pointer]:
    cited = [(one.id, one.sources) for one in (*book.entries, *book.amendments.values())]
    for id_, sources in cited:
        for source in sources:
            if source not in book.sources:
                yield f"{id_}.sources", source


def _switchable(book: LawBook) -> Iterator[Pointer]:
    for one in book.entries:
        if one.rule_set is not None and one.rule_set not in book.switches:
            yield f"{one.id}.rule_set", one.rule_set


def _amendments(book: LawBook) -> Iterator[Pointer]:
    for switch in book.switches.values():
        if switch.amendment not in book.amendments:
            yield f"rule_sets.{switch.id}.amendment", switch.amendment
