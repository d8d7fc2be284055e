"""Every page of the application, and an address at which it shows something."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from tests.governance.app.test_routes import all_routes
from tests.security.ground import PARAMETER
from tests.walks.house import NOBODY, PERSON, House

CALLERS: Final = (
    *("privacy_officer", PERSON, NOBODY, "data_manager", "it_operator", "analyst"),
    *("privacy_approver", "auditor", "support", "marketing"),
)  # in this order each is asked until somebody has seen every page
BEGIN: Final = ("/console", "/account")
HREF: Final = re.compile(r'href="(/[^"#]*)')
ENOUGH: Final = 2  # addresses of one route that are followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A page of the walk: its route, an address of it, and whose browser opens it."""

    route: str
    address: str
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route that answers with a page, and how its addresses look."""

    path: str
    pattern: re.Pattern[str]

    @property
    def fixed(self) -> bool:
        """Whether the path has no parameter."""
        return "{" not in self.path


def page_routes(house: House) -> tuple[Route, ...]:
    """Every route that FastAPI serves as a page, the most exact first."""
    found = [
        Route(path=route.path, pattern=re.compile(PARAMETER.sub("[^/]+", route.path)))
        for route in all_routes(house.app.routes)
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and isinstance(route.response_class, type)
        and issubclass(route.response_class, HTMLResponse)
    ]
    return tuple(sorted(found, key=lambda one: (not one.fixed, -len(one.path))))


def stops(house: House) -> Mapping[str, list[Stop]]:
    """The pages that were reached by links, and those that no link leads to, by their route."""
    routes = page_routes(house)
    found: dict[str, list[Stop]] = defaultdict(list)
    told: dict[str, list[Stop]] = defaultdict(list)
    for address, caller in house.examples.items():
        if (route := _route(routes, address)) is not None:
            told[route.path].append(Stop(route=route.path, address=address, caller=caller))
    for caller in CALLERS:
        known = frozenset(found)
        for stop in _followed(house, routes, caller, known):
            if stop.route not in known:
                found[stop.route].append(stop)
        if all(route.path in found or route.path in told for route in routes):
            break
    return {name: [*found[name], *told[name]] for name in dict.fromkeys((*found, *told))}


def _route(routes: tuple[Route, ...], address: str) -> Route | None:
    path = address.partition("?")[0]
    return next((one for one in routes if one.pattern.fullmatch(path)), None)


def _followed(
    house: House, routes: tuple[Route, ...], caller: str, known: frozenset[str]
) -> Iterator[Stop]:
    """The pages that this caller reaches by links; of a known route only its one list."""
    browser = house.browser(caller)
    begin = {PERSON: ("/portal",), NOBODY: ("/", "/docs")}.get(caller, BEGIN)
    waiting, taken = list(begin), set(begin)
    seen: Counter[str] = Counter()
    while waiting:
        address = waiting.pop(0)
        route = _route(routes, address)
        if route is None or seen[route.path] >= ENOUGH:
            continue
        if route.path in known and not route.fixed:
            continue
        answer = browser.get(address, headers={"accept": "text/html"})
        if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
            continue
        seen[route.path] += 1
        yield Stop(route=route.path, address=address, caller=caller)
        links = [href.replace("&amp;", "&") for href in HREF.findall(answer.text)]
        waiting += [href for href in dict.fromkeys(links) if href not in taken]
        taken.update(links)
