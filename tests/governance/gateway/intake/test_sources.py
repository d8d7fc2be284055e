"""A source's next file: its own former words are replaced, what others wrote since stays."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, FieldId, Lang
from governance.customers import store
from governance.customers.search.looking import find_tokens
from governance.customers.sources import store as sources
from governance.customers.sources.types import (
    Acquisition,
    AcquisitionGround,
    SourceHeadersChangedError,
)
from governance.customers.types import SourceKind
from governance.gateway.intake.service import take_in
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import FieldUnknownError, ImportOutcome, ImportRequest
from governance.http.principal import PrincipalKind
from governance.identity.service import open_session, principal_by_session
from governance.identity.types import Level
from tests.governance.gateway.intake.finding import sensitive
from tests.installation import AT, MANAGER, create, customer, events, register, write_file

OPTIN = ("受付番号", "受付日時", "氏名", "メールアドレス", "自由記入")
NAMELESS = ("会員さま", "ご連絡さき", "いつから")


def taken(wiring: Wiring, path: Path, **options: object) -> ImportOutcome:
    request = replace(ImportRequest(path=path), **options)  # type: ignore[arg-type] # test options
    return take_in(wiring.ports, MANAGER, request, at=AT)


def counts(outcome: ImportOutcome) -> tuple[int, ...]:
    found = outcome.counts
    return found.read, found.stored, found.merged, found.quarantined, found.refused


def persons(wiring: Wiring) -> list[dict[str, object]]:
    with wiring.database.read() as tx:
        rows = store.records_after(tx, "person", after=None, limit=999)
    opened = wiring.vault.open_rows([(row.id, row.sealed) for row in rows])
    return [
        dict(row.clear)
        | {"id": row.id, "subject": row.subject}
        | {name.partition(".")[2]: cell.value for name, cell in values.items()}
        for row, values in zip(rows, opened, strict=True)
    ]


def write(folder: Path, rows: list[dict[str, str]], name: str, **more: object) -> Path:
    return write_file(folder, register(rows, **more), name=name)  # type: ignore[arg-type] # headers


def found_by(wiring: Wiring, field: str, value: str) -> int:
    indexer = Indexer(wiring.vault, ("person",))
    indexer.look()
    tokens = [token for _, token in indexer.of(FieldId(field), value)]
    with wiring.database.read() as tx:
        return len(find_tokens(tx, [FieldId(field)], tokens))


def by_mail(wiring: Wiring, subject: str) -> str:
    """The secret of a session that a code to the person's address opened."""
    opening = partial(
        open_session, actor=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON,
        lasting=timedelta(hours=1), at=AT, level=Level.MAIL,
    )  # fmt: skip
    return wiring.database.write(opening)[1]


def test_a_newer_file_of_a_source_updates_the_person(installation: Wiring, tmp_path: Path) -> None:
    first = [customer(1), customer(2)]
    taken(installation, write(tmp_path, first, "a.csv"), source="crm")
    inside = [by_mail(installation, str(row["subject"])) for row in persons(installation)]
    later = [customer(1, メールアドレス="new@example.com", 会員状態="休眠"), customer(2)]
    outcome = taken(installation, write(tmp_path, later, "b.csv"), source="crm")
    assert counts(outcome) == (2, 0, 2, 0, 0)
    assert (outcome.counts.updated, outcome.problems) == (1, {})
    one, two = sorted(persons(installation), key=lambda row: str(row["customer_id"]))
    assert (one["email"], one["status"], one["version"]) == ("new@example.com", "dormant", 2)
    assert two["version"] == 1
    assert found_by(installation, "person.email", "new@example.com") == 1
    assert found_by(installation, "person.email", "person1@example.com") == 0
    with installation.database.read() as tx:
        (event,) = events(tx, "person.changed")
    assert event.subject == one["subject"]
    assert "person.email" in str(event.fields)
    assert "new@" not in str(event)
    with installation.database.read() as tx:
        still = [
            principal_by_session(tx, secret, at=AT, lang=Lang.JA)[1] is not None
            for secret in inside
        ]
    moved = [str(row["subject"]) == one["subject"] for row in persons(installation)]
    assert still == [not gone for gone in moved], "by the old address nobody is inside any more"


def test_a_files_own_name_is_its_source_but_for_numbers(on_sqlite: Wiring, tmp_path: Path) -> None:
    taken(on_sqlite, write(tmp_path, [customer(1)], "customers_202609.csv"))
    path = write(
        tmp_path, [customer(1, 備考="追記", 住所="大阪府大阪市北区1-1")], "customers_202610.csv"
    )
    outcome = taken(on_sqlite, path)
    assert outcome.counts.updated == 1
    assert "大阪" in str(persons(on_sqlite)[0]["address"])


def test_a_correction_in_the_store_outlives_what_the_source_repeats(
    installation: Wiring, tmp_path: Path
) -> None:
    taken(installation, write(tmp_path, [customer(1)], "a.csv"), source="crm")
    (row,) = persons(installation)
    sealed = installation.vault.seal_row(
        row["subject"],
        row["id"],
        {FieldId("person.email"): "mine@example.com"},  # type: ignore[arg-type] # ids of the row
    )
    record = store.Record(
        table="person",
        id=row["id"],  # type: ignore[arg-type] # the row's id
        subject=row["subject"],  # type: ignore[arg-type] # the row's subject
        clear={},
        sealed={name: bytes(cell) for name, cell in sealed.items() if cell},
    )
    installation.database.write(lambda tx: store.update_record(tx, record, expected_version=1))
    again = [customer(1, 備考="二回目")]
    outcome = taken(installation, write(tmp_path, again, "b.csv"), source="crm")
    assert (outcome.counts.updated, outcome.problems) == (1, {})
    (row,) = persons(installation)
    assert (row["email"], row["notes"]) == ("mine@example.com", "二回目")
    other = [customer(1, 備考="二回目", メールアドレス="third@example.com")]
    outcome = taken(installation, write(tmp_path, other, "c.csv"), source="crm")
    assert outcome.problems == {"CONFLICT_KEPT": 1}
    assert persons(installation)[0]["email"] == "mine@example.com"


def test_an_older_file_replaces_nothing_newer(on_sqlite: Wiring, tmp_path: Path) -> None:
    new = Acquisition(acquired_on=date(2026, 9, 1))
    old = Acquisition(acquired_on=date(2026, 3, 1))
    taken(on_sqlite, write(tmp_path, [customer(1)], "a.csv"), source="crm", acquisition=new)
    path = write(tmp_path, [customer(1, 氏名="架空　旧姓")], "b.csv")
    outcome = taken(on_sqlite, path, source="crm", acquisition=old)
    assert outcome.counts.updated == 0
    assert outcome.problems == {"CONFLICT_KEPT": 1}
    assert persons(on_sqlite)[0]["name"] == "架空 花子二"


def test_another_source_fills_gaps_and_replaces_nothing(on_sqlite: Wiring, tmp_path: Path) -> None:
    taken(on_sqlite, write(tmp_path, [customer(1)], "a.csv"), source="crm")
    other = [customer(1, メールアドレス="x@example.com", 備考="追記")]
    outcome = taken(on_sqlite, write(tmp_path, other, "b.csv"), source="shop")
    assert (outcome.counts.updated, outcome.problems) == (0, {"CONFLICT_KEPT": 1})
    (row,) = persons(on_sqlite)
    assert (row["email"], row["notes"]) == ("person1@example.com", "追記")


def test_a_corrected_file_of_forms_doubles_nobody(installation: Wiring, tmp_path: Path) -> None:
    rows = [
        {"受付番号": f"W{n}", "受付日時": "2026-09-01T10:00:00+09:00", "氏名": f"架空　花子{n}",
         "メールアドレス": f"w{n}@example.com"}
        for n in range(3)
    ]  # fmt: skip
    path = write(tmp_path, rows, "forms.csv", headers=OPTIN)
    assert counts(taken(installation, path)) == (3, 3, 0, 0, 0)
    rows[1]["氏名"], rows[1]["メールアドレス"] = "架空　次郎", "jiro@example.com"
    path = write(tmp_path, rows, "forms.csv", headers=OPTIN)
    outcome = taken(installation, path)
    assert (counts(outcome), outcome.counts.updated) == ((3, 0, 3, 0, 0), 1)
    assert sorted(str(row["email"]) for row in persons(installation)) == [
        *("jiro@example.com", "w0@example.com", "w2@example.com"),
    ]


def test_persons_without_an_id_are_known_again_and_namesakes_stay_two(
    installation: Wiring, tmp_path: Path
) -> None:
    twin = customer(1, 顧客ID="")
    rows = [twin, twin, customer(2, 顧客ID="")]
    assert counts(taken(installation, write(tmp_path, rows, "a.csv"))) == (3, 3, 0, 0, 0)
    again = [customer(2, 顧客ID="", 備考="追記"), twin, twin, customer(3, 顧客ID="")]
    outcome = taken(installation, write(tmp_path, again, "a.csv"))
    assert (counts(outcome), outcome.counts.updated) == ((4, 1, 3, 0, 0), 1)
    assert len(persons(installation)) == 4


def test_a_purchase_takes_its_new_state(installation: Wiring, tmp_path: Path) -> None:
    headers = ("購買ID", "顧客ID", "区分", "商品名", "金額", "購入日", "支払状態")
    row = dict(
        zip(headers, ("P1", "C000001", "単品", "茶", "500", "2024/05/05", "未払"), strict=True)
    )
    taken(installation, write(tmp_path, [customer(1)], "c.csv"))
    taken(installation, write(tmp_path, [row], "purchases.csv", headers=headers))
    path = write(tmp_path, [row | {"支払状態": "済"}], "purchases.csv", headers=headers)
    outcome = taken(installation, path)
    assert (counts(outcome), outcome.counts.updated) == ((1, 0, 1, 0, 0), 1)
    with installation.database.read() as tx:
        (stored,) = store.records_after(tx, "purchase", after=None, limit=9)
    assert stored.clear["payment_status"] == "paid"


def test_the_mapping_of_a_source_is_used_again(installation: Wiring, tmp_path: Path) -> None:
    rows = [{"会員さま": "架空　花子", "ご連絡さき": "a@example.com", "いつから": "2024/01/02"}]
    path = write(tmp_path, rows, "a.csv", headers=NAMELESS)
    with pytest.raises(GovernanceError):
        taken(installation, path)
    columns = {"会員さま": "name", "ご連絡さき": "email", "いつから": "registered_on"}
    ground = Acquisition(
        acquired_from="third_party", method="provision", provider="架空商事", origin="EU",
        ground=AcquisitionGround.CONSENT, acquired_on=date(2026, 1, 5),
    )  # fmt: skip
    first = taken(installation, path, source="card", kind=SourceKind.CUSTOMERS, columns=columns,
                  acquisition=ground)  # fmt: skip
    assert counts(first) == (1, 1, 0, 0, 0)
    rows.append({"会員さま": "架空　次郎", "ご連絡さき": "b@example.com", "いつから": ""})
    again = taken(installation, write(tmp_path, rows, "b.csv", headers=NAMELESS), source="card")
    assert counts(again) == (2, 1, 1, 0, 0) or counts(again) == (2, 0, 1, 1, 0)
    (row, *_) = persons(installation)
    assert (row["acquired_from"], row["acquisition_method"]) == ("third_party", "provision")
    assert (row["acquisition_ground"], row["provider"], row["origin"]) == (
        *("consent", "架空商事", "EU"),
    )
    assert row["acquired_on"] == date(2024, 1, 2)
    with installation.database.read() as tx:
        saved = sources.source_named(tx, "card")[SourceKind.CUSTOMERS]
    assert (dict(saved.columns), saved.acquisition) == (columns, ground)


def test_changed_columns_of_a_source_are_told_not_guessed(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    taken(on_sqlite, write(tmp_path, [customer(1)], "a.csv"), source="crm")
    row = customer(2)
    row["連絡先"] = row.pop("メールアドレス")
    path = write(tmp_path, [row], "b.csv", headers=tuple(row))
    with pytest.raises(SourceHeadersChangedError) as told:
        taken(on_sqlite, path, source="crm")
    assert "連絡先" in str(told.value.params["added"])
    assert len(persons(on_sqlite)) == 1
    outcome = taken(on_sqlite, path, source="crm", confirmed=True, columns={"連絡先": "email"})
    assert counts(outcome) == (1, 1, 0, 0, 0)
    assert "person2@example.com" in {row["email"] for row in persons(on_sqlite)}


def test_the_acquisition_of_a_row_is_as_its_file_says(on_sqlite: Wiring, tmp_path: Path) -> None:
    more = {
        "取得日": "2025/12/01",
        "提供した者": "第三者",
        "取得方法": "提供",
        "提供元": "架空商事",
    }
    row = customer(1, 取得元="") | more
    taken(on_sqlite, write(tmp_path, [row], "a.csv", headers=tuple(row)))
    (kept,) = persons(on_sqlite)
    assert (kept["acquired_on"], kept["provider"]) == (date(2025, 12, 1), "架空商事")
    assert (kept["acquired_from"], kept["acquisition_method"]) == ("third_party", "provision")


@pytest.mark.parametrize(
    "columns", [{"無い列": "name"}, {"氏名": "nonsense"}, {"氏名": "name", "フリガナ": "name"}]
)
def test_a_mapping_that_cannot_be_is_refused(
    on_sqlite: Wiring, tmp_path: Path, columns: dict[str, str]
) -> None:
    path = write(tmp_path, [customer(1)], "a.csv")
    with pytest.raises(FieldUnknownError):
        taken(on_sqlite, path, columns=columns)


def test_columns_left_out_are_named(on_sqlite: Wiring, tmp_path: Path) -> None:
    row = customer(1) | {"血液型": "A"}
    path = write(tmp_path, [row], "a.csv", headers=tuple(row))
    outcome = taken(on_sqlite, path, columns={"備考": ""} if "備考" in row else {})
    assert "血液型" in outcome.left_out


def test_personal_data_in_a_column_without_a_field_is_told_and_not_stored(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    strange = {"血液型": "A", "紹介者の連絡先": "shokai@example.com", "職場": "株式会社さくら"}
    rows = [customer(n) | strange for n in (1, 2)]
    path = write(tmp_path, rows, "a.csv", headers=tuple(rows[0]))
    for outcome in (taken(on_sqlite, path), taken(on_sqlite, path)):  # the repeated one too
        (told,) = [one for one in outcome.undeclared if one.column == "紹介者の連絡先"]
        assert told.kinds == ("EMAIL",)
        assert "職場" not in {one.column for one in outcome.undeclared}
        assert "shokai" not in str(outcome.as_json())
    assert all("shokai@example.com" not in map(str, kept.values()) for kept in persons(on_sqlite))


def test_sensitive_notes_of_a_third_party_need_a_ground(on_sqlite: Wiring, tmp_path: Path) -> None:
    wiring = replace(on_sqlite, ports=replace(on_sqlite.ports, analyse=sensitive))
    rows = [customer(1, 備考="持病あり", 取得元="")]
    third = Acquisition(acquired_from="third_party")
    outcome = taken(wiring, write(tmp_path, rows, "a.csv"), acquisition=third)
    assert outcome.problems == {"SPECIAL_CARE_NO_GROUND": 1}
    lawful = replace(third, ground=AcquisitionGround.CONSENT)
    rows = [customer(2, 備考="持病あり", 取得元="")]
    outcome = taken(wiring, write(tmp_path, rows, "b.csv"), acquisition=lawful)
    assert outcome.problems == {}
    with wiring.database.read() as tx:
        grounds = tx.execute(store.FINDING.select()).mappings().all()
    assert {row["ground"] for row in grounds} >= {"consent"}


# --- the dry run equals the run


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Wiring:
    return create(tmp_path_factory.mktemp("dry"))


people = st.builds(
    lambda number, name, mail, note: customer(
        number,
        顧客ID=f"C{number:06d}" if number < 8 else "",
        氏名=name,
        メールアドレス=mail,
        備考=note,
    ),
    st.integers(1, 12),
    st.sampled_from(["架空　花子", "架空　次郎", "", "名なし"]),
    st.sampled_from(["a@example.com", "b@example.com", "", "壊れ@@"]),
    st.sampled_from(["", "追記", "=1+1"]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(people, min_size=1, max_size=8), source=st.sampled_from([None, "crm", "shop"]))
def test_a_dry_run_counts_what_the_run_counts(
    shared: Wiring, tmp_path: Path, rows: list[dict[str, str]], source: str | None
) -> None:
    path = write(tmp_path, rows, "people.csv")
    dry = taken(shared, path, source=source, dry_run=True)
    with shared.database.read() as tx:
        before = store.count_rows(tx, "person")
    run = taken(shared, path, source=source)
    assert dry.counts == run.counts
    assert dict(dry.problems) == dict(run.problems)
    assert run.counts.adds_up()
    with shared.database.read() as tx:
        after = store.count_rows(tx, "person")
    assert after - before == (0 if run.repeated else run.counts.stored)
