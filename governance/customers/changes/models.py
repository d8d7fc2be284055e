"""The table of the one sequence that choices and facts about persons share."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType


class ConsentHead(SQLModel, table=True):
    """The counter of the sequence, one row per shard; its lock orders the commits."""

    __tablename__ = "consent_head"
    shard: int = Field(primary_key=True)
    seq: int
    everyone_seq: int = Field(  # the last change on which every decision rests
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0")
    )
    callers_seq: int = Field(  # the last change of who may call, and by what key
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0")
    )


class TouchedRow(SQLModel, table=True):
    """A person whose rows were written; the mark goes once what follows from them is anew."""

    __tablename__ = "subject_touched"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
