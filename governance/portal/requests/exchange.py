"""The person's page of messages and files about one request."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.case import Case
from dsar.messages import service
from dsar.messages.errors import ExchangeRefusedError
from dsar.messages.rules import words_wrong
from dsar.messages.types import LONGEST, MOST_BYTES, MOST_MB, Side, Wrong
from dsar.records import is_own
from governance.core.errors import GovernanceError
from governance.core.terms import RequestId, RowId
from governance.customers.uploads import UNFIT
from governance.http.files import FIELDS, FormFileError, attachment_headers, sent_file
from governance.http.request import open_to_all, wiring_of
from governance.i18n.catalogue import error_text
from governance.portal.requests.asking import asker_of, check_sent, own_case
from governance.portal.requests.pages import OF
from governance.ui.pages import Surface
from governance.ui.parts import Mistake
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
DONE: Final = frozenset({"sent", "file", "both", "without"})
PLAIN_FORM: Final = "application/x-www-form-urlencoded"
SHOWN: Final = 10 * LONGEST  # signs of a message that is too long, to be shortened by its writer


@router.get(f"{OF}/{{request_id}}/messages", response_class=HTMLResponse)
async def show(request: Request, request_id: str, done: str = "") -> str:
    """The messages and files that whoever asks may see; the officers' count as read."""
    return await run_in_threadpool(_page, request, request_id, done=done)


@router.post(f"{OF}/{{request_id}}/messages")
async def write(
    request: Request,
    request_id: str,
    words: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """The message waits for an officer."""
    check_sent(request, csrf)
    wiring, asker = wiring_of(request), asker_of(request)

    def work(case: Case) -> None:
        service.reply(wiring.ports, asker, case.id, words, at=wiring.clock())

    return await _done(request, request_id, work, then="sent", field_id="words", words=words)


@router.post(f"{OF}/{{request_id}}/files")
async def send_file(request: Request, request_id: str) -> Response:
    """Words, a file, or both at once; what is refused is nowhere, and the words stand in the page.

    Without multipart it is the form that was offered again to whoever had been signed out: of its
    file the name alone came.
    """
    await run_in_threadpool(_own, request, request_id)  # before the body is read
    name, content, fields = await _handed_in(request)
    check_sent(request, fields.get("csrf", ""))
    wiring, asker = wiring_of(request), asker_of(request)
    words, keep = fields.get("words", ""), fields.get("keep") == "yes"
    worded, filed = bool(words.strip()), bool(name or content)

    def work(case: Case) -> None:
        at = wiring.clock()
        if worded:
            service.check_reply(wiring.ports, case.id, words)
        if filed or not worded:
            service.attach(
                *(wiring.ports, asker, case.id, name, content),
                side=Side.PERSON,
                at=at,
                keep=keep,
            )
        if worded:
            service.reply(wiring.ports, asker, case.id, words, at=at)

    then = "both" if worded and filed else "file" if filed else "sent"
    wrong_at = "words" if words_wrong(words) is Wrong.LONG or not filed else "file"
    return await _done(request, request_id, work, then="without" if fields.get("file") else then,
                       field_id=wrong_at, words=words, keep=keep, filed=filed)  # fmt: skip


async def _handed_in(request: Request) -> tuple[str, bytes, dict[str, str]]:
    """Name and content of the file, and the fields beside it."""
    if request.headers.get("content-type", "").startswith(PLAIN_FORM):
        async with request.form(max_files=0, max_fields=FIELDS) as parts:
            return "", b"", {name: one for name, one in parts.items() if isinstance(one, str)}
    try:
        return await sent_file(request, most=MOST_BYTES)
    except FormFileError:
        raise ExchangeRefusedError(reason=Wrong.KIND.value) from None


@router.get(f"{OF}/{{request_id}}/files/{{row}}")
async def fetch_file(request: Request, request_id: str, row: str) -> Response:
    """The file as a download, never as a page of this site."""
    wiring, asker = wiring_of(request), asker_of(request)

    def work() -> Response:
        case, known = _own(request, request_id)
        at = wiring.clock()
        file, content = service.own_fetch(
            wiring.ports, asker, case.id, RowId(row), known=known, at=at
        )
        return Response(content, headers=attachment_headers(file.name))

    return await run_in_threadpool(work)


def _own(request: Request, request_id: str) -> tuple[Case, bool]:
    """The request, and whether the person whose it is is signed in."""
    with wiring_of(request).database.read() as tx:
        case = own_case(tx, request, RequestId(request_id))
    return case, is_own(asker_of(request), case)


async def _done(
    request: Request,
    request_id: str,
    work: Callable[[Case], None],
    *,
    then: str,
    field_id: str,
    words: str = "",
    keep: bool = False,
    filed: bool = False,
) -> Response:
    def act() -> None:
        work(_own(request, request_id)[0])

    try:
        await run_in_threadpool(act)
    except (ExchangeRefusedError, *UNFIT) as error:
        page = partial(_page, request, request_id, error=error, field_id=field_id, words=words,
                       keep=keep, filed=filed)  # fmt: skip
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{OF}/{request_id}/messages?done={then}#thread", status_code=303)


def _page(
    request: Request,
    request_id: str,
    *,
    done: str = "",
    error: GovernanceError | None = None,
    field_id: str = "",
    words: str = "",
    keep: bool = False,
    filed: bool = False,
) -> str:
    wiring, asker = wiring_of(request), asker_of(request)
    page = page_of(request, "portal.messages.title", surface=Surface.PORTAL)
    case, known = _own(request, request_id)
    at = wiring.clock()
    thread = service.own_thread(wiring.ports, asker, case.id, known=known, at=at)
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/request_messages.html",
        page,
        case=case,
        thread=thread,
        files=service.own_attachments(wiring.ports, case.id, known=known),
        known=known,
        root=f"{OF}/{case.id}",
        done=done if done in DONE else "",
        wrong=wrong,
        field_id=field_id,
        words=words[:SHOWN],
        most_mb=MOST_MB,
        keep=keep,
        filed=filed,
        contact=wiring.settings.contact_mail,
        mistakes=(Mistake(field_id=field_id, sentence=wrong),) if wrong else (),
    )
