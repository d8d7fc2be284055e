"""Rows of codes and uploaded papers in and out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dsar.identity.models import CodeRow, UploadRow
from dsar.identity.rules import CODE_TRIES
from dsar.identity.types import Document, UploadKind
from dsar.types import EvidenceKind
from governance.core.terms import ActorId, RequestId, RowId
from governance.customers.received import Provenance
from governance.db.types import table_of

CODE, UPLOAD = table_of(CodeRow), table_of(UploadRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code as it stands."""

    id: RowId
    kind: EvidenceKind
    tries: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    code: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One paper that was sent, and how it was judged; the content goes with the judgement."""

    id: RowId
    request: RequestId
    kind: UploadKind
    media: str
    size: int
    created_at: datetime
    document: Document | None = None
    accepted: bool | None = None
    reason: str | None = None
    checked_at: datetime | None = None
    provenance: Provenance = field(default_factory=Provenance)
    content: bytes | None = field(default=None, repr=False)


def add_code(tx: Connection, request: RequestId, code: Code) -> None:
    """This code alone opens anything for its kind; codes before it are over."""
    tx.execute(
        update(CODE)
        .where(CODE.c.request_id == request, CODE.c.kind == code.kind.value)
        .where(CODE.c.code.is_not(None))
        .values(code=None, expires_at=code.created_at)
    )
    tx.execute(
        insert(CODE).values(
            id=code.id,
            request_id=request,
            kind=code.kind.value,
            code=code.code,
            tries=0,
            created_at=code.created_at,
            expires_at=code.expires_at,
        )
    )


def codes_of(tx: Connection, request: RequestId) -> tuple[Code, ...]:
    """Every code of the request, newest first."""
    rows = tx.execute(select(CODE).where(CODE.c.request_id == request).order_by(CODE.c.id.desc()))
    return tuple(
        Code(
            id=RowId(row.id),
            kind=EvidenceKind(row.kind),
            tries=row.tries,
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            code=row.code,
        )
        for row in rows
    )


def take_try(tx: Connection, code: RowId, *, at: datetime) -> bool:
    """Whether one more try was free; it is spent before anything is compared."""
    free = update(CODE).where(
        CODE.c.id == code,
        CODE.c.used_at.is_(None),
        CODE.c.expires_at > at,
        CODE.c.tries < CODE_TRIES,
    )
    return tx.execute(free.values(tries=CODE.c.tries + 1)).rowcount == 1


def use_code(tx: Connection, code: RowId, *, at: datetime) -> bool:
    """Whether the code was unused; it opens nothing any more."""
    unused = update(CODE).where(CODE.c.id == code, CODE.c.used_at.is_(None))
    return tx.execute(unused.values(used_at=at, code=None)).rowcount == 1


def forget_codes(tx: Connection, *, at: datetime, limit: int) -> int:
    """How many codes that are over lost their sealed signs."""
    over = select(CODE.c.id).where(CODE.c.code.is_not(None), CODE.c.expires_at <= at).limit(limit)
    return tx.execute(update(CODE).where(CODE.c.id.in_(over)).values(code=None)).rowcount


def add_upload(tx: Connection, upload: Upload) -> None:
    """The paper waits for an officer's look."""
    tx.execute(
        insert(UPLOAD).values(
            id=upload.id,
            request_id=upload.request,
            kind=upload.kind.value,
            media=upload.media,
            size=upload.size,
            created_at=upload.created_at,
            content=upload.content,
            **upload.provenance.columns(),
        )
    )


def uploads_of(tx: Connection, request: RequestId) -> tuple[Upload, ...]:
    """Papers of the request without their content, oldest first."""
    columns = [column for column in UPLOAD.c if column.name != "content"]
    rows = tx.execute(select(*columns).where(UPLOAD.c.request_id == request).order_by(UPLOAD.c.id))
    return tuple(_upload(row, content=None) for row in rows)


def upload_by_id(tx: Connection, upload: RowId) -> Upload | None:
    """The paper with its sealed content, while it has any."""
    row = tx.execute(select(UPLOAD).where(UPLOAD.c.id == upload)).one_or_none()
    return _upload(row, content=row.content) if row is not None else None


def _upload(row: Row[Any], *, content: bytes | None) -> Upload:
    return Upload(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        kind=UploadKind(row.kind),
        media=row.media,
        size=row.size,
        created_at=row.created_at,
        document=Document(row.document) if row.document else None,
        accepted=row.accepted,
        reason=row.reason,
        checked_at=row.checked_at,
        provenance=Provenance.read(row),
        content=content,
    )


def settle_upload(
    tx: Connection,
    upload: RowId,
    *,
    document: Document,
    accepted: bool,
    reason: str | None,
    at: datetime,
    by: ActorId,
) -> bool:
    """Whether the paper was unjudged; its kind and result stay, its content is gone."""
    open_ = update(UPLOAD).where(UPLOAD.c.id == upload, UPLOAD.c.checked_at.is_(None))
    done = tx.execute(
        open_.values(
            document=document.value,
            accepted=accepted,
            reason=reason,
            checked_at=at,
            checked_by=by,
            content=None,
        )
    )
    return done.rowcount == 1


def forget_uploads(tx: Connection, *, before: datetime, limit: int) -> Sequence[RequestId]:
    """Requests whose papers nobody looked at in time; the content is gone."""
    old = (
        select(UPLOAD.c.id, UPLOAD.c.request_id)
        .where(UPLOAD.c.content.is_not(None), UPLOAD.c.created_at <= before)
        .order_by(UPLOAD.c.id)
        .limit(limit)
    )
    found = tx.execute(old).all()
    ids = [row.id for row in found]
    tx.execute(update(UPLOAD).where(UPLOAD.c.id.in_(ids)).values(content=None))
    return tuple(RequestId(row.request_id) for row in found)
