"""Authentication as pure ASGI middleware: it leaves a frozen Principal on the request."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from anyio import to_thread

from governance.core.clock import Clock
from governance.customers.changes.counter import position
from governance.db.engine import Database
from governance.http.principal import ANONYMOUS, Principal
from governance.http.problems import preferred
from governance.http.threads import OwnThreads
from governance.identity.rules import truncate_network
from governance.identity.service import principal_by_key, principal_by_session

SESSION_COOKIE = "sekisho_session"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
UNGUARDED = ("/static/", "/healthz", "/metrics")
BEARER = (b"Bearer ", b"bearer ")
THREADS = OwnThreads("callers", 16)
KEYS = 1_024  # keys with their callers' addresses that are remembered
Callers = Callable[[], int | None]  # the last change of who may call that is known; None: ask
network_of = lru_cache(maxsize=4_096)(truncate_network)


def nobody() -> None:
    """Nothing is known without asking."""


class Authentication:
    """Puts `principal` and `csrf` into the request's state; knows no permission."""

    def __init__(
        self, app: Application, *, database: Database, clock: Clock, callers: Callers = nobody
    ) -> None:
        self._app = app
        self._database = database
        self._clock = clock
        self.callers: Final = callers
        self._known: dict[tuple[bytes, str | None], tuple[int, Principal]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on with its principal; anonymous when nothing was proved."""
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            state["principal"], state["csrf"] = await self._authenticated(scope)
        await self._app(scope, receive, send)

    async def _authenticated(self, scope: Scope) -> tuple[Principal, str]:
        """SQLite answers a point read faster in the loop; a server's answer is awaited outside."""
        if (known := self._remembered(scope)) is not None:
            return known, ""
        if self._database.dialect == "sqlite":
            return self._authenticate(scope)
        return await to_thread.run_sync(self._authenticate, scope, limiter=THREADS.limiter())

    def remembered(self, authorization: bytes, address: str | None) -> tuple[int, Principal] | None:
        """Who presented this key before, if no change of who may call has come since.

        Fails closed: without the word that every acknowledged change is known here, nobody is.
        The number is good as long as `callers` gives it.
        """
        if authorization[:7] not in BEARER:
            return None
        found = self._known.get((sha256(authorization[7:]).digest(), address))
        return found if found is not None and found[0] == self.callers() else None

    def _remembered(self, scope: Scope) -> Principal | None:
        for name, value in scope["headers"]:
            if name == b"authorization":
                found = self.remembered(value, (scope.get("client") or (None,))[0])
                return None if found is None else found[1]
        return None

    def _remember(self, key: str, address: str | None, place: int, found: Principal) -> None:
        if found is ANONYMOUS:
            return
        if len(self._known) >= KEYS:
            self._known.clear()
        self._known[sha256(key.encode("latin-1")).digest(), address] = place, found

    def _authenticate(self, scope: Scope) -> tuple[Principal, str]:
        path: str = scope["path"]
        if path.startswith(UNGUARDED):
            return ANONYMOUS, ""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        address = (scope.get("client") or (None,))[0]
        network = network_of(address)
        scheme, _, token = headers.get(b"authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            with self._database.read() as tx:
                place = position(tx).callers
                found = principal_by_key(tx, token, network=network)
            self._remember(token, address, place, found)
            return found, ""
        cookies = _cookies(headers.get(b"cookie", ""))
        secret = cookies.get(SESSION_COOKIE)
        if not secret:
            return ANONYMOUS, ""
        lang = preferred(headers.get(b"accept-language", ""))
        with self._database.read() as tx:
            principal, session = principal_by_session(
                tx, secret, at=self._clock(), lang=lang, network=network
            )
        return principal, session.csrf if session else ""


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
