"""Every kind of object that an event is about has a word in both languages."""

import re
from pathlib import Path

from governance.console.log_facts import object_word
from governance.core.terms import Lang
from governance.customers.kinds import KINDS

ROOT = Path(__file__).parents[3]
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
LITERAL = re.compile(r"""object_type=f?"([a-z_]+)""")


def kinds() -> frozenset[str]:
    found = {kind.table for kind in KINDS.values()}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found |= set(LITERAL.findall(path.read_text(encoding="utf-8")))
    return frozenset(found)


def test_every_kind_of_object_has_its_word() -> None:
    every = kinds()
    assert {"person", "purge_run", "session"} < every
    for lang in Lang:
        assert [one for one in sorted(every) if object_word(one, lang) == one] == []


def test_a_word_of_another_release_stands_as_it_was_written() -> None:
    assert object_word("something_new", Lang.JA) == "something_new"
    assert object_word("key_task.seal", Lang.EN) == "Work on keys"
