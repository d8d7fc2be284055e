"""Japanese texts carry the mark of whoever read them; a text that changed has lost its mark."""

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from governance.core.terms import Lang
from governance.i18n.catalogue import domains
from scripts.review_texts import MESSAGES, mark, texts

READ: Final = (
    "access",
    "account",
    "app",
    "approvals",
    "audit",
    "cli",
    "clients",
    "connectors",
    "consent",
    "console",
    "core",
    "crypto",
    "custody",
    "customers",
    "db",
    "discovery",
    "documents",
    "dsar",
    "first_week",
    "gateway",
    "http",
    "i18n",
    "identity",
    "jobs",
    "keys",
    "law",
    "outbound",
    "persons",
    "pii",
    "policies",
    "portal",
    "provisioning",
    "registers",
    "reports",
    "retention",
    "sign_on",
    "signon",
    "staff",
    "terms",
    "ui",
    "upkeep",
)  # every text of these was read, and a new one must be
# Nobody has read these from end to end; a domain leaves this list when all of it carries marks.
UNREAD: Final = frozenset(domains(Lang.JA)) - {*READ}
DAY: Final = date(2026, 11, 27)


@pytest.mark.parametrize("name", READ)
def test_every_text_carries_the_mark_of_its_reader(name: str) -> None:
    """`python scripts/review_texts.py list` names them; read them, then `mark`."""
    assert [one.key for one in texts(name) if not one.reviewed] == []


def test_what_nobody_has_read_is_known_and_no_mark_there_is_stale() -> None:
    stale = [
        one.key for name in sorted(UNREAD) for one in texts(name) if one.mark and not one.reviewed
    ]
    assert stale == []


def test_a_changed_text_loses_its_mark_and_a_reader_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Language: ja\\n"\n\n'
        'msgid "x.one"\nmsgstr "はい"\n\nmsgid "x.two"\nmsgstr "い\\nいえ"\n',
        "utf-8",
    )
    assert mark("x", frozenset({"x.two"}), by="sk", on=DAY, folder=tmp_path) == 1
    assert [one.reviewed for one in texts("x", tmp_path)] == [False, True]
    assert mark("x", frozenset(), by="sk", on=DAY, folder=tmp_path) == 1
    assert mark("x", frozenset(), by="sk", on=DAY, folder=tmp_path) == 0
    assert "#. reviewed: 2026-11-27 sk " in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace("はい", "はいはい"), "utf-8")
    assert [one.reviewed for one in texts("x", tmp_path)] == [False, True]
    assert mark("x", frozenset(), by="sk", on=DAY, folder=tmp_path) == 1
    assert path.read_text("utf-8").count("#. reviewed:") == 2


def test_the_marks_stand_in_the_catalogue_that_is_used() -> None:
    assert {path.stem for path in MESSAGES.glob("*.po")} == set(domains(Lang.JA))
