"""The curl examples of docs/api.md do what the page says."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.governance.gateway.api.conftest import Desk

PAGE = Path(__file__).parents[4] / "docs" / "api.md"
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADER, BODY, METHOD = "-H", "-d", "-X"


def examples() -> list[str]:
    """Every curl command of the register's section."""
    section = PAGE.read_text(encoding="utf-8").partition("## The register")[2]
    blocks = FENCE.findall(section.partition("\n## ")[0])
    parts = [part for block in blocks for part in re.split(r"^curl ", block, flags=re.MULTILINE)]
    return [f"curl {part}" for part in parts if part]


COMMANDS = examples()


def asked(desk: Desk, command: str) -> httpx.Response:
    """What the command asks, with the shell's variables in their places."""
    person = desk.people[0]
    shown = desk.staff("support").get(f"/v1/persons/{person}", params={"purpose": "order_support"})
    tag = shown.headers["etag"]
    values = {
        "ETAG_JSON": tag.replace('"', '\\"'),
        "ETAG": tag.replace('"', '\\"'),
        "PERSON": person,
        "BASE": desk.base,
        "KEY": desk.keys["shop"],
    }
    for name, value in values.items():
        command = command.replace("'$" + name + "'", value).replace("$" + name, value)
    words = shlex.split(command.replace("\\\n", " "))
    pairs = tuple(pairwise(words))
    headers = dict(word.split(": ", 1) for flag, word in pairs if flag == HEADER)
    given: dict[str, Any] = {flag: word for flag, word in pairs if flag in (METHOD, BODY)}
    (url,) = [word for word in words if word.startswith(desk.base)]
    body = given.get(BODY)
    return httpx.request(
        given.get(METHOD, "GET"),
        url,
        headers=headers,
        content=body.encode() if body else None,
        timeout=60,
    )


def test_the_page_has_its_examples() -> None:
    assert len(COMMANDS) == 6


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
def test_the_example_does_what_the_page_says(desk: Desk, command: str) -> None:
    if desk.wiring.database.dialect != "sqlite":
        pytest.skip("one engine is enough for a page")
    if "purpose=order_support" in command:
        command = command.replace("order_support", "order_fulfilment")
    answer = asked(desk, command)
    assert answer.is_success, answer.text
    shape = answer.json()
    for one in shape.get("items", ()):
        assert one["status"] < 300, json.dumps(one, ensure_ascii=False)
