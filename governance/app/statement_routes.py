"""`/v1`: statements that prove themselves, as files for the offline verifier."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi import Form as Sent
from fastapi.concurrency import run_in_threadpool

from consent.receipts.forms import FILE_NAMES, MEDIA, ReceiptForm
from governance.app.certificates import MEDIA as CERTIFICATE_MEDIA
from governance.app.certificates import (
    NAMES,
    CertificateFile,
    CertificateForm,
    certificate_of,
    certificate_under,
)
from governance.app.statements import consent_receipt, decision_proof, erasure_certificate
from governance.core.terms import EventId, RequestId, RowId, SubjectId
from governance.http.principal import ANONYMOUS, Principal
from governance.http.problems import language_of
from governance.http.request import (
    check_csrf,
    check_same_site,
    open_to_all,
    principal_of,
    wiring_of,
)
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1", tags=["statements"])
pages = APIRouter(prefix="/console", include_in_schema=False)
NDJSON: Final = "application/x-ndjson"
UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Id = Annotated[str, Path(pattern=UUID)]
Form = Annotated[ReceiptForm, Query(description="受領書の形式 / Form of the receipt")]
Reader = Annotated[Principal, Depends(require(Action.CONSENT_READ))]
Person = Annotated[Principal, Depends(require(Action.PORTAL_SELF))]
Looker = Annotated[Principal, Depends(require(Action.RETENTION_READ))]
CaseReader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
CertificateQuery = Annotated[
    CertificateForm, Query(description="証明書の形式 / Form of the certificate")
]


class RunCertificate(StrEnum):
    """What is saved of a purge run."""

    STATEMENT = "statement"  # for the offline verifier
    PAPER = "paper"  # tagged PDF, where the extra is there


RunForm = Annotated[RunCertificate, Query(description="証明書の形式 / Form of the certificate")]
Prover = Annotated[Principal, Depends(require(Action.AUDIT_VERIFY))]


@router.post("/consents/{choice}/receipt", response_class=Response)
async def receipt(
    request: Request, principal: Reader, choice: Id, form: Form = ReceiptForm.STATEMENT
) -> Response:
    """The receipt of a choice in any of its forms; that it was issued is an event of the log."""
    return await _receipt(request, principal, choice, form)


@router.post("/own/consents/{choice}/receipt", response_class=Response)
async def own_receipt(
    request: Request, principal: Person, choice: Id, form: Form = ReceiptForm.STATEMENT
) -> Response:
    """The receipt of one of the signed-in person's own choices, in any of its forms."""
    return await _receipt(request, principal, choice, form)


async def _receipt(
    request: Request, principal: Principal, choice: str, form: ReceiptForm
) -> Response:
    check_same_site(request)
    wiring = wiring_of(request)
    reader = replace(principal, lang=language_of(request))
    made = await run_in_threadpool(
        lambda: consent_receipt(wiring, reader, RowId(choice), at=wiring.clock(), form=form)
    )
    saved = {"content-disposition": f'attachment; filename="{FILE_NAMES[form]}"'}
    return Response(made, media_type=MEDIA[form], headers=saved)


@router.post("/retention/runs/{run}/certificate", response_class=Response)
async def certificate(
    request: Request,
    principal: Looker,
    run: Id,
    body: Annotated[dict[str, Any] | None, Body()] = None,
    form: RunForm = RunCertificate.STATEMENT,
) -> Response:
    """The certificate of a run, or of the person that the body names; issued on record."""
    check_same_site(request)
    person = (body or {}).get("person")
    subject = SubjectId(person) if isinstance(person, str) else None
    return await _of_run(request, principal, run, subject, form)


@pages.post("/retention/runs/{run}/certificate", response_class=Response)
async def certificate_from_page(
    request: Request,
    principal: Looker,
    run: Id,
    form: Annotated[RunCertificate, Sent()] = RunCertificate.STATEMENT,
    csrf: Annotated[str, Sent()] = "",
) -> Response:
    """The same certificate as a file for the officer's form; issued on record."""
    check_csrf(request, csrf)
    return await _of_run(request, principal, run, None, form)


async def _of_run(
    request: Request,
    principal: Principal,
    run: str,
    subject: SubjectId | None,
    form: RunCertificate,
) -> Response:
    wiring, paper = wiring_of(request), form is RunCertificate.PAPER
    make = partial(
        erasure_certificate,
        *(wiring, replace(principal, lang=language_of(request)), RowId(run), subject),
        as_paper=paper,
        at=wiring.clock(),
    )
    name = f"certificate-{run}.{'pdf' if paper else 'ndjson'}"
    saved = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    media = "application/pdf" if paper else NDJSON
    return Response(await run_in_threadpool(make), media_type=media, headers=saved)


@router.post("/requests/{request_id}/certificate", response_class=Response)
async def request_certificate(
    request: Request,
    principal: CaseReader,
    request_id: Id,
    form: CertificateQuery = CertificateForm.STATEMENT,
) -> Response:
    """The certificate of the erasure that a request asked for; the look is on record."""
    check_same_site(request)
    wiring = wiring_of(request)
    make = partial(
        certificate_of,
        *(wiring, principal, RequestId(request_id)),
        form=form,
        lang=language_of(request),
        at=wiring.clock(),
    )
    return _saved(await run_in_threadpool(make))


@router.post("/certificates/{token}", response_class=Response, dependencies=[Depends(open_to_all)])
async def linked_certificate(
    request: Request,
    token: Annotated[str, Path(max_length=100)],
    form: CertificateQuery = CertificateForm.STATEMENT,
) -> Response:
    """The certificate under the link that the erased person was sent; for thirty days."""
    check_same_site(request)
    wiring = wiring_of(request)
    network = principal_of(request).network
    request.app.state.request_throttle.pass_one(network, at=wiring.clock())
    make = partial(
        certificate_under,
        *(wiring, ANONYMOUS, token),
        form=form,
        lang=language_of(request),
        at=wiring.clock(),
    )
    return _saved(await run_in_threadpool(make))


def _saved(made: CertificateFile) -> Response:
    saved = {
        "content-disposition": f'attachment; filename="{NAMES[made.form]}"',
        "cache-control": "no-store",
    }
    return Response(made.content, media_type=CERTIFICATE_MEDIA[made.form], headers=saved)


@router.get("/audit/decisions/{decision}/proof", response_class=Response)
async def proof(request: Request, principal: Prover, decision: Id) -> Response:
    """One recorded decision with its place in its batch and in the log; the look is on record."""
    wiring = wiring_of(request)
    made = await run_in_threadpool(
        lambda: decision_proof(wiring, principal, EventId(decision), at=wiring.clock())
    )
    return Response(made, media_type=NDJSON)
