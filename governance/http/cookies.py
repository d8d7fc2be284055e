"""The few cookies that we set: of this host alone, out of reach of scripts, with an end."""

from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

ONLY_HERE: Final = "__Host-"  # this host, https, every path (RFC 6265bis, 4.1.3.2)
CLEARED: Final = '"cache", "storage"'


def cookie_name(name: str, *, https: bool) -> str:
    """The name under which browsers keep it; over https no other host can have set it."""
    return f"{ONLY_HERE}{name}" if https else name


def put(
    response: Response,
    name: str,
    value: str,
    *,
    https: bool,
    seconds: int,
    same_site: Literal["lax", "strict"] = "lax",
) -> None:
    """The browser keeps the value for so long."""
    response.set_cookie(
        cookie_name(name, https=https),
        value,
        max_age=seconds,
        secure=https,
        httponly=True,
        samesite=same_site,
    )


def read(request: Request, name: str, *, https: bool) -> str:
    """What the browser kept; empty for nothing."""
    return request.cookies.get(cookie_name(name, https=https), "")


def drop(response: Response, name: str, *, https: bool) -> None:
    """The browser keeps it no longer."""
    response.delete_cookie(cookie_name(name, https=https), secure=https, httponly=True)


def forget_pages(response: Response) -> None:
    """The browser drops what it kept of our pages (W3C Clear Site Data).

    Cookies are dropped by name: one for the language and one for a known device stay.
    """
    response.headers["clear-site-data"] = CLEARED
