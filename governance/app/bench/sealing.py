"""Sealing and opening fields: the vault against the same table in plain."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, create_engine, insert, select

from governance.app.bench.figure import Figure, best_seconds
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId
from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault

ROWS = 2_000
COLUMNS = ("name", "address", "email", "phone", "notes")
TEXT = "架空の値 sample value 0123"  # 39 octets in UTF-8
SEAL_LIMIT, OPEN_LIMIT = 3.5, 0.8  # microseconds added per value
MICRO = 1_000_000


def measure() -> tuple[Figure, ...]:
    """Microseconds that sealing adds to an insert and opening to a select, per value."""
    with (
        TemporaryDirectory() as folder,
        closing(Database.open(sqlite_url(Path(folder) / "keys.db"))) as keys,
    ):
        at = datetime(2026, 10, 1, tzinfo=UTC)
        provider = FileKeyProvider(Path(folder) / "epochs")
        create_key_store(keys, provider, day=at.date(), at=at)
        return _measured(FieldVault.open(keys, provider))


def _measured(vault: FieldVault) -> tuple[Figure, ...]:
    fields = {name: FieldId(f"person.{name}") for name in COLUMNS}
    people = [(new_subject_id(), new_row_id()) for _ in range(ROWS)]
    plain_rows = [{"id": row} | dict.fromkeys(COLUMNS, TEXT) for _, row in people]
    values = [(s, row, dict.fromkeys(fields.values(), TEXT)) for s, row in people]
    vault.seal_rows(values)  # keys are minted and in memory
    engine = create_engine("sqlite://")
    metadata = MetaData()
    plain = Table("plain", metadata, Column("id", String, primary_key=True),
                  *(Column(name, String) for name in COLUMNS))  # fmt: skip
    sealed = Table("sealed", metadata, Column("id", String, primary_key=True),
                   *(Column(name, LargeBinary) for name in COLUMNS))  # fmt: skip
    metadata.create_all(engine)
    with engine.connect() as tx:

        def insert_plain() -> None:
            tx.execute(plain.delete())
            tx.execute(insert(plain), plain_rows)

        def insert_sealed() -> None:
            tx.execute(sealed.delete())
            rows = [
                {"id": row} | {name: cells[fields[name]] for name in COLUMNS}
                for (_, row, _), cells in zip(values, vault.seal_rows(values), strict=True)
            ]
            tx.execute(insert(sealed), rows)

        def select_plain() -> int:
            return sum(len(row.name) for row in tx.execute(select(plain)))

        def select_sealed() -> int:
            found = tx.execute(select(sealed)).all()
            rows = [(r[0], dict(zip(fields.values(), r[1:], strict=True))) for r in found]
            return sum(
                len(str(cell.value)) for cells in vault.open_rows(rows) for cell in cells.values()
            )

        write_plain, write = best_seconds(insert_plain), best_seconds(insert_sealed)
        read_plain, read = best_seconds(select_plain), best_seconds(select_sealed)
    per = ROWS * len(COLUMNS)
    return (
        _figure("seal, added per value on insert", write, write_plain, per, SEAL_LIMIT),
        _figure("open, added per value on select", read, read_plain, per, OPEN_LIMIT),
    )


def _figure(name: str, sealed: float, plain: float, per: int, limit: float) -> Figure:
    added = max(sealed - plain, 0.0) / per * MICRO
    return Figure(
        figure=name,
        value=added,
        unit="us/value",
        baseline="the whole statement on the same table in plain, per value",
        baseline_value=plain / per * MICRO,
        target=f"<= {limit} us",
        met=added <= limit,
    )
