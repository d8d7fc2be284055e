"""Tables around the register row: contacts, relations, contracts, threads, wishes, tags.

A `sealed` column is under the key of the person in `subject_id`; what a reference to somebody
else does when that person is erased stands as an edge in data/catalogue.yaml.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.customers.models import instant, row_id, sealed, subject_ref, version
from governance.db.types import RowIdType


def day() -> Column[date]:
    """A column of days in Japan."""
    return Column(Date, nullable=True)


def row_ref(target: str, *, nullable: bool = False) -> Column[str]:
    """A reference to a row of another table of the store."""
    return Column(RowIdType, ForeignKey(target, ondelete="RESTRICT"), nullable=nullable, index=True)


class ContactRow(SQLModel, table=True):
    """担当者: a person who speaks for a company, in which post, from when to when."""

    __tablename__ = "contact"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    company_id: str = Field(sa_column=row_ref("company.id"))
    version: int = Field(sa_column=version())
    is_primary: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="0"))
    valid_from: date | None = Field(sa_column=day())
    valid_to: date | None = Field(sa_column=day())
    source: str | None = None  # business_card, person, company, register
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    department: bytes | None = Field(sa_column=sealed())
    title: bytes | None = Field(sa_column=sealed())
    email: bytes | None = Field(sa_column=sealed())
    phone: bytes | None = Field(sa_column=sealed())
    notes: bytes | None = Field(sa_column=sealed())


class RelationRow(SQLModel, table=True):
    """親権者・法定代理人: who acts for the person, on what proof, from when to when."""

    __tablename__ = "relation"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())  # the person acted for (本人)
    other_subject_id: str | None = Field(sa_column=subject_ref(nullable=True))  # who acts, if known
    version: int = Field(sa_column=version())
    kind: str  # parent, guardian, curator, assistant, agent
    verified_how: str | None = None  # family_register, resident_record, ..., declared
    verified_on: date | None = Field(sa_column=day())
    verified_by: str | None = None
    valid_from: date | None = Field(sa_column=day())
    valid_to: date | None = Field(sa_column=day())
    until_majority: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="0"))
    source: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    other_name: bytes | None = Field(sa_column=sealed())
    notes: bytes | None = Field(sa_column=sealed())


class GuardianHandRow(SQLModel, table=True):
    """二人目の確認: a second person confirmed that a parent or guardian may act, and on what."""

    __tablename__ = "guardian_hand"
    relation_id: str = Field(sa_column=Column(RowIdType, primary_key=True))  # a row of `relation`
    subject_id: str = Field(sa_column=subject_ref())  # the person acted for
    facts: str  # digest of kind, proof and days, as they were confirmed
    until: date | None = Field(sa_column=day())  # the right's last day then; no later one counts
    confirmed_by: str
    confirmed_at: datetime = Field(sa_column=instant(nullable=False))


class HouseholdMemberRow(SQLModel, table=True):
    """世帯: which persons live as one household; a household is nothing but its members."""

    __tablename__ = "household_member"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    household_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    version: int = Field(sa_column=version())
    role: str  # head, spouse, child, parent, other
    valid_from: date | None = Field(sa_column=day())
    valid_to: date | None = Field(sa_column=day())
    source: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))


class SubscriptionRow(SQLModel, table=True):
    """定期契約: a plan that runs, renews and ends."""

    __tablename__ = "subscription"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    source_key: str = Field(sa_column_kwargs={"unique": True})
    purchase_id: str | None = Field(sa_column=row_ref("purchase.id", nullable=True))
    version: int = Field(sa_column=version())
    plan_code: str | None = None
    status: str  # running, paused, cancelled, ended
    started_on: date | None = Field(sa_column=day())
    period_months: int | None = None
    renews_on: date | None = Field(sa_column=day())
    renewed_on: date | None = Field(sa_column=day())
    cancelled_on: date | None = Field(sa_column=day())
    ends_on: date | None = Field(sa_column=day())
    amount: int | None = Field(sa_column=Column(BigInteger, nullable=True))  # yen a period
    channel: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    plan_name: bytes | None = Field(sa_column=sealed())
    cancel_reason: bytes | None = Field(sa_column=sealed())


class MessageRow(SQLModel, table=True):
    """応対のやり取り: one message of an inquiry's thread after its first question and answer."""

    __tablename__ = "inquiry_message"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    inquiry_id: str = Field(sa_column=row_ref("inquiry.id"))
    direction: str  # in, out, note
    channel: str | None = None
    author_kind: str  # person, representative, staff, system
    author: str | None = None  # the principal who wrote or noted it
    sent_at: datetime = Field(sa_column=instant(nullable=False))
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    body: bytes | None = Field(sa_column=sealed())


class PermissionRow(SQLModel, table=True):
    """連絡の可否: whether the person wants to hear by a channel, about what; no consent."""

    __tablename__ = "channel_permission"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    version: int = Field(sa_column=version())
    channel: str  # email, phone, post, sms
    kind: str  # any, offer, service, survey
    wanted: str  # wanted, unwanted, ask
    since: date | None = Field(sa_column=day())
    source: str | None = None  # person, representative, register, returned_mail
    recorded_by: str
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    __table_args__ = (UniqueConstraint("subject_id", "channel", "kind"),)


class PreferenceRow(SQLModel, table=True):
    """好み: what the person said about a topic of a declared vocabulary."""

    __tablename__ = "preference"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    version: int = Field(sa_column=version())
    topic: str
    since: date | None = Field(sa_column=day())
    source: str | None = None
    recorded_by: str
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    value: bytes | None = Field(sa_column=sealed())
    __table_args__ = (UniqueConstraint("subject_id", "topic"),)


class TagRow(SQLModel, table=True):
    """タグ: a label of a declared vocabulary; a special-care one stands in a column of its own."""

    __tablename__ = "person_tag"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    vocabulary: str
    since: date | None = Field(sa_column=day())
    until: date | None = Field(sa_column=day())
    ground: str | None = None  # why a special-care label may be held: consent, provided_by_person
    recorded_by: str
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    label: bytes | None = Field(sa_column=sealed())
    special_label: bytes | None = Field(sa_column=sealed())
