"""What waits for a second person, of every kind: the place where whoever agrees begins."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from governance.console.frame import way
from governance.console.lists.approvals import APPROVALS, HOME
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.http.principal import Principal
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

TITLE: Final = "approvals.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Decider = Annotated[Principal, Depends(require(Action.APPROVAL_DECIDE))]


@router.get("", response_class=HTMLResponse)
async def waiting(request: Request, principal: Decider) -> str:
    """Every act that waits, the soonest to expire first."""
    page = console_page(request, TITLE, principal)
    return await rendered_page(
        request,
        "console/approvals.html",
        page,
        found=await run_in_threadpool(listed, request, principal, APPROVALS),
        way=way(page.lang, (TITLE, "")),
    )
