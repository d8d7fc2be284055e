"""A search finds who may be found, by what may be seen, and leaves its record."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.terms import FieldId
from governance.customers import store
from governance.customers.search.filling import follow
from governance.customers.search.leaving import forget_subjects, move_rows
from governance.customers.search_terms import Level
from governance.customers.subjects import SubjectState
from governance.customers.tokens import ENTRY, POSTING, ROW, Due, count_behind
from governance.gateway.search_types import (
    SearchAnswer,
    SearchCursorError,
    SearchEmptyError,
    SearchRefusedError,
    SearchRequest,
)
from governance.gateway.searching import search
from governance.http.principal import ANONYMOUS, Principal
from tests.installation import (
    AT,
    MANAGER,
    customer,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

SUPPORT, MARKETING, SALES = staff("support"), staff("marketing"), staff("sales")
PEOPLE = [
    customer(1, 氏名="山田　太郎", フリガナ="ヤマダ タロウ", 携帯番号="090-1111-0001",
             メールアドレス="taro.yamada@example.com", 住所="東京都渋谷区神南一丁目2番3号"),
    customer(2, 氏名="山田　花子", フリガナ="ヤマダ ハナコ", 携帯番号="090-1111-0002",
             メールアドレス="hanako@example.com", 住所="大阪府大阪市北区梅田2-5"),
    customer(3, 氏名="髙橋　山田子", フリガナ="タカハシ ヤマタコ", 携帯番号="090-1111-0003",
             メールアドレス="takahashi@example.com", 住所="東京都渋谷区神南1-2-9"),
    customer(4, 氏名="大野　一郎", フリガナ="オオノ イチロウ", 携帯番号="090-1111-0004",
             メールアドレス="ohno@example.com", 住所="北海道札幌市中央区大通西3-6"),
    customer(5, 氏名="山田", フリガナ="ヤマダ", 携帯番号="090-1111-0005",
             メールアドレス="yamada@example.com", 住所="京都府京都市下京区四条通1"),
]  # fmt: skip


@pytest.fixture
def town(installation: Wiring, tmp_path: Path) -> Wiring:
    """Five customers, found in every way."""
    import_file(installation, write_file(tmp_path, register(PEOPLE)))
    follow(installation.database, installation.vault)
    return installation


def found(
    wiring: Wiring,
    text: str,
    *,
    who: Principal = MANAGER,
    purpose: str = "data_quality",
    **more: Any,
) -> SearchAnswer:
    request = SearchRequest(text=text, purpose=purpose, **more)
    return search(wiring.ports, who, request, at=AT)


def ids(answer: SearchAnswer) -> list[str]:
    """Customer ids in the order of the answer."""
    shown = []
    for hit in answer.hits:
        view = hit.view.get("customer_id")
        assert view is not None
        shown.append(str(view.shown.value))
    return shown


def last_event(wiring: Wiring) -> Any:
    with wiring.database.read() as tx:
        return tx.execute(select(EVENTS).order_by(EVENTS.c.id.desc()).limit(1)).one()


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("山田太郎", ["C000001"]),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", ["C000001"]),
        ("yamada taro", ["C000001"]),
        ("高橋", ["C000003"]),
        ("ohno", ["C000004"]),
        ("０９０−１１１１−０００２", ["C000002"]),
        ("+81 90 1111 0004", ["C000004"]),
        ("0003", ["C000003"]),
        ("HANAKO@Example.com", ["C000002"]),
        ("takah", ["C000003"]),
        ("神南1-2", ["C000003", "C000001"]),
        ("Ｃ０００００４", ["C000004"]),
        ("太郎", ["C000001"]),
        ("存在しない", []),
    ],
)
def test_one_box_finds_whatever_is_typed(town: Wiring, text: str, who: list[str]) -> None:
    answer = found(town, text)
    assert ids(answer) == who
    assert answer.index_behind == 0
    assert not answer.more


def test_the_whole_value_stands_before_the_beginning_and_the_beginning_before_a_part(
    town: Wiring,
) -> None:
    answer = found(town, "山田")
    assert ids(answer) == ["C000005", "C000002", "C000001", "C000003"]
    assert [hit.level for hit in answer.hits] == [
        Level.EXACT,
        Level.EDGE,
        Level.EDGE,
        Level.PART,
    ]
    assert answer.hits[0].matched == (FieldId("person.name"),)


def test_groups_of_the_query_must_all_be_answered(town: Wiring) -> None:
    assert sorted(ids(found(town, "山田 渋谷区神南"))) == ["C000001", "C000003"]
    assert ids(found(town, "山田 0002")) == ["C000002"]
    assert ids(found(town, "山田 9999")) == []
    values = {"name": "やまだ", "email": "hanako@example.com"}
    request = SearchRequest(values=values, purpose="data_quality")
    assert ids(search(town.ports, MANAGER, request, at=AT)) == ["C000002"]


def test_pages_hold_every_row_once_and_in_the_same_order(town: Wiring) -> None:
    whole = ids(found(town, "山田"))
    pages: list[str] = []
    cursor: str | None = None
    while True:
        answer = found(town, "山田", limit=1, cursor=cursor)
        pages += ids(answer)
        cursor = answer.cursor
        if cursor is None:
            break
        assert "山田" not in cursor
    assert pages == whole


def test_a_cursor_is_good_for_its_search_and_searcher_alone(town: Wiring) -> None:
    cursor = found(town, "山田", limit=1).cursor
    for text, who in (("山田太", MANAGER), ("山田", staff("data_manager", name="jiro"))):
        with pytest.raises(SearchCursorError):
            found(town, text, limit=1, cursor=cursor, who=who)
    with pytest.raises(SearchCursorError):
        found(town, "山田", cursor="AAAA")


def test_what_is_shown_masked_is_found_by_its_whole_value_alone(town: Wiring) -> None:
    def seen(text: str) -> list[str]:
        return ids(found(town, text, who=SUPPORT, purpose="order_support"))

    assert seen("hanako@example.com") == ["C000002"]
    assert seen("hanako@ex") == []
    assert seen("090-1111-0002") == ["C000002"]
    assert seen("0002") == ["C000002"]  # the last four digits are shown anyway
    assert seen("山田花") == ["C000002"]
    answer = found(town, "山田花子", who=SUPPORT, purpose="order_support")
    email = answer.hits[0].view.get("email")
    assert email is not None
    assert "hanako" not in str(email.shown.value)


def test_nobody_is_found_by_a_field_that_is_withheld(town: Wiring) -> None:
    with pytest.raises(SearchRefusedError):
        found(town, "090-1111-0002", who=SALES, purpose="corporate_sales")
    with pytest.raises(SearchRefusedError):
        found(town, "hanako@example.com", who=ANONYMOUS)
    event = last_event(town)
    assert (event.action, event.outcome) == ("person.searched", "deny")
    with pytest.raises(SearchRefusedError):
        found(town, "山田", purpose="no_such_purpose")


def test_whom_the_purpose_does_not_cover_is_neither_found_nor_counted(town: Wiring) -> None:
    answer = found(town, "山田", who=MARKETING, purpose="mail_marketing")
    assert answer.hits == ()
    assert not answer.more
    event = last_event(town)
    assert "shown=0" in str(event.counts) or '"shown":0' in str(event.counts)


def test_the_record_has_fields_counts_and_persons_and_no_word_of_the_query(town: Wiring) -> None:
    answer = found(town, "山田太郎")
    event = last_event(town)
    assert (event.action, event.id) == ("person.searched", answer.decision_id)
    words = " ".join(str(column) for column in event)
    assert "山田" not in words
    assert "person.name" in str(event.fields)
    assert f"person:{answer.hits[0].subject}" in str(event.refs)


def test_without_the_record_nothing_is_shown(town: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(type(town.audit), "append", broken)
    with pytest.raises(RuntimeError):
        found(town, "山田太郎")


@pytest.mark.parametrize("text", ["", "　", " \n\t "])
def test_a_query_that_asks_nothing_is_refused_in_words(town: Wiring, text: str) -> None:
    with pytest.raises(SearchEmptyError):
        found(town, text)


def test_an_erased_person_is_found_no_more(town: Wiring) -> None:
    (person, *_) = subjects(town)
    town.database.write(
        lambda tx: store.set_state(tx, person, SubjectState.ERASED, kept_by_law=None)
    )
    assert ids(found(town, "山田太郎")) == []
    town.database.write(lambda tx: forget_subjects(tx, [person]))
    with town.database.read() as tx:
        left = tx.execute(select(ROW.c.row_key).where(ROW.c.subject_id == person)).all()
        keys = set(tx.execute(select(ROW.c.row_key)).scalars())
        assert left == []
        assert set(tx.execute(select(POSTING.c.row_key).distinct()).scalars()) == keys
        assert set(tx.execute(select(ENTRY.c.row_key).distinct()).scalars()) == keys


def test_a_search_during_the_import_says_what_it_may_be_missing(
    installation: Wiring, tmp_path: Path
) -> None:
    import_file(installation, write_file(tmp_path, register(PEOPLE)))
    assert ids(found(installation, "山田太郎")) == ["C000001"]  # whole values are there at once
    part = found(installation, "太郎")
    assert (part.hits, part.index_behind) == ((), len(PEOPLE))
    follow(installation.database, installation.vault, most=2)
    with installation.database.read() as tx:
        assert count_behind(tx) == len(PEOPLE) - 2
    follow(installation.database, installation.vault)
    done = found(installation, "太郎")
    assert (ids(done), done.index_behind) == (["C000001"], 0)


def test_no_repr_shows_what_was_asked_or_found(town: Wiring) -> None:
    request = SearchRequest(text="山田太郎", purpose="data_quality", values={"name": "山田"})
    answer = search(town.ports, MANAGER, request, at=AT)
    assert "山田" not in repr(request)
    assert "山田" not in repr(answer)
    assert "taro" not in repr(answer)


def test_a_rate_of_the_policy_ends_the_search(town: Wiring) -> None:
    from governance.gateway import search_gates  # noqa: PLC0415 # the number is the policy's

    real = search_gates._searches  # the count alone is faked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_gates, "_searches", lambda *_, **__: 200)
        with pytest.raises(SearchRefusedError) as refused:
            found(town, "hanako@example.com", who=SUPPORT, purpose="order_support")
        assert refused.value.params == {"reason": "denied.actor.rate"}
    with town.database.read() as tx:
        seen = real(tx, SUPPORT, since=AT - timedelta(hours=1), most=10)
    assert seen == 1


def test_an_import_after_a_restore_without_tokens_knows_whom_it_knew(
    town: Wiring, tmp_path: Path
) -> None:
    def lost(tx: Any) -> None:
        tx.execute(POSTING.delete())
        tx.execute(ENTRY.delete())
        tx.execute(ROW.update().values(due=int(Due.ALL)))

    town.database.write(lost)
    assert ids(found(town, "山田太郎")) == []
    again = import_file(town, write_file(tmp_path, register(PEOPLE[:2]), name="again.csv"))
    assert (again.counts.stored, again.counts.merged) == (0, 2)
    follow(town.database, town.vault)
    assert ids(found(town, "太郎")) == ["C000001"]


def test_two_rows_of_one_person_are_one_hit(town: Wiring) -> None:
    first, second, *_ = subjects(town)
    with town.database.read() as tx:
        rows = [one.id for one in store.records_of(tx, second, "person")]
        record = store.records_of(tx, second, "person")[0]
    values = {n: c.value for n, c in town.vault.open_row(record.id, record.sealed).items()}
    sealed = town.vault.seal_row(first, record.id, values)
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}

    def merge(tx: Any) -> None:
        person = store.TABLES["person"]
        tx.execute(person.update().where(person.c.id == record.id).values(subject_id=first))
        store.update_record(tx, replace(record, subject=first, clear={}, sealed=cells))
        move_rows(tx, rows, to=first)

    town.database.write(merge)
    answer = found(town, "山田")
    assert [hit.subject for hit in answer.hits].count(first) == 1
