"""Provision records: what is recorded, for how long it is kept, what ends it, who is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from dsar.collection import ProvisionSource
from dsar.reads import Query
from governance.app.wiring import Wiring
from governance.core.ids import new_event_id, new_row_id
from governance.core.terms import Law, RequestId, RowId, SubjectId
from governance.customers.store import HOLD
from governance.registers.passage import registered
from governance.registers.provisions import service, store, writing
from governance.registers.provisions.rules import (
    BATCH,
    BY_CONTRACT,
    SINGLE,
    keeping,
    recorded_as,
)
from governance.registers.provisions.service import ReceivedRecord
from governance.registers.provisions.types import Exempt, ProvisionGround, Recorded
from governance.registers.provisions.writing import Act, Provided
from governance.registers.types import Recipient, RecipientRole
from policies.purposes import Basis, Provision, PurposeRecord
from retention.fates import erase_plan
from tests.governance.gateway.bulk.town import PARTNER, PROVISION, settle
from tests.installation import AT, OFFICER, create

NAME = "架空　花子"


def purpose(wiring: Wiring) -> PurposeRecord:
    found = wiring.policies.current.purpose(PROVISION)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiring, list[SubjectId]]]:
    folder = Path(tmp_path_factory.mktemp("provisions"))
    wiring = create(folder)
    people = settle(wiring, folder, count=2)
    yield wiring, people
    wiring.close()


@pytest.fixture
def tx(world: tuple[Wiring, list[SubjectId]]) -> Iterator[Connection]:
    """A transaction that nothing is kept of."""
    with world[0].database.writer_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def draft(at: datetime) -> EventDraft:
    return EventDraft(
        action=EventCode.PERSON_READ,
        occurred_at=at,
        actor=OFFICER.id,
        object_type="person",
        object_id="x",
        outcome=Outcome.PERMIT,
    )


def act(tx: Connection, wiring: Wiring, ground: ProvisionGround = ProvisionGround.CONSENT) -> Act:
    partner = registered(tx, PARTNER)
    assert partner is not None
    return Act(
        recipient=partner,
        purpose=purpose(wiring),
        recorded=Recorded(duty="APPI-29", ground=ground),
        fields=("person.name",),
        categories=("name",),
        policy_version=None,
    )


def provide(
    tx: Connection,
    wiring: Wiring,
    subject: SubjectId,
    *,
    at: datetime = AT,
    ground: ProvisionGround = ProvisionGround.CONSENT,
) -> RowId:
    person = Provided(subject=subject, consent_seq=7, identity={"person.name": NAME})
    return writing.note_single(
        tx,
        wiring.ports,
        OFFICER,
        act(tx, wiring, ground),
        person,
        draft(at),
        event=new_event_id(),
        at=at,
    )


def test_provisions_of_a_month_stand_in_one_record(
    tx: Connection, world: tuple[Wiring, list[SubjectId]]
) -> None:
    wiring, (first, second) = world
    one = provide(tx, wiring, first)
    assert provide(tx, wiring, second, at=AT + timedelta(days=9)) == one
    assert provide(tx, wiring, first, at=AT + timedelta(days=10)) == one
    record = store.by_id(tx, one)
    assert record is not None
    assert (record.persons, record.batch) == (2, True)
    assert record.last_on == date(2026, 10, 11)
    assert record.keeping.until == date(2029, 10, 10)  # three years, the last day counted
    assert provide(tx, wiring, first, at=AT + timedelta(days=40)) != one


def test_an_opt_out_provision_is_never_a_batch(
    tx: Connection, world: tuple[Wiring, list[SubjectId]]
) -> None:
    wiring, (first, second) = world
    one = provide(tx, wiring, first, ground=ProvisionGround.OPT_OUT)
    assert provide(tx, wiring, second, ground=ProvisionGround.OPT_OUT) != one
    record = store.by_id(tx, one)
    assert record is not None
    assert not record.batch


def test_a_record_goes_after_its_period_and_not_under_a_hold(
    tx: Connection, world: tuple[Wiring, list[SubjectId]]
) -> None:
    wiring, (first, second) = world
    one = provide(tx, wiring, first)
    provide(tx, wiring, second)
    record = store.by_id(tx, one)
    assert record is not None
    free = datetime.combine(record.keeping.purge_from, AT.timetz())
    assert service.purge(tx, at=free - timedelta(days=1), limit=10) == 0
    hold = {"id": new_row_id(), "subject_id": first, "matter": "架空", "placed_by": OFFICER.id}
    tx.execute(insert(HOLD).values(**hold, placed_at=AT))
    assert service.purge(tx, at=free, limit=10) == 0
    tx.execute(HOLD.update().values(released_at=AT))
    assert service.purge(tx, at=free, limit=1) == 1
    assert service.purge(tx, at=free, limit=10) == 2
    assert store.by_id(tx, one) is None
    assert service.purge(tx, at=free, limit=10) == 0


def test_what_was_prepared_and_never_counted_is_nobodys_record(
    tx: Connection, world: tuple[Wiring, list[SubjectId]]
) -> None:
    wiring, (first, _) = world
    one = writing.begin(tx, wiring.ports, OFFICER, act(tx, wiring), at=AT)
    person = Provided(subject=first, consent_seq=None, identity={})
    writing.add_people(tx, wiring.ports, one, (person,), at=AT)
    assert store.by_id(tx, one) is None
    assert store.of_person(tx, [first]) == ()
    assert store.recorded(tx, limit=5) == ()
    service.purge(tx, at=AT + timedelta(days=2), limit=10)
    assert store.persons_of(tx, one, limit=5) == ()


def test_the_person_is_told_and_the_record_outlives_the_erasure(
    world: tuple[Wiring, list[SubjectId]],
) -> None:
    wiring, (first, _) = world
    wiring.database.write(lambda tx: provide(tx, wiring, first))
    query = Query(
        subject=first,
        principal=OFFICER,
        request=RequestId(new_row_id()),
        laws=frozenset({Law.APPI}),
        at=AT,
    )
    found = ProvisionSource(wiring.ports).find(query)
    (record,) = found.records
    said = {str(value.name): value.text for value in record.values}
    assert said["provision.party"] == "架空提携株式会社"
    assert said["provision.representative"] == "架空　代表"
    assert "氏名" in said["provision.items"]
    with wiring.database.read() as tx:
        fates = {fate.field: fate for fate in erase_plan(tx, first, at=AT).fates}
    assert fates["provision_person.identity"].duty == "record"


def test_a_receipt_names_how_the_data_was_acquired(
    tx: Connection, world: tuple[Wiring, list[SubjectId]]
) -> None:
    wiring, (first, _) = world
    new = ReceivedRecord(
        recipient="V900",
        received_on=date(2026, 9, 1),
        acquisition="架空の展示会で取得",
        ground=ProvisionGround.CONSENT,
        categories=("name",),
        fields=("person.name",),
        subjects=(first, first),
    )
    row = service.note_received(tx, wiring.ports, OFFICER, new, at=AT)
    shown = service.show(tx, wiring.ports, OFFICER, row)
    assert shown.acquisition == "架空の展示会で取得"
    assert shown.provision.persons == 1


GIVEN = Recipient(
    id=RowId("01900000-0000-7000-8000-000000000001"),
    source_key="V1",
    name="架空",
    role=RecipientRole.THIRD_PARTY,
    country="JP",
)


@pytest.mark.parametrize(
    ("recipient", "basis", "provisions", "expected"),
    [
        (None, Basis.CONSENT, (), Exempt.INTERNAL),
        ({}, Basis.CONSENT, (), ("APPI-29", ProvisionGround.CONSENT)),
        ({}, Basis.OPT_OUT, (), ("APPI-29", ProvisionGround.OPT_OUT)),
        ({}, Basis.LEGAL_OBLIGATION, (), Exempt.LAW),
        ({}, Basis.CONSENT, (Provision.PERSONAL_RELATED,), ("APPI-31", ProvisionGround.CONFIRMED)),
        ({"role": RecipientRole.PROCESSOR}, Basis.WITHIN_PURPOSE, (), Exempt.ENTRUSTMENT),
        ({"role": RecipientRole.JOINT}, Basis.CONSENT, (), Exempt.JOINT_USE),
        ({"role": RecipientRole.AUTHORITY}, Basis.CONSENT, (), Exempt.LAW),
        (
            {"role": RecipientRole.PROCESSOR, "country": "US", "transfer_basis": "本人同意"},
            Basis.CONSENT,
            (Provision.FOREIGN,),
            ("APPI-29", ProvisionGround.FOREIGN_CONSENT),
        ),
        (
            {
                "role": RecipientRole.PROCESSOR,
                "country": "US",
                "transfer_basis": "equivalent_system",
            },
            Basis.CONSENT,
            (),
            Exempt.ENTRUSTMENT,
        ),
    ],
)
def test_the_law_says_what_is_recorded(
    world: tuple[Wiring, list[SubjectId]],
    recipient: dict[str, object] | None,
    basis: Basis,
    provisions: tuple[Provision, ...],
    expected: Exempt | tuple[str, ProvisionGround],
) -> None:
    used = replace(purpose(world[0]), basis={Law.APPI: basis}, provisions=frozenset(provisions))
    who = None if recipient is None else replace(GIVEN, **recipient)  # type: ignore[arg-type] # named facts
    found = recorded_as(who, used)
    if isinstance(found, Recorded):
        assert (found.duty, found.ground) == expected
    else:
        assert found is expected


@given(day=st.dates(date(2020, 1, 1), date(2035, 12, 31)), later=st.integers(0, 400))
def test_a_record_is_kept_three_years_or_one_and_free_the_day_after(day: date, later: int) -> None:
    last = day + timedelta(days=later)
    for rule, years, start in ((SINGLE, 3, day), (BATCH, 3, last), (BY_CONTRACT, 1, last)):
        found = keeping(rule, created=day, last=last)
        assert found.purge_from == found.until + timedelta(days=1)
        span = found.until - start
        assert timedelta(days=365 * years - 2) <= span <= timedelta(days=366 * years)
