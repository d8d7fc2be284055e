"""Who asks at the portal's pages for requests: the person who is signed in, or somebody unknown.

Whoever is signed in as something else is a stranger here: a request in the portal is nobody's but
the person's own, or a stranger's.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from fastapi import Request
from sqlalchemy import Connection
from starlette.responses import Response

from dsar.case import Case
from dsar.errors import RequestUnknownError
from dsar.intake.drafts import WAY_BACK, Form, form_of
from dsar.intake.errors import DraftOverError
from dsar.records import is_own
from dsar.returning.service import request_of
from dsar.store import case_by_id
from governance.core.errors import NotFoundError
from governance.core.terms import RequestId, SubjectId
from governance.http.cookies import put, read
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.http.request import (
    check_csrf,
    check_same_site,
    is_https,
    principal_of,
    wiring_of,
)
from governance.portal.pages import subject_of
from policies.api import SignInNeededError

COOKIE: Final = "sekisho_request"
BACK: Final = "sekisho_return"  # of a way back by number and code
ROOT: Final = "/portal/requests"


def asker_of(request: Request) -> Principal:
    """The person behind the session, else a stranger."""
    principal = principal_of(request)
    if principal.kind is PrincipalKind.PERSON:
        return principal
    return replace(ANONYMOUS, network=principal.network)


def person_of(asker: Principal) -> SubjectId | None:
    """The person of the store who asks; None for a stranger."""
    return subject_of(asker) if asker.kind is PrincipalKind.PERSON else None


def check_sent(request: Request, csrf: str) -> None:
    """The form came from this site, from this session, and not too many before it."""
    check_same_site(request)
    asker, wiring = asker_of(request), wiring_of(request)
    if asker.kind is PrincipalKind.PERSON:
        check_csrf(request, csrf)
    else:
        request.app.state.request_throttle.pass_one(asker.network, at=wiring.clock())


def secret_of(request: Request) -> str:
    """What the browser holds of its form; empty for none."""
    return read(request, COOKIE, https=is_https(request))


def remember(request: Request, response: Response, secret: str) -> None:
    """The browser holds the secret; no script and no other site reads or sends it."""
    seconds = int(WAY_BACK.total_seconds())
    put(response, COOKIE, secret, https=is_https(request), seconds=seconds)


def held_form(tx: Connection, request: Request) -> Form | None:
    """The form that this browser holds, while it lasts."""
    wiring = wiring_of(request)
    try:
        return form_of(tx, wiring.ports, asker_of(request), secret_of(request), at=wiring.clock())
    except DraftOverError:
        return None


def own_case(tx: Connection, request: Request, wanted: RequestId) -> Case:
    """The request, for the browser that filed it, for whoever is back by its code, for the person.

    404 for all others alike, and for whoever is not signed in the way in: nobody learns that a
    request of this id exists, and what was being sent is kept for who comes back.
    """
    form = held_form(tx, request)
    if form is not None and form.request == wanted:
        return case_by_id(tx, wanted)
    with suppress(RequestUnknownError):
        case = case_by_id(tx, wanted)
        if admitted(tx, request, case):
            return case
    if principal_of(request).kind is PrincipalKind.ANONYMOUS:
        raise SignInNeededError
    raise NotFoundError


def admitted(tx: Connection, request: Request, case: Case) -> bool:
    """Whether whoever asks may act on the request and read its answer.

    Signed in as the person it is about, or back by number and code: the browser that filed it once
    may stand open to others by now.
    """
    if is_own(asker_of(request), case):
        return True
    return request_of(tx, way_of(request), at=wiring_of(request).clock()) == case.id


def way_of(request: Request) -> str:
    """What the browser holds of its way back by number and code; empty for none."""
    return read(request, BACK, https=is_https(request))


def admitted_case(tx: Connection, request: Request, wanted: RequestId) -> Case | None:
    """The request, for whoever may act on it; None for who may see it alone; 404 for others."""
    case = own_case(tx, request, wanted)
    return case if admitted(tx, request, case) else None
