"""Taking files in: every row accounted for, once, whatever happens meanwhile."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import Connection, func, insert, select

from consent import ledger
from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, Lang
from governance.customers import imports, store
from governance.customers.models import SuppressionEntry
from governance.customers.normalise.files import SourceKindUnknownError
from governance.customers.search.looking import find_tokens
from governance.customers.tables import FIELD_LIMIT
from governance.db.engine import Database
from governance.db.types import table_of
from governance.gateway.intake import flow
from governance.gateway.intake.service import take_in
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import (
    ImportOutcome,
    ImportRefusedError,
    ImportRequest,
)
from governance.jobs.journal_record import JournalKind
from governance.pii.engine import Analyzer
from governance.pii.numbers import is_my_number
from governance.pii.types import Entity, Span
from tests.installation import (
    AT,
    CONSENTS,
    MANAGER,
    OFFICER,
    REGISTER,
    create,
    customer,
    data_bytes,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

T = TypeVar("T")
MY_NUMBER = "123456789018"  # its check digit holds; invented
CARD = "4111111111111111"  # the usual test number
NOTES = FieldId("person.notes")


def numbers(outcome: ImportOutcome) -> tuple[int, int, int, int, int]:
    """read, stored, merged, quarantined, refused."""
    counts = outcome.counts
    return counts.read, counts.stored, counts.merged, counts.quarantined, counts.refused


def counted(wiring: Wiring, table: str) -> int:
    with wiring.database.read() as tx:
        return store.count_rows(tx, table)


def opened(wiring: Wiring, table: str = "person") -> list[dict[str, object]]:
    """Every stored row with its sealed fields opened."""
    with wiring.database.read() as tx:
        rows = store.records_after(tx, table, after=None, limit=9999)
    return [
        {**row.clear}
        | {
            name.partition(".")[2]: cell.value
            for name, cell in wiring.vault.open_row(row.id, row.sealed).items()
        }
        for row in rows
    ]


def put_aside(wiring: Wiring) -> list[tuple[int, str, tuple[str, ...]]]:
    """Row number, reason and cells of every row that waits."""
    with wiring.database.read() as tx:
        rows = tx.execute(select(imports.ASIDE).order_by(imports.ASIDE.c.row)).all()
    return [
        (
            row.row,
            row.reason,
            tuple(
                wiring.vault.open_blob("quarantine", row.id, bytes(row.content))
                .decode()
                .split("\x1f")
            ),
        )
        for row in rows
    ]


# --- counts


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """An installation that many small files are taken into."""
    wiring = create(tmp_path_factory.mktemp("shared"))
    yield wiring
    wiring.close()


cells = st.sampled_from(
    [
        *"＝-1=\x0b",
        "",
        "架空　花子",
        "C000001",
        "C000002",
        "c-000002",
        "1980/4/1",
        "昭和65年1月1日",
        "不明",
        "a@example.com",
        "=1+1",
        "090-0000-0000",
        '"',
        "はい",
        MY_NUMBER,
    ]
) | st.text(max_size=6)
lines = st.lists(cells, min_size=0, max_size=len(REGISTER) + 2)


def text_of(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return out.getvalue()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(lines, max_size=6), broken=st.sampled_from(["", '"', "\n\n,,", "\x00"]))
@pytest.mark.parametrize("headers", [REGISTER, CONSENTS], ids=["register", "consents"])
def test_the_counts_add_up_whatever_the_file_holds(
    shared: Wiring, tmp_path: Path, headers: Sequence[str], rows: list[list[str]], broken: str
) -> None:
    before = counted(shared, "person")
    path = tmp_path / "file.csv"
    content = text_of(rows, headers) + broken
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        outcome = import_file(shared, path)
    except GovernanceError:
        return  # a typed refusal of the whole file is an answer too
    assert outcome.counts.adds_up(), outcome.as_json()
    if headers is REGISTER and not outcome.repeated:
        assert counted(shared, "person") == before + outcome.counts.stored


def test_a_register_is_stored_row_by_row(installation: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(1), customer(2, 移転元="EU")]))
    outcome = import_file(installation, path)
    assert numbers(outcome) == (2, 2, 0, 0, 0)
    first, second = sorted(opened(installation), key=lambda row: str(row["customer_id"]))
    assert (first["customer_id"], first["email"]) == ("C000001", "person1@example.com")
    assert first["mobile"] == "+819000000001"
    assert (second["origin"], second["source_file"]) == ("EU", "customers.csv")
    with installation.database.read() as tx:
        (event,) = events(tx, "data.imported")
    assert "stored" in str(event.counts)


def test_the_same_file_twice_equals_once(installation: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(n) for n in range(1, 6)]))
    first, second = import_file(installation, path), import_file(installation, path)
    assert numbers(first) == (5, 5, 0, 0, 0)
    assert numbers(second) == (5, 0, 5, 0, 0)
    assert (first.repeated, second.repeated) == (False, True)
    assert counted(installation, "person") == 5


def test_next_months_file_of_the_same_name_is_taken_in(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = write_file(tmp_path, register([customer(1), customer(2)]))
    import_file(on_sqlite, first)
    later = write_file(tmp_path, register([customer(3), customer(1), customer(4, 顧客ID="")]))
    assert numbers(import_file(on_sqlite, later)) == (3, 2, 1, 0, 0)
    names = {str(row["source_file"]) for row in opened(on_sqlite)}
    assert len(names) == 2
    assert "customers.csv" in names


def test_a_dry_run_stores_and_seals_nothing(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(1), customer(2, 氏名="")]))
    request = ImportRequest(path=path, dry_run=True)
    outcome = take_in(on_sqlite.ports, MANAGER, request, at=AT)
    assert (outcome.run, numbers(outcome)) == (None, (2, 1, 0, 1, 0))
    assert counted(on_sqlite, "person") == 0
    with on_sqlite.database.read() as tx:
        assert imports.all_runs(tx) == ()


@pytest.mark.parametrize("role", ["support", "marketing", "privacy_officer", "nobody"])
def test_only_a_role_that_may_import_does(on_sqlite: Wiring, tmp_path: Path, role: str) -> None:
    path = write_file(tmp_path, register([customer(1)]))
    with pytest.raises(ImportRefusedError):
        import_file(on_sqlite, path, principal=staff(role))
    assert counted(on_sqlite, "person") == 0


# --- merging


def test_a_known_customer_id_fills_empty_fields_and_keeps_full_ones(
    installation: Wiring, tmp_path: Path
) -> None:
    import_file(installation, write_file(tmp_path, register([customer(1, メールアドレス="")])))
    more = customer(1, 氏名="架空　次郎", メールアドレス="new@example.com", 備考="追記")
    outcome = import_file(installation, write_file(tmp_path, register([more]), name="b.csv"))
    assert numbers(outcome) == (1, 0, 1, 0, 0)
    assert outcome.problems["CONFLICT_KEPT"] == 1
    (row,) = opened(installation)
    assert (row["name"], row["email"], row["notes"]) == (
        "架空 花子二",
        "new@example.com",
        "追記",
    )
    assert row["version"] == 2
    indexer = Indexer(installation.vault, ("person",))
    indexer.look()
    tokens = [token for _, token in indexer.of(FieldId("person.email"), "new@example.com")]
    with installation.database.read() as tx:
        assert len(find_tokens(tx, [FieldId("person.email")], tokens)) == 1


def test_a_repeated_id_in_one_file_is_merged_as_across_files(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    rows = [customer(1, メールアドレス=""), customer(1, 備考="追記", 保全="1")]
    outcome = import_file(on_sqlite, write_file(tmp_path, register(rows)))
    assert numbers(outcome) == (2, 1, 1, 0, 0)
    (row,) = opened(on_sqlite)
    assert (row["email"], row["notes"]) == ("person1@example.com", "追記")
    with on_sqlite.database.read() as tx:
        assert store.held(tx, subjects(on_sqlite)[0])


def test_a_hold_stands_in_the_journal_too(installation: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(1, 保全="1"), customer(2)]))
    import_file(installation, path)
    held, free = subjects(installation)
    with installation.database.read() as tx:
        assert (store.held(tx, held), store.held(tx, free)) == (True, False)
    found = [record.entry for record in installation.journal.replay() if record.seq > 0]
    assert [(entry.kind, entry.subject) for entry in found] == [(JournalKind.HOLD, held)]


def test_a_hold_of_a_later_file_is_not_lost_in_the_merge(on_sqlite: Wiring, tmp_path: Path) -> None:
    import_file(on_sqlite, write_file(tmp_path, register([customer(1)])))
    import_file(on_sqlite, write_file(tmp_path, register([customer(1, 保全="1")]), name="b.csv"))
    with on_sqlite.database.read() as tx:
        assert store.held(tx, subjects(on_sqlite)[0])


# --- rows that wait


def test_a_row_of_an_unknown_customer_waits_whole(on_sqlite: Wiring, tmp_path: Path) -> None:
    headers = ("購買ID", "顧客ID", "区分", "商品名", "数量", "金額", "購入日", "備考")
    row = ("P000001", "C999999", "単品", "架空の茶", "1", "500", "2024/05/05", "贈答用")
    path = write_file(tmp_path, text_of([row], headers), name="purchases.csv")
    outcome = import_file(on_sqlite, path)
    assert numbers(outcome) == (1, 0, 0, 1, 0)
    assert outcome.problems == {"CUSTOMER_UNKNOWN": 1}
    assert put_aside(on_sqlite) == [(1, "CUSTOMER_UNKNOWN", row)]


def test_a_put_aside_row_does_not_swallow_its_correction(on_sqlite: Wiring, tmp_path: Path) -> None:
    import_file(on_sqlite, write_file(tmp_path, register([customer(1)])))
    headers = ("購買ID", "顧客ID", "区分", "商品名", "金額", "購入日")
    rows = [
        ("P1", "C999999", "単品", "茶", "500", "2024/05/05"),
        ("P1", "C000001", "単品", "茶", "500", "2024/05/05"),
    ]
    outcome = import_file(on_sqlite, write_file(tmp_path, text_of(rows, headers), name="p.csv"))
    assert numbers(outcome) == (2, 1, 0, 1, 0)


def test_shifted_rows_wait_and_name_their_number_only(on_sqlite: Wiring, tmp_path: Path) -> None:
    whole = [customer(2).get(name, "") for name in REGISTER]
    shifted = whole[:1] + whole[2:]  # without the name
    path = write_file(tmp_path, register([customer(1)]) + ",".join(shifted) + "\r\n")
    outcome = import_file(on_sqlite, path)
    assert numbers(outcome) == (2, 1, 0, 1, 0)
    assert outcome.problems["COLUMN_COUNT_SHORT"] == 1
    assert put_aside(on_sqlite) == [(2, "COLUMN_COUNT_SHORT", tuple(shifted))]


@pytest.mark.parametrize(
    ("state", "told"), [("hidden", "HIDDEN_SHEET"), ("visible", "OTHER_SHEET")]
)
def test_another_sheet_is_put_aside(
    on_sqlite: Wiring, tmp_path: Path, state: str, told: str
) -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "顧客名簿"
    for row in ([*REGISTER], [customer(1).get(name, "") for name in REGISTER]):
        sheet.append(row)
    old = book.create_sheet("旧名簿")
    old.sheet_state = state
    for cells_ in (("氏名", "電話", "メモ"), ("架空　三郎", "090-0000-0003", f"番号 {MY_NUMBER}")):
        old.append(cells_)
    empty = book.create_sheet("空")
    empty.sheet_state = "hidden"
    path = tmp_path / "book.xlsx"
    book.save(path)
    outcome = import_file(on_sqlite, path)
    assert (numbers(outcome), outcome.encoding) == ((2, 1, 0, 1, 0), "xlsx")
    ((_, reason, content),) = put_aside(on_sqlite)
    assert reason == told
    assert content[0] == "架空　三郎"
    assert MY_NUMBER not in "".join(content)
    assert numbers(import_file(on_sqlite, path)) == (2, 0, 1, 1, 0)


def test_suppressed_persons_are_refused_and_not_kept(on_sqlite: Wiring, tmp_path: Path) -> None:
    indexer = Indexer(on_sqlite.vault, ("person",))
    indexer.look()
    name = FieldId("person.email")
    rows = [
        {
            "id": new_row_id(),
            "field": name,
            "version": version,
            "token": token,
            "rule": "erased",
            "placed_at": AT,
        }
        for version, token in indexer.of(name, "person2@example.com")
    ]
    on_sqlite.database.write(lambda tx: tx.execute(insert(table_of(SuppressionEntry)), rows))
    outcome = import_file(
        on_sqlite, write_file(tmp_path, register([customer(1), customer(2), customer(3)]))
    )
    assert numbers(outcome) == (3, 2, 0, 0, 1)
    assert outcome.problems["SUPPRESSED"] == 1
    assert put_aside(on_sqlite) == []
    assert b"person2@example.com" not in data_bytes(on_sqlite)


# --- numbers that are never stored


def test_my_number_and_cards_are_nowhere_in_any_file_of_the_installation(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    said = f"個人番号は{MY_NUMBER}、カードは{CARD}"
    rows = [
        customer(1, 備考=said),
        customer(2, 氏名=f"架空 {MY_NUMBER}"),
        customer(3, 住所=f"東京都千代田区 カード番号 {CARD}"),
        customer(4, 取得元=f"申込書 個人番号{MY_NUMBER}"),
        customer(5, 氏名="", 備考=said),  # waits
    ]
    whole = [customer(6, 備考=said).get(name, "") for name in REGISTER]
    shifted = ",".join(whole[:1] + whole[2:]) + "\r\n"
    import_file(on_sqlite, write_file(tmp_path, register(rows) + shifted))
    headers = ("購買ID", "顧客ID", "区分", "商品名", "金額", "購入日", "備考")
    bought = [
        ("P1", "C000001", "単品", f"茶 カード{CARD}", "5", "2024/05/05", said),
        ("P2", "C999999", "単品", "茶", "5", "2024/05/05", said),
    ]
    import_file(on_sqlite, write_file(tmp_path, text_of(bought, headers), name="p.csv"))
    vendor = dict.fromkeys(VENDORS, "") | VENDOR | {"備考": said, "安全管理措置": said}
    path = write_file(tmp_path, register([vendor], headers=VENDORS), name="v.csv")
    import_file(on_sqlite, path, principal=OFFICER)
    given = dict(zip(CONSENTS, CONSENT, strict=True)) | {"備考": said}
    import_file(on_sqlite, write_file(tmp_path, register([given], headers=CONSENTS), name="c.csv"))
    raw = data_bytes(on_sqlite)
    assert MY_NUMBER.encode() not in raw
    assert CARD.encode() not in raw
    stored = opened(on_sqlite) + opened(on_sqlite, "purchase")
    waiting = [cells_ for _, _, cells_ in put_aside(on_sqlite)]
    with on_sqlite.database.read() as tx:
        proofs = [
            on_sqlite.vault.open_row(row.id, {FieldId("consent.proof"): bytes(row.proof)})
            for row in tx.execute(select(ledger.EVENT))
        ]
    clear = f"{stored} {waiting}" + "".join(str(cell.value) for p in proofs for cell in p.values())
    assert len(waiting) == 3
    assert MY_NUMBER not in clear
    assert CARD not in clear


def test_a_telephone_that_looks_like_a_my_number_stays_as_it_is(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    digits = next(n for n in range(9082340000, 9082350000) if is_my_number(f"81{n}"))
    written = f"0{digits}"
    path = write_file(tmp_path, register([customer(9, 携帯番号=written)]))
    assert import_file(on_sqlite, path).findings == {}
    (row,) = opened(on_sqlite)
    assert row["mobile"] == f"+81{digits}"


# --- 要配慮個人情報


@cache
def analyzer() -> Analyzer:
    """The true analysis, in this process."""
    return Analyzer()


def really(texts: Sequence[str], lang: Lang) -> tuple[tuple[Span, ...], ...]:
    """What it finds in each text."""
    return tuple(analyzer().analyze(text, lang.value) for text in texts)


def test_special_care_data_of_third_parties_is_not_taken_in(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    wiring = replace(on_sqlite, ports=replace(on_sqlite.ports, analyse=really))
    said = "糖尿病で治療歴あり。低糖質商品を案内"
    rows = [
        customer(1, 取得元="提携先から提供", 備考=said),
        customer(2, 取得元="前任者名簿", 備考=said),
        customer(3, 取得元="店頭", 備考=said),
    ]
    outcome = import_file(wiring, write_file(tmp_path, register(rows)))
    assert outcome.problems["SPECIAL_CARE_NO_GROUND"] == 2
    notes = {row["customer_id"]: row.get("notes") for row in opened(wiring)}
    assert notes == {"C000001": None, "C000002": None, "C000003": said}
    with wiring.database.read() as tx:
        grounds = Counter(
            tx.execute(
                select(imports.FINDING.c.ground).where(imports.FINDING.c.entity == "SENSITIVE")
            ).scalars()
        )
    assert set(grounds) == {"refused", "unconfirmed"}


def test_what_the_person_wrote_is_kept_on_that_ground(on_sqlite: Wiring, tmp_path: Path) -> None:
    wiring = replace(on_sqlite, ports=replace(on_sqlite.ports, analyse=really))
    headers = (
        "問い合わせID",
        "受付日時",
        "顧客ID",
        "チャネル",
        "カテゴリ",
        "件名",
        "問い合わせ内容",
    )
    row = ("Q1", "2024-05-05 10:00", "", "Web", "健康", "相談", "糖尿病で通院しています。")
    import_file(wiring, write_file(tmp_path, text_of([row], headers), name="inquiries.csv"))
    (kept,) = opened(wiring, "inquiry")
    assert kept["body"] == "糖尿病で通院しています。"
    with wiring.database.read() as tx:
        grounds = set(tx.execute(select(imports.FINDING.c.ground)).scalars()) - {None}
    assert grounds == {"provided_by_person"}


def test_when_the_analysis_fails_nothing_of_the_batch_is_stored(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    def dead(_texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
        raise TimeoutError

    wiring = replace(on_sqlite, ports=replace(on_sqlite.ports, analyse=dead))
    path = write_file(tmp_path, register([customer(1, 備考="何か")]))
    with pytest.raises(TimeoutError):
        import_file(wiring, path)
    assert counted(wiring, "person") == 0
    assert numbers(import_file(on_sqlite, path)) == (1, 1, 0, 0, 0)


# --- encodings, odd files


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "euc_jp"])
def test_one_register_in_any_encoding_is_the_same(
    on_sqlite: Wiring, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(register([customer(n) for n in range(1, 9)]).encode(encoding))
    assert numbers(import_file(on_sqlite, path)) == (8, 8, 0, 0, 0)
    row = next(row for row in opened(on_sqlite) if row["customer_id"] == "C000001")
    assert (row["name"], row["kana"]) == ("架空 花子二", "カクウ ハナコ")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 64, b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600],
)
def test_a_file_that_is_no_table_is_a_typed_refusal(
    on_sqlite: Wiring, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(GovernanceError):
        import_file(on_sqlite, path)
    with pytest.raises(GovernanceError):
        import_file(on_sqlite, tmp_path)
    with pytest.raises(GovernanceError):
        import_file(on_sqlite, tmp_path / "missing.csv")
    assert counted(on_sqlite, "person") == 0


def test_a_file_of_no_known_kind_asks_for_its_kind(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, "りんご,みかん\n1,2\n")
    with pytest.raises(SourceKindUnknownError):
        import_file(on_sqlite, path)


def test_a_cell_of_five_megabytes_is_refused_with_its_row(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    path = write_file(tmp_path, register([customer(1), customer(2, 備考="あ" * 5_000_000)]))
    assert FIELD_LIMIT < 5_000_000
    with pytest.raises(GovernanceError) as error:
        import_file(on_sqlite, path)
    assert "あ" not in str(error.value)


def test_a_file_cut_off_in_the_middle_loses_no_whole_row(on_sqlite: Wiring, tmp_path: Path) -> None:
    whole = register([customer(n) for n in range(1, 4)])
    path = write_file(tmp_path, whole[: whole.rindex("090-0000-0003")])
    outcome = import_file(on_sqlite, path)
    assert outcome.counts.adds_up()
    assert outcome.counts.read == 3
    assert outcome.problems["COLUMN_COUNT_SHORT"] == 1


def test_a_truncated_workbook_is_a_typed_refusal(on_sqlite: Wiring, tmp_path: Path) -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet.append([*REGISTER])
    out = BytesIO()
    book.save(out)
    path = tmp_path / "cut.xlsx"
    path.write_bytes(out.getvalue()[:-200])
    with pytest.raises(GovernanceError):
        import_file(on_sqlite, path)


# --- death and company


@dataclass(slots=True)
class MortalDatabase:
    """The true database until the nth write, which dies before or after its work is done."""

    real: Database
    dies_at: int
    after: bool
    writes: int = 0
    dialect: str = field(init=False)

    def __post_init__(self) -> None:
        self.dialect = self.real.dialect

    def read(self) -> AbstractContextManager[Connection]:
        return self.real.read()

    def write(self, fn: Callable[[Connection], T], *, batch: bool = False) -> T:
        self.writes += 1
        if self.writes != self.dies_at:
            return self.real.write(fn, batch=batch)
        if not self.after:
            raise KeyboardInterrupt

        def die(tx: Connection) -> T:
            fn(tx)
            raise RuntimeError

        return self.real.write(die, batch=batch)


@pytest.mark.parametrize("after", [False, True], ids=["before", "inside"])
def test_death_at_any_write_loses_and_doubles_nothing(
    on_sqlite: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    monkeypatch.setattr(flow, "BATCH", 3)
    rows = [customer(n, 保全="1" if n == 4 else "") for n in range(1, 9)]
    rows += [customer(2, 備考="再掲"), customer(9, 氏名="")]
    path = write_file(tmp_path, register(rows))
    deaths = 0
    while deaths < 40:
        dies_at = 1 if deaths == 0 else 2  # the first life does not even begin the run
        mortal = cast("Database", MortalDatabase(on_sqlite.database, dies_at=dies_at, after=after))
        wiring = replace(on_sqlite, ports=replace(on_sqlite.ports, database=mortal))
        try:
            outcome = import_file(wiring, path)
        except (KeyboardInterrupt, RuntimeError):
            deaths += 1
            assert counted(on_sqlite, "person") <= 8
            continue
        break
    assert 3 <= deaths < 40
    assert numbers(outcome) == (10, 8, 1, 1, 0) or outcome.repeated
    assert numbers(import_file(on_sqlite, path)) == (10, 0, 9, 1, 0)
    assert Counter(row["customer_id"] for row in opened(on_sqlite)) == Counter(
        f"C{n:06d}" for n in range(1, 9)
    )
    with on_sqlite.database.read() as tx:
        holds = tx.execute(select(func.count()).select_from(store.HOLD)).scalar_one()
    assert (holds, len(put_aside(on_sqlite))) == (1, 1)


def test_two_importers_of_one_file_store_it_once(
    installation: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "BATCH", 20)
    rows = [customer(n) for n in range(1, 101)]
    rows += [customer(n, 顧客ID="") for n in range(101, 141)]
    path = write_file(tmp_path, register(rows))
    with ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(import_file, installation, path) for _ in range(4)]
        for outcome in outcomes:
            assert outcome.result().counts.read == 140
            assert outcome.result().counts.adds_up()
    assert counted(installation, "person") == 140
    with installation.database.read() as tx:
        (run,) = imports.all_runs(tx)
    assert (run.cursor, run.counts["stored"], run.counts["read"]) == (140, 140, 140)


def test_two_files_at_once_share_no_person_twice(installation: Wiring, tmp_path: Path) -> None:
    paths = [
        write_file(tmp_path, register([customer(k, 備考=f"{n}") for k in range(1, 41)]), name=name)
        for n, name in enumerate(("a.csv", "b.csv", "c.csv"))
    ]
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda path: import_file(installation, path), paths))
    assert sum(outcome.counts.stored for outcome in outcomes) == 40
    assert sum(outcome.counts.merged for outcome in outcomes) == 80
    assert counted(installation, "person") == 40


# --- consents and vendors

CONSENT = (
    "K1",
    "C000001",
    "2026-05-01T10:00:00+09:00",
    "P02",
    "同意",
    "v3.1",
    "トグル",
    "e1",
    "",
    "",
)
VENDORS = (
    "取引先ID",
    "名称",
    "区分",
    "国",
    "業務内容",
    "契約日",
    "満了日",
    "自動更新",
    "再委託の許諾",
    "再委託先",
    "越境移転の根拠",
    "外国制度の情報提供日",
    "安全管理措置",
    "直近監査日",
    "提供記録の作成",
    "窓口担当者",
    "窓口メール",
    "備考",
)
VENDOR = {"取引先ID": "V1", "名称": "架空運輸", "区分": "委託", "国": "JP"}


def consents(tmp_path: Path, rows: Sequence[dict[str, str]], *, name: str = "consents.csv") -> Path:
    full = [dict(zip(CONSENTS, CONSENT, strict=True)) | row for row in rows]
    return write_file(tmp_path, register(full, headers=CONSENTS), name=name)


def test_a_consent_file_is_taken_in_by_occurrence_with_sealed_proofs(
    installation: Wiring, tmp_path: Path
) -> None:
    import_file(installation, write_file(tmp_path, register([customer(1)])))
    rows = [
        {"同意ID": "K3", "日時": "2026-05-03T00:00:00Z", "操作": "撤回", "証跡ID": "e3"},
        {"同意ID": "K1"},
        {"同意ID": "K2", "日時": "2026-05-03T09:00:00+09:00", "操作": "同意", "証跡ID": "e2"},
        {"同意ID": "K4", "顧客ID": "C999999"},
        {"同意ID": "K5", "目的コード": "P99"},
        {"同意ID": "K6", "日時": "2027-01-01T00:00:00Z"},
        {"同意ID": "K1"},
    ]
    outcome = import_file(installation, consents(tmp_path, rows))
    assert numbers(outcome) == (7, 3, 1, 0, 3)
    assert outcome.problems["CUSTOMER_UNKNOWN"] == outcome.problems["PURPOSE_UNKNOWN"] == 1
    assert outcome.problems["DATE_FUTURE"] == 1
    subject = subjects(installation)[0]
    with installation.database.read() as tx:
        history = ledger.full_history(tx, subject)
        keys = tx.execute(select(ledger.EVENT.c.source_key).order_by(ledger.EVENT.c.seq)).scalars()
        assert list(keys) == ["K1", "K2", "K3"], "at the same instant the withdrawal is last"
    assert {event.import_run for event in history} == {outcome.run}
    kinds = [r.entry.kind for r in installation.journal.replay() if r.seq > 0]
    assert kinds == [JournalKind.WITHDRAWAL]


def test_another_consent_file_with_known_ids_adds_nothing(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    import_file(on_sqlite, write_file(tmp_path, register([customer(1)])))
    import_file(on_sqlite, consents(tmp_path, [{}]))
    again = consents(tmp_path, [{}, {"同意ID": "K2", "証跡ID": "e2"}], name="again.csv")
    assert numbers(import_file(on_sqlite, again)) == (2, 1, 1, 0, 0)


def test_a_vendor_file_names_what_is_wrong_with_each(on_sqlite: Wiring, tmp_path: Path) -> None:
    rows = [VENDOR, VENDOR, VENDOR | {"取引先ID": "V2", "区分": "友人"}]
    path = write_file(tmp_path, register(rows, headers=VENDORS), name="vendors.csv")
    outcome = import_file(on_sqlite, path, principal=OFFICER)
    assert numbers(outcome) == (3, 1, 1, 0, 1)
    assert b"person" not in str(outcome.as_json()).encode()
    later = import_file(on_sqlite, path, principal=OFFICER, at=AT + timedelta(days=1))
    assert later.repeated


def test_numbers_in_findings_are_counted_by_kind(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(1, 備考=f"カード{CARD} 個人番号{MY_NUMBER}")]))
    outcome = import_file(on_sqlite, path)
    assert outcome.findings == {Entity.CREDIT_CARD.value: 1, Entity.MY_NUMBER.value: 1}
