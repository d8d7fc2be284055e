"""`/.well-known/security.txt` (RFC 9116): to whom somebody who found a hole may turn."""

from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, Response

from governance.core.errors import NotFoundError
from governance.http.request import open_to_all, wiring_of

PATH: Final = "/.well-known/security.txt"
GOOD_FOR: Final = timedelta(days=90)  # RFC 9116, 2.5.5: less than a year
router = APIRouter(dependencies=[Depends(open_to_all)], include_in_schema=False)


def security_txt(contact: str, origin: str, *, at: datetime) -> str:
    """The file's text; whoever reads it after `Expires` is to ask for it again."""
    day = (at + GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        f"Contact: {contact}\n"
        f"Expires: {day:%Y-%m-%dT%H:%M:%SZ}\n"
        "Preferred-Languages: ja, en\n"
        f"Canonical: {origin.rstrip('/')}{PATH}\n"
    )


@router.get(PATH)
def security_contact(request: Request) -> Response:
    """The contact of the settings; 404 where none is set."""
    wiring = wiring_of(request)
    contact = wiring.settings.security_contact
    if contact is None:
        raise NotFoundError
    return PlainTextResponse(security_txt(contact, wiring.settings.origin, at=wiring.clock()))
