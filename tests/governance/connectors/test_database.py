"""A real database of somebody else's: what is found, what is never another's, what goes."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from governance.connectors.database import DatabaseConnector
from governance.connectors.engines import Deadline, Stopped, changing, looking
from governance.connectors.erasing import ERASURE, Memory
from governance.connectors.specs import DatabaseSpec, Limits
from governance.connectors.types import (
    Erased,
    Failed,
    Found,
    Kept,
    KeyKind,
    PersonKeys,
    Reason,
)
from tests.outside import NOW, SHOP, TARO, Outside, asking

ROOM = 5_000_000


def fill(outside: Outside) -> None:
    """Taro with two orders, Hanako with one; both get the newsletter."""
    outside.member(1, member_no="C00042", mail="Taro@Example.com", tel="090-0000-1234",
                   memo="佐藤花子さんの紹介", friend="佐藤花子")  # fmt: skip
    outside.member(2, member_no="C00043", mail="hanako@example.com", tel="03-1111-2222")
    for order, member, day in ((10, 1, "2026-01-05"), (11, 1, "2018-02-01"), (12, 2, "2026-03-01")):
        outside.run(
            "INSERT INTO orders (id, member_id, total, gift_for, ordered_on)"
            " VALUES (:i, :m, 1980, '高橋次郎', :d)",
            i=order, m=member, d=day,
        )  # fmt: skip
        outside.run("INSERT INTO lines VALUES (:i, 1, '関所せんべい')", i=order)
    for address in ("taro@example.com", "hanako@example.com"):
        outside.run("INSERT INTO newsletter VALUES (:a)", a=address)


def words(answer: object) -> list[dict[str, str]]:
    assert isinstance(answer, Found), answer
    return [{value.name: value.text for value in one.values} for one in answer.records]


def test_rows_are_found_over_ownership_paths_and_nobody_elses(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    found = words(shop.find(TARO, asking()))
    assert [next(iter(one)).split(".")[0] for one in found] == [
        "members", "newsletter", "orders", "orders", "lines", "lines",
    ]  # fmt: skip
    assert found[0]["members.name"] == "山田太郎"
    assert found[0]["members.mail"] == "Taro@Example.com"
    assert found[1] == {"newsletter.address": "taro@example.com"}
    assert "hanako" not in str(found)


def test_marks_of_columns_come_with_the_values(outside: Outside, shop: DatabaseConnector) -> None:
    fill(outside)
    answer = shop.find(TARO, asking())
    assert isinstance(answer, Found)
    marks = {value.name: value for value in answer.records[0].values}
    assert marks["members.memo"].free_text
    assert marks["members.friend"].third_person
    assert marks["members.memo"].label.ja == "会員・備考"
    assert "佐藤" not in repr(answer)


def test_person_of_whom_nothing_is_held_is_found_with_nothing(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    nobody = PersonKeys(subject=TARO.subject, customers=("C99999",))
    assert shop.find(nobody, asking()) == Found()
    assert shop.find(PersonKeys(subject=TARO.subject), asking()) == Found()


@pytest.mark.parametrize(
    "evil",
    [
        "x' OR '1'='1",
        "x'; DROP TABLE members; --",
        "%",
        "_",
        '"; DELETE FROM orders; "',
        "../../etc/passwd",
        "*",
        "\\",
    ],
)
def test_value_of_a_person_is_never_read_as_a_statement_or_pattern(
    outside: Outside, shop: DatabaseConnector, evil: str
) -> None:
    fill(outside)
    person = PersonKeys(subject=TARO.subject, customers=(evil,), emails=(evil,), phones=(evil,))
    assert shop.find(person, asking()) == Found()
    assert shop.erase(person, asking()) == Erased(records=0)
    assert outside.all("SELECT count(*) FROM members") == [(2,)]


def test_address_that_two_of_our_persons_share_is_ambiguous(
    outside: Outside, shop: DatabaseConnector
) -> None:
    outside.run("INSERT INTO newsletter VALUES ('taro@example.com')")
    shared = replace(TARO, shared=frozenset({KeyKind.EMAIL}))
    assert shop.find(shared, asking()) == Failed(reason=Reason.AMBIGUOUS, place="newsletter")
    assert shop.erase(shared, asking()) == Failed(reason=Reason.AMBIGUOUS, place="newsletter")
    assert outside.all("SELECT count(*) FROM newsletter") == [(1,)]


@pytest.mark.parametrize(
    "row",
    [
        {"member_no": "C00777", "mail": "taro@example.com"},  # our address, another's number
        {"mail": "hanako@example.com", "tel": "090-0000-1234"},  # our telephone, another's address
        {"member_no": "C00777", "tel": "+81 90-0000-1234"},
    ],
)
def test_row_whose_stronger_key_is_anothers_is_ambiguous(
    outside: Outside, shop: DatabaseConnector, row: dict[str, str]
) -> None:
    outside.member(1, **row)
    assert shop.find(TARO, asking()) == Failed(reason=Reason.AMBIGUOUS, place="members")
    assert shop.erase(TARO, asking()) == Failed(reason=Reason.AMBIGUOUS, place="members")
    assert outside.all("SELECT count(*) FROM members") == [(1,)]


def test_two_members_for_one_person_are_ambiguous(
    outside: Outside, shop: DatabaseConnector
) -> None:
    outside.member(1, mail="taro@example.com")
    outside.member(2, mail="TARO@example.com ")
    assert shop.find(TARO, asking()) == Failed(reason=Reason.AMBIGUOUS, place="members")


@pytest.mark.parametrize(
    "tel", ["09000001234", "090-0000-1234", "(090) 0000 1234", "+819000001234"]
)
def test_telephone_is_known_in_every_spelling(
    outside: Outside, shop: DatabaseConnector, tel: str
) -> None:
    outside.member(1, tel=tel)
    assert len(words(shop.find(TARO, asking()))) == 1


def test_more_rows_than_the_limit_fail_and_nothing_is_cut_off(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    for line in range(2, 60):
        outside.run("INSERT INTO lines VALUES (10, :n, 'x')", n=line)
    assert shop.find(TARO, asking()) == Failed(reason=Reason.TOO_MANY, place="lines")
    assert shop.erase(TARO, asking()) == Failed(reason=Reason.TOO_MANY, place="lines")


def test_cell_of_five_megabytes_is_found_whole_and_two_of_them_are_too_much(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    outside.run("UPDATE members SET memo = :m WHERE id = 1", m="長" * (ROOM // 3) + "END")
    found = words(shop.find(TARO, asking()))
    assert found[0]["members.memo"].endswith("長END")
    outside.run("UPDATE members SET memo = :m WHERE id = 1", m="x" * (ROOM + 2_000_000))
    assert shop.find(TARO, asking()) == Failed(reason=Reason.TOO_LARGE, place="members")


def test_erasing_deletes_empties_and_keeps_as_declared(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    done = shop.erase(TARO, asking())
    assert isinstance(done, Kept)
    assert done.erased == 4  # two lines, the newsletter, the order whose time is over
    assert {(item.place, item.records, item.until) for item in done.items} == {
        ("members", 1, date(2033, 1, 5)),  # as long as the order that hangs on it
        ("orders", 1, date(2033, 1, 5)),
    }
    assert outside.all("SELECT id, name, mail, memo, friend FROM members ORDER BY id") == [
        (1, None, None, None, None),
        (2, "山田太郎", "hanako@example.com", None, None),
    ]
    assert outside.all("SELECT id, gift_for FROM orders ORDER BY id") == [
        (10, None), (12, "高橋次郎"),
    ]  # fmt: skip
    assert outside.all("SELECT order_id FROM lines") == [(12,)]
    assert outside.all("SELECT address FROM newsletter") == [("hanako@example.com",)]


def test_erasing_again_under_its_key_has_the_same_outcome(
    outside: Outside, shop: DatabaseConnector
) -> None:
    fill(outside)
    first = shop.erase(TARO, asking("case-1"))
    assert shop.erase(TARO, asking("case-1")) == first
    again = shop.erase(TARO, asking("case-2"))
    assert isinstance(again, Kept)
    assert again.erased == 0


def test_death_between_their_commit_and_ours_loses_nothing(
    outside: Outside, shop: DatabaseConnector, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(outside)

    def dies(*_: object) -> None:
        raise RuntimeError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("governance.connectors.erasing._finish", dies)
        with pytest.raises(RuntimeError, match="gone"):
            shop.erase(TARO, asking())
    assert outside.all("SELECT count(*) FROM lines") == [(1,)]
    with memory.database.read() as tx:
        (row,) = tx.execute(ERASURE.select())
    assert row.outcome is None
    done = shop.erase(TARO, asking())
    assert isinstance(done, Kept)
    assert done.erased == 4
    assert shop.erase(TARO, asking()) == done


def test_rows_that_another_table_still_needs_stop_the_whole_erasure(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> None:
    fill(outside)
    one = """
connectors:
  shop:
    label: 店 / Shop
    kind: database
    address: env:SHOP_DB
    tables:
      newsletter: {label: 便り / News, person: {email: address}, columns: {address: 宛先 / To},
                   erase: delete}
      members: {label: 会員 / Members, person: {customer: member_no}, columns: {name: 名 / Name},
                erase: delete}
"""
    spec = declared(one)
    done = DatabaseConnector(spec=spec, memory=memory).erase(TARO, asking())
    assert done == Failed(reason=Reason.REFERENCED)
    assert outside.all("SELECT count(*) FROM newsletter") == [(2,)]  # whole, or nothing


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("ALTER TABLE members DROP COLUMN memo", "members.memo"),
        ("DROP TABLE newsletter", "newsletter"),
    ],
)
def test_shape_that_is_not_as_declared_is_told_by_its_place(
    outside: Outside, shop: DatabaseConnector, statement: str, place: str
) -> None:
    assert shop.health(at=NOW)
    outside.run(statement)
    told = shop.health(at=NOW)
    assert (told.ok, told.reason, told.place) == (False, Reason.SHAPE, place)
    assert shop.find(TARO, asking()) == Failed(reason=Reason.SHAPE, place=place)


def test_column_that_cannot_be_empty_is_told_before_anything_is_changed(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> None:
    outside.run("CREATE TABLE notes (id INTEGER PRIMARY KEY, mail VARCHAR(80) NOT NULL)")
    notes = """
connectors:
  notes:
    label: 覚え書き / Notes
    kind: database
    address: env:SHOP_DB
    tables:
      notes: {label: 覚え書き / Notes, person: {email: mail}, erase: empty,
              columns: {mail: {label: 宛先 / To, empty: true}}}
"""
    connector = DatabaseConnector(spec=declared(notes), memory=memory)
    assert connector.erase(TARO, asking()) == Failed(reason=Reason.SHAPE, place="notes.mail")


def test_number_column_takes_no_number_that_could_be_anothers(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> None:
    outside.run("INSERT INTO other VALUES (42, 'x')")
    words_ = """
connectors:
  old:
    label: 旧システム / Old system
    kind: database
    address: env:SHOP_DB
    tables:
      other: {label: 表 / Table, person: {customer: id}, erase: delete,
              columns: {secret: 値 / Value}}
"""
    connector = DatabaseConnector(spec=declared(words_), memory=memory)
    with_zeros = PersonKeys(subject=TARO.subject, customers=("0042",))
    assert connector.find(with_zeros, asking()) == Failed(reason=Reason.KEY_FORM, place="other.id")
    plain = PersonKeys(subject=TARO.subject, customers=("42",))
    assert words(connector.find(plain, asking())) == [{"other.secret": "x"}]


def alone(
    memory: Memory, declared: Callable[..., DatabaseSpec], **more: object
) -> DatabaseConnector:
    spec = replace(declared(SHOP), **more)  # type: ignore[arg-type] # as the test says
    return DatabaseConnector(spec=spec, memory=memory)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://127.0.0.1:9/none", Reason.UNREACHABLE),
        ("sqlite:////no/such/folder/x.db", Reason.UNREACHABLE),
        ("nosuch://127.0.0.1/x", Reason.DRIVER),
        ("env:NOWHERE_AT_ALL", Reason.SECRET),
        ("file:/no/such/secret", Reason.SECRET),
    ],
)
def test_system_that_cannot_be_asked_is_failed_and_says_why(
    memory: Memory, declared: Callable[..., DatabaseSpec], address: str, reason: Reason
) -> None:
    connector = alone(memory, declared, address=address)
    assert connector.find(TARO, asking()) == Failed(reason=reason)
    assert connector.erase(TARO, asking()) == Failed(reason=reason)
    assert connector.health(at=NOW).reason is reason


def test_statement_without_end_is_stopped(outside: Outside, shop: DatabaseConnector) -> None:
    fill(outside)
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    )
    for way in (looking, changing):
        with pytest.raises(Stopped) as stopped, way(shop.spec, Deadline(0.1)) as tx:
            tx.execute(text(endless))
        assert stopped.value.reason is Reason.TIMEOUT
    late = replace(shop.spec, limits=Limits(seconds=0))
    told = DatabaseConnector(spec=late, memory=shop.memory).find(TARO, asking())
    assert told == Failed(reason=Reason.TIMEOUT)


def test_nothing_can_be_written_while_looking(outside: Outside, shop: DatabaseConnector) -> None:
    fill(outside)
    with pytest.raises(Stopped) as stopped, looking(shop.spec, Deadline(5)) as tx:
        tx.execute(text("DELETE FROM newsletter"))
    assert stopped.value.reason is Reason.REFUSED
    assert outside.all("SELECT count(*) FROM newsletter") == [(2,)]


def test_secret_of_the_address_shows_nowhere(
    memory: Memory,
    declared: Callable[..., DatabaseSpec],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(os.environ, "SHOP_DB", "postgresql://shop:hunter2@127.0.0.1:9/none")
    connector = alone(memory, declared)
    told = (connector.find(TARO, asking()), connector.health(at=NOW), connector)
    assert "hunter2" not in f"{told!r}{caplog.text}"
