"""What a route may know of its request: the principal, the wiring, a form token."""

import hmac
from typing import Any, cast

from fastapi import Request

from governance.core.errors import ForbiddenError
from governance.http.principal import ANONYMOUS, Principal

SAME_SITE = frozenset({"same-origin", "none"})  # "none": the user's own doing, or an old browser


class StaleFormError(ForbiddenError):
    """The form's token does not belong to this session; nothing was changed."""

    code = "stale_form"


def principal_of(request: Request) -> Principal:
    """The principal that the sign-in middleware left; anonymous when it left none."""
    return cast("Principal", getattr(request.state, "principal", ANONYMOUS))


def wiring_of(request: Request) -> Any:
    """The object that `governance.app.factory` put on the application."""
    return request.app.state.wiring


def is_https(request: Request) -> bool:
    """Whether people see this installation over https, whatever stands in front of it."""
    wiring = getattr(request.app.state, "wiring", None)
    seen = str(request.url) if wiring is None else cast("str", wiring.settings.origin)
    return seen.startswith("https:")


def csrf_token(request: Request) -> str:
    """The token that every form of this session carries."""
    return cast("str", getattr(request.state, "csrf", ""))


def check_csrf(request: Request, sent: str) -> None:
    """Fails closed: a form without the session's token is refused."""
    expected = csrf_token(request)
    if not expected or not hmac.compare_digest(expected, sent):
        raise StaleFormError


def check_same_site(request: Request) -> None:
    """Fails closed: a form that another site's page sent (Fetch Metadata, W3C) is refused."""
    if request.headers.get("sec-fetch-site", "none") not in SAME_SITE:
        raise StaleFormError


async def open_to_all() -> None:
    """States that a route needs no action: it shows nothing of anybody and changes nothing."""
