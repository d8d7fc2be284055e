"""The officers' page of what is written about a request: messages, comments, files."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.identity.rules import proved
from dsar.messages import service
from dsar.messages.errors import ExchangeRefusedError
from dsar.messages.types import LONGEST, MOST_BYTES, MOST_MB, Side, Wrong
from governance.console.frame import Csrf, again, case_way, mistakes_of
from governance.console.pages import console_page
from governance.console.request_pages import HOME
from governance.core.terms import Lang, RequestId, RowId
from governance.customers.uploads import UNFIT
from governance.http.files import FormFileError, attachment_headers, sent_file
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Words = Annotated[str, Form()]
TITLE: Final = "console.messages.title"


@router.get("/{request_id}/messages", response_class=HTMLResponse)
async def show(request: Request, request_id: str, principal: Desk) -> str:
    """Everything that was written about the request; the person's messages count as read."""
    return await run_in_threadpool(_page, request, request_id, principal)


@router.post("/{request_id}/messages")
async def send(
    request: Request,
    request_id: str,
    principal: Desk,
    words: Words = "",
    asker: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The message waits for the person in the portal."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> object:
        return service.send(
            *(wiring.ports, principal, RequestId(request_id), words), at=wiring.clock(),
            open_to_asker=asker == "yes",
        )  # fmt: skip

    return await _done(request, request_id, principal, work, field_id="words", words=words)


@router.post("/{request_id}/comments")
async def comment(
    request: Request, request_id: str, principal: Desk, note: Words = "", csrf: Csrf = ""
) -> Response:
    """The comment is on file among officers."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> object:
        return service.comment(
            wiring.ports, principal, RequestId(request_id), note, at=wiring.clock()
        )

    return await _done(request, request_id, principal, work, field_id="note", note=note)


@router.post("/{request_id}/files")
async def attach(request: Request, request_id: str, principal: Desk) -> Response:
    """The file is stored sealed, for officers alone or for the person too."""
    wiring = wiring_of(request)
    known = partial(service.case_for, wiring.ports, principal, RequestId(request_id))
    await run_in_threadpool(known)  # before the body is read

    async def taken() -> tuple[str, bytes, dict[str, str]]:
        try:
            return await sent_file(request, most=MOST_BYTES)
        except FormFileError:
            raise ExchangeRefusedError(reason=Wrong.KIND.value) from None

    name, content, fields = await taken()
    check_csrf(request, fields.get("csrf", ""))

    def work() -> object:
        return service.attach(
            *(wiring.ports, principal, RequestId(request_id), name, content),
            side=Side.OFFICER,
            internal=fields.get("shared") != "yes",
            at=wiring.clock(),
            keep=fields.get("keep") == "yes",
        )

    return await _done(request, request_id, principal, work, field_id="file", sent=fields)


@router.get("/{request_id}/files/{row}")
async def fetch(request: Request, request_id: str, row: str, principal: Desk) -> Response:
    """The file as a download; the look is on record."""
    wiring = wiring_of(request)
    look = partial(
        service.fetch,
        wiring.ports,
        principal,
        RequestId(request_id),
        RowId(row),
        at=wiring.clock(),
    )
    file, content = await run_in_threadpool(look)
    return Response(content, headers=attachment_headers(file.name))


async def _done(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[], object],
    *,
    field_id: str,
    words: str = "",
    note: str = "",
    sent: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Back to the page after what was done; or the page with what was refused and was written."""
    try:
        await run_in_threadpool(work)
    except (ExchangeRefusedError, *UNFIT) as error:
        told = partial(mistakes_of, error, field_id=field_id)
        page = partial(_page, request, request_id, principal, told=told, words=words, note=note,
                       sent=sent)  # fmt: skip
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/messages", status_code=303)


def _page(
    request: Request,
    request_id: str,
    principal: Principal,
    *,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
    words: str = "",
    note: str = "",
    sent: Mapping[str, str] = MappingProxyType({}),
) -> str:
    page = console_page(request, TITLE, principal)
    wiring, lang, wanted = wiring_of(request), page.lang, RequestId(request_id)
    mistakes, at, ports = told(lang), wiring.clock(), wiring.ports
    case = service.case_for(ports, principal, wanted)
    here = f"{HOME}/{request_id}/messages"
    return templates_of(request).render(
        "console/request_messages.html",
        again(page, here, mistakes),
        way=case_way(lang, case.id, case.reference, (TITLE, here)),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        case=case,
        root=f"{HOME}/{request_id}",
        thread=service.thread(ports, principal, wanted, at=at),
        comments=service.comments(ports, principal, wanted),
        files=service.attachments(ports, principal, wanted),
        proved=case.subject is not None and proved(case, at=case.last_at),
        words=words[:LONGEST],
        note=note[:LONGEST],
        sent=sent,
        most_mb=MOST_MB,
    )
