"""The page on which whoever asked gets their answer: proved anew, each form once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar import delivery
from dsar.case import Case
from dsar.errors import DownloadRefusedError, ProofNotFreshError
from dsar.identity.codes import answer_code, send_code, sent_lately
from dsar.identity.errors import CodeRefusedError, CodesSpentError, ContactMissingError
from dsar.intake.types import Claim
from dsar.records import is_own
from dsar.results import PackageForm, newest_package
from dsar.types import EvidenceKind
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import RequestId
from governance.http.principal import Principal
from governance.http.request import check_csrf, open_to_all, wiring_of
from governance.i18n.catalogue import error_text
from governance.portal.requests.asking import (
    admitted_case,
    asker_of,
    check_sent,
    own_case,
    way_of,
)
from governance.portal.requests.pages import OF
from governance.portal.requests.returning import RETURN
from governance.ui.pages import Surface
from governance.ui.parts import Mistake
from governance.ui.surfaces import page_of, templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(include_in_schema=False)
Person = Annotated[Principal, Depends(require(Action.PORTAL_SELF))]
Words = Annotated[str, Form()]
OPEN: Final = [Depends(open_to_all)]
PLACE: Final = f"{OF}/{{request_id}}/answer"
KIND: Final = EvidenceKind.EMAIL_CODE  # to the own address on record
NAMES: Final = {PackageForm.PAGE: "html", PackageForm.ARCHIVE: "zip"}
MEDIA: Final = {
    PackageForm.PAGE: "text/html; charset=utf-8",
    PackageForm.ARCHIVE: "application/zip",
}


@router.get(PLACE, dependencies=OPEN)
async def show(request: Request, request_id: str, sent: str = "") -> Response:
    """What waits for whoever asks, and whether they must show anew who they are."""
    return await _shown(request, request_id, sent=sent == "yes")


@router.post(PLACE, dependencies=OPEN)
async def fetch(request: Request, request_id: str, form: Words = "", csrf: Words = "") -> Response:
    """The file, once; whoever may not have it gets the same answer for every reason."""
    check_sent(request, csrf)
    if form not in set(PackageForm):
        raise NotFoundError
    wiring, wanted = wiring_of(request), PackageForm(form)
    get = partial(
        delivery.download_own,
        *(wiring.ports, asker_of(request), RequestId(request_id), wanted),
        within=_fresh(request),
        at=wiring.clock(),
        secret=way_of(request),
    )
    try:
        content = await run_in_threadpool(get)
    except (ProofNotFreshError, DownloadRefusedError) as error:
        return await _shown(request, request_id, error=error, field_id=form)
    name = await run_in_threadpool(_name, request, request_id, wanted)
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(content, media_type=MEDIA[wanted], headers=headers)


@router.post(f"{PLACE}/codes")
async def send(request: Request, request_id: str, principal: Person, csrf: Words = "") -> Response:
    """A code is on its way to the person's own address on record."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work(case: Case) -> None:
        send_code(wiring.ports, case.id, KIND, Claim(), at=wiring.clock())

    return await _proved(request, request_id, principal, work, field_id="send", then="?sent=yes")


@router.post(f"{PLACE}/code")
async def type_code(
    request: Request, request_id: str, principal: Person, code: Words = "", csrf: Words = ""
) -> Response:
    """The right code is spent, and the person proved for some minutes."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work(case: Case) -> None:
        at = wiring.clock()
        answer_code(wiring.ports, principal, case.id, KIND, Claim(), code[:40], at=at)

    return await _proved(request, request_id, principal, work, field_id="code", then="")


async def _proved(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[Case], None],
    *,
    field_id: str,
    then: str,
) -> Response:
    """Back to the page; or the page again with the mistake beside its field."""

    def act() -> None:
        with wiring_of(request).database.read() as tx:
            case = _own(tx, request, request_id, principal)
        work(case)

    try:
        await run_in_threadpool(act)
    except (CodeRefusedError, CodesSpentError, ContactMissingError) as error:
        return await _shown(request, request_id, error=error, field_id=field_id)
    return RedirectResponse(f"{OF}/{request_id}/answer{then}#proof", status_code=303)


def _own(tx: Connection, request: Request, request_id: str, principal: Principal) -> Case:
    """The person's own request; 404 for all others alike."""
    case = own_case(tx, request, RequestId(request_id))
    if not is_own(principal, case):
        raise NotFoundError
    return case


def _fresh(request: Request) -> timedelta:
    return timedelta(minutes=wiring_of(request).settings.answer_fresh_minutes)


def _name(request: Request, request_id: str, form: PackageForm) -> str:
    with wiring_of(request).database.read() as tx:
        case = own_case(tx, request, RequestId(request_id))
    return f"answer-{case.reference}.{NAMES[form]}"


async def _shown(
    request: Request,
    request_id: str,
    *,
    sent: bool = False,
    error: GovernanceError | None = None,
    field_id: str = "",
) -> Response:
    page = partial(_page, request, request_id, sent=sent, error=error, field_id=field_id)
    content = await run_in_threadpool(page)
    if content is None:
        return RedirectResponse(RETURN, status_code=303)
    return HTMLResponse(content, status_code=error.status if error else 200)


def _page(
    request: Request,
    request_id: str,
    *,
    sent: bool,
    error: GovernanceError | None,
    field_id: str,
) -> str | None:
    """None for the browser that filed it, which has yet to come back by number and code."""
    wiring, asker = wiring_of(request), asker_of(request)
    page = page_of(request, "portal.answer.title", surface=Surface.PORTAL)
    at: datetime = wiring.clock()
    with wiring.database.read() as tx:
        case = admitted_case(tx, request, RequestId(request_id))
        if case is None:
            return None
        found = delivery.claimant(tx, wiring.ports, asker, case, way_of(request), at=at)
        package = newest_package(tx, case.id) if found.entitled else None
        typing = sent or KIND in sent_lately(tx, case.id, at=at)
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/answer.html",
        page,
        case=case,
        root=f"{OF}/{case.id}/answer",
        package=package if package and package.waits(at) else None,
        forms=tuple((one.value, package.fetched(one)) for one in PackageForm) if package else (),
        fresh=found.fresh(at, within=_fresh(request)),
        signed_in=is_own(asker, case),
        back=RETURN,
        minutes=wiring.settings.answer_fresh_minutes,
        typing=typing,
        field_id=field_id,
        wrong=wrong,
        mistakes=(Mistake(field_id=field_id, sentence=wrong),) if wrong else (),
        contact=wiring.settings.contact_mail,
    )
