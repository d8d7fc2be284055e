"""What the pages of an account share: whose it is, its terms, the cookies of its session."""

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import Response

from governance.http.cookies import put
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import is_https, open_to_all, principal_of, wiring_of
from governance.identity.credentials.terms import Terms, terms_of
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.types import Session
from policies.api import SignInNeededError

STEP_COOKIE: Final = "sekisho_step"  # of a sign-in that is half done


def terms_for(request: Request) -> Terms:
    """What this installation demands of those who sign in."""
    settings = wiring_of(request).settings
    return terms_of(settings, settings.origin)


def put_session(request: Request, response: Response, session: Session, secret: str) -> None:
    """The browser holds the session until it ends."""
    seconds = int((session.expires_at - session.created_at).total_seconds())
    put(response, SESSION_COOKIE, secret, https=is_https(request), seconds=seconds)


async def own_account(request: Request) -> Principal:
    """Whoever is signed in as staff; fails closed for anybody else."""
    principal = principal_of(request)
    if principal.kind is not PrincipalKind.STAFF or principal.session is None:
        raise SignInNeededError
    return principal


OPEN: Final = [Depends(open_to_all)]  # whose account it is, is proved by `Own`
Own = Annotated[Principal, Depends(own_account)]
