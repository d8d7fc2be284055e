"""Tables of identity proof: codes that were sent, files that wait for an officer's look.

Code and image are sealed under the requester's own record key. A code is over in minutes; an image
is deleted with the look, and what stays says which kind of paper it was and how it was judged.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed


class CodeRow(SQLModel, table=True):
    """One code to one contact.."""

    __tablename__ = "dsar_code"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    kind: str  # email_code, sms_code
    code: bytes | None = Field(default=None, sa_column=sealed())
    tries: int = 0
    created_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    used_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class UploadRow(SQLModel, table=True):
    """One file that is to prove a person or an agent; `content` goes with the officer's look."""

    __tablename__ = "dsar_upload"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    kind: str  # identity, authority
    media: str
    size: int
    created_at: datetime = Field(sa_column=instant())
    scan: str | None = None  # clean, unscanned; None: from before files were looked through
    scanned_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    traces: str | None = None  # removed, none, kept
    traces_found: str | None = None  # which were removed, by spaces
    content: bytes | None = Field(default=None, sa_column=sealed())
    document: str | None = None
    accepted: bool | None = None
    reason: str | None = None
    checked_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    checked_by: str | None = None
