"""The page of one request: where it stands, and how whoever asked proves who they are."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.case import Case
from dsar.delivery import claimant
from dsar.execution.store import execution_of
from dsar.execution.undoing import concerns
from dsar.identity.codes import answer_code, deliver_sms, send_code
from dsar.identity.documents import MOST_BYTES, MOST_MB, upload
from dsar.identity.errors import (
    CodeRefusedError,
    CodesSpentError,
    ContactMissingError,
    UploadRefusedError,
)
from dsar.identity.types import UploadKind
from dsar.intake import fees
from dsar.intake.claims import claim_of
from dsar.intake.store import filing_of
from dsar.intake.types import Claim
from dsar.messages.store import unread
from dsar.messages.types import Side
from dsar.records import is_own
from dsar.results import newest_package
from dsar.types import EvidenceKind
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RequestId
from governance.customers.uploads import UNFIT
from governance.http.files import FormFileError, sent_file
from governance.http.request import open_to_all, wiring_of
from governance.i18n.catalogue import error_text
from governance.portal.requests.asking import (
    ROOT,
    admitted,
    asker_of,
    check_sent,
    own_case,
    way_of,
)
from governance.portal.requests.returning import code_kinds
from governance.portal.requests.road import road
from governance.portal.requests.standing import Standing, standing
from governance.ui.pages import Surface
from governance.ui.parts import Mistake, Step
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
OF: Final = f"{ROOT}/of"
REFUSED: Final = (CodeRefusedError, CodesSpentError, ContactMissingError, UploadRefusedError)
SHOWN: Final = frozenset({"yes", "sent", "right", "paper", "accepted", "withdrawn", "scope"})


@router.get(f"{OF}/{{request_id}}", response_class=HTMLResponse)
async def show(request: Request, request_id: str, filed: str = "", done: str = "") -> str:
    """Where the request stands; for the browser that filed it and the person alone."""
    return await run_in_threadpool(request_page, request, request_id, done=filed or done)


@router.post(f"{OF}/{{request_id}}/codes")
async def send(
    request: Request,
    later: BackgroundTasks,
    request_id: str,
    kind: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """A code is on its way to the contact that was given; the same words for everybody."""
    check_sent(request, csrf)
    wiring = wiring_of(request)

    def work(case: Case, claim: Claim) -> None:
        wanted, at = _code_kind(request, kind), wiring.clock()
        row = send_code(wiring.ports, case.id, wanted, claim, at=at)
        if wanted is EvidenceKind.SMS_CODE:
            later.add_task(deliver_sms, wiring.ports, case.id, row, claim, at=at)

    response = await _done(request, request_id, work, then="sent", field_id=f"send-{kind}")
    response.background = later
    return response


@router.post(f"{OF}/{{request_id}}/code")
async def type_code(
    request: Request,
    request_id: str,
    kind: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """The right code is spent and on file; wrong, late and used ones are refused alike."""
    check_sent(request, csrf)
    wiring, asker = wiring_of(request), asker_of(request)

    def work(case: Case, claim: Claim) -> None:
        found = _code_kind(request, kind)
        answer_code(wiring.ports, asker, case.id, found, claim, code[:40], at=wiring.clock())

    return await _done(request, request_id, work, then="right", field_id=f"code-{kind}")


@router.post(f"{OF}/{{request_id}}/papers")
async def send_paper(request: Request, request_id: str) -> Response:
    """The paper is stored sealed and waits for an officer; one that is refused is nowhere."""
    await run_in_threadpool(_own, request, request_id)  # before the body is read
    try:
        _, content, fields = await sent_file(request, most=MOST_BYTES, field="paper")
    except FormFileError:
        raise UploadRefusedError(reason="kind", most=MOST_MB) from None
    kind = fields.get("kind", "")
    check_sent(request, fields.get("csrf", ""))
    wiring, asker = wiring_of(request), asker_of(request)

    def work(case: Case, _claim: Claim) -> None:
        if kind not in set(UploadKind):
            raise UploadRefusedError(reason="kind", most=MOST_MB)
        upload(wiring.ports, asker, case.id, UploadKind(kind), content, at=wiring.clock(),
               keep=fields.get("keep") == "yes")  # fmt: skip

    return await _done(request, request_id, work, then="paper", field_id="paper", sent=fields)


@router.post(f"{OF}/{{request_id}}/fee")
async def accept_fee(
    request: Request, request_id: str, csrf: Annotated[str, Form()] = ""
) -> Response:
    """The person agrees to the fee that was told."""
    check_sent(request, csrf)
    wiring, asker = wiring_of(request), asker_of(request)

    def work(case: Case, _claim: Claim) -> None:
        with wiring.database.read() as tx:
            asks = admitted(tx, request, case)
        accept = partial(
            fees.accept,
            ports=wiring.ports,
            principal=asker,
            request=case.id,
            at=wiring.clock(),
            asks=asks,
        )
        wiring.database.write(accept)

    return await _done(request, request_id, work, then="accepted", field_id="fee")


async def _done(
    request: Request,
    request_id: str,
    work: Callable[[Case, Claim], None],
    *,
    then: str,
    field_id: str,
    sent: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """What was done, told after a redirect; or the page again with the mistake beside its field."""

    def act() -> None:
        case, claim = _own(request, request_id)
        work(case, claim)

    try:
        await run_in_threadpool(act)
    except (*REFUSED, *UNFIT) as error:
        page = partial(request_page, request, request_id, error=error, field_id=field_id, sent=sent)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{OF}/{request_id}?done={then}#proof", status_code=303)


def _own(request: Request, request_id: str) -> tuple[Case, Claim]:
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        case = own_case(tx, request, RequestId(request_id))
        return case, _claim(tx, wiring.ports, case)


def _claim(tx: Connection, ports: Any, case: Case) -> Claim:
    filed = filing_of(tx, case.id)
    return claim_of(ports, filed) if filed is not None else Claim()


def _code_kind(request: Request, given: str) -> EvidenceKind:
    if given not in {kind.value for kind in code_kinds(request)}:
        raise NotFoundError
    return EvidenceKind(given)


def _road(case: Case, facts: Standing, lang: Lang, *, answered: bool) -> tuple[Step, ...]:
    if facts.state == "withdrawn":
        return ()
    return road(case, lang, proved=facts.proved, answered=answered)


def request_page(
    request: Request,
    request_id: str,
    *,
    done: str = "",
    error: GovernanceError | None = None,
    field_id: str = "",
    sent: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The page of the request; after a form that was refused with its mistake and what was sent."""
    wiring = wiring_of(request)
    page = page_of(request, "portal.request.one", surface=Surface.PORTAL)
    with wiring.database.read() as tx:
        case = own_case(tx, request, RequestId(request_id))
        asker, at = asker_of(request), wiring.clock()
        known = is_own(asker, case)
        theirs = claimant(tx, wiring.ports, asker, case, way_of(request), at=at).entitled
        made = newest_package(tx, case.id) if theirs else None
        answered = made is not None and made.waits(at)
        facts = standing(
            *(tx, wiring.ports, case, page.lang),
            known=known or answered,
            codes=code_kinds(request),
            admitted=admitted(tx, request, case),
            at=at,
        )
        carried, found = concerns(tx, case), execution_of(tx, case.id) if known else None
        news = unread(tx, case.id, Side.OFFICER) if known else 0
    erased_on = found.execute_from if found is not None and found.undoable(at=at) else None
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/request.html",
        page,
        facts=facts,
        root=f"{OF}/{case.id}",
        carried=known and carried,
        erased_on=erased_on,
        erased=found is not None and found.erased,
        own=known,
        answered=answered,
        expired=made is not None and made.token_expires_at is not None and not answered,
        news=news,
        road=_road(case, facts, page.lang, answered=answered) if erased_on is None else (),
        done=done if done in SHOWN else "",
        wrong=wrong,
        field_id=field_id,
        sent=sent,
        mistakes=(Mistake(field_id=field_id, sentence=wrong),) if wrong else (),
        contact=wiring.settings.contact_mail,
    )
