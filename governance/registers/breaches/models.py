"""Tables of the register of breaches: each record, what was written of it, what was reported."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, String, event
from sqlmodel import Field, SQLModel

from governance.db.closing import Closing
from governance.db.types import RowIdType, UtcDateTime, table_of

WORD, NAME = 32, 200  # characters


class BreachRow(SQLModel, table=True):
    """One record; it names keys, systems and accounts, never a person of the register."""

    __tablename__ = "breach"
    __table_args__ = (
        CheckConstraint(
            "closed_by IS NULL OR closed_by <> recorded_by", name="ck_breach_two_persons"
        ),
        CheckConstraint("(outcome IS NULL) = (closed_by IS NULL)", name="ck_breach_one_state"),
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    kind: str = Field(sa_column=Column(String(WORD), nullable=False))
    about: str = Field(sa_column=Column(String(NAME), nullable=False))
    grounds: str = Field(sa_column=Column(String(NAME), nullable=False))
    aware_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_by: str = Field(sa_column=Column(String(NAME), nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    outcome: str | None = Field(default=None, sa_column=Column(String(WORD)))
    closed_by: str | None = Field(default=None, sa_column=Column(String(NAME)))
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class BreachNoteRow(SQLModel, table=True):
    """What was written about one item of the report; sealed, since people write names."""

    __tablename__ = "breach_note"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    breach_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("breach.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    topic: str = Field(sa_column=Column(String(WORD), nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    noted_by: str = Field(sa_column=Column(String(NAME), nullable=False))
    noted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class BreachReportRow(SQLModel, table=True):
    """That a report which the law asks for was made."""

    __tablename__ = "breach_report"

    breach_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("breach.id", ondelete="RESTRICT"), primary_key=True)
    )
    rule: str = Field(sa_column=Column(String(WORD), primary_key=True))
    reported_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    reported_by: str = Field(sa_column=Column(String(NAME), nullable=False))


CLOSED = Closing(
    table="breach", parts={"breach_note": "breach_id", "breach_report": "breach_id"}
)  # GDPR 33(5): the documentation that a supervisor checks stays as it was closed
event.listen(table_of(BreachReportRow), "after_create", CLOSED.build)
