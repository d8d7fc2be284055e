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
from governance.customers.received import Provenance
from governance.customers.uploads import Place, scanned
from governance.documents.traces.kinds import media_of
from governance.documents.traces.rules import handle
from governance.documents.traces.types import Stuck
from governance.http.principal import Principal
from policies.actions import Action

MOST_MB: Final = 8
MOST_BYTES: Final = MOST_MB * 1024 * 1024
MOST_PAPERS: Final = 6  # that wait for a look at once
KEPT: Final = timedelta(days=30)  # without a look
STUCK: Final = {Stuck.KIND: "stays", Stuck.DAMAGED: "damaged"}


def upload(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    kind: UploadKind,
    content: bytes,
    *,
    at: datetime,
    keep: bool = False,
) -> RowId:
    """The paper waits for an officer's look, sealed; UploadRefusedError, and nothing is stored.

    What it tells beside its picture is taken out before, unless its sender consents to `keep` it.
    """
    media = _media(content)
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
    seen = scanned(
        *(ports, principal, content), place=Place.PAPER, at=at, subject=case.subject,
        refs=(f"request:{request}",),
    )  # fmt: skip
    taken = handle(media, content, keep=keep)
    if isinstance(taken, Stuck):
        raise UploadRefusedError(reason=STUCK[taken], most=MOST_MB)
    content, row = taken.content, new_row_id()
    paper = Upload(
        id=row,
        request=request,
        kind=kind,
        media=media,
        size=len(content),
        created_at=at,
        provenance=Provenance.of(seen, taken),
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


def _media(content: bytes) -> str:
    """What the paper is; raises UploadRefusedError for what is none."""
    media = media_of(content)
    wrong = "empty" if not content else "large" if len(content) > MOST_BYTES else None
    if wrong is not None or media is None:
        raise UploadRefusedError(reason=wrong or "kind", most=MOST_MB)
    return media


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
