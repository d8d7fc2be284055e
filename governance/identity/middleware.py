"""Authentication as pure ASGI middleware: it leaves a frozen Principal on the request."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from functools import lru_cache, partial
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, NamedTuple

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from governance.core.clock import JST, Clock
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.customers.changes.counter import position
from governance.db.engine import Database
from governance.http.cookies import cookie_name
from governance.http.principal import ANONYMOUS, Principal
from governance.http.problems import language_of_scope, preferred, problem_response
from governance.http.threads import OwnThreads
from governance.identity.clients.bearers import Bearer, Bearers, Callers
from governance.identity.clients.certificates import Proxies, thumbprint_of
from governance.identity.clients.keys import note_used
from governance.identity.clients.presenting import presented
from governance.identity.clients.types import Rate
from governance.identity.rules import NO_LIMITS, sign_of_life_due, truncate_network
from governance.identity.service import principal_by_session
from governance.identity.store import note_life
from governance.identity.types import Limits

SESSION_COOKIE = "sekisho_session"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
UNGUARDED = ("/static/", "/healthz", "/metrics")
BEARER = (b"Bearer ", b"bearer ")
REALM: Final = b'Bearer realm="sekisho"'
THREADS = OwnThreads("callers", 16)
UNAUTHORIZED, FORBIDDEN = 401, 403
LOOK_SECONDS: Final = 60.0  # between two looks at which keys were used
log = logger()
NO_PROXIES: Final = Proxies()
network_of = lru_cache(maxsize=4_096)(truncate_network)


def nobody() -> None:
    """Nothing is known without asking."""


class TooOftenError(GovernanceError):
    """The system asks more often than it may; this request was not looked at."""

    code, status = "too_often", 429


class _Found(NamedTuple):
    """Who a request comes from, and the session whose use is to be written down."""

    principal: Principal
    csrf: str = ""
    used: str | None = None


NOBODY: Final = _Found(ANONYMOUS)


@lru_cache(maxsize=4_096)
def stranger(network: str | None) -> _Found:
    """Nobody, from this network: what strangers send is counted by it."""
    return _Found(replace(ANONYMOUS, network=network))


class Authentication:
    """Puts `principal` and `csrf` into the request's state; knows no permission."""

    def __init__(
        self,
        app: Application,
        *,
        database: Database,
        clock: Clock,
        callers: Callers = nobody,
        proxies: Proxies = NO_PROXIES,
        every: Rate | None = None,
        share: int = 1,
        limits: Limits = NO_LIMITS,
        https: bool = False,
    ) -> None:
        """`every`: the limit of a system without its own; `share`: among so many processes."""
        self._app = app
        self._limits: Final = limits
        self._cookie: Final = cookie_name(SESSION_COOKIE, https=https)
        self._database = database
        self._clock = clock
        self._proxies = proxies
        self._look_at = 0.0
        self.callers: Final = callers
        self.bearers: Final = Bearers(callers, clock=clock, every=every, share=share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on with its principal; anonymous when nothing was proved."""
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            found = await self._authenticated(scope)
            if isinstance(found, Bearer):
                state["principal"], state["csrf"] = found.principal, ""
                if not found.passes():  # fails closed: nothing behind has seen the request
                    after = {"retry-after": str(found.wait())}
                    problem = problem_response(TooOftenError(), language_of_scope(scope), after)
                    await problem(scope, receive, send)
                    return
                await self._note_used()
            else:
                state["principal"], state["csrf"] = found.principal, found.csrf
            send = challenging(send, scope)
        await self._app(scope, receive, send)

    async def _authenticated(self, scope: Scope) -> Bearer | _Found:
        """SQLite answers a point read faster in the loop; a server's answer is awaited outside."""
        if (known := self._remembered(scope)) is not None:
            return known
        if self._database.dialect == "sqlite":
            found = self._authenticate(scope)
        else:
            found = await to_thread.run_sync(self._authenticate, scope, limiter=THREADS.limiter())
        if isinstance(found, _Found) and found.used is not None:
            await to_thread.run_sync(
                self._note_life, found.used
            )  # once a minute; never in the loop
        return found

    def _note_life(self, session: str) -> None:
        self._database.write(partial(note_life, session=session, at=self._clock()))

    async def _note_used(self) -> None:
        """The days on which keys were last used are on record; one look a minute at most."""
        if (now := time.monotonic()) < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        day = self._clock().astimezone(JST).date()
        if found := self.bearers.used(day):
            note = partial(note_used, ids=found, day=day)
            try:
                await to_thread.run_sync(self._database.write, note, limiter=THREADS.limiter())
            except (GovernanceError, SQLAlchemyError) as error:  # the request itself goes on
                log.warning("identity.use_not_noted", kind=type(error).__name__)
                return
            self.bearers.note(found, day)

    def remembered(self, authorization: bytes, address: str | None) -> Bearer | None:
        """Who presented this key before, if no change of who may call has come since.

        Fails closed: without the word that every acknowledged change is known here, nobody is.
        Its `place` is good as long as `callers` gives it.
        """
        if authorization[:7] not in BEARER:
            return None
        return self.bearers.remembered(authorization[7:], address)

    def _remembered(self, scope: Scope) -> Bearer | None:
        for name, value in scope["headers"]:
            if name == b"authorization":
                found = self.remembered(value, (scope.get("client") or (None,))[0])
                return None if found is None else self._shown(found, scope)
        return None

    def _shown(self, found: Bearer, scope: Scope) -> Bearer | None:
        """The credential, where its system showed the certificate that it is bound to."""
        if found.certificate is None:
            return found
        return found if found.certificate == thumbprint_of(scope, self._proxies) else None

    def _by_bearer(self, scope: Scope, token: str) -> Bearer | _Found:
        address = (scope.get("client") or (None,))[0]
        with self._database.read() as tx:
            place = position(tx).callers
            found = presented(tx, token, at=self._clock(), network=network_of(address))
        if found is None:
            return NOBODY
        made = self.bearers.remember(token.encode("latin-1"), address, place, found)
        return self._shown(made, scope) or NOBODY

    def _authenticate(self, scope: Scope) -> Bearer | _Found:
        path: str = scope["path"]
        if path.startswith(UNGUARDED):
            return NOBODY
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        address = (scope.get("client") or (None,))[0]
        network = network_of(address)
        scheme, _, token = headers.get(b"authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return self._by_bearer(scope, token)
        cookies = _cookies(headers.get(b"cookie", ""))
        secret = cookies.get(self._cookie)
        if not secret:
            return stranger(network)
        lang = preferred(headers.get(b"accept-language", ""))
        with self._database.read() as tx:
            principal, session = principal_by_session(
                tx,
                secret,
                at=(at := self._clock()),
                lang=lang,
                network=network,
                limits=self._limits,
            )
        if session is None:
            return stranger(network)
        used = session.id if sign_of_life_due(session, at=at) else None
        return _Found(principal, session.csrf, used)


def challenging(send: Send, scope: Scope) -> Send:
    """The same, where a refusal says how to be let in (RFC 9110, 11.6.1; RFC 6750, 3)."""

    async def challenged(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told = _challenge(message["status"], scope)
            plain = (b"www-authenticate", REALM)  # what an endpoint says that knows no token
            others = [pair for pair in message["headers"] if pair != plain]
            if told is not None and all(name != plain[0] for name, _ in others):
                message["headers"] = [*others, (plain[0], told)]
        await send(message)

    return challenged


def _challenge(status: int, scope: Scope) -> bytes | None:
    if status == UNAUTHORIZED:
        given = any(name == b"authorization" for name, _ in scope["headers"])
        return REALM + (b', error="invalid_token"' if given else b"")
    caller = scope["state"]["principal"]
    if status == FORBIDDEN and caller.scopes is not None:
        return REALM + b', error="insufficient_scope"'
    return None


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
