"""The table of the one sequence that choices and facts about persons share."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


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
