"""The officers' queue of requests: the list, and chosen ones put into somebody's hands at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.assigning import able, assign
from governance.console.case_facts import hand_choices
from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.lists.requests import HOME, REQUESTS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, RequestId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

TITLE = "console.requests.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Words = Annotated[str, Form()]


@router.get("", response_class=HTMLResponse)
async def requests(request: Request, principal: Officer) -> str:
    """Requests in the order of their days, for readers of cases and for the desk."""
    return await run_in_threadpool(_requests, request, principal)


def _requests(request: Request, principal: Principal, told: GovernanceError | None = None) -> str:
    page = console_page(request, TITLE, principal)
    mistakes = mistakes_of(told, page.lang, field_id="assign-to") if told else ()
    wiring, writes = wiring_of(request), may(request, principal, Action.DSAR_WRITE)
    with wiring.database.read() as tx:
        found = listed(request, principal, REQUESTS, tx=tx)
        hands = able(tx, wiring.ports) if writes else ()
    return templates_of(request).render(
        "console/requests.html",
        again(page, HOME, mistakes),
        way=way(page.lang, (TITLE, HOME)),
        found=found,
        hands=hand_choices(hands, page.lang),
        mistakes=mistakes,
        every=request.query_params.get("all") == "yes",
        may_write=writes,
    )


@router.post("/assign")
async def assign_many(
    request: Request,
    principal: Desk,
    key: Annotated[list[str] | None, Form()] = None,
    assignee: Words = "",
    csrf: Csrf = "",
) -> Response:
    """All the chosen requests lie with this employee, or none where one of them cannot."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work(tx: Connection) -> None:
        for one in dict.fromkeys(key or ()):
            assign(
                tx,
                wiring.ports,
                principal,
                RequestId(one),
                ActorId(assignee),
                at=wiring.clock(),
            )

    try:
        await run_in_threadpool(wiring.database.write, work)
    except GovernanceError as error:
        page = await run_in_threadpool(_requests, request, principal, error)
        return HTMLResponse(page, status_code=error.status)
    return RedirectResponse(HOME, status_code=303)
