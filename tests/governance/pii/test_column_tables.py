"""Columns of one table: whom its rows are about, short names, and the first sight of others.

The three sets were written by somebody who did not know the rules, made hard on purpose (old
systems, masked values, cattle, traps); of each column twelve different values at most are kept.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest

from governance.pii.column_readings import spelled
from governance.pii.column_subjects import Subject, subject_of
from governance.pii.column_tables import side_by_side
from governance.pii.columns import classify_column
from governance.pii.types import ColumnLabel, Tie

FOLDER: Final = Path(__file__).parent / "data" / "columns"
SAME: Final = {  # the writer's kinds and those of the product
    "CUSTOMER_ID": "OTHER_PERSONAL",
    "SENSITIVE": "OTHER_PERSONAL",
    "SNS": "SNS_ACCOUNT",
}
NAMES: Final = ("佐藤 花子", "鈴木一郎")
PLACES: Final = ("東京都千代田区丸の内1-2-3", "大阪府豊中市新千里東町1-4-2")


def judged(table: str, columns: Mapping[str, Sequence[str]]) -> Sequence[ColumnLabel]:
    labels = [classify_column(name, values) for name, values in columns.items()]
    return side_by_side(list(columns), list(columns.values()), labels, table=table)


def kind_of(said: ColumnLabel) -> str:
    if not said.personal or said.review:
        return "NONE"
    return said.label or "OTHER_PERSONAL"


@pytest.mark.parametrize(
    ("name", "right", "recall", "seen", "precision"),
    [
        ("06_blind_a", 0.97, 0.99, 0.99, 0.97),
        ("07_blind_b", 0.93, 0.98, 0.99, 0.91),
        ("08_blind_c", 0.85, 0.92, 0.96, 0.88),
    ],
)
def test_columns_of_another_writer_stay_above_their_floor(
    name: str, right: float, recall: float, seen: float, precision: float
) -> None:
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    found: list[tuple[dict[str, Any], ColumnLabel]] = []
    for table, rows in groupby(map(json.loads, lines), key=lambda row: row["table"]):
        kept = list(rows)
        labels = judged(table, {row["column"]: row["values"] for row in kept})
        found += zip(kept, labels, strict=True)
    personal = [kind_of(said) != "NONE" for row, said in found if row["personal"]]
    told = [row["personal"] for row, said in found if kind_of(said) != "NONE"]
    looked_at = [kind_of(said) != "NONE" or said.review for row, said in found if row["personal"]]
    agree = [kind_of(said) == SAME.get(row["kind"], row["kind"]) for row, said in found]
    assert sum(agree) / len(found) >= right - 0.01  # 要配慮 in texts counts for neither
    assert sum(personal) / len(personal) >= recall
    assert sum(looked_at) / len(personal) >= seen
    assert sum(told) / len(told) >= precision
    assert sum(said.review for _, said in found) / len(found) <= 0.1


@pytest.mark.parametrize(
    ("table", "subject"),
    [
        ("社員台帳", Subject.PERSONS),
        ("share/顧客マスタ_2026年10月.csv", Subject.PERSONS),
        ("名簿.xlsx#生徒名簿", Subject.PERSONS),
        ("public.tbl_users", Subject.PERSONS),
        ("SYNMSTP", Subject.PERSONS),
        ("ｶｲｲﾝﾏｽﾀ", Subject.PERSONS),
        ("payroll_us", Subject.PERSONS),
        ("EC注文データ", Subject.EVENTS),
        ("customer_orders", Subject.EVENTS),
        ("仕入先マスタ", Subject.THINGS),
        ("在庫一覧", Subject.GOODS),
        ("牛個体識別", Subject.ANIMALS),
        ("Sheet1", None),
    ],
)
def test_name_of_a_table_says_what_its_rows_are(table: str, subject: Subject | None) -> None:
    assert subject_of(table) is subject


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SYNCD", "社員コード"),
        ("KIHONK", "基本給"),
        ("GAKURK", "学歴"),
        ("JUSYO2", "住所"),
        ("ﾆｭｳｶｲﾋﾞ", "入会日付"),
        ("genre", None),
        ("status", None),
        ("customer", None),
    ],
)
def test_short_names_of_old_systems_are_spelled(name: str, words: str | None) -> None:
    assert spelled(name) == words


def test_address_of_a_supplier_is_no_persons_and_its_contact_is() -> None:
    columns = {"本社住所": PLACES, "代表電話": ("03-1234-5678",) * 2, "担当者名": NAMES}
    ties = [said.tie for said in judged("仕入先マスタ", columns)]
    assert ties == [Tie.THING, Tie.THING, Tie.NAMES]
    assert [said.personal for said in judged("仕入先マスタ", columns)] == [False, False, True]


def test_table_of_a_clinic_that_describes_persons_is_of_persons() -> None:
    columns = {"住所": PLACES, "生年月日": ("1978/04/01", "1964/02/03"), "性別": ("男", "女")}
    assert all(said.personal for said in judged("クリニック.csv", columns)[:2])


def test_register_of_persons_makes_attributes_of_its_columns() -> None:
    columns = {
        "氏名": NAMES,
        "役職": ("係長", "課長"),
        "雰囲気": ("静か", "陽気"),
        "更新日": ("2026/04/01",),
    }
    ties = [said.tie for said in judged("社員台帳", columns)]
    assert ties == [Tie.NAMES, Tie.DESCRIBES, Tie.DESCRIBES, Tie.NONE]
    assert [said.tie for said in judged("", {"役職": ("係長", "課長")})] == [Tie.NONE]


def test_thin_evidence_is_for_a_person_to_judge() -> None:
    said = judged("社員台帳", {"氏名": NAMES, "zq9x": ("ab", "cd")})[1]
    assert (said.tie, said.review) == (Tie.BESIDE, True)


def test_masked_values_and_records_in_cells_are_seen() -> None:
    assert classify_column("card_m", ["**** **** **** 0783"]).personal
    assert classify_column("doc", ['{"name": "佐藤 花子", "mail": "a@example.com"}']).free_text
    assert not classify_column("before", ['{"price": 201, "stock": 20}']).personal
