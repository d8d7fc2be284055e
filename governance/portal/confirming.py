"""The page on which a recipient confirms that it did what its notice said (GDPR 19)."""

from functools import partial
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.case import Case
from dsar.execution.confirming import confirm_by_link, told_under
from dsar.execution.notices import CONFIRM
from dsar.execution.types import Telling
from governance.core.errors import NotFoundError
from governance.http.principal import ANONYMOUS
from governance.http.request import check_same_site, open_to_all, principal_of, wiring_of
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
PRIVATE: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
JSON: Final = "application/json"
LONGEST: Final = 100  # characters of a link's secret


@router.get(f"{CONFIRM}/{{token}}", response_class=HTMLResponse)
async def ask(request: Request, token: str) -> Response:
    """What is confirmed; looking at the page confirms nothing."""
    return HTMLResponse(await run_in_threadpool(_page, request, token), headers=PRIVATE)


@router.post(f"{CONFIRM}/{{token}}", response_class=HTMLResponse)
async def confirm(request: Request, token: str) -> Response:
    """The recipient confirmed; again it says the same, to a program in JSON."""
    check_same_site(request)
    wiring = wiring_of(request)
    use = partial(
        confirm_by_link,
        ports=wiring.ports,
        principal=ANONYMOUS,
        token=token[:LONGEST],
        at=wiring.clock(),
    )

    def work() -> Response:
        _pass(request)
        wiring.database.write(use)
        if JSON in request.headers.get("accept", ""):
            return JSONResponse(_shape(request, token), headers=PRIVATE)
        return HTMLResponse(_page(request, token), headers=PRIVATE)

    return await run_in_threadpool(work)


def _pass(request: Request) -> None:
    network = principal_of(request).network
    request.app.state.request_throttle.pass_one(network, at=wiring_of(request).clock())


def _told(request: Request, token: str) -> tuple[Case, Telling]:
    with wiring_of(request).database.read() as tx:
        found = told_under(tx, token[:LONGEST])
    if found is None:
        raise NotFoundError
    return found


def _shape(request: Request, token: str) -> dict[str, object]:
    case, told = _told(request, token)
    moment = told.confirmed_at.isoformat() if told.confirmed_at else None
    return {"reference": case.reference, "confirmed_at": moment}


def _page(request: Request, token: str) -> str:
    page = page_of(request, "portal.confirm.title", surface=Surface.PORTAL)
    case, told = _told(request, token)
    return templates_of(request).render(
        "portal/confirm.html",
        page,
        reference=case.reference,
        confirmed=told.confirmed_at,
        here=f"{CONFIRM}/{token}",
    )
