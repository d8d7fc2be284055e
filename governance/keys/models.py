"""Tables of the key store: a database of its own, apart from the data and its backups."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from governance.db.types import UtcDateTime, table_of

SCHEMA = 1  # raised with every change of these tables
SIGN_BIT = 1 << 63


class Unsigned64(TypeDecorator[int]):
    """An unsigned 64-bit number in a signed column, which is all that SQL has."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The same 64 bits, read as signed."""
        return value if value is None or value < SIGN_BIT else value - 2 * SIGN_BIT

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The same 64 bits, read as unsigned."""
        return None if value is None else int(value) & (2 * SIGN_BIT - 1)


class KeyTable(SQLModel, registry=registry()):
    """Base of the key store's tables; their metadata is not that of the data."""


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(UtcDateTime, nullable=nullable))


def _epoch() -> Any:
    return Field(
        sa_column=Column(
            String(16), ForeignKey("epoch.epoch_id", ondelete="RESTRICT"), nullable=False
        )
    )


def _wrapped() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class MetaRow(KeyTable, table=True):
    """The one row that names the store and counts what ended in it."""

    __tablename__: ClassVar[Any] = "meta"
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    schema_version: int = Field(sa_column=Column(Integer, nullable=False))
    installation: str = Field(sa_column=Column(String(36), nullable=False))
    generation: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = _moment()


class EpochRow(KeyTable, table=True):
    """One day's epoch key, wrapped by the provider; NULL once its destruction began."""

    __tablename__: ClassVar[Any] = "epoch"
    epoch_id: str = Field(sa_column=Column(String(16), primary_key=True))
    day: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_column=Column(String(12), nullable=False))
    wrapped: bytes | None = _wrapped()
    created_at: datetime = _moment()
    destroyed_at: datetime | None = _moment(nullable=True)
    final_at: datetime | None = _moment(nullable=True)


class DataKeyRow(KeyTable, table=True):
    """One data key of a person and class.

    Slot 0 is the current one, active or destroyed, and the unique key lets exactly one exist:
    minting and destroying meet there, whatever the engine's isolation. Older ones move up.
    """

    __tablename__: ClassVar[Any] = "data_key"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("subject", "key_class", "slot"),
        Index("data_key_by_epoch", "epoch", "dek_id"),
    )
    dek_id: int = Field(sa_column=Column(Unsigned64, primary_key=True, autoincrement=False))
    subject: str = Field(sa_column=Column(String(36), nullable=False))
    key_class: str = Field(sa_column=Column(String(8), nullable=False))
    slot: int = Field(sa_column=Column(Integer, nullable=False))
    alg: int = Field(sa_column=Column(SmallInteger, nullable=False))
    epoch: str = _epoch()
    wrapped: bytes | None = _wrapped()
    commitment: bytes | None = _wrapped()
    state: str = Field(sa_column=Column(String(10), nullable=False))
    created_at: datetime = _moment()
    destroyed_at: datetime | None = _moment(nullable=True)


class IndexKeyRow(KeyTable, table=True):
    """The key of one version of one field's blind index."""

    __tablename__: ClassVar[Any] = "index_key"
    field: str = Field(sa_column=Column(String(120), primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    bits: int = Field(sa_column=Column(SmallInteger, nullable=False))
    epoch: str = _epoch()
    wrapped: bytes | None = _wrapped()
    commitment: bytes | None = _wrapped()
    state: str = Field(sa_column=Column(String(10), nullable=False))
    created_at: datetime = _moment()
    destroyed_at: datetime | None = _moment(nullable=True)


class SigningKeyRow(KeyTable, table=True):
    """The seed of one signing key, wrapped, beside its public key."""

    __tablename__: ClassVar[Any] = "signing_key"
    name: str = Field(sa_column=Column(String(60), primary_key=True))
    algorithm: str = Field(sa_column=Column(String(12), primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    epoch: str = _epoch()
    wrapped: bytes | None = _wrapped()
    state: str = Field(sa_column=Column(String(10), nullable=False))
    created_at: datetime = _moment()
    destroyed_at: datetime | None = _moment(nullable=True)


KEY_METADATA: MetaData = KeyTable.metadata
META = table_of(MetaRow)
EPOCH = table_of(EpochRow)
DATA_KEY = table_of(DataKeyRow)
INDEX_KEY = table_of(IndexKeyRow)
SIGNING_KEY = table_of(SigningKeyRow)
