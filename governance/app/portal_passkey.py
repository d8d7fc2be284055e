"""Customers sign in to the portal by a passkey; the question names nobody, whoever asks.

Every refusal is alike: a passkey of nobody, of somebody who is gone, a copy, a late answer.
"""

from datetime import timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.app.portal_entry import PLACE, demand, entered, onward
from governance.app.wiring import Wiring
from governance.http.cookies import put, read
from governance.http.request import is_https, open_to_all, principal_of
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
    work = partial(
        service.enter,
        wiring.ports,
        site_of(request),
        read(request, COOKIE, https=is_https(request)),
        answer,
        Caller(network=principal_of(request).network),
        lasting=timedelta(minutes=wiring.settings.portal_session_minutes),
        at=wiring.clock(),
    )
    opened = await run_in_threadpool(work)
    response = JSONResponse({"next": onward(next)})
    return await entered(request, response, opened.session, opened.secret, step=COOKIE)


def _demand(request: Request) -> Wiring:
    return demand(request, lambda settings: settings.portal_passkeys, PasskeysOffError)
