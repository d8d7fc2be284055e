"""Coming back without an account: the number, then the code; every number is answered alike."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.identity.errors import CodeRefusedError
from dsar.returning.service import begin, come_back, deliver, is_reference
from dsar.returning.store import STAY
from dsar.types import EvidenceKind
from governance.http.cookies import put
from governance.http.refusals import refuse_evenly
from governance.http.request import is_https, open_to_all, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.portal.requests.asking import BACK, ROOT, asker_of, check_sent, way_of
from governance.portal.requests.standing import BY_MAIL, CODES
from governance.ui.pages import Surface
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import page_of, rendered_page, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
RETURN: Final = f"{ROOT}/return"
CODE: Final = f"{RETURN}/code"
WORDS_OF_MINE: Final = 64  # signs of a number


def code_kinds(request: Request) -> tuple[EvidenceKind, ...]:
    """By what a code may go here: by SMS where the settings let it."""
    return CODES if wiring_of(request).settings.sms_codes else BY_MAIL


@router.get(RETURN, response_class=HTMLResponse)
async def ask_number(request: Request, reference: str = "") -> str:
    """The form for the number and for where the code goes."""
    return await _number_page(request, reference)


async def _number_page(request: Request, reference: str, *, kind: str = "", key: str = "") -> str:
    """The form; `key` is that of the sentence that says what is wrong with the number."""
    page = page_of(request, "portal.return.title", surface=Surface.PORTAL)
    found = code_kinds(request)
    wrong = text(key, page.lang) if key else ""
    return await rendered_page(
        request,
        "portal/request_return.html",
        replace(page, invalid=bool(wrong)),
        kinds=tuple(
            Choice(value=one.value, label=text(f"portal.return.kind.{one}", page.lang))
            for one in found
        ),
        kind=kind if kind in set(found) else EvidenceKind.EMAIL_CODE.value,
        reference=reference[:WORDS_OF_MINE],
        wrong=wrong,
        mistakes=(Mistake(field_id="reference", sentence=wrong),) if wrong else (),
    )


@router.post(RETURN)
async def send_code(
    request: Request,
    later: BackgroundTasks,
    reference: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """The same answer for every number; whether a code goes out is decided after it."""
    check_sent(request, csrf)
    wiring = wiring_of(request)
    if not is_reference(reference):  # its form is published: nothing is told of who is on record
        page = await _number_page(request, reference, kind=kind, key="portal.return.wrong")
        return HTMLResponse(page, status_code=422)
    way = EvidenceKind(kind) if kind in set(code_kinds(request)) else EvidenceKind.EMAIL_CODE
    at = wiring.clock()
    begun = await run_in_threadpool(begin, wiring.ports, reference, way, at=at)
    later.add_task(deliver, wiring.ports, begun.way, at=at)
    response = RedirectResponse(CODE, status_code=303, background=later)
    seconds = int(STAY.total_seconds())
    put(response, BACK, begun.secret, https=is_https(request), seconds=seconds)
    return response


@router.get(CODE, response_class=HTMLResponse)
async def ask_code(request: Request) -> str:
    """The form for the code, for everybody alike."""
    return _code_page(request)


@router.post(CODE)
async def open_by_code(
    request: Request,
    code: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """The request, for whoever has the code; wrong, late and used codes are refused alike."""
    check_sent(request, csrf)
    asked_at, wiring, secret = anyio.current_time(), wiring_of(request), way_of(request)
    work = partial(come_back, wiring.ports, asker_of(request), secret, code[:40], at=wiring.clock())
    try:
        found = await run_in_threadpool(work)
    except CodeRefusedError as error:
        page = _code_page(request, error=error)
        await refuse_evenly(asked_at)
        return HTMLResponse(page, status_code=error.status)
    return RedirectResponse(f"{ROOT}/of/{found}", status_code=303)


def _code_page(request: Request, *, error: CodeRefusedError | None = None) -> str:
    page = page_of(request, "portal.return.code_title", surface=Surface.PORTAL)
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/request_return_code.html",
        page,
        wrong=wrong,
        mistakes=(Mistake(field_id="code", sentence=wrong),) if wrong else (),
        contact=wiring_of(request).settings.contact_mail,
    )
