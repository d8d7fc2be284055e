"""The start page, signing in by a one-time code, and the API's documentation."""

from datetime import timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from governance.app.staff import signed_in
from governance.http.principal import PrincipalKind
from governance.http.request import (
    check_csrf,
    check_same_site,
    open_to_all,
    principal_of,
    wiring_of,
)
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.service import sign_in
from governance.identity.store import revoke_sessions
from governance.ui.pages import Surface
from governance.ui.start import start_page
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False)
HOMES = {PrincipalKind.STAFF: "/console", PrincipalKind.PERSON: "/portal"}


@router.get("/", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
def start(request: Request) -> str:
    """What Sekisho is, and its three doors."""
    return start_page(
        templates_of(request), page_of(request, "ui.start.title", surface=Surface.PLAIN)
    )


@router.get("/sign-in", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
def sign_in_page(request: Request, code: str = "") -> str:
    """A button that spends the code of the link; a mail scanner that follows the link does not."""
    page = page_of(request, "ui.sign_in.title", surface=Surface.PLAIN)
    return templates_of(request).render("app/sign_in_once.html", page, code=code)


@router.post("/sign-in", dependencies=[Depends(open_to_all)])
async def sign_in_once(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """The session's cookie and the way home; an unknown, used or late code opens nothing."""
    check_same_site(request)
    wiring = wiring_of(request)
    lasting = timedelta(minutes=wiring.settings.session_minutes)
    work = partial(
        sign_in,
        secret=code.strip(),
        lasting=lasting,
        at=wiring.clock(),
        officer_mfa=wiring.settings.officer_mfa,
    )
    session, secret = await run_in_threadpool(wiring.database.write, work)
    await run_in_threadpool(signed_in, wiring, session, network=principal_of(request).network)
    response = RedirectResponse(HOMES.get(session.kind, "/"), status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(lasting.total_seconds()),
        secure=urlsplit(wiring.settings.origin).scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out", dependencies=[Depends(open_to_all)])
async def sign_out(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
    """The session has ended on the server and the cookie is gone."""
    principal = principal_of(request)
    if principal.session is not None:
        check_csrf(request, csrf)
        wiring = wiring_of(request)
        work = partial(
            revoke_sessions, actor=principal.id, at=wiring.clock(), only=principal.session
        )
        await run_in_threadpool(wiring.database.write, work)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/docs", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
def documentation(request: Request) -> str:
    """Every address of the API with what it does, from the OpenAPI document itself."""
    routes = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description") or operation.get("summary", ""),
        }
        for path, operations in request.app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    page = page_of(request, "app.docs.title", surface=Surface.PLAIN)
    return templates_of(request).render("app/docs.html", page, routes=routes)
