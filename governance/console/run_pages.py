"""The officers' pages of purge runs: how far each is, what it left alone, its certificate."""

from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, may
from governance.console.lists.retention import PURGE_CERTIFICATES, PURGE_RUNS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.plan_pages import schedule_of
from governance.console.retention_frame import (
    HOME,
    RUN_TONES,
    RUNS,
    Reader,
    Runner,
    drive_run,
    way_to,
)
from governance.console.run_facts import run_shown
from governance.core.terms import Lang
from governance.documents.typesetting import can_typeset
from governance.gateway.api.asking import row_id
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Crumb
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from retention import store

router = APIRouter(prefix=HOME, include_in_schema=False)
TITLE: Final = "console.runs.title"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way_to(lang, (TITLE, RUNS), *further)


@router.get("/runs", response_class=HTMLResponse)
async def runs(request: Request, principal: Reader) -> str:
    """The runs, the newest first, until another order is asked for."""
    page = console_page(request, TITLE, principal)
    return await rendered_page(
        request,
        "console/runs.html",
        page,
        found=await run_in_threadpool(listed, request, principal, PURGE_RUNS),
        way=_way(page.lang),
    )


@router.get("/certificates", response_class=HTMLResponse)
async def certificates(request: Request, principal: Reader) -> str:
    """Every finished run with its certificate to take away, and how to check one."""
    page = console_page(request, "console.certificates.title", principal)
    return await rendered_page(
        request,
        "console/certificates.html",
        page,
        found=await run_in_threadpool(listed, request, principal, PURGE_CERTIFICATES),
        way=way_to(page.lang, ("console.certificates.title", "")),
    )


@router.get("/runs/{run}", response_class=HTMLResponse)
async def one(request: Request, principal: Reader, run: str) -> str:
    """One run as it stands now; the page can be left and found again."""
    page = console_page(request, "console.runs.one", principal)
    wiring = wiring_of(request)
    shown = await run_in_threadpool(run_shown, wiring, row_id(run), schedule_of, page.lang)
    return await rendered_page(
        request,
        "console/run.html",
        page,
        shown=shown,
        prints=can_typeset(),
        here=f"{RUNS}/{shown.run.id}",
        tones=RUN_TONES,
        may_run=may(request, principal, Action.RETENTION_RUN),
        reads_log=may(request, principal, Action.AUDIT_READ),
        way=_way(page.lang, ("console.runs.one", "")),
    )


@router.post("/runs/{run}/go-on")
async def go_on(
    request: Request, principal: Runner, later: BackgroundTasks, run: str, csrf: Csrf = ""
) -> Response:
    """A run that nobody drives any more goes on where it stood; twice equals once."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    found = await run_in_threadpool(_known, wiring, run)
    later.add_task(drive_run, wiring, principal, found.id)
    return RedirectResponse(f"{RUNS}/{found.id}", status_code=303, background=later)


def _known(wiring: Any, run: str) -> store.Run:
    with wiring.database.read() as tx:
        return store.run_by_id(tx, row_id(run))
