"""The officers' pages of duplicates: pairs that wait, rows side by side, merges and undoing."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.duplicate_facts import HOME, chosen_rows, evidence_words, side_lines
from governance.console.frame import Csrf, again, answered, may, way
from governance.console.lists.duplicates import DUPLICATES, MERGED
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang, SubjectId
from governance.customers.upkeep.candidates import PairKind, PairState
from governance.gateway.deciding import decided, merge_pair, undo_merge
from governance.gateway.merge_types import MergeRequest, Side
from governance.gateway.pairs import PairView, pair_by_id, show, tell_apart
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.lists.types import MOST
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

TITLE: Final = "upkeep.dup.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.QUALITY_READ))]
Decider = Annotated[Principal, Depends(require(Action.PERSON_MERGE))]
Words = Annotated[str, Form()]


def _way(lang: Lang, *further: str) -> tuple[Crumb, ...]:
    return way(lang, (TITLE, HOME), *((key, "") for key in further))


@router.get("", response_class=HTMLResponse)
async def duplicates(request: Request, principal: Reader) -> str:
    """Pairs that look like one person or company, the surest first, and what was merged."""
    page = console_page(request, TITLE, principal)

    def look() -> dict[str, object]:
        with wiring_of(request).database.read() as tx:
            return {
                "found": listed(request, principal, DUPLICATES, tx=tx),
                "merged": listed(request, principal, MERGED, tx=tx),
            }

    return await rendered_page(
        request,
        "console/duplicates.html",
        page,
        may_merge=may(request, principal, Action.PERSON_MERGE),
        way=_way(page.lang),
        **await run_in_threadpool(look),
    )


@router.get("/merges/{merge}", response_class=HTMLResponse)
async def merged(request: Request, principal: Reader, merge: str) -> str:
    """One merge, and how it is undone."""
    return await _merged(request, principal, merge)


async def _merged(
    request: Request, principal: Principal, merge: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    href = f"{HOME}/merges/{merge}"
    page = again(console_page(request, "upkeep.dup.one_merge", principal), href, mistakes)
    wiring = wiring_of(request)

    def look() -> dict[str, object] | None:
        with wiring.database.read() as tx:
            made = decided(tx, wiring.ports, principal, limit=MOST)
        return next((one for one in made if one["merge"] == merge), None)

    found = await run_in_threadpool(look)
    if found is None:
        raise NotFoundError
    return await rendered_page(
        request,
        "console/merge.html",
        page,
        merge=found,
        mistakes=mistakes,
        may_merge=may(request, principal, Action.PERSON_MERGE),
        may_read=may(request, principal, Action.PERSON_READ),
        way=_way(page.lang, "upkeep.dup.one_merge"),
    )


@router.post("/merges/{merge}/undo")
async def undo(
    request: Request, principal: Decider, merge: str, rest: Words = "", csrf: Csrf = ""
) -> Response:
    """The two are two again, each with what was theirs."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    side = Side(rest) if rest in set(Side) else None

    def work() -> str:
        undo_merge(wiring.ports, principal, merge, rest=side, at=wiring.clock())
        return f"{HOME}/merges/{merge}"

    return await answered(request, work, partial(_merged, request, principal, merge), field="rest")


@router.get("/{pair}", response_class=HTMLResponse)
async def one(request: Request, principal: Decider, pair: str) -> str:
    """Both rows of a pair as the reader may see them; both readings are on record."""
    return await _pair(request, principal, pair)


async def _pair(
    request: Request, principal: Principal, pair: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "upkeep.dup.one", principal), f"{HOME}/{pair}", mistakes)
    wiring = wiring_of(request)

    def look() -> PairView:
        return show(wiring.ports, principal, pair, at=wiring.clock())

    view = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/duplicate.html",
        page,
        view=view,
        lines=side_lines(view, principal, snapshot_of(request), page.lang),
        evidence=evidence_words(view.pair, page.lang),
        open=view.pair.state is PairState.OPEN,
        persons=view.pair.kind is PairKind.PERSON,
        mistakes=mistakes,
        way=_way(page.lang, "upkeep.dup.one"),
    )


@router.post("/{pair}/merge")
async def merge(request: Request, principal: Decider, pair: str) -> Response:
    """The two are one: by the rule, or by what the form says of each field that differs."""
    async with request.form(max_files=0, max_fields=200) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    wiring = wiring_of(request)

    def work() -> str:
        with wiring.database.read() as tx:
            known = pair_by_id(tx, pair)
        wanted = MergeRequest(
            pair=pair,
            survivor=SubjectId(sent["survivor"]) if sent.get("survivor") else None,
            choices=chosen_rows(sent, known),
            version=sent.get("version") or None,
        )
        done = merge_pair(wiring.ports, principal, wanted, at=wiring.clock())
        return f"{HOME}/merges/{done.merge}"

    return await answered(request, work, partial(_pair, request, principal, pair), field="merge")


@router.post("/{pair}/different")
async def different(request: Request, principal: Decider, pair: str, csrf: Csrf = "") -> Response:
    """The two are two; no search proposes them again."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        tell_apart(wiring.ports, principal, pair, at=wiring.clock())
        return f"{HOME}?told={pair}"

    return await answered(
        request, work, partial(_pair, request, principal, pair), field="different"
    )
