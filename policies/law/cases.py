"""Date cases of a law file, counted by its own rules: what the file expects must come out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from policies.law.answers import Json, due_json
from policies.law.errors import LawError
from policies.law.reader import Node, read_yaml
from policies.law.types import LawBook


@dataclass(frozen=True, slots=True, kw_only=True)
class DateCase:
    """One case: what the file expects and what came out."""

    id: str
    rule: str
    expected: Mapping[str, Json]
    found: Mapping[str, Json]

    def __bool__(self) -> bool:
        return self.expected == self.found


def date_cases(file: str, text: str, book: LawBook) -> Iterator[DateCase]:
    """Every case of the file under the book; one that cannot be counted has the error's code."""
    node = read_yaml(text, file=file).entries().get("test_cases")
    for item in node.items() if node else ():
        yield _counted(item.entries(), book)


def _counted(case: Mapping[str, Node], book: LawBook) -> DateCase:
    expected = {name: cast("Json", node.value) for name, node in case["expect"].entries().items()}
    events = {name: node.text() for name, node in case["input"].entries().items()}
    rule = case["rule"].text()
    found: Mapping[str, Json]
    try:
        answer = due_json(rule, events, calendar=case["calendar"].text(), book=book)
        found = {name: answer.get(name) for name in expected}
    except LawError as error:
        found = {"error": error.code}
    return DateCase(id=case["id"].text(), rule=rule, expected=expected, found=found)
