"""Answers that go on to a third party: the register is asked, the provision is on record."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, Lang, Law, SubjectId, Treatment
from governance.gateway.bulk.exporting import export
from governance.gateway.bulk.exporting import refused as record_refusal
from governance.gateway.bulk.types import BulkRequest, ExportGuardError
from governance.gateway.reading import read
from governance.gateway.types import ReadAnswer, ReadRequest
from governance.pii.types import Entity, Reason, Span
from governance.registers.errors import ProvisionPartyError
from governance.registers.provisions import store
from policies.purposes import Basis
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot, compile_policy, default_snapshot
from tests.governance.gateway.api.conftest import opened
from tests.governance.gateway.bulk.town import PARTNER, PROVISION, asked, enter, say, settle
from tests.installation import AT, MANAGER, OFFICER, create, events

FIELDS = frozenset({FieldId("person.name"), FieldId("person.email")})


@pytest.fixture(scope="module")
def reading_too() -> PolicySnapshot:
    """The shipped policy, in which managers may also read what they may provide."""
    whole = default_snapshot().policy
    assert whole is not None
    rules = tuple(
        replace(rule, actions=(*rule.actions, "read")) if rule.id == "R-504" else rule
        for rule in whole.rules
    )
    return compile_policy(replace(whole, rules=rules), random_probes=10)


@pytest.fixture
def shop(installation: Wiring, tmp_path: Path) -> tuple[Wiring, list[SubjectId]]:
    return installation, settle(installation, tmp_path, count=2, agree=(0,))


def look(wiring: Wiring, subject: SubjectId, **other: Any) -> ReadAnswer:
    facts: dict[str, Any] = {"purpose": "dsar_fulfilment", "fields": FIELDS}
    request = ReadRequest(subject=subject, **(facts | other))
    return read(wiring.ports, OFFICER, request, at=AT)


def codes(answer: ReadAnswer) -> set[ReasonCode]:
    return {view.decision.code for row in answer.rows for view in row.fields}


def test_an_authority_gets_an_answer_without_a_provision_record(
    shop: tuple[Wiring, list[SubjectId]],
) -> None:
    wiring, people = shop
    enter(wiring, "A1", role="authority", name="架空委員会", contracted_on="")
    answer = look(wiring, people[0], recipient="authority:A1")
    assert codes(answer) == {ReasonCode.PERMIT}
    with wiring.database.read() as tx:
        assert store.recorded(tx, limit=5) == ()
        (event,) = events(tx, "person.read")[-1:]
        assert event.outcome == "permit"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("authority:NONE", ReasonCode.PURPOSE_RECIPIENT_UNKNOWN),
        (PARTNER, ReasonCode.PURPOSE_RECIPIENT),
        ("nobody", ReasonCode.PURPOSE_RECIPIENT),
    ],
)
def test_nobody_unknown_or_unnamed_gets_an_answer(
    shop: tuple[Wiring, list[SubjectId]], recipient: str, code: ReasonCode
) -> None:
    wiring, people = shop
    answer = look(wiring, people[0], recipient=recipient)
    assert codes(answer) == {code}
    assert all(v.decision.treatment is Treatment.WITHHELD for r in answer.rows for v in r.fields)


def test_each_answer_to_a_third_party_is_recorded_in_its_transaction(
    shop: tuple[Wiring, list[SubjectId]], reading_too: PolicySnapshot
) -> None:
    wiring, people = shop
    wiring.policies.swap(reading_too)

    def ask(subject: SubjectId) -> ReadAnswer:
        request = ReadRequest(subject=subject, purpose=PROVISION, fields=FIELDS, recipient=PARTNER)
        return read(wiring.ports, MANAGER, request, at=AT)

    answer = ask(people[0])
    assert codes(answer) == {ReasonCode.PERMIT}
    assert ask(people[0]).decision_id != answer.decision_id  # once more, in the same record
    refused = ask(people[1])  # never agreed
    assert codes(refused) == {ReasonCode.SUBJECT}
    with wiring.database.read() as tx:
        (record,) = store.recorded(tx, limit=5)
        assert (record.persons, record.batch) == (1, True)
        assert record.event_id == answer.decision_id
        assert set(record.fields) == FIELDS
        (person,) = store.persons_of(tx, record.id, limit=5)
        assert person.subject == people[0]
        assert person.consent_seq
    say(wiring, people[0], EventKind.WITHDRAWN)
    assert codes(ask(people[0])) == {ReasonCode.SUBJECT}


def test_without_the_laws_items_nothing_is_answered(
    shop: tuple[Wiring, list[SubjectId]], reading_too: PolicySnapshot
) -> None:
    wiring, people = shop
    wiring.policies.swap(reading_too)
    enter(wiring, "BARE", representative="")
    request = ReadRequest(
        subject=people[0], purpose=PROVISION, fields=FIELDS, recipient="third_party:BARE"
    )
    with pytest.raises(ProvisionPartyError):
        read(wiring.ports, MANAGER, request, at=AT)
    with wiring.database.read() as tx:
        assert not events(tx, "person.read")
        assert store.recorded(tx, limit=5) == ()


def test_a_text_that_names_somebody_refuses_the_whole_file(
    shop: tuple[Wiring, list[SubjectId]], tmp_path: Path
) -> None:
    wiring, people = shop
    whole = default_snapshot().policy
    assert whole is not None
    basis = {Law.APPI: Basis.WITHIN_PURPOSE, Law.GDPR: Basis.LEGITIMATE_INTEREST}
    own = tuple(
        replace(purpose, basis=basis) if purpose.id == "dsar_fulfilment" else purpose
        for purpose in whole.purposes
    )
    wiring.policies.swap(compile_policy(replace(whole, purposes=own), random_probes=10))

    def found(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
        span = Span(start=0, end=1, entity=Entity.PERSON, score=1.0, reason=Reason.FULL_NAME)
        return tuple((span,) for _ in texts)

    ports = replace(wiring.ports, analyse=found)
    bulk = BulkRequest(purpose="dsar_fulfilment", subjects=(people[0],))
    notes = asked(bulk=bulk, fields=(FieldId("person.notes"),))
    path = tmp_path / "notes.csv"
    with pytest.raises(ExportGuardError) as refused:
        export(ports, OFFICER, notes, path, at=AT)
    assert refused.value.params == {"field": "person.notes", "rows": 1, "persons": people[0]}
    assert not path.exists()
    record_refusal(ports, OFFICER, bulk, refused.value, at=AT)
    with wiring.database.read() as tx:
        event = events(tx, "person.exported")[-1]
    assert (event.outcome, event.reasons) == ("deny", "export_guard")
    assert (event.fields, event.counts) == ("person.notes", "rows=1")
    assert export(wiring.ports, OFFICER, notes, path, at=AT).persons == 1


def test_only_addresses_that_record_take_a_recipient(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("served")
    wiring = create(folder)
    people = settle(wiring, folder, count=1)
    enter(wiring, "A1", role="authority", name="架空委員会", contracted_on="")
    with opened(wiring, folder) as desk:
        officer, head = desk.staff("privacy_officer"), {"sekisho-recipient": "authority:A1"}
        path = f"/v1/persons/{people[0]}"
        query = {"purpose": "dsar_fulfilment", "fields": "name"}
        answer = officer.get(path, params=query, headers=head)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert shown["fields"]["name"]["code"] == "permit"
        other = officer.get(path, params=query, headers={"sekisho-recipient": "authority:A2"})
        assert other.status_code == 404  # the gate says no before it says who there is
        body = {"purpose": "dsar_fulfilment", "text": "架空"}
        refused = officer.post("/v1/persons/search", json=body, headers=head)
        assert (refused.status_code, refused.json()["code"]) == (422, "recipient_header")
