"""Whom a calling system's feed speaks of: the persons that it registered, and nobody else."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType


class FeedSubjectRow(SQLModel, table=True):
    """A person whom a system uses; `since` is the position of the sequence at which it said so."""

    __tablename__ = "feed_subject"
    client_id: str = Field(primary_key=True, foreign_key="api_client.id")
    subject_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), primary_key=True)
    )
    since: int = Field(sa_column=Column(BigInteger, nullable=False))
    __table_args__ = (
        Index("ix_feed_subject_since", "client_id", "since"),
        Index("ix_feed_subject_subject", "subject_id"),
    )
