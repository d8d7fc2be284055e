"""The ledger on both engines: one order, no gaps, nothing changes."""

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select

from consent import ledger
from consent.ledger import NewEvent
from consent.types import EVERY, EventKind
from governance.core.ids import new_subject_id
from governance.core.terms import Law, PurposeId, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database
from tests.installation import AT

OFFERS = PurposeId("mail_marketing")


@pytest.fixture
def person(database: Database) -> SubjectId:
    subject = new_subject_id()
    new = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
    database.write(lambda tx: add_subjects(tx, [new], at=AT))
    return subject


def given(subject: SubjectId, **other: object) -> NewEvent:
    plain = {
        "id": ledger.new_event_id(),
        "subject": subject,
        "purpose": OFFERS,
        "kind": EventKind.GIVEN,
        "occurred_at": AT,
    }
    return NewEvent(**(plain | other))  # type: ignore[arg-type] # named fields of the event


FIRST = 2  # of the events: 1 is the place of the person's own coming


def seqs(tx: Connection) -> list[int]:
    return list(tx.execute(select(ledger.EVENT.c.seq).order_by(ledger.EVENT.c.id)).scalars())


def test_an_empty_ledger_stands_at_nothing(database: Database) -> None:
    with database.read() as tx:
        assert ledger.head(tx) == 0
    assert database.write(lambda tx: ledger.append(tx, [], at=AT)) == 0


def test_what_was_appended_is_read_back_whole(database: Database, person: SubjectId) -> None:
    written = given(
        person,
        channel="email",
        recipient_class="internal",
        notice="marketing",
        notice_version="3.1",
        guardian=True,
        valid_until=AT,
        import_run="run",
        source_key="K000001",
    )
    last = database.write(lambda tx: ledger.append(tx, [written, given(person)], at=AT))
    with database.read() as tx:
        first, second = ledger.full_history(tx, person)
        assert set(ledger.said_under(tx, ["K000001", "K9"])) == {"K000001"}
        assert ledger.counts_by_kind(tx) == {(OFFERS, "given"): 2}
    assert (first.seq, second.seq, last) == (FIRST, FIRST + 1, FIRST + 1)
    shared = {field.name for field in fields(first)} - {"seq"}
    for name in shared:
        assert getattr(first, name) == getattr(written, name), name


def test_a_history_holds_the_purpose_and_what_was_said_to_all(
    database: Database, person: SubjectId
) -> None:
    said = [
        given(person),
        given(person, purpose=EVERY, kind=EventKind.RESTRICTED),
        given(person, purpose=PurposeId("ad_matching")),
    ]
    database.write(lambda tx: ledger.append(tx, said, at=AT))
    with database.read() as tx:
        assert [event.seq for event in ledger.history(tx, person, OFFERS)] == [FIRST, FIRST + 1]


def test_eight_writers_leave_no_gap_and_one_order(database: Database, person: SubjectId) -> None:
    rounds, writers = 12, 8
    seen: list[int] = []
    lock = threading.Lock()

    def write(n: int) -> None:
        for k in range(rounds):
            batch = [given(person) for _ in range(1 + (n + k) % 3)]
            last = database.write(partial(ledger.append, events=batch, at=AT))
            with lock:
                seen.append(last)
            with database.read() as tx:
                head, found = ledger.head(tx), sorted(seqs(tx))
                assert found == list(range(FIRST, len(found) + FIRST)), "a later one was seen first"
                assert len(found) + 1 >= head, "the head names an event that nobody sees"

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    with database.read() as tx:
        assert sorted(seqs(tx)) == list(range(FIRST, ledger.head(tx) + 1))
    assert len(set(seen)) == len(seen) == rounds * writers


def test_a_rolled_back_append_leaves_no_number_behind(
    database: Database, person: SubjectId
) -> None:
    def fail(tx: Connection) -> None:
        ledger.append(tx, [given(person)], at=AT)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(fail)
    assert database.write(lambda tx: ledger.append(tx, [given(person)], at=AT)) == FIRST


def test_a_sequence_number_is_taken_once(database: Database, person: SubjectId) -> None:
    database.write(lambda tx: ledger.append(tx, [given(person)], at=AT))
    twin = ledger._values(given(person), seq=FIRST, at=AT)
    with pytest.raises(Exception, match=r"UNIQUE|duplicate key"):
        database.write(lambda tx: tx.execute(insert(ledger.EVENT), [twin]))


def test_the_ledger_offers_nothing_that_changes_or_removes() -> None:
    source = inspect.getsource(ledger)
    assert "delete(" not in source
    assert "update(" not in source
