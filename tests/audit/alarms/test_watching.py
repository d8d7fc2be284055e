"""The watch looks at each hour once, and its alarms are events that nobody takes back."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from audit.actions import EventCode
from audit.alarms import watching
from audit.alarms.counting import actor_hours, log_hours
from audit.alarms.rules import LEAST_HISTORY
from audit.alarms.types import ActorHour, Rule, Watching
from audit.alarms.watching import (
    alarms,
    lift_honey,
    load_watching,
    place_honey,
    tried,
    watch_once,
    with_limit,
    would_be,
)
from audit.decisions.store import Numbered, write_batch
from audit.decisions.types import Decision
from audit.errors import AlarmFileError
from audit.models import CHECKPOINTS, EVENTS
from audit.types import Outcome
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, unguarded
from tests.audit.decisions.book import decision

LATER = NOW + timedelta(hours=1)
BY = ActorId("u:officer")


def alerts(bench: Bench) -> list[str]:
    with bench.db.read() as tx:
        found = select(EVENTS.c.reasons).where(EVENTS.c.action == EventCode.LOG_ALERT.value)
        return sorted(tx.execute(found).scalars())


def watch(bench: Bench, hours: int = 1) -> int:
    return watch_once(bench.db, bench.log, Watching(), at=NOW + timedelta(hours=hours))


def test_a_burst_of_refusals_and_a_decoy_raise_one_alarm_each(bench: Bench) -> None:
    assert watch(bench, 0) == 0  # the watch begins
    bench.db.write(lambda tx: place_honey(tx, SUBJECT, by=BY, at=NOW))
    bench.add(count=25, outcome=Outcome.DENY, subject=SUBJECT)
    bench.sequence()
    assert watch(bench, 0) == 0  # the hour is not over
    assert watch(bench) == 2
    assert watch(bench) == 0
    assert alerts(bench) == ["denied", "honey"]
    with bench.db.read() as tx:
        found = {alarm.rule: alarm for alarm in alarms(tx, limit=10)}
    assert (found[Rule.DENIED].number, found[Rule.DENIED].limit) == (25, 20)
    assert found[Rule.HONEY].actor == "u:officer"
    assert bench.verify().finding is None


def test_after_it_is_lifted_a_decoy_is_a_person_again(bench: Bench) -> None:
    watch(bench, 0)
    bench.db.write(lambda tx: place_honey(tx, SUBJECT, by=BY, at=NOW))
    assert bench.db.write(lambda tx: lift_honey(tx, SUBJECT))
    assert not bench.db.write(lambda tx: lift_honey(tx, SUBJECT))
    bench.add(subject=SUBJECT)
    bench.sequence()
    assert watch(bench) == 0


def test_a_clock_set_back_and_a_late_signature_are_told(bench: Bench) -> None:
    watch(bench, 0)
    bench.add()
    bench.sequence(120)
    bench.add()
    bench.sequence(60)  # a minute back
    with unguarded(bench.db) as tx:
        tx.execute(update(CHECKPOINTS).values(signed_at=NOW + timedelta(minutes=55)))
    assert watch(bench) == 2
    assert alerts(bench) == ["clock", "gap"]


def test_history_shows_how_often_a_rule_would_speak_before_it_is_switched_on(bench: Bench) -> None:
    bench.add(count=12)
    bench.sequence(12 * 3600)  # 06:00 in Japan
    at = NOW + timedelta(hours=14)
    with bench.db.read() as tx:
        alarms_ = would_be(tx, Watching(), since=NOW, at=at)
        lower = with_limit(Watching(), Rule.OFF_HOURS, 13)
        none = would_be(tx, lower, since=NOW, at=at)
    found = {one.rule: one for one in tried(alarms_, Watching(), since=NOW, at=at)}
    assert {alarm.rule for alarm in none}.isdisjoint({Rule.OFF_HOURS})
    assert (found[Rule.OFF_HOURS].alarms, found[Rule.OFF_HOURS].on) == (1, False)
    assert found[Rule.OFF_HOURS].a_week == pytest.approx(12)
    assert alerts(bench) == []


def test_a_watch_that_dies_leaves_nothing_and_looks_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(bench, 0)
    bench.add(count=25, outcome=Outcome.DENY)
    bench.sequence()
    with monkeypatch.context() as patch:
        patch.setattr(watching, "new_row_id", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watch(bench)
    assert alerts(bench) == []
    assert watch(bench) == 1


def test_a_file_changes_the_rules_it_names(tmp_path: Path) -> None:
    path = tmp_path / "alarms.toml"
    path.write_text("[volume]\non = true\nlimit = 9\n[hours]\nopens = 09:00:00\nweekend = true\n")
    found = load_watching(path)
    assert (found.on(Rule.VOLUME), found.limit(Rule.VOLUME)) == (True, 9)
    assert found.limit(Rule.DENIED) == 20
    assert (found.opens.hour, found.weekend) == (9, True)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[volum]\non = true\n", "volum"),
        ("[volume]\nof = true\n", "volume"),
        ("[volume]\nlimit = 0\n", "volume"),
        ("[volume]\nlimit = true\n", "volume"),
        ("volume = 3\n", "volume"),
        ("[hours]\nopens = 9\n", "hours.opens"),
        ("[hours]\nopen = 09:00:00\n", "hours"),
        ("hours = 3\n", "hours"),
        ("[", "-"),
    ],
)
def test_a_wrong_file_is_told_with_its_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "alarms.toml"
    path.write_text(text)
    with pytest.raises(AlarmFileError) as raised:
        load_watching(path)
    assert raised.value.params["key"] == key


def hours(bench: Bench) -> dict[str, ActorHour]:
    with bench.db.read() as tx:
        return {hour.actor: hour for hour in actor_hours(tx, since=NOW, until=LATER)}


def test_a_search_counts_everybody_whom_it_showed(bench: Bench) -> None:
    shown = tuple(f"person:{new_subject_id()}" for _ in range(30))
    bench.add(action=EventCode.PERSON_SEARCHED, object_type="search", refs=shown)
    bench.add(subject=SUBJECT)
    bench.add(subject=SUBJECT)
    bench.sequence()
    found = hours(bench)["u:officer"]
    assert (found.reads, found.persons) == (32, 31)


def test_a_decoy_that_a_search_showed_was_touched(bench: Bench) -> None:
    bench.db.write(lambda tx: place_honey(tx, SUBJECT, by=BY, at=NOW))
    bench.add(action=EventCode.PERSON_SEARCHED, refs=(f"person:{OTHER}", f"person:{SUBJECT}"))
    bench.add(action=EventCode.PERSON_SEARCHED, refs=(f"person:{OTHER}",))
    bench.sequence()
    assert hours(bench)["u:officer"].honey == 1


def test_decisions_count_unless_the_person_alone_refused(bench: Bench) -> None:
    def refused(reason: str, count: int) -> list[Decision]:
        return [decision(outcome=Outcome.DENY, reasons=reason) for _ in range(count)]

    asked = [
        *refused("denied.actor.no_rule", 3),
        *refused("denied.purpose.channel", 5),
        *refused("denied.subject.unknown", 7),
        *refused("denied.subject.withdrawn", 50),
        decision(),
    ]
    batch = Numbered(stream="web-1", first=1, decisions=asked)
    bench.db.write(lambda tx: place_honey(tx, SUBJECT, by=BY, at=NOW))
    bench.db.write(lambda tx: write_batch(tx, bench.log, batch, at=NOW))
    bench.sequence()
    found = hours(bench)["svc:mailer"]
    assert (found.denied, found.reads, found.honey) == (15, 1, 66)


def test_an_actor_far_above_their_own_past_is_told_and_a_calm_one_not(bench: Bench) -> None:
    for hour in range(LEAST_HISTORY):
        bench.add(count=2)
        bench.add(count=2, actor=ActorId("u:calm"))
        bench.sequence(hour * 3600)
    bench.add(count=60)
    bench.add(count=2, actor=ActorId("u:calm"))
    bench.sequence(LEAST_HISTORY * 3600)
    since = NOW + timedelta(hours=LEAST_HISTORY)
    with bench.db.read() as tx:
        alarms_ = would_be(tx, Watching(), since=since, at=since + timedelta(hours=1))
    (told,) = [alarm for alarm in alarms_ if alarm.rule is Rule.VOLUME]
    assert (told.actor, told.number, told.limit, told.usual) == ("u:officer", 60, 50, 2)


def longest(bench: Bench, *, until: timedelta = timedelta(hours=1)) -> timedelta:
    with bench.db.read() as tx:
        found = log_hours(tx, since=NOW, until=NOW + until, at=NOW + until)
        return max((hour.unsigned for hour in found), default=timedelta(0))


def test_a_sequencer_that_stood_still_is_told_by_what_it_placed_late(bench: Bench) -> None:
    bench.add()
    bench.sequence()
    bench.add(occurred_at=NOW + timedelta(minutes=5))
    bench.sequence(50 * 60)
    assert longest(bench) == timedelta(minutes=45)


def test_a_sequencer_that_stands_still_is_told_by_what_waits(bench: Bench) -> None:
    bench.add()
    bench.sequence()
    bench.add(occurred_at=NOW + timedelta(minutes=5))
    assert longest(bench) == timedelta(minutes=55)
    assert longest(bench, until=timedelta(minutes=4)) == timedelta(0)  # it was not there yet


def test_long_work_that_records_under_its_beginning_is_no_gap(bench: Bench) -> None:
    for minute in range(0, 55, 5):
        bench.add()  # each under the time at which the work began
        bench.sequence(minute * 60)
    assert longest(bench) == timedelta(minutes=5)
