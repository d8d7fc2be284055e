"""The officers' pages of letters: those of a request, one letter to edit, look at, send, print."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.correspondence import service
from dsar.correspondence.blocks import blocks_of
from dsar.correspondence.errors import LetterUnknownError
from dsar.correspondence.printing import printed
from dsar.correspondence.rules import is_open
from dsar.correspondence.types import FREE, Source, State, Template, Written
from dsar.dispatch import service as dispatching
from dsar.dispatch.types import Carrier, Item
from dsar.reading import request_by_id
from governance.console import letter_facts as facts
from governance.console.frame import Csrf, again, case_way, may, mistakes_of, today, way
from governance.console.pages import console_page
from governance.console.request_pages import HOME, TITLE
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import RequestId, RowId
from governance.documents.typesetting import Template as PaperTemplate
from governance.documents.typesetting import can_typeset, pdf
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Sender = Annotated[Principal, Depends(require(Action.DSAR_EXECUTE))]
Words = Annotated[str, Form()]
FIELDS: Final = {"letter_text": "body", "letter_slot": "body", "letter_part": "body",
                 "letter_blank": "body", "dispatch_refused": "tracking"}  # fmt: skip


@router.get("/{request_id}/letters", response_class=HTMLResponse)
async def letters(request: Request, request_id: str, principal: Reader) -> str:
    """Every letter of the request, gone or waiting, and the way to a new one."""
    return await run_in_threadpool(_list, request, request_id, principal)


@router.post("/{request_id}/letters")
async def compose(
    request: Request, request_id: str, principal: Desk, template: Words = "", csrf: Csrf = ""
) -> Response:
    """A letter of an officer's own, or the text that a later step will send."""
    check_csrf(request, csrf)
    if template not in set(facts.COMPOSABLE):
        raise NotFoundError
    wiring = wiring_of(request)
    work = partial(
        service.compose,
        *(wiring.ports, principal, RequestId(request_id), Template(template)),
        at=wiring.clock(),
    )
    try:
        made = await run_in_threadpool(work)
    except GovernanceError as error:
        page = partial(_list, request, request_id, principal, error=error)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/letters/{made.id}", status_code=303)


def _list(
    request: Request, request_id: str, principal: Principal, *, error: GovernanceError | None = None
) -> str:
    page = console_page(request, "console.letters.title", principal)
    wiring, lang = wiring_of(request), page.lang
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, RequestId(request_id))
        found = service.list_letters(tx, wiring.ports, principal, case.id)
    here = f"{HOME}/{case.id}/letters"
    mistakes = mistakes_of(error, lang, field_id="template") if error else ()
    return templates_of(request).render(
        "console/letters.html",
        again(page, here, mistakes),
        way=case_way(lang, case.id, case.reference, ("console.letters.title", here)),
        case=case,
        here=here,
        lines=tuple(facts.letter_line(one, lang) for one in reversed(found)),
        choices=facts.choices(facts.COMPOSABLE, lang),
        writes=may(request, principal, Action.DSAR_WRITE),
        mistakes=mistakes,
    )


@router.get("/{request_id}/letters/{letter}", response_class=HTMLResponse)
async def one(request: Request, request_id: str, letter: str, principal: Reader) -> str:
    """The letter as it stands or went, with what may be changed."""
    return await run_in_threadpool(_one, request, request_id, letter, principal)


@router.post("/{request_id}/letters/{letter}")
async def change(
    request: Request,
    request_id: str,
    letter: str,
    principal: Desk,
    step: Words = "",
    title: Words = "",
    body: Words = "",
    version: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The text is kept, looked at, sent or dropped; a fault comes back with what was written."""
    check_csrf(request, csrf)
    wiring, source = wiring_of(request), Source(title=title[:2_000], body=body[:100_000])
    base = (wiring.ports, principal, RowId(letter))
    known = int(version) if version.isdecimal() and len(version) < 6 else 0  # noqa: PLR2004 - digits
    more = {"version": known, "at": wiring.clock()}

    def act() -> object:
        match step:
            case "look":
                return service.preview(*base, at=wiring.clock(), source=source)
            case "save":
                return service.edit(*base, source, **more)
            case "send":
                saved = service.edit(*base, source, **more)
                return service.send(*base, version=saved.version, at=wiring.clock())
            case "drop":
                return service.drop(*base, **more)
            case _:
                raise NotFoundError

    page = partial(_one, request, request_id, letter, principal)
    try:
        await run_in_threadpool(_of_request, request, request_id, letter, principal)
        done = await run_in_threadpool(act)
    except GovernanceError as error:
        if isinstance(error, NotFoundError | LetterUnknownError):
            raise
        again_ = await run_in_threadpool(partial(page, error=error, source=source))
        return HTMLResponse(again_, status_code=error.status)
    if step == "look" and isinstance(done, tuple):
        return HTMLResponse(await run_in_threadpool(partial(page, source=source, looked=done[1])))
    place = f"{HOME}/{request_id}/letters"
    return RedirectResponse(place if step == "drop" else f"{place}/{letter}", status_code=303)


def _of_request(request: Request, request_id: str, letter: str, principal: Principal) -> None:
    """404 for a letter of another request."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        found = service.list_letters(tx, wiring.ports, principal, RequestId(request_id))
    if letter not in {one.id for one in found}:
        raise LetterUnknownError


def _one(
    request: Request,
    request_id: str,
    letter: str,
    principal: Principal,
    *,
    error: GovernanceError | None = None,
    source: Source | None = None,
    looked: Written | None = None,
) -> str:
    _of_request(request, request_id, letter, principal)
    wiring = wiring_of(request)
    page = console_page(request, "console.letter.title", principal)
    opened, written = service.preview(wiring.ports, principal, RowId(letter), at=wiring.clock())
    record, lang = opened.record, page.lang
    here = f"{HOME}/{request_id}/letters/{letter}"
    field = FIELDS.get(error.code, "step") if error else ""
    mistakes: tuple[Mistake, ...] = mistakes_of(error, lang, field_id=field) if error else ()
    return templates_of(request).render(
        "console/letter.html",
        again(page, here, mistakes),
        way=way(
            lang,
            (TITLE, HOME),
            ("console.letters.title", f"{HOME}/{request_id}/letters"),
            ("console.letter.title", here),
        ),
        here=here,
        record=record,
        line=facts.letter_line(record, lang),
        source=source or opened.source,
        written=looked or written,
        blocks=blocks_of((looked or written).body),
        editable=is_open(record.state),
        sendable=is_open(record.state) and (record.send_by is not None or record.template in FREE),
        droppable=is_open(record.state) and record.send_by is None,
        gone=record.state is State.SENT,
        slots=facts.slot_lines(record.template, lang),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        prints=can_typeset(),
        executes=may(request, principal, Action.DSAR_EXECUTE),
        carriers=tuple(
            Choice(value=way_.value, label=text(f"dsar.dispatch.carrier.{way_}", lang))
            for way_ in Carrier
        ),
        today=today(request),
    )


@router.post("/{request_id}/letters/{letter}/paper")
async def paper(
    request: Request,
    request_id: str,
    letter: str,
    principal: Desk,
    to: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The letter as a tagged PDF, with the addressee as the officer wrote it; no cache keeps it."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def act() -> bytes:
        _of_request(request, request_id, letter, principal)
        record, sheet = printed(
            wiring.ports, principal, RowId(letter), to[:2_000], at=wiring.clock()
        )
        at: datetime = record.sent_at or record.changed_at
        return pdf(PaperTemplate.PAPER, sheet.as_json(), record.lang, at=at)

    content = await _refused_or(request, request_id, letter, principal, act)
    if isinstance(content, Response):
        return content
    name = f'attachment; filename="letter-{letter[:8]}.pdf"'
    headers = {"cache-control": "no-store", "content-disposition": name}
    return Response(content, media_type="application/pdf", headers=headers)


@router.post("/{request_id}/letters/{letter}/dispatch")
async def dispatch(
    request: Request,
    request_id: str,
    letter: str,
    principal: Sender,
    carrier: Words = "",
    tracking: Words = "",
    sent_on: Words = "",
    address: Words = "",
    csrf: Csrf = "",
) -> Response:
    """That the printed letter left is on record: when, how, where to, under which number."""
    check_csrf(request, csrf)
    if carrier not in set(Carrier):
        raise NotFoundError
    wiring = wiring_of(request)

    def act() -> bytes:
        _of_request(request, request_id, letter, principal)
        with wiring.database.read() as tx:
            case = request_by_id(tx, wiring.ports, principal, RequestId(request_id))
        sent = dispatching.Sent(
            item=Item.LETTER,
            item_id=RowId(letter),
            sent_on=_day(sent_on),
            carrier=Carrier(carrier),
            tracking=tracking.strip() or None,
        )
        if address.strip():
            sealed = dispatching.prepare_address(wiring.ports, case, sent.row, address[:2_000])
            sent = dispatching.with_address(sent, sealed)

        def write(tx: Connection) -> object:
            return dispatching.dispatch(
                tx, wiring.ports, principal, case.id, sent, at=wiring.clock()
            )

        wiring.database.write(write)
        return b""

    refused = await _refused_or(request, request_id, letter, principal, act)
    if isinstance(refused, Response):
        return refused
    return RedirectResponse(f"{HOME}/{request_id}/letters/{letter}", status_code=303)


async def _refused_or(
    request: Request,
    request_id: str,
    letter: str,
    principal: Principal,
    act: Callable[[], bytes],
) -> bytes | Response:
    """What was made, or the letter's page with what was refused."""
    try:
        return await run_in_threadpool(act)
    except GovernanceError as error:
        if isinstance(error, NotFoundError | LetterUnknownError):
            raise
        page = partial(_one, request, request_id, letter, principal, error=error)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)


def _day(given: str) -> date:
    """The day that was written; one that cannot be where it is no day, which the rules refuse."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return date.max
