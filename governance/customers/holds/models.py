"""The table of standing scopes: persons whom a matter catches by a condition, today and later."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, event
from sqlmodel import Field, SQLModel

from governance.customers.holds.wall import build
from governance.customers.models import instant, row_id


class ScopeRow(SQLModel, table=True):
    """One standing scope of a matter; conditions compare clear columns alone."""

    __tablename__ = "hold_scope"
    id: str = Field(sa_column=row_id())
    matter: str = Field(index=True)
    kind: str  # everyone, query
    held_table: str | None = None
    field: str | None = None
    conditions: str = Field(sa_column=Column(Text, nullable=False))  # JSON
    placed_by: str
    placed_at: datetime = Field(sa_column=instant(nullable=False))
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_column=instant())
    __table_args__ = (Index("ix_hold_scope_standing", "released_at", "kind"),)


event.listen(SQLModel.metadata, "after_create", build)
