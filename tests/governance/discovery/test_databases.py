"""Scans of databases: read only, uniform samples, any kind of key."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from governance.db.engine import Database
from governance.discovery.databases import address_of, opened, shown
from governance.discovery.types import ScanDatabaseError, ScanReport, ScanTargetError

Look = Callable[[Path | str], ScanReport]
ROWS = 2_000


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, cust_nm TEXT, tel TEXT)")
        raw.execute("CREATE TABLE sparse (id INTEGER PRIMARY KEY, mail TEXT)")
        raw.execute("CREATE TABLE coded (code TEXT PRIMARY KEY, amount INTEGER)")
        raw.executemany(
            "INSERT INTO customer VALUES (?, ?, ?)",
            ((n * 2, "佐藤花子", f"090-1234-{n:04}") for n in range(1, ROWS + 1)),
        )
        raw.executemany(
            "INSERT INTO sparse VALUES (?, ?)",
            ((n * 1_000_003, f"u{n}@example.com") for n in range(1, 301)),
        )
        raw.executemany("INSERT INTO coded VALUES (?, ?)", ((f"A{n:05}", n) for n in range(ROWS)))
        raw.commit()
    return f"sqlite:///{path}"


def test_every_table_is_sampled_and_counted_whole(shop: str, look: Look) -> None:
    found = {place.name: place for place in look(shop).places}
    assert {name: (p.rows, p.sampled) for name, p in found.items()} == {
        "coded": (ROWS, 200),
        "customer": (ROWS, 200),
        "sparse": (300, 200),
    }
    labels = {c.name: c.label for place in found.values() for c in place.columns}
    assert labels == {
        "id": None, "cust_nm": "PERSON", "tel": "PHONE", "mail": "EMAIL", "code": None,
        "amount": None,
    }  # fmt: skip
    (tel,) = (c for c in found["customer"].columns if c.name == "tel")
    assert 0 < tel.at_most < 0.02  # 200 of 2,000 rows without another value


def test_file_of_a_database_in_a_folder_is_read(shop: str, look: Look, tmp_path: Path) -> None:
    report = look(tmp_path)
    assert {place.name for place in report.places} == {
        "shop.db#coded", "shop.db#customer", "shop.db#sparse",
    }  # fmt: skip


def test_rows_come_from_all_over_the_table(shop: str) -> None:
    with opened(make_url(shop)) as source:
        stored = {table.name: table for table in source.tables()}
        rows = [dict(row) for row in source.records(stored["customer"], 200, seed=3)]
    numbers = sorted(int(row["id"]) // 2 for row in rows)
    assert len(numbers) == len(set(numbers)) >= 200
    assert numbers[0] < ROWS * 0.1
    assert numbers[-1] > ROWS * 0.9


def test_postgresql_is_sampled_read_only(database: Database) -> None:
    if database.engine.dialect.name != "postgresql":
        pytest.skip("the sample of SQLite has its own tests")
    with database.engine.begin() as tx:
        tx.execute(text("CREATE TABLE shop_person (id text PRIMARY KEY, mail text)"))
        tx.execute(
            text(
                "INSERT INTO shop_person SELECT 'A' || n, 'u' || n || '@example.com'"
                " FROM generate_series(1, 5000) AS n"
            )
        )
    with opened(database.engine.url.set(drivername="postgresql+psycopg")) as source:
        stored = {table.name: table for table in source.tables()}
        table = stored["shop_person"]
        rows = [dict(row) for row in source.records(table, 400, seed=3)]
        with pytest.raises(SQLAlchemyError):
            source._tx.execute(text("DELETE FROM shop_person"))
    assert table.rows == 5_000
    assert 400 <= len(rows) <= 700  # 520 expected, 22 is one standard deviation
    assert max(int(row["id"][1:]) for row in rows) > 4_500


def test_nothing_can_be_written(shop: str) -> None:
    with pytest.raises(ScanDatabaseError), opened(make_url(shop)) as source:
        source._tx.execute(text("DELETE FROM coded"))
    with opened(make_url(shop)) as source:
        assert (
            source._tx.execute(select(text("count(*)")).select_from(text("coded"))).scalar() == ROWS
        )


@pytest.mark.parametrize("address", ["frog://x/y", "://", "frog+toad://"])
def test_address_of_no_database_is_wrong_use(address: str, look: Look) -> None:
    with pytest.raises(ScanTargetError):
        look(address)


def test_database_that_is_not_there_is_told(tmp_path: Path, look: Look) -> None:
    with pytest.raises(ScanDatabaseError):
        look(f"sqlite:///{tmp_path}/missing.db")


def test_report_names_no_password() -> None:
    url = address_of("postgresql://officer:secret@db.example.com/shop")
    assert url is not None
    assert shown(url) == "postgresql://db.example.com/shop"
    assert address_of("folder/of/files") is None
