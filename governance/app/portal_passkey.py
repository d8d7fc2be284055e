"""Customers sign in to the portal by a passkey; the question names nobody, whoever asks.

Every refusal is alike: a passkey of nobody, of somebody who is gone, a copy, a late answer.
"""

from datetime import timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.app.portal_entry import PLACE, onward
from governance.app.staff import signed_in
from governance.app.wiring import Wiring
from governance.console.account_frame import put_session
from governance.http.cookies import drop, put, read
from governance.http.request import (
    check_same_site,
    is_https,
    open_to_all,
    principal_of,
    wiring_of,
)
from governance.identity.credentials.terms import STEP_LIFE
from governance.identity.credentials.types import Caller
from governance.identity.persons import service
from governance.identity.persons.errors import PasskeysOffError
from governance.portal.ways import site_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
COOKIE: Final = "sekisho_portal_passkey"  # of the question; the step of a code stands beside it
Word = Annotated[str, Form()]


@router.post(f"{PLACE}/passkey/options")
async def options(request: Request) -> Response:
    """What the browser needs to ask for a passkey, the same for everybody."""
    wiring = _demand(request)
    work = partial(service.asked, wiring.ports, site_of(request), at=wiring.clock())
    asked, secret = await run_in_threadpool(work)
    response = JSONResponse(asked)
    seconds = int(STEP_LIFE.total_seconds())
    put(response, COOKIE, secret, https=is_https(request), seconds=seconds)
    return response


@router.post(f"{PLACE}/passkey")
async def by_passkey(request: Request, answer: Word = "", next: Word = "") -> Response:  # noqa: A002 # the field's name in the form
    """The session's cookie, and where the browser goes next."""
    wiring = _demand(request)
    network, https = principal_of(request).network, is_https(request)
    work = partial(
        service.enter,
        wiring.ports,
        site_of(request),
        read(request, COOKIE, https=https),
        answer,
        Caller(network=network),
        lasting=timedelta(minutes=wiring.settings.portal_session_minutes),
        at=wiring.clock(),
    )
    opened = await run_in_threadpool(work)
    await run_in_threadpool(signed_in, wiring, opened.session, network=network)
    response = JSONResponse({"next": onward(next)})
    put_session(request, response, opened.session, opened.secret)
    drop(response, COOKIE, https=https)
    return response


def _demand(request: Request) -> Wiring:
    """Fails closed: another site's form, a way in that is switched off, and too many of them."""
    check_same_site(request)
    wiring: Wiring = wiring_of(request)
    if not wiring.settings.portal_passkeys:
        raise PasskeysOffError
    request.app.state.portal_throttle.pass_one(principal_of(request).network, at=wiring.clock())
    return wiring
