"""The officers' search for persons: words in a form, a random id in the address, results masked.

No value of a person stands in an address, a log or a browser's history: the words are sealed under
a random id that ends after a working day (governance/gateway/search_saved.py).
"""

from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.lists.persons import KANA, PERSONS_FOUND, person_row
from governance.console.lists.source import Asked, listed
from governance.console.pages import console_page
from governance.console.person_results import hit_lines, purposes_to, refused_words
from governance.core.errors import GovernanceError
from governance.core.terms import Lang, RowId
from governance.customers.search_queries import recognised
from governance.gateway.api.asking import row_id
from governance.gateway.search_pages import FOUND_MOST
from governance.gateway.search_registers import PERSONS, searchable
from governance.gateway.search_saved import save_search, saved_search
from governance.gateway.search_types import (
    PAGE_MOST,
    Order,
    SearchAnswer,
    SearchEmptyError,
    SearchRefusedError,
    SearchRequest,
)
from governance.gateway.searching import search
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.lists.listing import Listing
from governance.ui.lists.types import Found, Pairs
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import lang_of, templates_of
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.types import Verb

HOME: Final = "/console/persons"
TITLE: Final = "persons.title"
SHOWN: Final = 25  # persons of one page

router = APIRouter(prefix=HOME, include_in_schema=False)
Searcher = Annotated[Principal, Depends(require(Action.PERSON_SEARCH))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the page of a search shows: who was found, or why nothing was searched at all."""

    href: str
    found: Listing | None = None
    denied: str = ""
    takes: bool = False  # whether the reader may take them out as a file
    confirm: str = ""  # where the reader proves anew who they are before that


@router.get("", response_class=HTMLResponse)
async def persons(request: Request, principal: Searcher, purpose: str = "") -> str:
    """The form of a search."""
    return await run_in_threadpool(_page, request, principal, words="", purpose=purpose)


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
        body = await run_in_threadpool(
            _page, request, principal, words=words, purpose=purpose, mistakes=told
        )
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}/searches/{kept}", status_code=303)


@router.get("/searches/{name}")
async def results(request: Request, principal: Searcher, name: str) -> HTMLResponse:
    """Who answers, as far as this officer may know; the search and whom it showed are on record."""
    return await run_in_threadpool(results_page, request, principal, row_id(name))


@router.get("/found")
async def found(request: Request, principal: Searcher, search: str = "") -> Response:
    """The same results in a view of their list; without a search its form."""
    if not search:
        return RedirectResponse(HOME, status_code=303)
    return await run_in_threadpool(results_page, request, principal, row_id(search))


def results_page(
    request: Request,
    principal: Principal,
    key: RowId,
    *,
    pairs: Pairs | None = None,
    mistakes: tuple[Mistake, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    """Who is found, in the view of the address or of these parameters, and what was wrong."""
    wiring, at = wiring_of(request), wiring_of(request).clock()
    lang = lang_of(request)
    with wiring.database.read() as tx:
        kept = saved_search(tx, wiring.ports, principal, key, register=PERSONS, at=at)
    told: list[SearchAnswer] = []

    def look(_: Connection, asked: Asked) -> Found:
        told.append(_searched(request, principal, kept, asked))
        rows = tuple(
            person_row(one, lang) for one in hit_lines(told[0].hits, told[0].purpose, lang)
        )
        total, more = told[0].total, not told[0].total_exact
        return Found(rows=rows, total=total, more=more, next=told[0].cursor or "")

    takes = may(request, principal, Action.PERSON_TAKE) and not principal.stale
    declared = replace(PERSONS_FOUND.declared, selects=takes)
    source = replace(PERSONS_FOUND, rows=look, declared=declared)
    try:
        listing = listed(request, principal, source, given=_given(request, key, pairs))
    except SearchRefusedError as error:
        denied = refused_words([str(error.params["reason"])], lang)[0]
        shown = Results(denied=denied, href=f"{HOME}/searches/{key}")
    else:
        listing = replace(listing, chosen_to=f"{HOME}/searches/{key}/chosen")
        shown = _shown(request, principal, key, _told(listing, told[0], lang))
    page = _page(
        request,
        principal,
        words=kept.text,
        purpose=kept.purpose,
        mistakes=mistakes,
        results=shown,
    )
    return HTMLResponse(page, status_code=403 if shown.denied else status)


def _shown(request: Request, principal: Principal, key: RowId, found: Listing) -> Results:
    """The list, and whether it may become a file now."""
    href = f"{HOME}/searches/{key}"
    takes = bool(found.rows) and may(request, principal, Action.PERSON_TAKE)
    back = urlencode({"next": f"{HOME}/found?search={key}&{found.query}"})
    confirm = f"/account/confirm?{back}" if takes and principal.stale else ""
    return Results(found=found, href=href, takes=takes, confirm=confirm)


def _given(request: Request, key: RowId, pairs: Pairs | None) -> Pairs:
    """The parameters of the list, under the search that the address names."""
    told = request.query_params.multi_items() if pairs is None else pairs
    asked = [one for one in told if one[0] not in {"search", "order"}]
    kana = request.query_params.get("order") == Order.KANA.value  # as addresses said it before
    return [("search", key), *([("sort", KANA)] if kana else []), *asked]


def _searched(
    request: Request, principal: Principal, kept: SearchRequest, asked: Asked
) -> SearchAnswer:
    """A page of the search in this view."""
    wanted = replace(
        kept,
        cursor=asked.view.before or None,
        order=Order.KANA if asked.view.sort_key == KANA else Order.BEST,
        limit=min(asked.view.size, PAGE_MOST),
        request_id=str(getattr(request.state, "request_id", "")) or None,
    )
    reader = replace(principal, lang=asked.lang)
    return search(asked.wiring.ports, reader, wanted, at=asked.at)


def _told(listing: Listing, answer: SearchAnswer, lang: Lang) -> Listing:
    """The list, with what could not be looked into and the record of the look."""
    by_key = listing.view.sort_key == KANA and answer.order is not Order.KANA
    codes = dict.fromkeys(code.value for code in answer.refused.values())
    refused = " ".join(refused_words(codes, lang))
    behind = answer.index_behind
    notes = (
        f"{text('persons.not_looked', lang)} {refused}" if refused else "",
        text("persons.behind", lang, n=f"{behind:,}") if behind else "",
        f"{text('persons.recorded', lang)} {answer.decision_id}",
    )
    return replace(listing, by_key=by_key, notes=tuple(filter(None, notes)))


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
        most=FOUND_MOST,
        way=way(page.lang, (TITLE, HOME)),
    )
