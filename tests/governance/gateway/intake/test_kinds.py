"""Every kind of row around a person comes in by file: known once, referring rightly, or waiting."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.app.wiring import Wiring
from governance.core.terms import Lang, RowId, SubjectId
from governance.customers import imports, store
from governance.customers.sources.types import Acquisition, AcquisitionGround
from governance.customers.subjects import SubjectState
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.gateway.intake import flow
from governance.gateway.intake.errors_file import write_errors
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportOutcome, ImportRequest
from tests.governance.gateway.intake.finding import sensitive
from tests.guardians import confirmed
from tests.installation import AT, MANAGER, create, events, staff, with_ports

FILES = Path(__file__).parents[3] / "data" / "kinds"
BEFORE = ("customers", "companies", "purchases", "inquiries")
COMES_TO = {  # stored, waiting, refused
    "contacts": (4, 3, 0),
    "relations": (3, 4, 0),
    "households": (4, 2, 0),
    "subscriptions": (2, 4, 0),
    "messages": (3, 2, 0),
    "permissions": (3, 3, 0),
    "preferences": (3, 2, 0),
    "tags": (3, 2, 1),
}
TABLE = {
    "contacts": "contact",
    "relations": "relation",
    "households": "household_member",
    "subscriptions": "subscription",
    "messages": "inquiry_message",
    "permissions": "channel_permission",
    "preferences": "preference",
    "tags": "person_tag",
}
WAITS = {
    "contacts": {4: "COMPANY_UNKNOWN", 5: "MISSING_REQUIRED", 6: "CUSTOMER_UNKNOWN"},
    "relations": {3: "MISSING_REQUIRED", 4: "DATE_ORDER", 5: "VALUE_UNKNOWN",
                  6: "CUSTOMER_UNKNOWN"},
    "households": {5: "VALUE_UNKNOWN", 6: "MISSING_REQUIRED"},
    "subscriptions": {3: "MISSING_REQUIRED", 4: "PURCHASE_UNKNOWN", 5: "NUMBER_INVALID",
                      6: "NUMBER_INVALID"},
    "messages": {4: "INQUIRY_UNKNOWN", 5: "MISSING_REQUIRED"},
    "permissions": {4: "VALUE_UNKNOWN", 5: "VALUE_UNKNOWN", 6: "CUSTOMER_UNKNOWN"},
    "preferences": {4: "WORD_UNDECLARED", 5: "WORD_UNDECLARED"},
    "tags": {5: "WORD_UNDECLARED", 6: "DATE_ORDER"},
}  # fmt: skip


def taken(wiring: Wiring, path: Path, **options: object) -> ImportOutcome:
    request = replace(ImportRequest(path=path), **options)  # type: ignore[arg-type] # test options
    outcome = take_in(wiring.ports, MANAGER, request, at=AT)
    assert outcome.counts.adds_up()
    return outcome


def counts(outcome: ImportOutcome) -> tuple[int, ...]:
    found = outcome.counts
    return found.stored, found.merged, found.quarantined, found.refused


def filled(wiring: Wiring) -> Wiring:
    for name in BEFORE:
        assert taken(wiring, FILES / f"{name}.csv").counts.quarantined == 0
    return wiring


@pytest.fixture
def ready(on_sqlite: Wiring) -> Wiring:
    return filled(on_sqlite)


@pytest.fixture
def people(on_sqlite: Wiring) -> Wiring:
    taken(on_sqlite, FILES / "customers.csv")
    return on_sqlite


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """An installation with every file taken in, for tests that only look."""
    wiring = filled(create(tmp_path_factory.mktemp("kinds")))
    for name in COMES_TO:
        taken(wiring, FILES / f"{name}.csv")
    yield wiring
    wiring.close()


def rows(wiring: Wiring, table: str) -> list[dict[str, object]]:
    """Every row of a table with its sealed fields opened."""
    with wiring.database.read() as tx:
        found = store.records_after(tx, table, after=None, limit=99)
    opened = wiring.vault.open_rows([(row.id, row.sealed) for row in found])
    return [
        dict(row.clear)
        | {"id": row.id, "owner": row.subject}
        | {name.partition(".")[2]: cell.value for name, cell in values.items()}
        for row, values in zip(found, opened, strict=True)
    ]


def person_of(wiring: Wiring, number: int) -> SubjectId:
    wanted = f"C{number:06d}"
    (found,) = (row for row in rows(wiring, "person") if row.get("customer_id") == wanted)
    return SubjectId(str(found["owner"]))


def written(folder: Path, name: str, lines: Sequence[Mapping[str, str]], *, encoding: str) -> Path:
    out = StringIO()
    writer = csv.DictWriter(out, [*lines[0]])
    writer.writeheader()
    writer.writerows(lines)
    path = folder / name
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def permission(number: int, wanted: str, **more: str) -> dict[str, str]:
    asked = {"顧客ID": f"C{number:06d}", "連絡手段": "メール", "可否": wanted, "申出日": ""}
    return asked | more


# --- every kind


def test_each_kind_is_told_by_its_headers_and_a_second_file_doubles_nothing(
    installation: Wiring, tmp_path: Path
) -> None:
    filled(installation)
    for name, (stored, waits, refused) in COMES_TO.items():
        path = FILES / f"{name}.csv"
        dry = taken(installation, path, dry_run=True)
        run = taken(installation, path)
        assert run.kind.value == name
        assert run.left_out == ()
        assert counts(run) == counts(dry) == (stored, 0, waits, refused)
        assert run.problems == dry.problems
        again = tmp_path / f"{name}_202611.csv"
        again.write_bytes(path.read_bytes() + b"\r\n")
        assert counts(taken(installation, again)) == (0, stored, waits, refused)
        assert len(rows(installation, TABLE[name])) == stored


@pytest.mark.parametrize("name", [*WAITS])
def test_a_row_that_cannot_be_waits_with_its_reason(whole: Wiring, name: str) -> None:
    with whole.database.read() as tx:
        (run,) = (run for run in imports.all_runs(tx) if run.kind == name)
        assert {row.row: row.reason for row in imports.waiting(tx, run.id)} == WAITS[name]


def test_special_care_without_a_ground_is_not_even_kept_to_be_corrected(whole: Wiring) -> None:
    with whole.database.read() as tx:
        (run,) = (run for run in imports.all_runs(tx) if run.kind == "tags")
        assert 4 not in {row.row for row in imports.waiting(tx, run.id)}
        assert run.counts["refused"] == 1
    (held,) = (row for row in rows(whole, "person_tag") if row.get("special_label"))
    assert (held["special_label"], held["ground"]) == ("diabetes", "provided_by_person")
    assert "label" not in held


# --- whose and of what


def test_a_contact_brings_its_person_and_stands_at_its_company(whole: Wiring) -> None:
    persons = {row.get("name"): row for row in rows(whole, "person")}
    companies = {row["source_key"]: row["id"] for row in rows(whole, "company")}
    brought = persons["窓口 一子"]
    held = {row["owner"]: row for row in rows(whole, "contact")}
    contact = held[brought["owner"]]
    assert contact["company_id"] == companies["B0001"]
    assert (contact["title"], contact["is_primary"], contact["source"]) == ("部長", True, "card")
    assert (brought["acquisition_method"], brought["acquired_from"]) == ("card", "person")
    assert not {"email", "phone"} & brought.keys()  # they are the contact's, and stand once
    with whole.database.read() as tx:
        kinds = select(store.SUBJECT.c.kind).where(store.SUBJECT.c.id == brought["owner"])
        assert tx.execute(kinds).scalar() == "contact"
    assert person_of(whole, 2) in held  # who has a customer id is that customer


def test_a_verified_parent_lets_a_child_consent_and_an_unproved_one_does_not(
    whole: Wiring,
) -> None:
    (parent,) = (row for row in rows(whole, "relation") if row["other_subject_id"])

    def stands(number: int) -> bool:
        with whole.database.read() as tx:
            known = select(store.SUBJECT.c.guardian_verified)
            mine = known.where(store.SUBJECT.c.id == person_of(whole, number))
            return bool(tx.execute(mine).scalar_one())

    assert not stands(3)  # a file alone gives no right
    confirmed(whole, RowId(parent["id"]))
    assert stands(3)
    assert not stands(4)  # the proof had no day: the row waits
    assert parent["other_subject_id"] == person_of(whole, 1)
    assert (parent["kind"], parent["verified_by"]) == ("parent", MANAGER.id)


def test_a_household_is_one_for_all_rows_that_name_it(whole: Wiring) -> None:
    members = rows(whole, "household_member")
    homes = {row["household_id"] for row in members[:3]}
    assert len(homes) == 1
    assert members[3]["household_id"] not in homes
    assert [row["role"] for row in members] == ["head", "spouse", "child", "head"]


def test_a_message_is_about_who_asked_and_holds_no_number(whole: Wiring) -> None:
    asked = {row["id"]: row["owner"] for row in rows(whole, "inquiry")}
    messages = rows(whole, "inquiry_message")
    assert all(asked[row["inquiry_id"]] == row["owner"] for row in messages)
    assert [row["author_kind"] for row in messages] == ["person", "staff", "staff"]
    assert not any("4111111111111111" in str(row["body"]) for row in messages)
    notes = [str(row.get("notes", "")) for row in rows(whole, "contact")]
    assert any("記録しません" in text for text in notes)
    assert not any("123456789018" in text for text in notes)


def test_the_words_of_a_file_are_the_codes_of_the_store(whole: Wiring) -> None:
    said = {(row["topic"], row["value"]) for row in rows(whole, "preference")}
    assert {("contact_time", "morning"), ("language", "en")} < said
    wishes = {(r["channel"], r["kind"], r["wanted"]) for r in rows(whole, "channel_permission")}
    assert ("phone", "any", "unwanted") in wishes
    tags = {(row["vocabulary"], row.get("label")) for row in rows(whole, "person_tag")}
    assert {("care", "large_print"), ("segment", "gift")} < tags
    (running, cancelled) = rows(whole, "subscription")
    assert (running["status"], running["amount"], running["period_months"]) == ("running", 1200, 12)
    assert running["purchase_id"] == rows(whole, "purchase")[0]["id"]
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "量が多い")


# --- a source's next file


def test_a_newer_file_changes_the_row_and_what_somebody_wrote_since_stays(
    ready: Wiring, tmp_path: Path
) -> None:
    source = FILES / "subscriptions.csv"
    taken(ready, source, source="crm")
    text = source.read_text("utf-8-sig").replace("お茶の定期便", "お茶の定期便 竹")
    first = tmp_path / "next.csv"
    first.write_text(text.replace("契約中,2025/01/10,12", "休止,2025/01/10,12"), "utf-8-sig")
    outcome = taken(ready, first, source="crm")
    assert (outcome.counts.merged, outcome.counts.updated) == (2, 1)
    changed = rows(ready, "subscription")[0]
    assert (changed["status"], changed["plan_name"]) == ("paused", "お茶の定期便 竹")
    entry = Entry(
        table="subscription",
        subject=SubjectId(str(changed["owner"])),
        values={"plan_name": "お茶の定期便 松"},
        purpose="order_support",
        row=changed["id"],  # type: ignore[arg-type] # a row id
        version=2,
    )
    put(ready.ports, staff("support"), entry, at=AT)
    second = tmp_path / "last.csv"
    second.write_text(text.replace("便 竹", "便 梅"), "utf-8-sig")
    assert taken(ready, second, source="crm").problems["CONFLICT_KEPT"] == 1
    kept = rows(ready, "subscription")[0]
    assert (kept["plan_name"], kept["status"]) == ("お茶の定期便 松", "running")
    with ready.database.read() as tx:
        assert {event.subject for event in events(tx, "person.changed")} == {changed["owner"]}


def test_a_file_cannot_make_of_a_row_what_the_rules_refuse(ready: Wiring, tmp_path: Path) -> None:
    taken(ready, FILES / "subscriptions.csv", source="crm")
    text = (FILES / "subscriptions.csv").read_text("utf-8-sig")
    late = tmp_path / "late.csv"
    late.write_text(text.replace("契約中,2025/01/10,12か月", "解約済,2025/01/10,12"), "utf-8-sig")
    outcome = taken(ready, late, source="crm")
    assert counts(outcome) == (0, 1, 5, 0)  # cancelled without a day: it waits
    assert rows(ready, "subscription")[0]["status"] == "running"


@pytest.mark.parametrize(
    ("held", "told", "since", "stands"),
    [
        ("可", "不可", "", "unwanted"),
        ("不可", "可", "", "unwanted"),
        ("可", "不可", "2024/01/01", "wanted"),  # an older word than the stored one
    ],
)
def test_of_two_sources_the_one_that_wants_no_contact_is_right(
    people: Wiring, tmp_path: Path, held: str, told: str, since: str, stands: str
) -> None:
    for name, wanted, day in (("crm", held, "2025/01/01"), ("shop", told, since)):
        path = written(
            tmp_path, f"{name}.csv", [permission(1, wanted, 申出日=day)], encoding="cp932"
        )
        taken(people, path, source=name)
    (row,) = rows(people, "channel_permission")
    assert row["wanted"] == stands


def test_two_rows_of_one_file_are_one_wish_and_the_refusal_holds(
    people: Wiring, tmp_path: Path
) -> None:
    said = [permission(1, "可"), permission(1, "不可"), permission(1, "可")]
    path = written(tmp_path, "twice.csv", said, encoding="cp932")
    dry, run = taken(people, path, dry_run=True), taken(people, path)
    assert counts(dry) == counts(run) == (1, 2, 0, 0)
    (row,) = rows(people, "channel_permission")
    assert row["wanted"] == "unwanted"
    assert run.problems == {"CONFLICT_KEPT": 1} == dry.problems


def test_a_dry_run_of_many_batches_says_what_the_run_does(
    people: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "BATCH", 2)
    said = ["可", "不可", "可", "要確認", "不可", "可"]
    wishes = [permission(1 + n % 2, word) for n, word in enumerate(said + said)]
    path = written(tmp_path, "wishes.csv", wishes, encoding="cp932")
    dry, run = taken(people, path, dry_run=True), taken(people, path)
    assert counts(dry) == counts(run) == (2, 10, 0, 0)
    assert dry.problems == run.problems
    assert {row["wanted"] for row in rows(people, "channel_permission")} == {"unwanted"}
    company = [{"会社ID": "B0001", "会社名": "架空商事", "代表者名": "架空　長"}]
    taken(people, written(tmp_path, "companies.csv", company, encoding="cp932"))
    posts = [
        {"担当者ID": f"K{n % 2}", "会社ID": "B0001", "担当者名": f"窓口{n % 2}", "部署": part}
        for n, part in enumerate(("営業", "購買", "営業", "", "総務"))
    ]
    path = written(tmp_path, "posts.csv", posts, encoding="utf-8")
    dry, run = taken(people, path, dry_run=True), taken(people, path)
    assert counts(dry) == counts(run) == (2, 3, 0, 0)
    assert dry.problems == run.problems == {"CONFLICT_KEPT": 1}
    assert len(rows(people, "person")) == 5 + 2


# --- grounds


def test_what_a_third_party_says_of_health_is_not_taken_in(ready: Wiring, tmp_path: Path) -> None:
    ports = replace(ready.ports, analyse=sensitive)
    third = Acquisition(acquired_from="third_party")
    installation = with_ports(ready, ports)
    said = FILES / "messages.csv"
    outcome = taken(installation, said, acquisition=third)
    assert outcome.problems["SPECIAL_CARE_NO_GROUND"] == 4  # one of them waits besides
    assert not any("body" in row for row in rows(ready, "inquiry_message"))
    tag = {"顧客ID": "C000001", "タグ": "糖尿病", "保有の根拠": "本人提供"}
    path = written(tmp_path, "tags.csv", [tag], encoding="cp932")
    assert counts(taken(ready, path, acquisition=third)) == (0, 0, 0, 1)
    odd = tag | {"付与日": "2025/02/01", "失効日": "2025/01/01"}  # wrong besides: still not kept
    file = written(tmp_path, "odd.csv", [odd], encoding="cp932")
    assert counts(taken(ready, file, acquisition=third)) == (0, 0, 0, 1)
    with ready.database.read() as tx:
        reasons = {row.reason for row in tx.execute(select(imports.ASIDE))}
    assert "SPECIAL_CARE_NO_GROUND" not in reasons
    consented = replace(third, ground=AcquisitionGround.CONSENT)
    assert counts(taken(ready, path, acquisition=consented)) == (1, 0, 0, 0)


def test_what_a_person_wrote_themselves_is_provided_by_them(ready: Wiring) -> None:
    installation = with_ports(ready, replace(ready.ports, analyse=sensitive))
    taken(installation, FILES / "messages.csv")
    with ready.database.read() as tx:
        grounds = [row.ground for row in tx.execute(select(store.FINDING)) if row.ground]
    assert sorted(grounds) == ["provided_by_person", "unconfirmed", "unconfirmed"]


# --- corrections and ends


def test_a_corrected_reference_settles_the_row_that_waited(ready: Wiring, tmp_path: Path) -> None:
    first = taken(ready, FILES / "contacts.csv")
    path = tmp_path / "errors.csv"
    write_errors(ready.ports, MANAGER, first.run or "", path, lang=Lang.JA, at=AT)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 3
    assert [*lines[0].values()][2].startswith("会社ID: この会社 ID の会社は登録されていません")
    for line in lines:
        line["会社ID"] = line["会社ID"].replace("B9999", "B0002")
    outcome = taken(ready, written(tmp_path, "fixed.csv", lines, encoding="utf-8-sig"))
    assert outcome.corrects == first.run
    assert counts(outcome) == (1, 0, 2, 0)
    with ready.database.read() as tx:
        assert imports.waiting(tx, first.run or "") == ()
    assert len(rows(ready, "contact")) == 5


def test_a_deal_waits_for_its_company_and_comes_back(ready: Wiring, tmp_path: Path) -> None:
    deals = [
        {
            "商談ID": f"D{n}",
            "会社ID": company,
            "会社名": "架空",
            "商談名": "棚",
            "先方担当者": "窓口",
        }
        for n, company in enumerate(("B0001", "B0003", ""))
    ]
    first = taken(ready, written(tmp_path, "deals.csv", deals, encoding="cp932"))
    assert (counts(first), first.problems) == ((2, 0, 1, 0), {"COMPANY_UNKNOWN": 1})
    company = [{"会社ID": "B0003", "会社名": "例示商会", "代表者名": "例示　次"}]
    taken(ready, written(tmp_path, "more.csv", company, encoding="cp932"))
    path = tmp_path / "errors.csv"
    write_errors(ready.ports, MANAGER, first.run or "", path, lang=Lang.JA, at=AT)
    assert counts(taken(ready, path)) == (1, 0, 0, 0)
    assert sum(row["company_id"] is not None for row in rows(ready, "deal")) == 2


def test_no_row_comes_to_a_person_who_is_being_erased(people: Wiring, tmp_path: Path) -> None:
    gone = person_of(people, 1)
    people.database.write(lambda tx: store.set_state(tx, gone, SubjectState.ERASING))
    path = written(tmp_path, "one.csv", [permission(1, "可")], encoding="cp932")
    outcome = taken(people, path)
    assert (counts(outcome), outcome.problems) == ((0, 0, 1, 0), {"CUSTOMER_UNKNOWN": 1})
