"""The page of one request: where it stands, until when, what comes next, what was done."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar import assigning, reading
from dsar.errors import RequestUnknownError
from dsar.messages.store import unread
from dsar.messages.types import Side
from dsar.records import actor_of
from governance.console.case_facts import (
    clocks,
    ground_terms,
    hand_choices,
    history,
    onward,
    roads,
    step_lines,
)
from governance.console.frame import Csrf, again, case_way, may, mistakes_of
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.console.request_pages import HOME
from governance.console.step_pages import step_here
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, Lang, RequestId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
NAME: Final = "console.case.title"


@router.get("/{request_id}", response_class=HTMLResponse)
async def case(request: Request, request_id: str, principal: Reader) -> str:
    """The request at a glance."""
    return await run_in_threadpool(_page, request, RequestId(request_id), principal)


@router.post("/{request_id}/steps")
async def take(
    request: Request,
    request_id: str,
    principal: Reader,
    step: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The step is taken, by the law's own table, or the page says why it is not possible."""
    check_csrf(request, csrf)
    one, work = RequestId(request_id), step_here(request, request_id, principal, step)
    return await _changed(request, one, principal, work, field_id=step)


@router.post("/{request_id}/assignee")
async def assign(
    request: Request,
    request_id: str,
    principal: Desk,
    assignee: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The request lies with this employee, who hears of it by mail."""
    check_csrf(request, csrf)
    wiring, one = wiring_of(request), RequestId(request_id)
    work = partial(
        assigning.assign,
        ports=wiring.ports,
        principal=principal,
        request=one,
        assignee=ActorId(assignee),
        at=wiring.clock(),
    )
    return await _changed(request, one, principal, work, field_id="assignee")


async def _changed(
    request: Request,
    one: RequestId,
    principal: Principal,
    work: Callable[[Connection], object],
    *,
    field_id: str,
) -> Response:
    """Back to the page after the change; or the page with what was refused."""
    try:
        await run_in_threadpool(wiring_of(request).database.write, work)
    except RequestUnknownError:
        raise
    except GovernanceError as error:
        told = partial(mistakes_of, error, field_id=field_id)
        page = partial(_page, request, one, principal, told=told)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{one}", status_code=303)


def _page(
    request: Request,
    one: RequestId,
    principal: Principal,
    *,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
) -> str:
    page, wiring = console_page(request, NAME, principal), wiring_of(request)
    lang, at, here = page.lang, wiring.clock(), f"{HOME}/{one}"
    with wiring.database.read() as tx:
        found = reading.request_by_id(tx, wiring.ports, principal, one)
        entries = reading.timeline(tx, wiring.ports, principal, one)
        unread_messages = unread(tx, one, Side.PERSON)
        hands = assigning.able(tx, wiring.ports)
        names = names_for(tx, (entry.actor for entry in entries), lang)
    mistakes = told(lang)
    actor = actor_of(principal, wiring.ports.policies.current, found)
    steps = step_lines(found, actor, lang, at=at)
    return templates_of(request).render(
        "console/request_case.html",
        again(page, here, mistakes),
        way=case_way(lang, found.id, found.reference),
        mistakes=mistakes,
        case=found,
        here=here,
        roads=roads(found, lang),
        clocks=clocks(found, lang, at=at),
        steps=steps,
        onward=onward(found, steps),
        grounds=ground_terms(found.decision, lang),
        history=history(entries, names, lang),
        unread=unread_messages,
        hands=hand_choices(hands, lang, found),
        writes=may(request, principal, Action.DSAR_WRITE),
        executes=may(request, principal, Action.DSAR_EXECUTE),
        looks=may(request, principal, Action.DSAR_EXECUTE)
        or may(request, principal, Action.DSAR_APPROVE),
        reads_complaints=may(request, principal, Action.DSAR_READ),
    )
