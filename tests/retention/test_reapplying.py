"""After a restore nobody is served before the journal's decisions are done again."""

import contextlib
import os
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.sequencer import Turn, sequence_once
from consent.ledger import full_history
from consent.types import EventKind
from governance.core.ids import new_row_id
from governance.core.terms import EventId, FieldId, KeyClass, SubjectId
from governance.customers.store import SUBJECT, held, place_hold, records_of
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalEntry, JournalHead, JournalKind
from governance.keys.errors import SubjectErasedError
from retention import tombstones
from retention.errors import NotReappliedError, RetentionRefusedError
from retention.plans import RunState
from retention.reapplying import Outstanding, outstanding, reapply, require_reapplied
from retention.replaying import erase_again
from tests.audit.bench import draft
from tests.audit.worker import keys_at
from tests.installation import events
from tests.retention.town import NOW, OPERATOR, SUPPORT, Killed, Killer, Town


def left(town: Town) -> Outstanding:
    with town.ports.database.read() as tx:
        return outstanding(tx, town.ports)


def again(town: Town) -> Outstanding:
    return reapply(town.ports, OPERATOR, clock=town.clock)


def kinds_of(town: Town, subject: SubjectId) -> list[EventKind]:
    with town.ports.database.read() as tx:
        return [event.kind for event in full_history(tx, subject)]


def test_choices_are_done_again_once_in_their_order(town: Town) -> None:
    one = town.settle("one")
    before = kinds_of(town, one)
    town.journalled(
        one,
        JournalKind.WITHDRAWAL,
        JournalKind.OBJECTION,
        JournalKind.OBJECTION_LIFTED,
    )
    assert len(left(town).choices) == 3
    for _ in range(2):
        assert not again(town)
        assert kinds_of(town, one)[len(before) :] == [
            EventKind.WITHDRAWN,
            EventKind.OBJECTED,
            EventKind.OBJECTION_LIFTED,
        ]


def test_acts_of_one_event_are_each_done_again(town: Town) -> None:
    """A merge wrote several lines under its own id."""
    one, merge = town.settle("one"), new_row_id()
    for purpose in ("mail_marketing", "phone_marketing"):
        scope = f"{purpose}/*/*"
        town.journalled(one, JournalKind.WITHDRAWAL, event=merge, scope=scope)
    assert not again(town)
    assert not again(town)
    assert kinds_of(town, one).count(EventKind.WITHDRAWN) == 2


def test_a_hold_is_placed_again(town: Town) -> None:
    one = town.settle("one")
    town.journalled(one, JournalKind.HOLD, scope="matter-7")
    assert not again(town)
    with town.ports.database.read() as tx:
        assert held(tx, one)


def test_who_is_not_in_the_older_database_has_nothing_to_lose(town: Town) -> None:
    town.journalled(SubjectId(new_row_id()), JournalKind.WITHDRAWAL, JournalKind.ERASURE)
    assert not left(town)


def test_an_erasure_is_done_again_by_the_machine_that_erased(town: Town) -> None:
    one = town.settle("one")
    town.settle("two")
    town.journalled(one, JournalKind.ERASURE, scope="plan:1")
    assert again(town).erasures == (one,)
    (run,) = erase_again(town.ports, OPERATOR, left(town), worker=town.worker())
    assert (run.state, run.erased, town.present()) == (RunState.DONE, 1, {"two"})
    assert not again(town)
    assert erase_again(town.ports, OPERATOR, left(town), worker=town.worker()) == ()
    with town.ports.database.read() as tx:
        (told,) = events(tx, "erasure.executed")
    assert told.reasons == "restore"
    assert town.rows("two", "purchase") == 0


@pytest.mark.parametrize("said", [JournalKind.OBJECTION, JournalKind.WITHDRAWAL])
def test_a_no_of_somebody_who_was_erased_since_stops_no_restore(
    town: Town, said: JournalKind
) -> None:
    """Nothing of theirs opens any more, so that no token of theirs can be made."""
    one = town.settle("one")
    town.ports.vault.destroy(one, KeyClass.ACTIVE)
    town.journalled(one, said, JournalKind.ERASURE, scope="mail_marketing/*/*")
    assert again(town).erasures == (one,)
    erase_again(town.ports, OPERATOR, left(town), worker=town.worker())
    assert not left(town)


def test_what_a_law_keeps_stays_in_clear_where_nobody_opens_the_sealed_part(town: Town) -> None:
    """The keys ended with the first erasure: amounts and days are kept, names are not."""
    bought = {"purchased_on": date(2026, 3, 1), "payment_status": "paid"}
    one = town.settle("one", purchases=(bought,))
    town.ports.vault.destroy(one, KeyClass.ACTIVE)
    town.journalled(one, JournalKind.ERASURE)
    (run,) = erase_again(town.ports, OPERATOR, left(town), worker=town.worker())
    assert (run.state, town.rows("one", "purchase")) == (RunState.DONE, 1)
    with town.ports.database.read() as tx:
        (kept,) = records_of(tx, one, "purchase")
    assert FieldId("purchase.recipient_name") not in kept.sealed


def test_a_hold_that_was_released_is_released_again(town: Town) -> None:
    one = town.settle("one")
    row = town.ports.database.write(
        lambda tx: place_hold(tx, one, matter="suit:1", by="u:lawyer", at=NOW)
    )
    town.journalled(one, JournalKind.HOLD, JournalKind.RELEASE, event=row, scope="suit:1")
    town.journalled(one, JournalKind.ERASURE)
    found = left(town)
    assert (len(found.holds), len(found.releases), found.erasures) == (0, 1, (one,))
    again(town)
    with town.ports.database.read() as tx:
        assert not held(tx, one)


def test_a_hold_puts_an_erasure_off(town: Town) -> None:
    one = town.settle("one", held=True)
    town.journalled(one, JournalKind.ERASURE)
    assert (left(town).erasures, left(town).deferred, bool(left(town))) == ((), (one,), False)


@pytest.mark.parametrize("placed", ["before", "after"])
def test_a_hold_on_a_part_keeps_that_part_of_who_is_erased_again(town: Town, placed: str) -> None:
    """The older database knows of the hold, or the journal alone does."""
    one = town.settle("one")
    town.journalled(one, JournalKind.HOLD, scope="suit:1/table:inquiry")
    if placed == "before":
        again(town)
    town.journalled(one, JournalKind.ERASURE)
    assert (left(town).erasures, left(town).deferred) == ((one,), ())
    town.now = NOW + timedelta(days=2)  # a restore comes after what it does again
    erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert not left(town)
    assert (town.present(), town.rows("one", "inquiry")) == (set(), 1)


def test_an_erasure_that_was_lifted_is_none(town: Town) -> None:
    one, row = town.settle("one"), new_row_id()
    town.journalled(one, JournalKind.ERASURE, JournalKind.ERASURE_LIFTED, event=row)
    assert not left(town)


def test_a_purge_that_a_change_outran_says_so_in_the_journal(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line was written before the commit; the person stayed, and a restore must know."""
    one = town.settle("one", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.adopt()
    run = town.start(town.plan())
    real = Journal.append_many

    def held_between(self: Journal, entries: Iterable[JournalEntry]) -> tuple[JournalHead, ...]:
        several = list(entries)
        heads = real(self, several)
        if any(entry.kind is JournalKind.ERASURE for entry in several):
            town.ports.database.write(
                lambda tx: place_hold(tx, one, matter="suit:1", by="u:lawyer", at=NOW)
            )
        return heads

    monkeypatch.setattr(Journal, "append_many", held_between)
    assert town.drive(run).skipped == 1
    kinds = [found.entry.kind for found in town.ports.journal.replay()]
    assert kinds == [JournalKind.ERASURE, JournalKind.ERASURE_LIFTED]
    assert (left(town).erasures, left(town).deferred) == ((), ())


def test_nobody_is_served_after_a_restore_before_all_is_done_again(
    town: Town, tmp_path: Path
) -> None:
    one = town.settle("one")
    town.journalled(one, JournalKind.WITHDRAWAL)

    def serving(tx: Connection) -> None:
        require_reapplied(tx, town.ports)

    with town.ports.database.read() as tx:
        serving(tx)  # without a restore the journal is ahead of nothing
    refs = ("tree:0", "root:" + "e3" * 32, "lost:5", "lostroot:" + "ab" * 32, "note:1")
    log = town.ports.audit
    town.ports.database.write(lambda tx: log.append(tx, draft(EventCode.LOG_RESTORED, refs=refs)))
    signers = keys_at(tmp_path / "checkpoint")
    sequence_once(town.ports.database, signers, log, at=NOW, turn=Turn.STRICT)
    with town.ports.database.read() as tx, pytest.raises(NotReappliedError) as refused:
        serving(tx)
    assert refused.value.params == {"choices": 1, "holds": 0, "erasures": 0}
    again(town)
    with town.ports.database.read() as tx:
        serving(tx)


def test_only_who_may_restore_does_it_again(town: Town) -> None:
    with pytest.raises(RetentionRefusedError):
        reapply(town.ports, SUPPORT, clock=town.clock)


KEY_ENDED = f"plan:{new_row_id()}/key:WITHDRAWN"


def standing(town: Town, subject: SubjectId) -> tuple[str, str | None]:
    with town.ports.database.read() as tx:
        row = tx.execute(select(SUBJECT).where(SUBJECT.c.id == subject)).one()
    return row.state, row.kept_by_law


@pytest.mark.parametrize("opens", [False, True], ids=["key-gone", "key-of-an-older-copy"])
def test_of_whom_the_key_alone_ended_the_rows_stay_in_clear(town: Town, opens: bool) -> None:  # noqa: FBT001 # a table
    one = town.settle("one", purchases=({"purchased_on": date(2019, 5, 1)},))
    if not opens:
        town.ports.vault.destroy(one, KeyClass.ACTIVE)
    town.journalled(one, JournalKind.ERASURE, scope=KEY_ENDED)
    assert (left(town).erasures, left(town).key_ends) == ((one,), {one: "WITHDRAWN"})
    (run,) = erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert (run.state, run.erased, standing(town, one)) == (
        RunState.DONE,
        1,
        ("erased", "key:WITHDRAWN"),
    )
    with town.ports.database.read() as tx:
        (row,) = records_of(tx, one, "purchase")
        (stone,) = tombstones.tombstones(tx, subject=one)
    assert (row.clear["purchased_on"], row.sealed) == (date(2019, 5, 1), {})
    assert (town.rows("one", "search_row"), stone.key_classes) == (0, (KeyClass.ACTIVE,))
    with pytest.raises(SubjectErasedError):
        town.ports.vault.ensure_keys([one])
    assert not again(town)
    assert erase_again(town.ports, OPERATOR, again(town), worker=town.worker()) == ()


def test_whose_rows_went_after_the_key_is_erased_whole(town: Town) -> None:
    one = town.settle("one", purchases=({"purchased_on": date(2012, 5, 1)},))
    town.journalled(one, JournalKind.ERASURE, scope=KEY_ENDED)
    town.journalled(one, JournalKind.ERASURE, scope=f"plan:{new_row_id()}")
    assert left(town).key_ends == {}
    erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert (standing(town, one), town.rows("one", "purchase")) == (("erased", None), 0)


def test_rows_that_outlasted_their_key_in_the_older_database_go_as_they_went(town: Town) -> None:
    """The backup lies between the end of the key and the end of the rows."""
    one = town.settle("one", purchases=({"purchased_on": date(2012, 5, 1)},))
    town.journalled(one, JournalKind.ERASURE, scope=KEY_ENDED)
    town.now = NOW + timedelta(days=2)
    erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert not left(town)
    town.ports.journal.append(
        JournalEntry(
            kind=JournalKind.ERASURE,
            subject=one,
            scope=f"plan:{new_row_id()}",
            event=EventId(new_row_id()),
            consent_seq=None,
            at=NOW + timedelta(days=3),
        )
    )
    town.now = NOW + timedelta(days=4)
    assert left(town).erasures == (one,)
    erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert (standing(town, one), town.rows("one", "purchase")) == (("erased", None), 0)
    assert not left(town)


EVERY, MANY = range(1, 150), 10_000
STATEMENTS = EVERY if "SEKISHO_SOAK" in os.environ else range(2, 62, 12)  # on which it dies


@pytest.mark.parametrize("n", STATEMENTS)
def test_death_at_a_statement_is_recovered(town: Town, n: int) -> None:
    """Whoever was erased is erased once, whoever was not is whole, the hold stands."""
    gone, kept, other = decided(town)
    killer = Killer(town.ports.database.writer_engine, n)
    with killer, contextlib.suppress(Killed):
        erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    after = town.restarted()
    erase_again(after.ports, OPERATOR, again(after), worker=after.worker())
    assert not left(after)
    assert after.present() == {"kept", "other"}
    with after.ports.database.read() as tx:
        assert held(tx, kept)
        assert [stone.subject for stone in tombstones.tombstones(tx)] == [gone]
    assert kinds_of(after, other).count(EventKind.WITHDRAWN) == 1


def test_the_deaths_above_reach_beyond_the_last_statement(town: Town) -> None:
    decided(town)
    killer = Killer(town.ports.database.writer_engine, MANY)
    with killer:
        erase_again(town.ports, OPERATOR, again(town), worker=town.worker())
    assert MANY - killer.left < EVERY.stop


def decided(town: Town) -> list[SubjectId]:
    """Before the older database was put back one was erased, one held, one withdrew."""
    gone, kept, other = made = [town.settle(name) for name in ("gone", "kept", "other")]
    town.journalled(gone, JournalKind.ERASURE)
    town.journalled(kept, JournalKind.HOLD, scope="matter-7")
    town.journalled(other, JournalKind.WITHDRAWAL)
    return made
