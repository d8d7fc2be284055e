"""The officers' page of an answer: what is missing, the package, the ways to the person."""

from base64 import b64encode
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar import delivery, media
from dsar.dispatch import service as dispatching
from dsar.dispatch.errors import DispatchRefusedError
from dsar.dispatch.types import Carrier, Ending, Item, ReturnReason
from dsar.errors import PackageMissingError, RequestUnknownError
from dsar.media import Medium
from dsar.packaging import build_package, missing
from dsar.reading import request_by_id
from dsar.results import newest_package
from dsar.stepping import advance
from dsar.types import Event
from governance.console.answer_facts import answer_shown, carriers, endings
from governance.console.frame import Csrf, again, case_way, mistakes_of, today
from governance.console.pages import console_page
from governance.console.request_pages import HOME
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RequestId, RowId
from governance.documents.typesetting import can_typeset
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.DSAR_EXECUTE))]
Words = Annotated[str, Form()]
TITLE: Final = "console.answer.title"
PRIVATE: Final = {"cache-control": "no-store"}


@router.get("/{request_id}/answer", response_class=HTMLResponse)
async def answer(request: Request, request_id: str, principal: Officer) -> str:
    """What is missing for the answer, what was made, how it left."""
    return await run_in_threadpool(_page, request, request_id, principal)


@router.post("/{request_id}/answer")
async def act(
    request: Request,
    request_id: str,
    principal: Officer,
    step: Words = "",
    despite: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The approved answer is being carried out, is packed, or is told."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), RequestId(request_id)

    def work() -> None:
        at = wiring.clock()
        match step:
            case "execute":
                use = partial(
                    advance, ports=wiring.ports, principal=principal, request=wanted,
                    event=Event.EXECUTE, at=at,
                )  # fmt: skip
                wiring.database.write(use)
            case "build":
                build_package(
                    *(wiring.ports, principal, wanted),
                    controller=wiring.settings,
                    at=at,
                    keep=timedelta(days=wiring.settings.answer_days),
                    despite_gaps=despite == "yes",
                )
            case "tell":
                tell = partial(
                    delivery.deliver, ports=wiring.ports, principal=principal, request=wanted, at=at
                )
                wiring.database.write(tell)
            case _:
                raise NotFoundError

    return await _done(request, request_id, principal, work, field_of=lambda _: step)


@router.post("/{request_id}/answer/medium")
async def medium(
    request: Request, request_id: str, principal: Officer, recipient: Words = "", csrf: Csrf = ""
) -> Response:
    """The age file to be saved, and its passphrase: shown on this page alone, kept nowhere."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    make = partial(
        media.on_medium,
        *(wiring.ports, principal, RequestId(request_id)),
        at=wiring.clock(),
        recipient=recipient.strip() or None,
    )
    try:
        made = await run_in_threadpool(make)
    except GovernanceError as error:
        return await _refused(request, request_id, principal, error, "recipient")
    page = await run_in_threadpool(_page, request, request_id, principal, medium=made)
    return HTMLResponse(page, headers=PRIVATE)


@router.post("/{request_id}/answer/paper")
async def paper(request: Request, request_id: str, principal: Officer, csrf: Csrf = "") -> Response:
    """The answer to be printed."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    make = partial(
        media.on_paper, wiring.ports, principal, RequestId(request_id), at=wiring.clock()
    )
    try:
        made = await run_in_threadpool(make)
    except GovernanceError as error:
        return await _refused(request, request_id, principal, error, "paper")
    saved = {"content-disposition": f'attachment; filename="{made.name}"', **PRIVATE}
    return Response(made.content, media_type=made.media, headers=saved)


@router.post("/{request_id}/answer/dispatches")
async def dispatch(
    request: Request,
    request_id: str,
    principal: Officer,
    carrier: Words = "",
    tracking: Words = "",
    sent_on: Words = "",
    csrf: Csrf = "",
) -> Response:
    """What left is written down: how, when, under which number."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), RequestId(request_id)
    if carrier not in set(Carrier):
        raise NotFoundError

    def use(tx: Connection) -> None:
        package = newest_package(tx, wanted)
        if package is None:
            raise PackageMissingError(request=wanted)
        sent = dispatching.Sent(
            item=Item.PACKAGE,
            item_id=package.id,
            sent_on=_day(sent_on, "sent_on"),
            carrier=Carrier(carrier),
            tracking=tracking.strip() or None,
        )
        dispatching.dispatch(tx, wiring.ports, principal, wanted, sent, at=wiring.clock())

    work = partial(wiring.database.write, use)
    return await _done(request, request_id, principal, work, field_of=_item)


@router.post("/{request_id}/answer/dispatches/{sent}")
async def end(
    request: Request,
    request_id: str,
    sent: str,
    principal: Officer,
    ending: Words = "",
    ended_on: Words = "",
    csrf: Csrf = "",
) -> Response:
    """It arrived, or came back for a reason (返送)."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    reason = ReturnReason(ending) if ending in set(ReturnReason) else None
    if reason is None and ending != Ending.DELIVERED:
        raise NotFoundError

    def use(tx: Connection) -> None:
        dispatching.end(
            tx,
            wiring.ports,
            principal,
            RowId(sent),
            Ending.DELIVERED if reason is None else Ending.RETURNED,
            on=_day(ended_on, "ended_on"),
            at=wiring.clock(),
            reason=reason,
        )

    work = partial(wiring.database.write, use)
    return await _done(request, request_id, principal, work, field_of=_item)


def _day(given: str, item: str) -> date:
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        raise DispatchRefusedError(item=item) from None


def _item(error: GovernanceError) -> str:
    """The field that a refusal is about."""
    return str(error.params.get("item", "carrier"))


async def _done(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[], object],
    *,
    field_of: Callable[[GovernanceError], str],
) -> Response:
    """Back to the page after the change; or the page with what was refused."""
    try:
        await run_in_threadpool(work)
    except GovernanceError as error:
        return await _refused(request, request_id, principal, error, field_of(error))
    return RedirectResponse(f"{HOME}/{request_id}/answer", status_code=303)


async def _refused(
    request: Request, request_id: str, principal: Principal, error: GovernanceError, field_id: str
) -> Response:
    if isinstance(error, RequestUnknownError | NotFoundError):
        raise error
    told = partial(mistakes_of, error, field_id=field_id)
    page = await run_in_threadpool(_page, request, request_id, principal, told=told)
    return HTMLResponse(page, status_code=error.status)


def _page(
    request: Request,
    request_id: str,
    principal: Principal,
    *,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
    medium: Medium | None = None,
) -> str:
    page = console_page(request, TITLE, principal)
    wiring, lang, wanted = wiring_of(request), page.lang, RequestId(request_id)
    mistakes, here = told(lang), f"{HOME}/{request_id}/answer"
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, wanted)
    lacking = missing(
        wiring.ports, principal, wanted, controller=wiring.settings, at=wiring.clock()
    )
    with wiring.database.read() as tx:
        shown = answer_shown(tx, case, lacking, lang)
    return templates_of(request).render(
        "console/request_answer.html",
        again(page, here, mistakes),
        way=case_way(lang, shown.case.id, shown.case.reference, (TITLE, here)),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        shown=shown,
        here=here,
        today=today(request),
        carriers=carriers(lang),
        endings=endings(lang),
        prints=can_typeset(),
        medium=medium,
        medium_href=_inside(medium),
    )


def _inside(medium: Medium | None) -> str:
    """The file inside the page: no copy of it waits on the server."""
    if medium is None:
        return ""
    return f"data:application/octet-stream;base64,{b64encode(medium.content).decode()}"
