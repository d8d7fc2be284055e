"""The officers' page of the pause of all processing: begin it, see it, lift it by another."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, again, answered, way
from governance.console.pages import console_page
from governance.core.errors import WrongUseError
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.admin import pausing
from policies.api import require
from policies.pause import PauseReason, standing

router = APIRouter(prefix="/console/pause", include_in_schema=False)
HOME = "/console/pause"
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]


class PauseReasonError(WrongUseError):
    """The reason is none of the list; nothing was changed."""

    code = "pause_reason"


@router.get("", response_class=HTMLResponse)
async def show(request: Request, principal: Officer) -> str:
    """Whether everything stands still, since when and why."""
    return await _page(request, principal)


async def _page(request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()) -> str:
    page = again(console_page(request, "console.pause.title", principal), HOME, mistakes)
    wiring = wiring_of(request)

    def look() -> object:
        with wiring.database.read() as tx:
            return standing(tx)

    return await rendered_page(
        request,
        "console/pause.html",
        page,
        way=way(page.lang, ("console.pause.title", HOME)),
        found=await run_in_threadpool(look),
        may_pause=pausing.may_pause(wiring.ports, principal),
        may_resume=pausing.may_resume(wiring.ports, principal),
        own=principal.id,
        reasons=[
            Choice(value=one.value, label=text(f"cli.pause.reason.{one.value}", page.lang))
            for one in PauseReason
        ],
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
    )


@router.post("/begin")
async def begin(
    request: Request,
    principal: Officer,
    reason: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """Everything stands still."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        if reason not in set(PauseReason):
            raise PauseReasonError
        pausing.pause(wiring.ports, principal, PauseReason(reason), at=wiring.clock())
        return HOME

    return await answered(request, work, partial(_page, request, principal), field="reason")


@router.post("/lift")
async def lift(request: Request, principal: Officer, csrf: Csrf = "") -> Response:
    """Everything goes on."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        pausing.lift(wiring.ports, principal, at=wiring.clock())
        return HOME

    return await answered(request, work, partial(_page, request, principal), field="lift")
