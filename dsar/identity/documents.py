"""Papers that prove a person or an agent: sent or shown, looked at once, judged, and gone.

What stays is which kind of paper it was and how it was judged. A side that shows an individual
number (個人番号) is refused and goes at once (My Number Act 20). No image waits longer than KEPT.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case, Evidence
from dsar.errors import RequestStepError
from dsar.identity.errors import DocumentKindError, UploadRefusedError, UploadUnknownError
from dsar.identity.guardians import shows_authority
from dsar.identity.hearing import child_of
from dsar.identity.recording import record_proof
from dsar.identity.rules import document_fits, evidence_of
from dsar.identity.store import (
    Upload,
    add_upload,
    forget_codes,
    forget_uploads,
    settle_upload,
    upload_by_id,
    uploads_of,
)
from dsar.identity.types import Document, Doubt, UploadKind
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id
from dsar.types import Refusal
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

MOST_MB: Final = 8
MOST_BYTES: Final = MOST_MB * 1024 * 1024
MOST_PAPERS: Final = 6  # that wait for a look at once
KEPT: Final = timedelta(days=30)  # without a look
MAGIC: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png",
                b"%PDF-": "application/pdf"}  # fmt: skip


def media_of(content: bytes) -> str | None:
    """What the first octets say the file is; its name and its sender's word say nothing."""
    return next((media for magic, media in MAGIC.items() if content.startswith(magic)), None)


def upload(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    kind: UploadKind,
    content: bytes,
    *,
    at: datetime,
) -> RowId:
    """The paper waits for an officer's look, sealed; UploadRefusedError, and nothing is stored."""
    if not content:
        raise UploadRefusedError(reason="empty", most=MOST_MB)
    if len(content) > MOST_BYTES:
        raise UploadRefusedError(reason="large", most=MOST_MB)
    media = media_of(content)
    if media is None:
        raise UploadRefusedError(reason="kind", most=MOST_MB)
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
    row = new_row_id()
    paper = Upload(
        id=row,
        request=request,
        kind=kind,
        media=media,
        size=len(content),
        created_at=at,
        content=ports.vault.seal_part(case.requester_id, row, content, key_class=KeyClass.RECORD),
    )

    def write(tx: Connection) -> None:
        current = case_by_id(tx, request)
        if current.closed:
            raise RequestStepError(request=request, reason=Refusal.NO_SUCH_STEP.value, law="-")
        if sum(1 for one in uploads_of(tx, request) if one.checked_at is None) >= MOST_PAPERS:
            raise UploadRefusedError(reason="many", most=MOST_MB)
        add_upload(tx, paper)
        _note(tx, ports, principal, current, f"paper_sent.{kind.value}", at=at)

    ports.database.write(write)
    return row


def _note(
    tx: Connection, ports: Ports, principal: Principal, case: Case, reason: str, *, at: datetime
) -> None:
    code = EventCode.REQUEST_CHANGED
    ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=(reason,)))


def look(
    ports: Ports, principal: Principal, paper: RowId, *, request: RequestId, at: datetime
) -> tuple[str, bytes]:
    """Media type and content for the officer who judges it; the look is on record before it."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_WRITE)
    with ports.database.read() as tx:
        found = upload_by_id(tx, paper)
    if found is None or found.request != request or found.content is None:
        raise UploadUnknownError
    content = ports.vault.open_part(found.id, found.content)
    ports.database.write(
        lambda tx: _note(tx, ports, principal, case_by_id(tx, request), "paper_seen", at=at)
    )
    return found.media, content


def judge(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    document: Document,
    kind: UploadKind,
    *,
    doubt: Doubt | None,
    at: datetime,
    paper: RowId | None = None,
) -> Case:
    """The look is on file as a proof or a refusal, and the image is gone with it.

    `paper` is what was uploaded; None when the paper was shown at the counter or came by post.
    """
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    if doubt is None and not document_fits(document, kind):
        raise DocumentKindError
    if doubt is None and kind is UploadKind.AUTHORITY:
        child = child_of(tx, case, at=at)
        if not shows_authority(document, case.requester, child):
            raise DocumentKindError
    if paper is not None:
        found = upload_by_id(tx, paper)
        settled = found is not None and found.request == request and found.kind is kind
        if not settled or not settle_upload(
            tx,
            paper,
            document=document,
            accepted=doubt is None,
            reason=doubt.value if doubt else None,
            at=at,
            by=principal.id,
        ):
            raise UploadUnknownError
    evidence = Evidence(
        kind=evidence_of(kind),
        accepted=doubt is None,
        at=at,
        by=principal.id,
        reason=doubt.value if doubt else None,
    )
    return record_proof(tx, ports, principal, case, evidence, at=at, document=document)


def forget_old(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime, limit: int
) -> int:
    """How many codes that are over and papers that nobody looked at are gone."""
    codes = forget_codes(tx, at=at, limit=limit)
    requests = forget_uploads(tx, before=at - KEPT, limit=limit)
    for request in dict.fromkeys(requests):
        _note(tx, ports, principal, case_by_id(tx, request), "paper_unseen", at=at)
    return codes + len(requests)
