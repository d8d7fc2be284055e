"""A parent or guardian turns to a child's pages, and back to the own ones."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.core.terms import RowId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.signon.acting import begin, end
from policies.actions import Action
from policies.api import require

router = APIRouter(include_in_schema=False)
Person = Annotated[Principal, Depends(require(Action.PORTAL_SELF))]


@router.post("/portal/acting/end")
async def stop(request: Request, principal: Person, csrf: Annotated[str, Form()] = "") -> Response:
    """The pages are the own ones again."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(end, ports=wiring.ports, principal=principal, at=wiring.clock())
    await run_in_threadpool(wiring.database.write, work)
    return RedirectResponse("/portal#children", status_code=303)


@router.post("/portal/acting/{relation}")
async def start(
    request: Request, relation: str, principal: Person, csrf: Annotated[str, Form()] = ""
) -> Response:
    """The pages are the child's until midnight; 404 for a relation that gives no right."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        begin,
        ports=wiring.ports,
        principal=principal,
        relation=RowId(relation),
        at=wiring.clock(),
    )
    await run_in_threadpool(wiring.database.write, work)
    return RedirectResponse("/portal", status_code=303)
