"""The officers' search for persons: words in a form, a random id in the address, results masked.

No value of a person stands in an address, a log or a browser's history: the words are sealed under
a random id that ends after a working day (governance/gateway/search_saved.py).
"""

from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, mistakes_of, way
from governance.console.pages import console_page
from governance.console.person_results import HitLine, hit_lines, purposes_to, refused_words
from governance.core.errors import GovernanceError
from governance.core.terms import RowId
from governance.customers.search_queries import recognised
from governance.gateway.api.asking import row_id
from governance.gateway.search_registers import PERSONS, searchable
from governance.gateway.search_saved import save_search, saved_search
from governance.gateway.search_types import (
    Order,
    SearchAnswer,
    SearchEmptyError,
    SearchRefusedError,
    SearchRequest,
)
from governance.gateway.searching import search
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.types import Verb

HOME: Final = "/console/persons"
TITLE: Final = "persons.title"
SHOWN: Final = 25  # persons of one page
ORDERS: Final = {one.value: one for one in Order}

router = APIRouter(prefix=HOME, include_in_schema=False)
Searcher = Annotated[Principal, Depends(require(Action.PERSON_SEARCH))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the page of a search shows."""

    lines: tuple[HitLine, ...] = ()
    total: int = 0
    exact: bool = True
    behind: int = 0
    refused: tuple[str, ...] = ()  # what could not be looked into, in words
    denied: str = ""  # why nothing was searched at all
    order: str = Order.BEST.value
    asked: str = Order.BEST.value
    href: str = ""
    next_href: str = ""
    record: str = field(default="", repr=False)

    @property
    def narrow(self) -> bool:
        """Whether there were more than can stand in the order of their kana."""
        return self.asked == Order.KANA.value and self.order != self.asked


@router.get("", response_class=HTMLResponse)
async def persons(request: Request, principal: Searcher, purpose: str = "") -> str:
    """The form of a search."""
    return _page(request, principal, words="", purpose=purpose)


@router.post("/find")
async def find(
    request: Request,
    principal: Searcher,
    words: Annotated[str, Form()] = "",
    purpose: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The way to the results; the words are sealed, the address holds a random id alone."""
    check_csrf(request, csrf)
    wiring, at = wiring_of(request), wiring_of(request).clock()
    asked = SearchRequest(purpose=purpose, text=words.strip(), limit=SHOWN)

    def keep() -> RowId:
        if not recognised(asked.text, searchable(PERSONS)):
            raise SearchEmptyError
        kept: RowId = wiring.database.write(
            lambda tx: save_search(tx, wiring.ports, principal, asked, at=at)
        )
        return kept

    try:
        kept = await run_in_threadpool(keep)
    except GovernanceError as error:
        lang = console_page(request, TITLE, principal).lang
        told = mistakes_of(error, lang, field_id="words")
        body = _page(request, principal, words=words, purpose=purpose, mistakes=told)
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}/searches/{kept}", status_code=303)


@router.get("/searches/{name}")
async def results(
    request: Request,
    principal: Searcher,
    name: str,
    cursor: str | None = None,
    order: str = Order.BEST.value,
) -> HTMLResponse:
    """Who answers, as far as this officer may know; the search and whom it showed are on record."""
    wiring, at = wiring_of(request), wiring_of(request).clock()
    key, page = row_id(name), console_page(request, TITLE, principal)
    reader = replace(principal, lang=page.lang)
    told = str(getattr(request.state, "request_id", "")) or None

    def look() -> tuple[SearchRequest, SearchAnswer | None]:
        with wiring.database.read() as tx:
            kept = saved_search(tx, wiring.ports, principal, key, register=PERSONS, at=at)
        wanted = ORDERS.get(order, Order.BEST)
        asked = replace(kept, cursor=cursor or None, order=wanted, request_id=told)
        try:
            return asked, search(wiring.ports, reader, asked, at=at)
        except SearchRefusedError as error:
            refused.append(str(error.params["reason"]))
            return asked, None

    refused: list[str] = []
    asked, answer = await run_in_threadpool(look)
    href = f"{HOME}/searches/{key}"
    if answer is None:
        shown = Results(denied=refused_words(refused, page.lang)[0], href=href)
    else:
        shown = Results(
            lines=hit_lines(answer, page.lang),
            total=answer.total,
            exact=answer.total_exact,
            behind=answer.index_behind,
            refused=refused_words(
                dict.fromkeys(code.value for code in answer.refused.values()), page.lang
            ),
            order=answer.order.value,
            asked=asked.order.value,
            href=href,
            next_href=f"{href}?order={answer.order.value}&cursor={answer.cursor}"
            if answer.cursor
            else "",
            record=answer.decision_id,
        )
    body = _page(request, principal, words=asked.text, purpose=asked.purpose, results=shown)
    return HTMLResponse(body, status_code=200 if answer is not None else 403)


def _page(
    request: Request,
    principal: Principal,
    *,
    words: str,
    purpose: str,
    mistakes: tuple[Mistake, ...] = (),
    results: Results | None = None,
) -> str:
    page = console_page(request, TITLE, principal)
    page = again(page, results.href if results is not None else HOME, mistakes)
    able = purposes_to(request, principal, Verb.SEARCH)
    policy = snapshot_of(request)
    named = [one.id for one in able]
    chosen = purpose or (named[0] if named else "")
    if chosen and chosen not in named and (known := policy.purpose(chosen)) is not None:
        able = (*able, known)  # asked for under an emergency access, or lost since
    return templates_of(request).render(
        "console/persons.html",
        page,
        words=words,
        purpose=chosen,
        purposes=[Choice(value=one.id, label=one.label[page.lang]) for one in able],
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        results=results,
        way=way(page.lang, (TITLE, HOME)),
    )
