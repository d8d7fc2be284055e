"""The calendar of due dates says what a look at everybody says, whatever was written between."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from consent import ledger as consent_ledger
from consent.ledger import NewEvent
from consent.types import EventKind
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from governance.customers import store
from governance.customers.changes.touched import TOUCHED
from governance.customers.store import Record
from governance.customers.subjects import SubjectState
from retention import planning
from retention import store as schedules
from retention.calendar import keeping, reading
from retention.calendar import store as kept
from retention.calendar.rules import Change
from retention.facts import fact_pages
from retention.planning import Draft, Drawn
from tests.retention.parts.lines import schedule
from tests.retention.town import NOW, TODAY, Killed, Killer, Town

INQUIRY, PERSON = store.TABLES["inquiry"], store.TABLES["person"]
PARTS = """
  - id: TEXTS
    label: {ja: 応対の記録, en: Texts of inquiries}
    basis: {ja: 社内規程, en: Company rule}
    table: inquiry
    fields: [inquiry.body]
    since: {first_of: [task_ended]}
    period: {years: 3}
    action: "null"
  - id: INTERESTS
    label: {ja: 趣味, en: Interests}
    basis: {ja: 同意の撤回, en: Consent withdrawn}
    table: person
    fields: [person.name]
    purposes: [P02]
    since: {first_of: [consent_withdrawn]}
    period: {days: 10}
    action: "null"
""".replace("person.name", "person.interests").replace("P02", "mail_marketing, purchase_analysis")


def look(town: Town) -> None:
    """The calendar is as today sees it."""
    for _ in range(100):
        done = town.ports.database.write(
            lambda tx: keeping.step(tx, cursor=None, limit=3, at=town.now)
        )
        if done.finished:
            return
    raise AssertionError("the calendar comes to no end")


def said(drawn: Drawn) -> tuple[object, ...]:
    """A plan without the numbers that each plan has of its own."""
    items = {
        (i.subject, i.decision, i.rule, i.basis, i.due_on, i.ledger_until, i.fence, i.keeps)
        for i in drawn.items
    }
    parts = {(p.subject, p.rule, p.decision, p.rows, p.due_on, p.digest) for p in drawn.parts}
    return items, parts, {key: n for key, n in drawn.counts.items() if n}


def same(town: Town, on: date) -> bool:
    """Whether the calendar was used, once both ways were compared."""
    with town.ports.database.read() as tx:
        used = schedules.in_force(tx)
        scratch = Draft(schedule=used, cutoff=on)
        for page in fact_pages(tx, used, at=on):
            scratch.take(tx, page)
        assert said(planning.drawn_up(tx, used, on=on)) == said(scratch.made())
        return reading.by_calendar(tx, used, on=on) is not None


class Life:
    """What happens in a town, drawn from a seed, by the doors that the product writes through."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.random = town, random.Random(seed)  # noqa: S311 - a test's dice
        self.acts: list[Callable[[Connection], None]] = [
            self.arrive,
            self.buy,
            self.close,
            self.hold,
            self.restrict,
            self.withdraw,
            self.leave,
        ]

    def someone(self) -> str:
        return self.random.choice(sorted(self.town.people))

    def day(self) -> date:
        return TODAY - timedelta(days=self.random.randint(0, 12 * 365))

    def act(self) -> None:
        wanted = self.random.choice(self.acts)
        if wanted == self.arrive:
            name = f"p{len(self.town.people)}"
            self.town.settle(name, registered=self.day(), status=self.random.choice(STATUSES))
        else:
            self.town.ports.database.write(wanted)

    def arrive(self, tx: Connection) -> None:
        """Somebody new; written by the town itself."""

    def buy(self, tx: Connection) -> None:
        name, row = self.someone(), new_row_id()
        clear = {"source_key": row, "type": "single", "recorded_at": NOW}
        clear |= {"purchased_on": self.day(), "payment_status": self.random.choice(PAYMENTS)}
        self.insert(tx, "purchase", name, clear)

    def insert(self, tx: Connection, table: str, name: str, clear: dict[str, Any]) -> None:
        subject = self.town.people[name]
        record = Record(table=table, id=new_row_id(), subject=subject, clear=clear, sealed={})
        store.insert_records(tx, [record])

    def close(self, tx: Connection) -> None:
        subject = self.town.people[self.someone()]
        mine = INQUIRY.c.subject_id == subject
        row = tx.execute(select(INQUIRY.c.id).where(mine)).scalars().first()
        if row is not None:
            at = datetime.combine(self.day(), NOW.timetz())
            clear = {"closed_at": at}
            record = Record(table="inquiry", id=row, subject=subject, clear=clear, sealed={})
            store.update_record(tx, record)

    def hold(self, tx: Connection) -> None:
        subject = self.town.people[self.someone()]
        store.place_hold(tx, subject, matter="m:1", by="u:l", at=NOW)

    def restrict(self, tx: Connection) -> None:
        state = self.random.choice([SubjectState.RESTRICTED, SubjectState.ACTIVE])
        store.set_state(tx, self.town.people[self.someone()], state)

    def withdraw(self, tx: Connection) -> None:
        events = [
            NewEvent(
                id=consent_ledger.new_event_id(),
                subject=self.town.people[self.someone()],
                purpose=purpose,
                kind=self.random.choice([EventKind.WITHDRAWN, EventKind.GIVEN]),
                occurred_at=NOW - timedelta(days=self.random.randint(0, 30)),
            )
            for purpose in ("mail_marketing", "purchase_analysis")
        ]
        consent_ledger.append(tx, events, at=NOW)

    def leave(self, tx: Connection) -> None:
        subject = self.town.people[self.someone()]
        row = tx.execute(select(PERSON.c.id).where(PERSON.c.subject_id == subject)).scalar_one()
        clear = {"status": "withdrawn", "withdrawn_on": self.day()}
        cells = {FieldId("person.interests"): b"sealed"}
        store.update_record(
            tx, Record(table="person", id=row, subject=subject, clear=clear, sealed=cells)
        )


STATUSES = ("active", "withdrawn", "prospect")
PAYMENTS = ("paid", "unpaid")


@pytest.mark.parametrize("seed", range(2))
def test_the_calendar_says_what_a_look_at_everybody_says(town: Town, seed: int) -> None:
    for n in range(4):
        town.settle(f"p{n}", registered=date(2010 + 4 * n, 4, 1))
    town.adopt(schedule(PARTS, duties=True).text)
    life, used = Life(town, seed), 0
    look(town)
    for n in range(18):
        life.act()
        if n % 6 == 5:
            look(town)
        if n % 3 == 2:
            for days in (0, 1, 400, 4000):
                used += same(town, TODAY + timedelta(days=days))
    assert used >= 18  # law of later days may be another, whose plan looks at everybody
    if seed == 0:
        town.purge()
        assert same(town, TODAY)
        look(town)
        assert same(town, TODAY)


def test_a_plan_reads_nobody_who_rests(town: Town) -> None:
    for n in range(8):
        town.settle(f"p{n}", registered=TODAY - timedelta(days=30 + n))
    town.settle("old", registered=date(2000, 1, 1), status="prospect")
    town.adopt()
    look(town)
    with town.ports.database.read() as tx:
        known = reading.by_calendar(tx, schedules.in_force(tx), on=TODAY)
        assert known is not None
        assert known.wanted == (town.people["old"],)
        assert sum(known.resting.values()) == 9


def test_nobody_relies_on_a_calendar_of_another_schedule(town: Town) -> None:
    town.settle("ando", registered=date(2000, 1, 1), status="prospect")
    town.adopt()
    look(town)
    assert same(town, TODAY)
    town.adopt(schedule(PARTS).text)
    assert not same(town, TODAY)
    look(town)
    assert same(town, TODAY)


def test_a_changed_rule_is_told_before_and_after(town: Town) -> None:
    for n in range(5):
        town.settle(f"p{n}", registered=date(2024, 10, 2), status="prospect")
    town.adopt()
    look(town)
    shorter = schedule("\n  []").text.replace("period: {years: 2}", "period: {years: 1}")
    town.adopt(shorter.replace("parts:\n  []", ""))
    look(town)
    with town.ports.database.read() as tx:
        run = kept.recomputes(tx)[0]
        moved = kept.moves_of(tx, run.id)
    assert (run.ended_because, run.persons) == ("done", 5)
    assert moved == {
        (Change.NEWLY_DUE, "D2_PROSPECT_2Y_NOT_YET", "D2_PROSPECT_2Y", "2025-10"): 5,
    }


def test_a_killed_recomputation_counts_everybody_once(town: Town) -> None:
    for n in range(7):
        town.settle(f"p{n}", registered=date(2001, 1, 1), status="prospect")
    town.adopt()
    for at in range(2, 60, 5):
        try:
            with Killer(town.ports.database.writer_engine, at):
                look(town)
        except Killed:
            continue
    look(town)
    with town.ports.database.read() as tx:
        (run,) = kept.recomputes(tx)
        lines = tx.execute(select(func.count()).select_from(kept.DUE)).scalar_one()
        assert (run.persons, lines) == (7, 7)
        assert sum(kept.moves_of(tx, run.id).values()) == 7
        assert tx.execute(select(func.count()).select_from(TOUCHED)).scalar_one() == 0


def test_all_of_it_is_made_anew_after_thirty_days_and_nothing_moves(town: Town) -> None:
    town.settle("ando", registered=date(2001, 1, 1), status="prospect")
    town.adopt()
    look(town)
    town.now += timedelta(days=31)
    look(town)
    with town.ports.database.read() as tx:
        again, first = kept.recomputes(tx)
        assert again.before == again.after == first.after
        assert {kind for kind, *_ in kept.moves_of(tx, again.id)} == {Change.SAME}


def test_steps_whose_runs_overlap_follow_one_another(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        town.settle(f"p{n}", registered=TODAY - timedelta(days=4_000))
    both, seen = threading.Barrier(2), keeping.looked_at

    def at_once(*args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # two steps that may overlap have both removed their lines by now
        return seen(*args, **kwargs)

    def step(_: int) -> object:
        return town.ports.database.write(
            lambda tx: keeping.step(tx, cursor=None, limit=3, at=town.now)
        )

    monkeypatch.setattr(keeping, "looked_at", at_once)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            both.reset()
            list(pool.map(step, range(2)))
    monkeypatch.setattr(keeping, "looked_at", seen)
    look(town)
    assert same(town, TODAY)
    with town.ports.database.read() as tx:
        begun = tx.execute(select(func.count()).select_from(kept.RECOMPUTE)).scalar()
    assert begun == 1
