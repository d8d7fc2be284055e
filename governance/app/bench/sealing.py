"""Sealing and opening fields: the vault against the same table in plain, and against a peer."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
)

from governance.app.bench.figure import Figure, best_of_each
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault

ROWS = 2_000
COLUMNS = ("name", "address", "email", "phone", "notes")
FIELDS = tuple(FieldId(f"person.{name}") for name in COLUMNS)
TEXT = "架空の値 sample value 0123"  # 30 octets in UTF-8
SEAL_LIMIT, OPEN_LIMIT = 3.5, 0.8  # microseconds added per value
MICRO = 1_000_000
PEER = "sqlalchemy-utils"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """One run: the same values in plain, sealed, and in the peer's type if it is installed."""

    tx: Connection
    vault: FieldVault
    people: tuple[tuple[SubjectId, RowId], ...]
    plain: Table = field(repr=False)
    sealed: Table = field(repr=False)
    peer: Table | None


def measure_seal(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Microseconds that sealing adds to an insert, per value."""
    with _ground(rows or ROWS) as ground:
        works: dict[str, Callable[[], object]] = {
            "plain": lambda: _insert_text(ground, ground.plain),
            "sealed": lambda: _insert_sealed(ground),
        }
        if (peer := ground.peer) is not None:
            works["peer"] = lambda: _insert_text(ground, peer)
        return _figures("seal", "insert", ground, best_of_each(works), limit=SEAL_LIMIT)


def measure_open(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Microseconds that opening adds to a select, per value; every value is read as text."""
    with _ground(rows or ROWS) as ground:
        _insert_text(ground, ground.plain)
        _insert_sealed(ground)
        works: dict[str, Callable[[], object]] = {
            "plain": lambda: _select_text(ground, ground.plain),
            "sealed": lambda: _select_sealed(ground),
        }
        if (peer := ground.peer) is not None:
            _insert_text(ground, peer)
            works["peer"] = lambda: _select_text(ground, peer)
        return _figures("open", "select", ground, best_of_each(works), limit=OPEN_LIMIT)


@contextmanager
def _ground(rows: int) -> Iterator[_Ground]:
    with (
        TemporaryDirectory() as folder,
        closing(Database.open(sqlite_url(Path(folder) / "keys.db"))) as keys,
    ):
        at = datetime(2026, 10, 1, tzinfo=UTC)
        provider = FileKeyProvider(Path(folder) / "epochs")
        create_key_store(keys, provider, day=at.date(), at=at)
        metadata, text_type = MetaData(), _peer_type()
        engine = create_engine("sqlite://")
        vault = FieldVault.open(keys, provider)
        people = tuple((new_subject_id(), new_row_id()) for _ in range(rows))
        vault.ensure_keys(subject for subject, _ in people)  # minted, and in memory
        plain = _table("plain", metadata, String())
        sealed = _table("sealed", metadata, LargeBinary())
        peer = None if text_type is None else _table("peer", metadata, text_type)
        metadata.create_all(engine)
        with engine.connect() as tx:
            yield _Ground(tx=tx, vault=vault, people=people, plain=plain, sealed=sealed, peer=peer)


def _table(name: str, metadata: MetaData, kind: Any) -> Table:
    key = Column("id", String, primary_key=True)
    return Table(name, metadata, *(Column(column, kind) for column in COLUMNS), key)


def _peer_type() -> Any:
    """The peer's AES-GCM column type, with one key for all rows; None where it is absent."""
    try:
        types = importlib.import_module("sqlalchemy_utils.types.encrypted.encrypted_type")
    except ModuleNotFoundError:
        return None
    return types.StringEncryptedType(String, "k" * 32, types.AesGcmEngine)


def _insert_text(ground: _Ground, table: Table) -> None:
    ground.tx.execute(table.delete())
    texts = dict.fromkeys(COLUMNS, TEXT)
    ground.tx.execute(insert(table), [{"id": row} | texts for _, row in ground.people])


def _insert_sealed(ground: _Ground) -> None:
    ground.tx.execute(ground.sealed.delete())
    texts = dict.fromkeys(FIELDS, TEXT)
    cells = ground.vault.seal_rows([(subject, row, texts) for subject, row in ground.people])
    rows = [
        {"id": row} | dict(zip(COLUMNS, sealed.values(), strict=True))
        for (_, row), sealed in zip(ground.people, cells, strict=True)
    ]
    ground.tx.execute(insert(ground.sealed), rows)


def _select_text(ground: _Ground, table: Table) -> int:
    return sum(len(value) for *values, _ in ground.tx.execute(select(table)) for value in values)


def _select_sealed(ground: _Ground) -> int:
    found = ground.tx.execute(select(ground.sealed)).all()
    rows = [(row[-1], dict(zip(FIELDS, row, strict=False))) for row in found]  # the id stands last
    return sum(
        len(str(value))
        for opened in ground.vault.open_rows(rows)
        for value in opened.reveal().values()
    )


def _figures(
    act: str, statement: str, ground: _Ground, seconds: Mapping[str, float], *, limit: float
) -> tuple[Figure, ...]:
    per = len(ground.people) * len(COLUMNS)
    added = {
        name: max(taken - seconds["plain"], 0.0) / per * MICRO for name, taken in seconds.items()
    }
    ours = added["sealed"]
    peer = added.get("peer")
    return (
        Figure(
            figure=f"{act}, added per value on {statement}",
            value=ours,
            unit="us/value",
            baseline=f"the whole {statement} on the same table in plain, per value",
            baseline_value=seconds["plain"] / per * MICRO,
            target=f"<= {limit} us",
            met=ours <= limit,
        ),
        Figure(
            figure=f"{act}, against {PEER}",
            value=ours,
            unit="us/value",
            baseline=_peer_name(statement),
            baseline_value=peer or 0.0,
            target="> 1x" if peer is not None else "",
            met=peer is None or ours < peer,
        ),
    )


def _peer_name(statement: str) -> str:
    try:
        found = version(PEER)
    except PackageNotFoundError:
        return f"{PEER} is not installed: extra `bench`"
    return f"{PEER} {found} StringEncryptedType, AesGcmEngine, added per value on {statement}"
