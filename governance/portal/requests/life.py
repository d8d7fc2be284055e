"""The life of one request in the portal: its letters, the answer to a question, taking it back."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.case import Case
from dsar.correspondence.blocks import blocks_of
from dsar.correspondence.service import read_own
from dsar.correspondence.store import letter_by_id
from dsar.correspondence.types import OF_NOBODY, LetterRecord, Written
from dsar.errors import RequestStepError
from dsar.intake.rules import scope_of
from dsar.intake.types import Scope
from dsar.machine import step
from dsar.returning.errors import ScopeAnswerError
from dsar.returning.service import MOST_WORDS, answer_scope, awaits_scope, withdraw
from dsar.types import Event
from governance.core.errors import NotFoundError
from governance.core.terms import RequestId, RowId
from governance.http.request import open_to_all, wiring_of
from governance.i18n.catalogue import text
from governance.portal.requests.asking import (
    admitted_case,
    asker_of,
    check_sent,
    own_case,
)
from governance.portal.requests.pages import OF, request_page
from governance.portal.requests.returning import RETURN
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, rendered_page, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
FIRST: Final = f"scope_{Scope.EVERYTHING}"  # of the boxes: where the mistake is told
MOST_PARTS: Final = 20


@router.get(f"{OF}/{{request_id}}/letters/{{letter}}", response_class=HTMLResponse)
async def read_letter(request: Request, request_id: str, letter: str) -> Response:
    """A letter as it went. What tells of the register is for whoever is proved to this page."""
    found = await run_in_threadpool(_letter, request, RequestId(request_id), RowId(letter))
    if found is None:
        return RedirectResponse(RETURN, status_code=303)
    case, record, written = found
    page = page_of(request, "portal.letter.title", surface=Surface.PORTAL)
    content = await rendered_page(
        request,
        "portal/request_letter.html",
        page,
        case=case,
        letter=record,
        written=written,
        blocks=blocks_of(written.body),
        root=f"{OF}/{case.id}",
    )
    return HTMLResponse(content, headers={"cache-control": "no-store"})


def _letter(
    request: Request, request_id: RequestId, letter: RowId
) -> tuple[Case, LetterRecord, Written] | None:
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        case = own_case(tx, request, request_id)
        record = letter_by_id(tx, letter)
        if record is None or record.request != case.id:
            raise NotFoundError
        if record.template not in OF_NOBODY and admitted_case(tx, request, request_id) is None:
            return None
    read = read_own(wiring.ports, asker_of(request), case, letter, at=wiring.clock())
    return case, *read


@router.get(f"{OF}/{{request_id}}/withdraw", response_class=HTMLResponse)
async def ask_withdrawal(request: Request, request_id: str) -> Response:
    """What taking it back means, before it is done."""
    case = await run_in_threadpool(_admitted, request, RequestId(request_id))
    if case is None:
        return RedirectResponse(RETURN, status_code=303)
    return HTMLResponse(_withdrawal_page(request, case))


@router.post(f"{OF}/{{request_id}}/withdraw")
async def take_back(
    request: Request, request_id: str, csrf: Annotated[str, Form()] = ""
) -> Response:
    """The request is taken back, on record, with a letter that says so."""
    check_sent(request, csrf)
    case = await run_in_threadpool(_admitted, request, RequestId(request_id))
    if case is None:
        return RedirectResponse(RETURN, status_code=303)
    wiring = wiring_of(request)
    work = partial(
        withdraw,
        ports=wiring.ports,
        principal=asker_of(request),
        request=case.id,
        at=wiring.clock(),
    )
    try:
        await run_in_threadpool(wiring.database.write, work)
    except RequestStepError as error:  # sent twice, or overtaken: the page says that it is over
        now = await run_in_threadpool(_admitted, request, case.id) or case
        return HTMLResponse(_withdrawal_page(request, now), status_code=error.status)
    return RedirectResponse(f"{OF}/{case.id}?done=withdrawn", status_code=303)


def may_withdraw(case: Case) -> bool:
    """Whether anything of the request can still be taken back."""
    return any(step(track.law, track.status, Event.WITHDRAW) for track in case.tracks)


def _withdrawal_page(request: Request, case: Case) -> str:
    page = page_of(request, "portal.withdraw.title", surface=Surface.PORTAL)
    return templates_of(request).render(
        "portal/request_withdraw.html",
        page,
        case=case,
        right=text(f"portal.request.right.{case.tracks[0].kind}", page.lang),
        possible=may_withdraw(case),
        root=f"{OF}/{case.id}",
    )


@router.post(f"{OF}/{{request_id}}/scope")
async def say_scope(request: Request, request_id: str) -> Response:
    """Which data the person means, for the desk to read."""
    async with request.form(max_files=0, max_fields=MOST_PARTS) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_sent(request, sent.get("csrf", ""))
    case = await run_in_threadpool(_admitted, request, RequestId(request_id))
    if case is None:
        return RedirectResponse(RETURN, status_code=303)
    wiring = wiring_of(request)
    ticked = ",".join(scope for scope in Scope if sent.get(f"scope_{scope}") == "yes")
    work = partial(
        answer_scope,
        *(wiring.ports, asker_of(request), case.id, scope_of(ticked)),
        sent.get("words", "")[: MOST_WORDS + 1],
        at=wiring.clock(),
    )
    try:
        await run_in_threadpool(work)
    except ScopeAnswerError as error:
        if not awaits_scope(case):
            raise
        page = partial(request_page, request, request_id, error=error, field_id=FIRST, sent=sent)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{OF}/{case.id}?done=scope#scope", status_code=303)


def _admitted(request: Request, request_id: RequestId) -> Case | None:
    with wiring_of(request).database.read() as tx:
        return admitted_case(tx, request, request_id)
