"""My Number data in somebody else's database: its columns are emptied and nothing else."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from governance.connectors.database import DatabaseConnector
from governance.connectors.erasing import Memory
from governance.connectors.errors import ConnectorsRefusedError
from governance.connectors.folder import FolderConnector
from governance.connectors.my_number import BY_HAND, end_my_number, holds_my_number
from governance.connectors.specs import DatabaseSpec, FolderSpec, Limits, OnErase
from governance.connectors.types import Erased, Failed, Kept, PersonKeys, Reason
from policies.types import Label
from tests.outside import SHOP, TARO, Outside, asking

REPORTS = SHOP.replace(
    "memo: {label: 備考 / Memo, free_text: true, empty: true}",
    "memo: {label: 支払調書 / Payment report, my_number: true}",
).replace("total: 金額 / Total", "total: {label: 控除 / Deduction, my_number: true}")
ANYONE = REPORTS.replace("        erase: keep\n", "        erase: empty\n", 1)


@pytest.fixture
def shop(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> DatabaseConnector:
    outside.member(1, member_no="C00042", mail="taro@example.com", memo="支払調書 2024",
                   joined_on="2010-05-01")  # fmt: skip
    outside.member(2, member_no="C00043", mail="hanako@example.com", memo="支払調書 2025",
                   joined_on="2010-05-01")  # fmt: skip
    for order, day in ((10, "2026-01-05"), (11, "2012-02-01")):
        outside.run(
            "INSERT INTO orders (id, member_id, total, gift_for, ordered_on)"
            " VALUES (:i, 1, 1980, '高橋次郎', :d)",
            i=order, d=day,
        )  # fmt: skip
    return DatabaseConnector(spec=declared(REPORTS), memory=memory)


def test_only_these_columns_go_and_a_declared_ground_keeps_its_own(
    outside: Outside, shop: DatabaseConnector
) -> None:
    found = end_my_number(shop, TARO, asking())
    assert isinstance(found, Kept)
    assert found.erased == 2  # the member's report, and what the old order says
    assert [(one.place, one.records, one.until) for one in found.items] == [
        ("orders", 1, date(2033, 1, 5))
    ]
    assert outside.all("SELECT name, mail, memo FROM members ORDER BY id") == [
        ("山田太郎", "taro@example.com", None),
        ("山田太郎", "hanako@example.com", "支払調書 2025"),
    ]
    assert outside.all("SELECT total, gift_for FROM orders ORDER BY id") == [
        (1980, "高橋次郎"),
        (None, "高橋次郎"),
    ]


def test_the_same_key_has_the_same_outcome_and_another_finds_nothing_left(
    outside: Outside, shop: DatabaseConnector
) -> None:
    first = end_my_number(shop, TARO, asking())
    outside.run("UPDATE members SET memo = 'again' WHERE id = 1")
    assert end_my_number(shop, TARO, asking()) == first
    outside.run("UPDATE members SET memo = NULL WHERE id = 1")
    later = end_my_number(shop, TARO, asking("r2"))
    assert isinstance(later, Kept)
    assert later.erased == 0


def test_whoever_is_unknown_there_has_nothing_to_end(shop: DatabaseConnector) -> None:
    nobody = PersonKeys(subject=TARO.subject, customers=("C99999",))
    assert end_my_number(shop, nobody, asking()) == Erased(records=0)


def test_a_column_that_cannot_be_empty_is_a_failure_and_nothing_changed(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> None:
    outside.run("CREATE TABLE slips (id INTEGER PRIMARY KEY, mail VARCHAR(80), slip TEXT NOT NULL)")
    outside.run("INSERT INTO slips VALUES (1, 'taro@example.com', '支払調書')")
    words = SHOP[: SHOP.index("      members:")] + (
        "      slips:\n        label: 調書 / Slips\n        person: {email: mail}\n"
        "        columns:\n          mail: メール / Mail\n"
        "          slip: {label: 調書 / Slip, my_number: true}\n        erase: delete\n"
    )
    slips = DatabaseConnector(spec=declared(words), memory=memory)
    assert isinstance(end_my_number(slips, TARO, asking()), Failed)
    assert outside.all("SELECT slip FROM slips") == [("支払調書",)]


def test_a_system_that_declares_none_is_not_asked(
    shop: DatabaseConnector, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> None:
    assert holds_my_number(shop)
    assert not holds_my_number(DatabaseConnector(spec=declared(SHOP), memory=memory))


def test_a_folder_loses_its_files(tmp_path: Path, memory: Memory) -> None:
    place = tmp_path / "slips"
    place.mkdir()
    (place / "C00042.pdf").write_bytes(b"%PDF")
    (place / "C00043.pdf").write_bytes(b"%PDF")
    spec = FolderSpec(
        name="slips",
        label=Label(ja="調書", en="Slips"),
        path=place,
        pattern=("{customer}.pdf",),
        on_erase=OnErase.DELETE,
        limits=Limits(),
        my_number=True,
    )
    folder = FolderConnector(spec=spec, memory=memory)
    assert holds_my_number(folder)
    assert end_my_number(folder, TARO, asking()) == Erased(records=1)
    assert [one.name for one in place.iterdir()] == ["C00043.pdf"]


def test_the_column_by_which_a_person_is_known_cannot_be_one(
    declared: Callable[..., DatabaseSpec],
) -> None:
    wrong = REPORTS.replace(
        "member_no: 会員番号 / Member number",
        "member_no: {label: 会員番号 / Member number, my_number: true}",
    )
    with pytest.raises(ConnectorsRefusedError) as refused:
        declared(wrong)
    assert "link_is_my_number" in str([fault.code for fault in refused.value.faults])


def test_what_no_machine_reaches_waits_for_a_hand() -> None:
    assert Failed(reason=Reason.CANNOT) == BY_HAND
