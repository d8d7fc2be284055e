"""What a hold covers stays, the rest goes, and what waited goes on once it is released."""

from datetime import date

import pytest
from sqlalchemy import select

from consent.service import subject_gate
from governance.approvals.errors import ApprovalForbiddenError
from governance.core.terms import FieldId, KeyClass
from governance.customers import store as customers
from governance.customers.holds.reading import held_parts
from governance.customers.holds.types import Comparison, Condition, ScopeKind, What
from governance.jobs.journal_record import JournalKind
from governance.keys import store as keys
from retention import service as retention
from retention.errors import RetentionRefusedError, SubjectNotErasableError
from retention.holds import deferring, releasing, service, store
from retention.holds.errors import (
    HoldClosedError,
    HoldConditionError,
    HoldFormError,
    HoldNotStandingError,
    HoldPersonUnknownError,
)
from retention.holds.types import ActKind, DeferredGround, Wanted
from retention.plans import RunState
from tests.retention.holds.conftest import SUIT, Court, placing, subject
from tests.retention.town import CHIEF, NOW, OFFICER, SUPPORT

EMAIL = FieldId("person.email")
LONG_AGO = date(2015, 1, 1)


def settled(court: Court, *names: str) -> None:
    for name in names:
        court.town.settle(name, status="withdrawn", withdrawn=LONG_AGO)
    court.town.adopt()


def test_a_hold_on_a_person_stops_the_purge_and_its_release_resumes_it(court: Court) -> None:
    settled(court, "held", "gone")
    run = court.town.start(court.town.plan())
    court.place("held")
    report = court.town.drive(run)
    assert (report.erased, report.skipped) == (1, 1)
    with court.town.ports.database.read() as tx:
        (waits,) = deferring.waiting(tx, matter=SUIT)
    assert (waits.subject, waits.ground) == (subject(court, "held"), DeferredGround.SCHEDULE)
    runs = court.release()
    court.drive(runs)
    assert court.town.present() == set()
    assert releasing.resume(court.town.ports, OFFICER, at=court.town.clock()) == ()


def test_a_held_field_stays_under_the_kept_key_and_the_rest_goes(court: Court) -> None:
    settled(court, "one")
    court.place("one", what=[What(table="person", field=EMAIL)])
    report = court.town.purge()
    assert (report.state, report.erased) == (RunState.DONE, 1)
    ports, who = court.town.ports, subject(court, "one")
    with ports.database.read() as tx:
        (left,) = customers.records_of(tx, who, "person")
        person = customers.subject_by_id(tx, who, on=NOW.date())
    assert set(left.sealed) == {EMAIL}
    assert ports.vault.open_row(left.id, left.sealed)[EMAIL].value == "marked-one@example.com"
    assert person is not None
    assert person.kept_by_law == f"hold:{SUIT}"
    assert court.town.rows("one", "inquiry") == court.town.rows("one", "search_row") == 0
    with ports.vault.ring.db.read() as look:
        (kept,) = keys.current_keys(look, [who], KeyClass.KEPT)
    assert kept.subject == who
    court.drive(court.release())
    assert court.town.rows("one", "person") == 0


@pytest.mark.parametrize(
    ("what", "stays"),
    [
        (What(table="inquiry"), {"inquiry": {FieldId("inquiry.body")}}),
        (What(table="person", field="category:contact"), {"person": {EMAIL}}),
        (What(table="purchase"), {"purchase": {FieldId("purchase.product_name"),
                                               FieldId("purchase.recipient_name")}}),
    ],
)  # fmt: skip
def test_tables_and_categories_are_held_in_the_same_way(
    court: Court, what: What, stays: dict[str, set[FieldId]]
) -> None:
    town = court.town
    town.settle(
        "one", status="withdrawn", withdrawn=LONG_AGO, purchases=({"purchased_on": LONG_AGO},)
    )
    town.adopt()
    court.place("one", what=[what])
    assert town.purge().erased == 1
    with town.ports.database.read() as tx:
        left = {
            name: {field for row in customers.records_of(tx, subject(court, "one"), name)
                   for field in row.sealed}
            for name in ("person", "inquiry", "purchase")
            if town.rows("one", name)
        }  # fmt: skip
    assert left == stays


def test_a_hold_stops_deletion_and_nothing_else(court: Court) -> None:
    settled(court, "one", "free")
    ports = court.town.ports
    purposes = ports.policies.current.purposes.values()

    def answers(name: str) -> list[object]:
        with ports.database.read() as tx:
            asked = [
                subject_gate(tx, subject(court, name), one, channel="email", recipient=None, at=NOW)
                for one in purposes
            ]
        return [(told.outcome, told.code) for told in asked]

    before = answers("one")
    court.place("one")
    assert answers("one") == before == answers("free")


def test_one_row_can_be_held(court: Court) -> None:
    settled(court, "one")
    with court.town.ports.database.read() as tx:
        (row,) = customers.records_of(tx, subject(court, "one"), "inquiry")
    court.place("one", what=[What(table="inquiry", row=row.id)])
    court.town.purge()
    assert (court.town.rows("one", "inquiry"), court.town.rows("one", "person")) == (1, 0)


def test_a_condition_catches_persons_who_come_later(court: Court) -> None:
    town = court.town
    town.settle("old", status="withdrawn", withdrawn=LONG_AGO)
    town.adopt()
    condition = Condition(
        field=FieldId("person.withdrawn_on"), test=Comparison.TO, value="2016-12-31"
    )
    placed = court.place(kind=ScopeKind.QUERY, conditions=(condition,))
    assert (placed.persons, placed.standing) == (1, True)
    town.settle("later", status="withdrawn", withdrawn=LONG_AGO)
    town.settle("other", status="withdrawn", withdrawn=date(2019, 1, 1))
    assert town.purge().erased == 1
    assert town.present() == {"old", "later"}
    assert service.follow(town.ports, OFFICER, at=town.clock()) == 1
    assert service.follow(town.ports, OFFICER, at=town.clock()) == 0
    court.release("later")
    with town.ports.database.read() as tx:
        held = held_parts(tx, [subject(court, "old"), subject(court, "later")])
    assert set(held) == {subject(court, "old")}
    assert service.follow(town.ports, OFFICER, at=town.clock()) == 0


def test_everyone_can_be_held_and_one_person_let_out(court: Court) -> None:
    settled(court, "one", "two")
    court.place(kind=ScopeKind.EVERYONE)
    assert court.town.plan()
    assert court.town.purge().erased == 0
    court.drive(court.release("two"))
    assert court.town.purge().erased == 1
    assert court.town.present() == {"one"}


def test_the_journal_knows_of_a_hold_before_and_of_a_release_after(court: Court) -> None:
    settled(court, "one")
    court.place("one", what=[What(table="person", field=EMAIL)])
    court.release()
    told = [
        (record.entry.kind, record.entry.subject, record.entry.scope)
        for record in court.town.ports.journal.replay()
    ]
    scope = f"{SUIT}/field:{EMAIL}"
    who = subject(court, "one")
    assert told == [(JournalKind.HOLD, who, scope), (JournalKind.RELEASE, who, scope)]


def test_placing_twice_places_once_and_a_released_matter_is_closed(court: Court) -> None:
    settled(court, "one")
    assert [court.place("one").persons for _ in range(2)] == [1, 0]
    with court.town.ports.database.read() as tx:
        acts = store.acts_of(tx, court.town.ports.vault, SUIT)
    assert {act.kind for act in acts} == {ActKind.WIDENED, ActKind.PLACED}  # at one moment
    assert [act.reason for act in acts if act.kind is ActKind.PLACED] == ["訴状の送達"]
    court.release()
    with pytest.raises(HoldClosedError):
        court.place("one")
    with pytest.raises(HoldNotStandingError):
        court.release()


def test_a_release_needs_a_second_person_who_may(court: Court) -> None:
    settled(court, "one")
    court.place("one")
    town = court.town
    asked = town.ports.database.write(
        lambda tx: releasing.ask_release(
            tx, town.ports, court.approvals, OFFICER, SUIT, reason="和解", at=town.clock()
        )
    )
    for by, refused in ((OFFICER, ApprovalForbiddenError), (SUPPORT, RetentionRefusedError)):
        with pytest.raises(refused):
            town.ports.database.write(
                lambda tx, by=by: court.approvals.approve_and_execute(  # type: ignore[misc] # bound now
                    tx, asked.id, digest=asked.digest, by=by, at=town.clock()
                )
            )
    with pytest.raises(RetentionRefusedError):
        service.place(town.ports, CHIEF, placing(wanted=Wanted()), at=town.clock())
    with town.ports.database.read() as tx:
        assert subject(court, "one") in held_parts(tx, [subject(court, "one")])


def test_a_request_that_a_hold_stops_goes_on_by_itself(court: Court) -> None:
    settled(court, "one")
    court.town.settle("two")
    court.place("two")
    town, who = court.town, subject(court, "two")
    with pytest.raises(SubjectNotErasableError):
        town.ports.database.write(
            lambda tx: retention.plan_erasure(tx, town.ports, OFFICER, who, at=town.clock())
        )
    town.ports.database.write(
        lambda tx: deferring.remember(tx, town.ports, OFFICER, who, at=town.clock())
    )
    court.drive(court.release())
    assert town.present() == {"one"}


@pytest.mark.parametrize(
    ("wanted", "number", "refused"),
    [
        (Wanted(), SUIT, HoldFormError),
        (Wanted(kind=ScopeKind.EVERYONE, what=()), SUIT, HoldFormError),
        (Wanted(kind=ScopeKind.EVERYONE), "../etc", HoldFormError),
        (Wanted(kind=ScopeKind.EVERYONE), "架空", HoldFormError),
        (Wanted(kind=ScopeKind.EVERYONE, what=(What(table="staff"),)), SUIT, HoldFormError),
        (Wanted(kind=ScopeKind.EVERYONE, what=(What(table="person", field="person.x"),)), SUIT,
         HoldFormError),
        (Wanted(persons=("00000000-0000-4000-8000-00000000ffff",)), SUIT, HoldPersonUnknownError),  # type: ignore[arg-type] # a forged id
        (Wanted(kind=ScopeKind.QUERY, conditions=(
            Condition(field=EMAIL, test=Comparison.IS, value="a@example.com"),)), SUIT,
         HoldConditionError),
        (Wanted(kind=ScopeKind.QUERY, conditions=(
            Condition(field=FieldId("person.registered_on"), test=Comparison.FROM, value="=1+1"),
        )), SUIT, HoldConditionError),
        (Wanted(kind=ScopeKind.QUERY, conditions=(
            Condition(field=FieldId("person.status"), test=Comparison.IS, value="x" * 5_000_000),
        )), SUIT, HoldConditionError),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_is_placed(
    court: Court, wanted: Wanted, number: str, refused: type[Exception]
) -> None:
    settled(court, "one")
    with pytest.raises(refused) as told:
        service.place(
            court.town.ports, OFFICER, placing(number=number, wanted=wanted), at=court.town.clock()
        )
    assert "example.com" not in str(told.value)
    with court.town.ports.database.read() as tx:
        assert tx.execute(select(customers.HOLD.c.id)).all() == []
        assert store.matters(tx) == ()
    assert list(court.town.ports.journal.replay()) == []
