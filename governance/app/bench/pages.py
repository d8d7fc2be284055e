"""First views of the officers' pages over many persons and many events: milliseconds on the server.

The application is asked in this process, without a network; each page is what a browser would get.
Time on the processor counts, of every thread: what other processes do in between does not.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles
from urllib.parse import urlencode

from governance.app.audit_log import settle
from governance.app.bench.commits import DRAFT
from governance.app.bench.figure import Figure
from governance.app.bench.searching import installed
from governance.app.factory import Application, create_app
from governance.app.server import keep_for_good
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.console.menu import MENU
from governance.core.terms import ActorId, RowId
from governance.gateway.search_saved import save_search
from governance.gateway.search_types import SearchRequest
from governance.http.principal import Principal, PrincipalKind
from governance.identity.service import issue_code

PERSONS = 20_000  # without --rows
EVENTS_EACH = 10  # events of the log for each person
FILL = 2_000  # events of one transaction while filling
VIEWS = 21  # of each page, after the first
LIMIT = 150.0  # milliseconds, 95th percentile
ROLES = ("privacy_officer", "data_manager", "it_operator", "auditor")
ELSEWHERE = frozenset({"/docs", "/console/style"})  # pages without the installation's data
FOUND = 200


@dataclass(slots=True, kw_only=True)
class Caller:
    """One employee's browser, inside this process."""

    app: Application
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def ask(self, path: str, *, form: Mapping[str, str] | None = None) -> int:
        """The status of the answer."""
        return asyncio.run(self._ask(path, form))

    async def _ask(self, path: str, form: Mapping[str, str] | None) -> int:
        body, status = urlencode(form or {}).encode(), 0
        place, _, query = path.partition("?")
        headers = {
            "host": "127.0.0.1:8443",
            "accept": "text/html",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET" if form is None else "POST",
            "scheme": "http",
            "path": place,
            "raw_path": place.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8443),
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))
                self._keep(message["headers"])

        await self.app(scope, receive, send)
        return status

    def _keep(self, headers: object) -> None:
        for name, value in headers:  # type: ignore[attr-defined] # pairs of octets
            if name == b"set-cookie":
                key, _, rest = value.decode().partition("=")
                self.cookies[key] = rest.partition(";")[0]


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """The 95th percentile of the first view of each page, the slowest first."""
    count = rows or PERSONS
    with installed(count) as (wiring, people):
        events = _events(wiring, count * EVENTS_EACH)
        app = create_app(wiring)
        callers = {role: _signed_in(wiring, app, role) for role in ROLES}
        keep_for_good()  # as a server does before its first answer
        found = dict(_measured(callers, _paths(wiring, str(people[0].subject))))
    slowest = sorted(found.items(), key=lambda one: -one[1])
    return tuple(_figure(path, value, count, events) for path, value in slowest)


def _figure(path: str, value: float, count: int, events: int) -> Figure:
    return Figure(
        figure=f"{path}, 95th percentile of {VIEWS} views",
        value=value,
        unit="ms",
        baseline=f"what a page may take, over {count:,} persons and {events:,} events",
        baseline_value=LIMIT,
        target=f"< {LIMIT:.0f} ms",
        met=value < LIMIT,
    )


def _events(wiring: Wiring, count: int) -> int:
    for at in range(0, count, FILL):
        many = [DRAFT] * min(FILL, count - at)
        wiring.database.write(partial(wiring.audit.append_many, drafts=many))
    settle(wiring)
    return count


def _signed_in(wiring: Wiring, app: Application, role: str) -> Caller:
    at, actor = wiring.clock(), ActorId(f"u:{role}")
    hire = partial(add_staff, wiring=wiring, login=role, display_name="-", roles=[role], at=at)
    wiring.database.write(hire)
    code = wiring.database.write(partial(issue_code, actor=actor, kind=PrincipalKind.STAFF, at=at))
    caller = Caller(app=app)
    caller.ask("/sign-in", form={"code": code})
    return caller


def _paths(wiring: Wiring, subject: str) -> Iterator[str]:
    """Every place of the menu, a person, and a search for persons by a role that may search."""
    for _, places in MENU:
        yield from (place.href for place in places if place.href not in ELSEWHERE)
    yield f"/console/persons/{subject}"
    yield f"/console/audit?person={subject}"
    yield "/console/audit?outcome=failed"  # none match, and no index leads there
    yield "/console/audit?sort=what"  # by a column that so many are not sorted by
    yield f"/console/decisions?person={subject}"
    yield "/console/decisions?reason=denied.subject.withdrawn"  # next to none match
    name = _search(wiring)
    yield f"/console/persons/searches/{name}"
    yield f"/console/persons/searches/{name}?order=kana"


def _search(wiring: Wiring) -> RowId:
    asker = Principal(id=ActorId("u:privacy_officer"), kind=PrincipalKind.STAFF, roles=frozenset())
    asked = SearchRequest(purpose="dsar_fulfilment", text="山田", limit=25)
    at = wiring.clock()
    return wiring.database.write(lambda tx: save_search(tx, wiring.ports, asker, asked, at=at))


def _measured(callers: Mapping[str, Caller], paths: Iterator[str]) -> Iterator[tuple[str, float]]:
    for path in paths:
        caller = next((one for one in callers.values() if one.ask(path) == FOUND), None)
        if caller is None:
            continue
        times = []
        for _ in range(VIEWS):
            start = time.process_time()
            caller.ask(path)
            times.append((time.process_time() - start) * 1000)
        yield path, quantiles(times, n=20)[18]
