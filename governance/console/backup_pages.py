"""The page of backups: how they stand, which there are, and the restore drills."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.lists.backups import BACKUP_DRILLS, BACKUPS, KEY_COPIES
from governance.console.lists.source import listed_all
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.jobs.runner import worker_of
from governance.ui.lists.listing import Listing
from governance.ui.parts import Mistake, Tone
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require
from retention.backups.creating import create, kept
from retention.backups.desk import Desk
from retention.backups.drilling import drill
from retention.backups.proving import verify
from retention.backups.standing import Standing, State, standings

router = APIRouter(prefix="/console/backups", include_in_schema=False)
HOME = "/console/backups"
Reader = Annotated[Principal, Depends(require(Action.JOB_READ))]
Keeper = Annotated[Principal, Depends(require(Action.BACKUP_RUN))]
TONES = {
    State.GOOD: Tone.PLAIN,
    State.ATTENTION: Tone.ATTENTION,
    State.ABSENT: Tone.ATTENTION,
    State.BAD: Tone.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The facts of the page."""

    standings: tuple[tuple[Standing, str], ...]  # with the tone
    backups: Listing
    key_copies: Listing
    drills: Listing


@router.get("", response_class=HTMLResponse)
async def backups(request: Request, principal: Reader) -> str:
    """How backups stand, and each that there is."""
    return await _page(request, principal)


async def _page(request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()) -> str:
    page = again(console_page(request, "console.backups.title", principal), HOME, mistakes)
    shown = await run_in_threadpool(_shown, request, principal)
    return await rendered_page(
        request,
        "console/backups.html",
        page,
        shown=shown,
        mistakes=mistakes,
        may_run=may(request, principal, Action.BACKUP_RUN),
        done=request.query_params.get("done", ""),
        way=way(page.lang, ("console.backups.title", HOME)),
    )


def _shown(request: Request, principal: Principal) -> Shown:
    wiring = wiring_of(request)
    desk: Desk = wiring.backup_desk
    found, drilled, copies = listed_all(request, principal, (BACKUPS, BACKUP_DRILLS, KEY_COPIES))
    return Shown(
        standings=tuple(
            (one, TONES[one.state].value) for one in standings(desk, at=wiring.clock())
        ),
        backups=found,
        key_copies=copies,
        drills=drilled,
    )


@router.post("/create")
async def make_one(request: Request, principal: Keeper, csrf: Csrf = "") -> Response:
    """A new backup; what refuses it is told on the page."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    return await _done(
        request,
        principal,
        "made",
        lambda: create(wiring.backup_desk, principal, at=wiring.clock()),
    )


@router.post("/drill")
async def put_back(request: Request, principal: Keeper, csrf: Csrf = "") -> Response:
    """A restore drill with the newest backup; its outcome stands in the list."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    worker = worker_of(principal.id, wiring.clock, Event(), hurried=True)
    return await _done(
        request,
        principal,
        "drilled",
        lambda: drill(wiring.backup_desk, principal, worker=worker),
    )


@router.post("/{file}/verify")
async def prove(request: Request, principal: Keeper, file: str, csrf: Csrf = "") -> Response:
    """One backup of the list is proven; an unsound one is told on the page and in the list."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    desk: Desk = wiring.backup_desk
    known = {one.file for one in kept(desk, desk.place())}
    name = file if file in known else "-"  # no path from outside is ever opened
    return await _done(
        request,
        principal,
        "proven",
        lambda: verify(desk, principal, desk.place() / name, at=wiring.clock()),
    )


async def _done(
    request: Request, principal: Principal, what: str, act: Callable[[], object]
) -> Response:
    try:
        await run_in_threadpool(act)
    except GovernanceError as error:
        lang = console_page(request, "console.backups.title", principal).lang
        mistakes = mistakes_of(error, lang, field_id="main")
        body = await _page(request, principal, mistakes)
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}?done={what}", status_code=303)
