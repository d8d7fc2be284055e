"""Connected systems hear whom a purge erased: after the rows went, nobody twice or left out."""

import contextlib
import os
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update

import dsar.models  # noqa: F401 - tasks of colleagues hang on requests
from audit.actions import EventCode
from dsar.connected.purged import done_by_hand, known_by, tell
from dsar.connected.telling import AGAIN
from dsar.errors import NothingByHandError
from governance.connectors.my_number import BY_HAND
from governance.connectors.types import (
    Asking,
    Connector,
    Erased,
    Erasure,
    Failed,
    PersonKeys,
    Reason,
)
from governance.core.terms import SubjectId
from governance.db.engine import Database
from governance.db.types import table_of
from governance.keys.errors import KeyDestroyedError
from governance.keys.models import DataKeyRow
from governance.keys.vault import PART
from retention import service
from retention.certificate import certificate
from retention.errors import RetentionRefusedError
from retention.outside import PERSON, end_again, forget
from retention.parts.outside import OutsideEnd, waiting
from retention.plans import RunState
from tests.installation import events
from tests.retention.town import NOW, OFFICER, SUPPORT, Killed, Killer, Town

TOLD = "purge,erased"
KEY = table_of(DataKeyRow)
SOAK = "SEKISHO_SOAK" in os.environ
DEATHS = range(1, 90) if SOAK else (45,)  # statements of a run on which it dies
TELLING = [(where, n) for where in ("data", "keys") for n in range(1, 12)]  # and of telling
TELLING = TELLING if SOAK else [("data", 5)]


@dataclass
class System:
    """A connected system that answers as it is told to; else it has erased one record."""

    name: str = "shop"
    answers: list[Erasure] = field(default_factory=list)
    asked: list[tuple[str, PersonKeys]] = field(default_factory=list)

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:
        self.asked.append((asking.key, person))
        return self.answers.pop(0) if self.answers else Erased(records=1)

    @property
    def told(self) -> list[SubjectId]:
        return [person.subject for _, person in self.asked]


@pytest.fixture
def joined(town: Town) -> Town:
    """Two who are due (a law keeps something of one), one held, one a customer."""
    town.ports = replace(town.ports, connected=lambda: ("shop",))
    gone = {"status": "withdrawn", "withdrawn": date(2020, 1, 1)}
    town.settle("gone", **gone)
    town.settle("ledger", purchases=({"purchased_on": date(2021, 3, 1)},), **gone)
    town.settle("held", held=True, **gone)
    town.settle("active", purchases=({"purchased_on": date(2025, 1, 1)},))
    town.adopt()
    return town


def ask(town: Town, *systems: System, later: timedelta = timedelta(0)) -> int:
    connectors: list[Connector] = list(systems)  # type: ignore[arg-type] # stand-ins
    return tell(town.ports, OFFICER, connectors, at=town.now + later, limit=10)


def left(town: Town) -> tuple[OutsideEnd, ...]:
    with town.ports.database.read() as tx:
        return waiting(tx, limit=10, table=PERSON)


def lines(town: Town) -> dict[SubjectId, tuple[str, bytes | None]]:
    with town.ports.database.read() as tx:
        return {
            SubjectId(row.subject_id): (row.id, row.sealed) for row in tx.execute(select(PERSON))
        }


def test_who_went_is_told_by_what_the_systems_know_and_nobody_else(joined: Town) -> None:
    shop, cards = System(), System("cards")
    assert ask(joined, shop) == 0, "nobody went"
    run = joined.start(joined.plan())
    joined.drive(run)
    gone, ledger = joined.people["gone"], joined.people["ledger"]
    line, sealed = lines(joined)[gone]
    assert sealed is not None
    assert ask(joined, shop, cards) == 2
    assert sorted(shop.told) == sorted(cards.told) == sorted([gone, ledger])
    person = dict(zip(shop.told, (keys for _, keys in shop.asked), strict=True))[gone]
    assert (person.customers, person.emails) == (("C000001",), ("marked-gone@example.com",))
    assert (left(joined), {one for _, one in lines(joined).values()}) == ((), {None})
    with pytest.raises(KeyDestroyedError):  # what a backup holds of the line
        joined.ports.vault.open_row(line, {PART: sealed})
    assert ask(joined, shop) == 0
    assert joined.drive(run).state is RunState.DONE
    assert ask(joined, shop) == 0
    with joined.ports.database.read() as tx:
        told = [str(one.reasons) for one in events(tx, EventCode.CONNECTOR_CALLED)]
        paper = certificate(tx, run)
    assert told == [TOLD] * 4
    assert paper.as_json()["connected"] == {"persons": 2, "waiting": 0}


def test_without_connected_systems_nothing_is_noted(joined: Town) -> None:
    joined.ports = replace(joined.ports, connected=tuple)
    assert joined.purge().erased == 2
    assert lines(joined) == {}


def test_one_that_fails_is_asked_again_under_one_key_and_ends_by_hand(joined: Town) -> None:
    joined.purge()
    failing = System(answers=[Failed(reason=Reason.TIMEOUT)] * 4)
    hand = System("archive", answers=[BY_HAND, BY_HAND])
    assert ask(joined, failing, hand) == 0
    assert ask(joined, failing, hand) == 0, "not before its time"
    assert ask(joined, failing, hand, later=AGAIN[0]) == 0
    assert (len(failing.asked), len({key for key, _ in failing.asked}), len(hand.asked)) == (
        4,
        2,
        2,
    )
    assert ask(joined, failing, hand, later=timedelta(days=2)) == 0
    assert all(one.answers["shop"].state == "erased" for one in left(joined))
    first, second = left(joined)
    for who, row, name in ((SUPPORT, first.id, "archive"), (OFFICER, first.id, "shop")):
        with pytest.raises((RetentionRefusedError, NothingByHandError)):
            known_by(joined.ports, who, row, name, at=joined.now)
    known = known_by(joined.ports, OFFICER, first.id, "archive", at=joined.now)
    assert known.customers[0] in {"C000001", "C000002"}
    for one in (first, second):
        done_by_hand(joined.ports, OFFICER, one.id, "archive", at=joined.now)
    assert ask(joined, failing, hand) == 2
    assert left(joined) == ()


@pytest.mark.parametrize("n", DEATHS)
def test_death_at_a_statement_of_the_run_forgets_nobody_and_tells_of_nobody_who_stays(
    joined: Town, n: int
) -> None:
    run = joined.start(joined.plan())
    with Killer(joined.ports.database.writer_engine, n), contextlib.suppress(Killed):
        joined.drive(run)
    there = joined.present()
    assert set(lines(joined)) == {
        joined.people[name] for name in ("gone", "ledger") if name not in there
    }, "a line stands where the rows went, in one transaction"
    after = joined.restarted()
    after.drive(run)
    shop = System()
    assert (ask(after, shop), len(shop.asked)) == (2, 2)
    assert sorted(shop.told) == sorted(after.people[name] for name in ("gone", "ledger"))


@pytest.mark.parametrize(("where", "n"), TELLING)
def test_death_while_systems_are_told_asks_again_under_the_same_key(
    joined: Town, keys: Database, where: str, n: int
) -> None:
    joined.purge()
    shop = System()
    engine = {"data": joined.ports.database, "keys": keys}[where].writer_engine
    with Killer(engine, n), contextlib.suppress(Killed):
        ask(joined, shop)
    after = joined.restarted()
    ask(after, shop, later=AGAIN[0])
    assert len({key for key, _ in shop.asked}) == 2, "one question a person, however often asked"
    assert (left(after), {one for _, one in lines(after).values()}) == ((), {None})
    with after.ports.database.read() as tx:
        told = [str(one.reasons) for one in events(tx, EventCode.CONNECTOR_CALLED)]
    assert told == [TOLD] * 2


def test_a_line_that_an_older_database_brings_back_after_the_answers_closes_unasked(
    joined: Town,
) -> None:
    joined.purge()
    before = lines(joined)
    ask(joined, System())

    def older(tx: Connection) -> None:
        for line, sealed in before.values():
            again = update(PERSON).where(PERSON.c.id == line)
            tx.execute(again.values(sealed=sealed, ended_at=None, answers="{}"))

    joined.ports.database.write(older)
    shop = System()
    assert (ask(joined, shop), shop.asked, left(joined)) == (2, [], ())


def test_what_the_key_store_of_before_opens_again_ends_again(joined: Town, keys: Database) -> None:
    joined.purge()
    with keys.read() as tx:
        of_before = [dict(row) for row in tx.execute(select(KEY)).mappings()]
    ask(joined, System())

    def older(tx: Connection) -> None:
        tx.execute(delete(KEY))
        tx.execute(insert(KEY), of_before)

    keys.write(older)
    assert (end_again(joined.ports), end_again(joined.ports)) == (2, 0)


def test_a_line_goes_with_its_tombstone_once_all_have_answered(joined: Town) -> None:
    joined.purge()
    joined.now = NOW.replace(year=2050)
    joined.ports.database.write(lambda tx: service.forget(tx, at=joined.now))
    assert len(lines(joined)) == 2, "nobody is forgotten whose systems have not answered"
    ask(joined, System())
    joined.ports.database.write(forget)
    assert lines(joined) == {}
