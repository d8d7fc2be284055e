"""What waits for a second person, of every kind; what is taken back or refused there."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.approvals.errors import ApprovalNotFoundError
from governance.approvals.service import Approvals
from governance.approvals.store import find
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console.frame import Csrf, may, way
from governance.console.lists.approvals import APPROVALS, HOME, place_of
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

TITLE: Final = "approvals.title"
WITHDRAWN, REJECTED = "withdrawn", "rejected"
ENDED_BY: Final[Mapping[ApprovalKind, Action]] = MappingProxyType(
    {
        ApprovalKind.PURGE: Action.RETENTION_APPROVE,
        ApprovalKind.HOLD_RELEASE: Action.HOLD_RELEASE,
    }
)  # kinds that end here, with who may say no; others end on their own pages
router = APIRouter(prefix=HOME, include_in_schema=False)
Anybody = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
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


@router.post("/{approval}/refuse")
async def refuse(request: Request, principal: Anybody, approval: str, csrf: Csrf = "") -> Response:
    """The act was taken back by who asked for it, or refused by who may agree; nothing is done."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), ApprovalId(approval)

    def work() -> str:
        with wiring.database.read() as tx:
            found = find(tx, wanted)
        own, action = found.requested_by == principal.id, ENDED_BY.get(found.kind)
        if action is None or not (own or may(request, principal, action)):
            raise ApprovalNotFoundError  # fails closed: nobody else ends it
        end = partial(
            Approvals(audit=wiring.audit, executors={}).refuse,
            approval_id=wanted,
            reason_code=WITHDRAWN if own else REJECTED,
            by=principal,
            at=wiring.clock(),
        )
        wiring.database.write(end)
        return place_of(found) or HOME

    return RedirectResponse(await run_in_threadpool(work), status_code=303)
