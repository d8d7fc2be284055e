"""A policy is tried on the record and beside the one in force; people are counted once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from audit.actions import EventCode
from audit.decisions.store import Numbered, write_batch
from audit.decisions.types import Decision
from audit.types import EventDraft, Outcome
from governance.core.clock import utc_now
from governance.core.ids import new_event_id, new_row_id, new_subject_id
from governance.core.terms import ActorId, EventId, FieldId, Law, PurposeId, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import AgeBand, SubjectKind
from governance.gateway.bulk.deciding import stream_of
from governance.identity.store import add_staff
from governance.identity.types import AccountState, Staff
from policies.admin import shadow
from policies.admin.diff import compare_policies
from policies.admin.documents import Documents
from policies.admin.errors import NoShadowError
from policies.admin.people import concerned
from policies.admin.replay import Flip, Replayed, replay
from tests.policies.admin.office import NOW, OFFICER, Office, small

SUPPORT = ActorId("u:jiro")
FLIP = Flip("use", "support", "help", "permit", "denied.actor.no_rule")


def decision(subject: SubjectId | None, **changes: object) -> Decision:
    """A permit of support to use a person's data to help."""
    made = Decision(
        id=new_event_id(),
        occurred_at=NOW,
        actor=SUPPORT,
        actor_os=None,
        subject=subject,
        purpose=PurposeId("help"),
        channel=None,
        recipient=None,
        country=None,
        field=None,
        outcome=Outcome.PERMIT,
        reasons="permit",
        policy_version="1",
        consent_seq=0,
        request_id=None,
        network=None,
    )
    return made._replace(**changes)  # type: ignore[arg-type] # the columns of a decision


@pytest.fixture
def people(office: Office) -> list[SubjectId]:
    """Three customers, and one employee of the support."""
    made = [new_subject_id() for _ in range(3)]
    new = [
        NewSubject(
            id=one,
            kind=SubjectKind.CUSTOMER,
            laws={Law.APPI: "test"},
            age_band=AgeBand.ADULT,
            guardian_verified=False,
        )
        for one in made
    ]
    database = office.desk.ports.database
    database.write(lambda tx: add_subjects(tx, new, at=NOW))
    jiro = Staff(
        id=SUPPORT,
        login="jiro",
        display_name="架空",
        roles=frozenset({"support"}),
        state=AccountState.ACTIVE,
    )
    database.write(lambda tx: add_staff(tx, jiro, by=OFFICER.id, at=NOW))
    return made


def recorded(office: Office, *decisions: Decision) -> None:
    ports = office.desk.ports
    for one in decisions:
        ports.decisions.record(one)
    ports.decisions.settle()


def test_the_record_is_judged_anew_and_each_person_counts_once(
    office: Office, people: list[SubjectId]
) -> None:
    one, two, _ = people
    recorded(
        office,
        *(decision(one) for _ in range(3)),
        decision(two),
        decision(two, occurred_at=NOW - timedelta(days=40)),
        decision(None),
        decision(one, outcome=Outcome.DENY, reasons="unavailable.audit"),
        decision(one, actor=ActorId("u:gone")),
        decision(one, channel="unknown"),
    )
    without = office.desk.compiled(without_use())
    database, current = office.desk.ports.database, office.holder.current
    found = replay(database, current, without, since=NOW - timedelta(days=30), at=NOW)
    assert (found.decisions, found.untold) == (8, 3)
    assert found.flips == {FLIP: 5}
    assert found.people == {FLIP: 2}
    assert found.persons == 2
    same = replay(database, current, current, since=NOW - timedelta(days=60), at=NOW)
    assert (same.decisions, same.flipped) == (9, 0)


def export(office: Office, people: list[SubjectId], *fields: str, **changes: Any) -> None:
    """The file of these fields left, or was refused, and stands in the log."""
    audit, run = office.desk.ports.audit, new_row_id()
    made = tuple(decision(one) for one in people)
    event = EventDraft(
        action=EventCode.PERSON_EXPORTED,
        occurred_at=NOW,
        actor=SUPPORT,
        object_type="export",
        object_id=run,
        purpose=PurposeId("help"),
        fields=tuple(FieldId(name) for name in fields),
        **{"outcome": Outcome.PERMIT, **changes},
    )

    def write(tx: Connection) -> None:
        if made:
            batch = Numbered(stream=stream_of(run), first=1, decisions=made)
            write_batch(tx, audit, batch, at=NOW)
        audit.append(tx, event)

    office.desk.ports.database.write(write)


def exporting(fields: str) -> Documents:
    """Support may use nothing and export these fields."""
    text = dict(small("2", fields=fields).files)["p.yaml"]
    may = text.replace('["person:read"]', '["person:read", "person:export"]')
    return Documents((("p.yaml", may.replace("to: [read, use]", "to: [read, export]")),))


def test_an_export_is_judged_by_the_fields_that_left(
    office: Office, people: list[SubjectId]
) -> None:
    export(office, people[:2], "person.name")
    export(office, people[1:], "person.name", "person.phone")
    export(office, [], "person.phone", outcome=Outcome.DENY, reasons=("denied.actor.no_rule",))
    database, current = office.desk.ports.database, office.holder.current

    def tried(documents: Documents) -> Replayed:
        after = office.desk.compiled(documents)
        return replay(database, current, after, since=NOW - timedelta(days=1), at=NOW)

    every, names, none = (
        tried(exporting("name, phone")),
        tried(exporting("name")),
        tried(small("2")),
    )
    assert (every.decisions, every.flipped, every.refused_exports) == (4, 0, 1)
    flip = replace(FLIP, kind="export")
    assert (names.flips, names.people) == ({flip: 2}, {flip: 2})
    assert (none.flipped, none.persons) == (4, 3)


def without_use() -> Documents:
    text = dict(small("2").files)["p.yaml"].replace("to: [read, use]", "to: [read]")

    return Documents((("p.yaml", text),))


def test_a_trial_counts_what_would_change_and_answers_nobody(
    office: Office, people: list[SubjectId]
) -> None:
    desk, database = office.desk, office.desk.ports.database
    at = utc_now()
    with database.read() as tx, pytest.raises(NoShadowError):
        shadow.trial_of(tx)
    recorded(office, decision(people[0]))  # before the trial
    begun = at + timedelta(seconds=2)
    database.write(lambda tx: shadow.open_trial(tx, desk, OFFICER, without_use(), at=begun))
    assert office.holder.current.version == "1"
    later = begun + timedelta(minutes=2)
    trial_ids = [decision(one) for one in people]
    with database.read() as tx:
        cursor = shadow.trial_of(tx).cursor
    recorded(
        office,
        *(
            one._replace(id=EventId(f"{cursor}-7000-8000-{n:012x}"))
            for n, one in enumerate(trial_ids, 1)
        ),
    )
    for _ in range(2):  # twice equals once
        shadow.count_all(desk, at=later)
    with database.read() as tx:
        trial = shadow.trial_of(tx)
    assert trial.decisions == 3
    assert trial.flips == ((FLIP, 3),)
    database.write(lambda tx: shadow.close_trial(tx, desk, OFFICER, at=later))
    with database.read() as tx, pytest.raises(NoShadowError):
        shadow.trial_of(tx)


def test_people_are_counted_by_whose_answer_changes(
    office: Office, people: list[SubjectId]
) -> None:
    database = office.desk.ports.database
    current = office.holder.current
    wider = office.desk.compiled(small("2", fields="name, phone"))
    found = concerned(database, compare_policies(current, wider), at=NOW)
    assert (found.persons, found.total, found.by_purpose) == (3, 3, {"help": 3})
    text = dict(small("3").files)["p.yaml"]
    text = text.replace("appi: within_purpose", "appi: consent")
    text = text.replace("categories: [name, contact]}", "categories: [name, contact], notice: n@1}")
    consented = office.desk.compiled(Documents((("p.yaml", text),)))
    found = concerned(database, compare_policies(current, consented), at=NOW)
    assert found.total == 3  # nobody has consented
    same = concerned(database, compare_policies(current, current), at=NOW)
    assert (same.total, same.by_purpose) == (0, {})
