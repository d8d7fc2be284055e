"""Exports through the gates: who and what leaves, what is on record, what a change undoes."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from audit.decisions.models import DECISIONS
from audit.models import EVENTS
from audit.types import Verdict
from audit.verify import verify_log
from consent.types import EventKind
from governance.app.audit_log import settle as settle_log
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, SubjectId
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.gateway.bulk import deciding, exporting
from governance.gateway.bulk.exporting import export
from governance.gateway.bulk.types import (
    BulkRequest,
    ExportFormat,
    ExportFormError,
    ExportRefusedError,
    Manifest,
    Naming,
    UseAnswer,
)
from governance.gateway.bulk.using import use
from governance.gateway.showing import open_prepared
from governance.gateway.types import GateBusyError
from governance.registers import service as registers
from governance.registers.errors import ProvisionPartyError
from governance.registers.provisions import service as provisions
from governance.registers.provisions import store
from governance.registers.provisions.types import ProvisionGround
from governance.registers.store import all_recipients
from policies.api import ActionForbiddenError
from policies.reasons import ReasonCode
from tests.governance.gateway.bulk.town import NAMES, PARTNER, PROVISION, asked, enter, say, settle
from tests.installation import AT, MANAGER, OFFICER, create, data_bytes, events, staff


@dataclass(frozen=True, kw_only=True)
class Town:
    """Seven customers; the first four agreed, the fourth withdrew."""

    wiring: Wiring
    people: list[SubjectId]
    folder: Path

    def export(self, name: str, **other: Any) -> tuple[Manifest, Path]:
        path = self.folder / name
        return export(self.wiring.ports, MANAGER, asked(**other), path, at=AT), path


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    wiring = create(folder)
    people = settle(wiring, folder, count=7, agree=(0, 1, 2, 3))
    say(wiring, people[3], EventKind.WITHDRAWN)
    yield Town(wiring=wiring, people=people, folder=folder)
    wiring.close()


@pytest.fixture
def fresh(installation: Wiring, tmp_path: Path) -> Town:
    """The same on an installation of its own, on each engine."""
    people = settle(installation, tmp_path, count=3, agree=(0, 1))
    return Town(wiring=installation, people=people, folder=tmp_path)


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_only_who_agreed_leaves_and_the_manifest_counts_the_others(town: Town) -> None:
    manifest, path = town.export("agreed.csv")
    rows = rows_in(path)
    assert {row["person"] for row in rows} == set(town.people[:3])
    assert {row["email"] for row in rows} == {f"person{n}@example.com" for n in (1, 2, 3)}
    assert (manifest.rows, manifest.persons) == (3, 3)
    assert manifest.excluded == {ReasonCode.SUBJECT: 4}  # a manager is not told why
    assert manifest.columns == ("person", "name", "email")
    assert manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o077 == 0


def test_the_export_is_one_event_and_a_decision_for_each_person(fresh: Town) -> None:
    manifest, _ = fresh.export("one.csv")
    with fresh.wiring.database.read() as tx:
        (event,) = events(tx, "person.exported")
        told = tx.execute(select(DECISIONS).where(DECISIONS.c.recipient == PARTNER)).all()
    assert str(event.id) == manifest.decision_id
    assert event.counts is not None
    assert "persons=2" in event.counts
    assert {row.subject for row in told} == set(fresh.people[:2])
    settle_log(fresh.wiring)
    keys = fresh.wiring.signing.every_key()
    assert verify_log(fresh.wiring.database, keys=keys).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_the_provision_is_recorded_with_what_the_law_names(fresh: Town) -> None:
    manifest, _ = fresh.export("record.csv")
    assert manifest.provision is not None

    def look(tx: Any) -> None:
        ports = fresh.wiring.ports
        shown = provisions.show(tx, ports, OFFICER, str(manifest.provision))
        record = shown.provision
        assert record.recorded.duty == "APPI-29"
        assert record.recorded.ground is ProvisionGround.CONSENT
        assert record.persons == 2
        assert record.fields == tuple(sorted(NAMES))
        assert record.keeping.until.year == AT.year + 3
        assert (shown.party.name, shown.party.representative) == ("架空提携株式会社", "架空　代表")
        people = provisions.people(tx, ports, OFFICER, record.id, limit=10, at=AT)
        assert {one.person.subject for one in people} == set(fresh.people[:2])
        assert {one.identity["person.customer_id"] for one in people} == {"C000001", "C000002"}
        assert all(one.person.consent_seq for one in people)

    fresh.wiring.database.write(look)


def test_inside_the_company_nothing_is_a_provision(town: Town) -> None:
    entry = {"role": "joint", "name": "架空グループ", "address": "", "representative": ""}
    enter(town.wiring, "J1", **entry)
    say(town.wiring, town.people[0], EventKind.GIVEN, "group_joint_use")
    bulk = BulkRequest(purpose="group_joint_use", recipient="joint:J1")
    manifest, _ = town.export("joint.csv", bulk=bulk)
    assert manifest.persons == 1
    assert manifest.provision is None


@pytest.mark.parametrize(
    ("bulk", "code"),
    [
        (BulkRequest(purpose=""), ReasonCode.PURPOSE_MISSING),
        (BulkRequest(purpose="world_peace"), ReasonCode.PURPOSE_UNKNOWN),
        (BulkRequest(purpose=PROVISION), ReasonCode.PURPOSE_RECIPIENT),
        (
            BulkRequest(purpose=PROVISION, recipient="third_party:V404"),
            ReasonCode.PURPOSE_RECIPIENT_UNKNOWN,
        ),
        (BulkRequest(purpose=PROVISION, recipient="third_party:US1"), ReasonCode.PURPOSE_COUNTRY),
        (BulkRequest(purpose=PROVISION, recipient="third_party:OLD"), ReasonCode.PURPOSE_CONTRACT),
        (
            BulkRequest(purpose="order_support", recipient=None),
            ReasonCode.ACTOR_NO_RULE,
        ),
    ],
)
def test_a_refused_export_leaves_no_file(town: Town, bulk: BulkRequest, code: ReasonCode) -> None:
    with town.wiring.database.read() as tx:
        known = {one.source_key for one in all_recipients(tx)}
    if "OLD" not in known:
        enter(town.wiring, "OLD", expires_on="2026-01-01")
        enter(town.wiring, "US1", country="US", transfer_basis="equivalent_system")
    with pytest.raises(ExportRefusedError) as refused:
        town.export("refused.csv", bulk=bulk)
    assert refused.value.params["reason"] == code.value
    assert not (town.folder / "refused.csv").exists()


def test_a_field_that_may_not_leave_refuses_the_file_when_it_was_named(town: Town) -> None:
    wanted = (*NAMES, FieldId("person.birth_date"))
    with pytest.raises(ExportRefusedError) as refused:
        town.export("field.csv", fields=wanted)
    assert refused.value.params["field"] == "person.birth_date"
    manifest, _ = town.export("all.csv", fields=None)
    assert "birth_date" not in manifest.columns
    assert {"name", "email", "customer_id"} <= set(manifest.columns)


def test_who_may_not_export_is_refused_before_anything(town: Town) -> None:
    with pytest.raises(ActionForbiddenError):
        export(town.wiring.ports, staff("support"), asked(), town.folder / "x.csv", at=AT)


@pytest.mark.parametrize("other", [{"table": "staff"}, {"fields": ()}, {"fields": ("x",)}])
def test_an_export_names_what_exists(town: Town, other: dict[str, Any]) -> None:
    with pytest.raises(ExportFormError):
        town.export("form.csv", **other)


def test_a_register_entry_without_address_stops_the_provision(town: Town) -> None:
    enter(town.wiring, "BARE", address="")
    bulk = BulkRequest(purpose=PROVISION, recipient="third_party:BARE")
    with pytest.raises(ProvisionPartyError):
        town.export("bare.csv", bulk=bulk)
    assert not (town.folder / "bare.csv").exists()


def test_each_format_holds_the_same_rows(town: Town) -> None:
    csv_rows = rows_in(town.export("f.csv")[1])
    lines = town.export("f.ndjson", format=ExportFormat.NDJSON)[1].read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == csv_rows
    sheet = load_workbook(town.export("f.xlsx", format=ExportFormat.XLSX)[1]).active
    assert sheet is not None
    head, *body = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    assert [dict(zip(head, row, strict=True)) for row in body] == csv_rows
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(town.export("f.parquet", format=ExportFormat.PARQUET)[1])
    assert table.to_pylist() == csv_rows


def test_tokens_name_nobody_and_differ_from_file_to_file(town: Town) -> None:
    first = rows_in(town.export("t1.csv", naming=Naming.TOKEN)[1])
    second = rows_in(town.export("t2.csv", naming=Naming.TOKEN)[1])
    signs = [{row["person"] for row in rows} for rows in (first, second)]
    assert len(signs[0]) == 3
    assert not signs[0] & signs[1]
    assert not (signs[0] | signs[1]) & set(town.people)
    bare = rows_in(town.export("t3.csv", naming=Naming.NONE)[1])
    assert list(bare[0]) == ["name", "email"]


def test_named_persons_alone_leave_each_once(town: Town) -> None:
    wanted = (town.people[0], town.people[0], town.people[6], SubjectId("f" * 36))
    bulk = BulkRequest(purpose=PROVISION, recipient=PARTNER, subjects=wanted)
    manifest, path = town.export("named.csv", bulk=bulk)
    assert [row["person"] for row in rows_in(path)] == [town.people[0]]
    assert manifest.excluded == {ReasonCode.SUBJECT: 2}


def test_many_parts_make_the_same_file_as_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows_in(town.export("whole.csv")[1])
    monkeypatch.setattr(deciding, "PART", 2)
    manifest, path = town.export("parts.csv")
    assert rows_in(path) == whole
    assert manifest.persons == 3


def overtaken(
    town: Town, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None], *, times: int
) -> None:
    """The change happens after the first rows were decided, so many times."""
    real, left = open_prepared, [times]

    def opened(*args: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            change()
        return real(*args, **named)

    monkeypatch.setattr(exporting, "open_prepared", opened)


def test_a_withdrawal_before_the_end_takes_the_person_out(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = fresh.people[0]
    overtaken(fresh, monkeypatch, partial(say, fresh.wiring, gone, EventKind.WITHDRAWN), times=1)
    manifest, path = fresh.export("late.csv")
    assert [row["person"] for row in rows_in(path)] == [fresh.people[1]]
    with fresh.wiring.database.read() as tx:
        assert len(events(tx, "person.exported")) == 1
        records = store.recorded(tx, limit=10)
        assert [record.persons for record in records] == [1]
        assert records[0].id == manifest.provision


def test_a_change_of_state_before_the_end_takes_the_person_out(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restrict() -> None:
        fresh.wiring.database.write(
            partial(set_state, subject=fresh.people[1], state=SubjectState.RESTRICTED)
        )

    overtaken(fresh, monkeypatch, restrict, times=1)
    _, path = fresh.export("state.csv")
    assert [row["person"] for row in rows_in(path)] == [fresh.people[0]]


def test_an_entry_that_ends_meanwhile_lets_nothing_out(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        fresh.wiring.database.write(
            lambda tx: registers.change(
                tx, fresh.wiring.ports, OFFICER, "V900", {"notes": "架空"}, version=1, at=AT
            )
        )

    overtaken(fresh, monkeypatch, end, times=1)
    with pytest.raises(GateBusyError):
        fresh.export("ended.csv")  # the recipient is another version for every attempt
    assert not (fresh.folder / "ended.csv").exists()


def test_one_who_changes_without_end_gets_no_file_out(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken(
        fresh,
        monkeypatch,
        partial(say, fresh.wiring, fresh.people[0], EventKind.GIVEN),
        times=9,
    )
    with pytest.raises(GateBusyError):
        fresh.export("never.csv")
    assert not (fresh.folder / "never.csv").exists()
    with fresh.wiring.database.read() as tx:
        assert not events(tx, "person.exported")
        assert not store.recorded(tx, limit=10)
        assert tx.execute(select(store.PROVISION)).all() == []


def test_the_names_of_a_record_are_sealed(town: Town) -> None:
    town.export("sealed.csv")
    assert "架空　代表".encode() not in data_bytes(town.wiring)
    assert b"person1@example.com" not in data_bytes(town.wiring)


def test_a_use_lists_who_may_be_used_and_shows_nothing(fresh: Town) -> None:
    say(fresh.wiring, fresh.people[2], EventKind.GIVEN, "mail_marketing")
    request = BulkRequest(purpose="mail_marketing", channel="email")
    answer: UseAnswer = use(fresh.wiring.ports, staff("marketing"), request, at=AT)
    assert answer.permit == (fresh.people[2],)
    assert sum(answer.excluded.values()) == 2
    with fresh.wiring.database.read() as tx:
        (event,) = events(tx, "person.used")
        row = tx.execute(select(EVENTS).where(EVENTS.c.id == event.id)).one()
    assert row.fields is None
    assert answer.valid_until > AT


def test_a_use_that_no_rule_permits_is_refused(town: Town) -> None:
    with pytest.raises(ExportRefusedError):
        use(town.wiring.ports, staff("marketing"), BulkRequest(purpose="order_support"), at=AT)
