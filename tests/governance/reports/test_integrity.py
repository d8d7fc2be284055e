"""R14: facts of one checkpoint become a document whose figures anybody can find again."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.actions import EventCode
from audit.alarms.types import Rule
from audit.log import AuditLog
from audit.review import count
from audit.reviewing.conditions import query_of
from audit.reviewing.service import Reviewer
from audit.reviewing.signing import sign_off
from audit.types import Outcome, Verdict
from governance.core.terms import ActorId, Lang
from governance.db.engine import Database
from governance.i18n.catalogue import domain
from governance.reports.integrity import Integrity, collect
from governance.reports.integrity_words import write
from governance.reports.rendering import (
    ReportFormat,
    as_json,
    head_lines,
    markdown,
    rendered,
    table,
)
from governance.reports.types import ROWS, Document, Figure, Head, Made, Period
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, masked, part
from tests.audit.worker import keys_at

PERIOD = Period(first=date(2026, 4, 1), last=date(2026, 4, 30))
BY = Reviewer(id=ActorId("u:ogawa"), os_user=None, at=NOW)
EVENTS = "sekisho audit events --count "


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Bench:
    log = AuditLog(database.writer_engine, process_id="web-1", sealer=masked)
    return Bench(database, log, keys_at(tmp_path / "checkpoint"))


@pytest.fixture
def lived(bench: Bench) -> Bench:
    """A log in which one of everything happened."""
    bench.add(part(), part(OTHER), subject=SUBJECT)
    bench.add(
        action=EventCode.LOG_ALERT, reasons=("denied",), counts=(("value", 25), ("limit", 20))
    )
    bench.add(action=EventCode.LOG_EXPORTED, reasons=("csv", "opened"), counts=(("opened", 2),))
    bench.add(action=EventCode.KEY_ROTATED)
    bench.add(action=EventCode.CLOCK_ANOMALY)
    bench.add(action=EventCode.DECISIONS_LOST, counts=(("first", 3), ("last", 5)))
    bench.erase()
    bench.sequence()
    verdict = Verdict.VERIFIED_SELF_SIGNED
    bench.db.write(lambda tx: sign_off(tx, bench.log, BY, below=4, comment="架空", verdict=verdict))
    bench.sequence(90)
    return bench


def facts_of(bench: Bench, **more: Any) -> Integrity:
    asked: dict[str, Any] = {
        "period": PERIOD,
        "size": 8,
        "verification": bench.verify(),
        "within": timedelta(days=30),
        "at": NOW + timedelta(days=1),
    }
    with bench.db.read() as tx:
        return collect(tx, **(asked | more))


def made(**more: Any) -> Made:
    head = Head(size=8, root="00" * 32, signed_at=NOW, keys=("log+1+AA", "log+2+" + "A" * 999))
    values: dict[str, Any] = {
        "at": NOW,
        "by": ActorId("u:ogawa"),
        "period": PERIOD,
        "head": head,
        "controller": "架空商店 | <株式会社>",
        "origin": "log.example.com",
    }
    return Made(**(values | more))


def figures(document: Document) -> Iterator[Figure]:
    return (figure for section in document.sections for figure in section.figures)


def test_every_fact_is_in_its_figure(lived: Bench) -> None:
    found = {one.key: one.value for one in figures(write(facts_of(lived), made(), Lang.EN))}
    assert found["size"] == found["events"] == 8
    assert (found["first_seq"], found["last_seq"], found["checkpoints"]) == (0, 7, 2)
    assert (found["verdict"], found["finding"]) == ("verified_self_signed", None)
    assert (found["erasures"], found["parts_destroyed"], found["parts_living"]) == (1, 1, 2)
    assert (found["alarms"], found["alarms.denied"], found["exports"]) == (1, 1, 1)
    assert (found["exported_opened"], found["key_changes"], found["log_key_changes"]) == (2, 1, 0)
    assert (found["clock_steps"], found["lost_decisions"], found["lost_numbers"]) == (1, 3, 0)
    assert (found["signed_off"], found["unreviewed"], found["review_overdue"]) == (1, 4, 0)


def test_a_figure_with_a_command_is_what_the_command_counts(lived: Bench) -> None:
    checked = set()
    for one in figures(write(facts_of(lived), made(), Lang.JA)):
        if not one.source.startswith(EVENTS):
            continue
        with lived.db.read() as tx:
            counted = count(tx, query_of(one.source.removeprefix(EVENTS).split()))
        if one.key in {"events", "erasures", "alarms", "alarms.denied", "exports", "clock_steps"}:
            assert one.value == counted, one.key
            checked.add(one.key)
        assert counted <= 8
    assert len(checked) == 6


def test_what_came_after_the_checkpoint_or_outside_the_period_is_in_no_figure(
    lived: Bench,
) -> None:
    facts = facts_of(lived)
    lived.add(action=EventCode.LOG_EXPORTED, count=3)
    lived.sequence(200)
    later = facts_of(lived)
    assert (later.events, len(later.exports)) == (facts.events, len(facts.exports))
    may = Period(first=date(2026, 5, 1), last=date(2026, 5, 31))
    other = facts_of(lived, period=may)
    assert (other.events, other.first_seq, other.exports, other.signed_off) == (0, None, (), ())
    assert other.verification.size == 11


@pytest.mark.parametrize("lang", list(Lang))
def test_the_same_facts_give_the_same_document_with_a_source_everywhere(
    lived: Bench, lang: Lang
) -> None:
    facts = facts_of(lived)
    document = write(facts, made(), lang)
    assert write(facts, made(), lang) == document
    assert all(one.label and one.shown and one.source for one in figures(document))
    keys = [one.key for one in figures(document)]
    assert len(keys) == len(set(keys))


def test_a_log_that_does_not_verify_is_said_first(lived: Bench) -> None:
    lived.run("UPDATE audit_event SET actor = 'u:other' WHERE action = 'log.exported'")
    facts = facts_of(lived)
    document = write(facts, made(), Lang.EN)
    assert facts.verification.verdict is Verdict.TAMPERED
    assert document.finding.startswith("The audit log did not verify")
    found = {one.key: one.value for one in figures(document)}
    assert (found["verdict"], found["at_seq"]) == ("tampered", 2)


def test_what_an_officer_must_do_is_in_the_finding(lived: Bench) -> None:
    late = facts_of(lived, at=NOW + timedelta(days=40))
    told = write(late, made(), Lang.EN).finding
    assert "overdue" in told
    assert "clock" in told
    assert "witness" in told


def test_a_long_list_says_how_much_it_leaves_out(lived: Bench) -> None:
    facts = facts_of(lived)
    many = replace(facts, exports=facts.exports * (ROWS + 1))
    section = next(s for s in write(many, made(), Lang.EN).sections if s.key == "exports")
    assert section.listing is not None
    assert (len(section.listing.rows), section.listing.total) == (ROWS, ROWS + 1)


def test_every_form_holds_every_figure_and_none_runs_or_breaks(lived: Bench) -> None:
    document = write(facts_of(lived), made(), Lang.JA)
    shape = json.loads(as_json(document))
    told = [one for section in shape["sections"] for one in section["figures"]]
    assert [one["key"] for one in told] == [one.key for one in figures(document)]
    assert shape["checkpoint"]["keys"] == list(document.made.head.keys)
    lines = table(document).splitlines()
    assert len(lines) == 1 + len(head_lines(document)) + len(told)
    page = rendered(document, ReportFormat.HTML).decode()
    text = markdown(document)
    for one in figures(document):
        assert one.label in page
        assert one.label in text
    assert "<株式会社>" not in page + text
    assert "<script" not in page
    assert "A" * 999 not in page + text  # nobody types an ML-DSA key off a page


def test_no_cell_of_the_table_is_a_formula(lived: Bench) -> None:
    document = write(facts_of(lived), made(), Lang.JA)
    section = document.sections[0]
    wicked = replace(section.figures[0], label="=cmd|' /C calc'!A0")
    changed = replace(document, sections=(replace(section, figures=(wicked,)),))
    assert "'=cmd|" in table(changed)


def test_an_outcome_of_every_kind_is_counted_once(lived: Bench) -> None:
    lived.add(outcome=Outcome.DENY)
    lived.sequence(300)
    assert facts_of(lived, size=9).events == 9


@pytest.mark.parametrize("lang", Lang)
def test_every_alarm_that_may_sound_has_its_line(lang: Lang) -> None:
    """The report failed whole once an emergency access had been opened: that rule had no words."""
    assert {f"reports.R14.alarm.{rule.value}" for rule in Rule} <= set(domain("reports", lang))
