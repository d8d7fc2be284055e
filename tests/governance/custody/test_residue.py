"""After an erasure no file of the installation and no copy of day 0 holds a value or a token."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text

from governance.app.approvals import approvals_of, approve_and_execute
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.crypto.frame import dek_id_of
from governance.crypto.providers.types import EpochDestroyedError
from governance.custody.copies import PG_DUMP, RESTORED, copy_data
from governance.custody.errors import CopyRefusedError
from governance.customers.search.filling import Filler
from governance.customers.store import Record, insert_records, records_of
from governance.customers.tokens import ENTRY, POSTING, ROW, packed, split
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import roll
from governance.keys.errors import KeyDestroyedError
from governance.keys.vault import FieldVault
from retention import service
from retention.adoption import propose_schedule
from retention.schedules import RETAIL_SAMPLE, shipped_schedule
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

CHIEF = staff("privacy_approver", name="jiro")
GOODS, GIFT = FieldId("purchase.product_name"), FieldId("purchase.recipient_name")
SAID = {
    "氏名": "鬼龍院　雅楽之介",
    "フリガナ": "キリュウイン ウタノスケ",
    "住所": "東京都檜原村人里9999番地",
    "携帯番号": "090-0000-9876",
    "メールアドレス": "utanosuke.kiryuin@example.net",
    "備考": "雅楽之介は茶道を好む",
}
VALUES = (
    "鬼龍院", "雅楽之介", "キリュウイン", "ウタノスケ", "人里9999", "9000009876", "090-0000-9876",
    "utanosuke", "kiryuin@example", "茶道を好む", "家元の茶碗", "鬼龍院家執事",
)  # fmt: skip
ENCODINGS = ("utf-8", "cp932", "utf-16-le", "utf-16-be", "euc-jp")


@dataclass(frozen=True, kw_only=True)
class Case:
    """An installation whose first person is erased, and its copies of day 0."""

    wiring: Wiring
    who: SubjectId
    copies: Path
    person_row: str
    frame: bytes
    tokens: tuple[tuple[bytes, bytes], ...]  # token and row, of the person alone
    joined: tuple[bytes, ...]


def needles() -> list[bytes]:
    """Every value in every encoding that a Japanese file may have."""
    return [value.encode(name) for value in VALUES for name in ENCODINGS]


def patterns(case: Case) -> list[re.Pattern[bytes]]:
    """Each token beside the row it stands for, as both engines lay them out."""
    pairs = [
        re.compile(re.escape(token) + b".?" + re.escape(row), re.DOTALL)
        for token, row in case.tokens
    ]
    return [*pairs, *(re.compile(re.escape(joined)) for joined in case.joined if len(joined) > 7)]


def files(case: Case, *folders: Path) -> Iterator[tuple[str, bytes]]:
    for folder in (case.wiring.settings.data_dir, case.copies, *folders):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def case(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Case]:
    url = new_database("upgraded") if request.param == "postgres" else None
    wiring = create(tmp_path / "home", url=url)
    path = write_file(tmp_path, register([customer(1, **SAID), customer(2), customer(3)]))
    import_file(wiring, path)
    path.unlink()
    who = subjects(wiring)[0]
    wiring.database.write(lambda tx: buy(tx, wiring, who))
    filler = Filler(wiring.database, wiring.vault)
    while filler.due().rows:
        pass
    adopt(wiring)
    with wiring.database.read() as tx:
        (person,) = records_of(tx, who, "person")
        tokens, joined = tokens_of_one(tx, who)
    copies = tmp_path / "copies"
    copies.mkdir()
    if url is None:
        copy_data(wiring.database, copies / "data.db")
    keys = wiring.settings.keys.removeprefix("sqlite:///")
    with (
        closing(sqlite3.connect(keys)) as source,
        closing(sqlite3.connect(copies / "keys.db")) as target,
    ):
        source.backup(target)
    made = Case(
        wiring=wiring,
        who=who,
        copies=copies,
        person_row=person.id,
        frame=person.sealed[FieldId("person.name")],
        tokens=tokens,
        joined=joined,
    )
    yield made
    wiring.close()


def buy(tx: Connection, wiring: Wiring, who: SubjectId) -> None:
    row = new_row_id()
    cells = wiring.vault.seal_row(who, row, {GOODS: "家元の茶碗", GIFT: "鬼龍院家執事"})
    clear = {
        "source_key": "P1", "type": "single", "amount": 9800, "recorded_at": AT,
        "purchased_on": date(2026, 3, 1), "payment_status": "paid",
    }  # fmt: skip
    sealed = {name: bytes(cell) for name, cell in cells.items() if cell is not None}
    insert_records(tx, [Record(table="purchase", id=row, subject=who, clear=clear, sealed=sealed)])


def tokens_of_one(
    tx: Connection, who: SubjectId
) -> tuple[tuple[tuple[bytes, bytes], ...], tuple[bytes, ...]]:
    """The person's tokens with their rows, and the bytes in which they stand by row."""
    mine = select(ENTRY.c.row_key, ENTRY.c.tokens).join_from(
        ENTRY, ROW, ENTRY.c.row_key == ROW.c.row_key
    )
    rows = tx.execute(mine.where(ROW.c.subject_id == who)).all()
    pairs = tuple((token, bytes(row.row_key)) for row in rows for token in split(row.tokens))
    return pairs, tuple(bytes(row.tokens) for row in rows)


def adopt(wiring: Wiring) -> None:
    desk = approvals_of(wiring)
    asked = wiring.database.write(
        lambda tx: propose_schedule(
            tx, wiring.ports, desk, OFFICER, shipped_schedule(RETAIL_SAMPLE).text, at=AT
        )
    )
    approve_and_execute(wiring, CHIEF, asked.id, at=AT)


def erase(case: Case) -> None:
    """The person's own request, agreed to by a second principal, carried out."""
    wiring, desk = case.wiring, approvals_of(case.wiring)

    def ask(tx: Connection) -> str:
        made = service.plan_erasure(tx, wiring.ports, OFFICER, case.who, at=AT)
        begun = service.start(tx, wiring.ports, desk, OFFICER, made.id, at=AT)
        assert isinstance(begun, service.Waiting)
        return begun.approval

    done = approve_and_execute(wiring, CHIEF, wiring.database.write(ask), at=AT)
    assert str(done["done"]).endswith("done")
    if wiring.database.dialect != "sqlite":
        with wiring.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            tx.execute(text("VACUUM FULL"))
            tx.execute(text("CHECKPOINT"))


def data_files(case: Case) -> Path | None:
    """Where the server keeps this database; its write-ahead log lies elsewhere."""
    if case.wiring.database.dialect == "sqlite":
        return None
    with case.wiring.database.read() as tx:
        place = Path(tx.execute(text("SHOW data_directory")).scalar_one())
        number = tx.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar_one()
    return place / "base" / str(number)


def test_raw_files_hold_neither_a_value_nor_a_token_of_the_erased(case: Case) -> None:
    before = b"".join(content for _, content in files(case))
    base = data_files(case)
    if base is None:  # the patterns do find what is there
        assert sum(bool(one.search(before)) for one in patterns(case)) > len(case.tokens)
    assert len(case.tokens) > 20
    erase(case)
    with case.wiring.database.read() as tx:
        of_row = POSTING.c.row_key == packed(RowId(case.person_row))
        assert tx.execute(select(func.count()).where(of_row)).scalar_one() == 0
    for name, content in files(case, *([] if base is None else [base])):
        assert [needle for needle in needles() if needle in content] == [], name
        assert [one.pattern for one in patterns(case) if one.search(content)] == [], name


def test_no_clear_value_is_in_the_servers_log_either(case: Case) -> None:
    base = data_files(case)
    if base is None:
        pytest.skip("a server")
    erase(case)
    for path in (base.parents[1] / "pg_wal").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [needle for needle in needles() if needle in content] == []


def test_what_a_law_keeps_still_opens_under_its_own_key(case: Case) -> None:
    erase(case)
    with case.wiring.database.read() as tx:
        (left,) = records_of(tx, case.who, "purchase")
        assert records_of(tx, case.who, "person") == ()
    opened = case.wiring.vault.open_row(left.id, left.sealed)
    assert opened[GOODS].value == "家元の茶碗"
    assert GIFT not in left.sealed
    with case.wiring.vault.ring.look() as look:
        held = look.held(dek_id_of(left.sealed[GOODS]))
    assert held.key_class is KeyClass.KEPT
    with pytest.raises(KeyDestroyedError):
        case.wiring.vault.open_row(case.person_row, {FieldId("person.name"): case.frame})


def test_a_copy_of_day_0_opens_nothing_of_the_erased_after_r_days(case: Case) -> None:
    erase(case)
    ring = case.wiring.vault.ring

    def opens() -> bool:
        path = shutil.copy(case.copies / "keys.db", case.copies / "try.db")
        restored = Database.open(sqlite_url(Path(path)))
        try:
            vault = FieldVault.open(restored, ring.provider, clock=lambda: AT)
            vault.open_row(case.person_row, {FieldId("person.name"): case.frame})
        except EpochDestroyedError:
            return False
        finally:
            restored.close()
        return True

    day = AT.astimezone(UTC).date()
    roll(ring, day=day + timedelta(days=6))
    assert opens()  # a key store younger than R with a copy of the data: by design, and said so
    roll(ring, day=day + timedelta(days=7))
    assert not opens()


def test_a_copy_is_whole_but_for_the_tokens_and_owes_its_index(case: Case) -> None:
    if case.wiring.database.dialect != "sqlite":
        with pytest.raises(CopyRefusedError):
            copy_data(case.wiring.database, case.copies / "data.db")
        assert "--exclude-table-data=search_posting" in PG_DUMP
        assert RESTORED == "UPDATE search_row SET due = 2"
        return
    copied = Database.open(sqlite_url(case.copies / "data.db"))
    with copied.read() as tx:
        (person,) = records_of(tx, case.who, "person")
        for table in (POSTING, ENTRY):
            assert tx.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert set(tx.execute(select(ROW.c.due)).scalars()) == {2}
    opened = case.wiring.vault.open_row(person.id, person.sealed)
    assert str(opened[FieldId("person.name")].value).startswith("鬼龍院")
    filler = Filler(copied, case.wiring.vault)
    while filler.due().rows:
        pass
    with copied.read() as tx, case.wiring.database.read() as live:
        assert tokens_of_one(tx, case.who) == tokens_of_one(live, case.who)
    copied.close()


def test_a_copy_is_of_its_owner_alone_and_never_written_over_another(case: Case) -> None:
    if case.wiring.database.dialect != "sqlite":
        pytest.skip("files of SQLite")
    path = case.copies / "data.db"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(CopyRefusedError):
        copy_data(case.wiring.database, path)
    assert path.read_bytes() == before
    with pytest.raises(CopyRefusedError):
        copy_data(case.wiring.database, case.copies / "nowhere" / "data.db")


def test_the_day_of_the_test_is_the_epoch_of_the_copies() -> None:
    assert datetime(2026, 10, 1, tzinfo=UTC).date() == AT.date()
