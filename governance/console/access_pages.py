"""アクセス権の棚卸し: reviews by quarter, the accounts of one, a decision about each, its close."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.access_facts import (
    HOME,
    access_lines,
    holding_terms,
    mark_words,
    right_choices,
)
from governance.console.frame import Csrf, again, answered, may, said_field, today, way
from governance.console.lists.access import ACCESS_REVIEWS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.identity.access import service
from governance.identity.access.rules import QUARTER, may_close
from governance.identity.access.types import Decision, Line, Sheet, Standing, Verdict
from governance.identity.credentials.terms import limits_of
from governance.ui.lists.listing import Listing
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.STAFF_READ))]
Reviewer = Annotated[Principal, Depends(require(Action.ACCESS_REVIEW))]
Word = Annotated[str, Form()]
OPEN: Final = (Verdict.KEEP, Verdict.REMOVE, Verdict.END)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was written into the form of a decision."""

    verdict: str = ""
    taken: frozenset[str] = frozenset()
    reason: str = field(default="", repr=False)


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("access.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def reviews(request: Request, principal: Reader) -> str:
    """Every review, and the start of this quarter's for whoever reviews."""
    return await _reviews(request, principal)


async def _reviews(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "access.title", principal), HOME, mistakes)
    wiring = wiring_of(request)

    def look() -> tuple[tuple[Standing, ...], Listing]:
        with wiring.database.read() as tx:
            found = service.standings(tx, wiring.ports, principal)
            return found, listed(request, principal, ACCESS_REVIEWS, tx=tx)

    found, listing = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/access.html",
        page,
        listing=listing,
        open=next((one for one in found if one.review.closed_at is None), None),
        reviews=may(request, principal, Action.ACCESS_REVIEW),
        reports=may(request, principal, Action.REPORT_READ),
        since=today(request) - 4 * QUARTER,
        days=wiring.settings.access_review_days,
        today=today(request),
        mistakes=mistakes,
        way=_way(page.lang),
    )


@router.post("/start")
async def start(request: Request, principal: Reviewer, csrf: Csrf = "") -> Response:
    """The review of this quarter is open."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        begin = partial(
            service.start,
            ports=wiring.ports,
            principal=principal,
            limits=limits_of(wiring.settings),
            within=wiring.settings.access_review_days,
            idle=wiring.settings.access_idle_days,
            at=wiring.clock(),
        )
        return f"{HOME}/{wiring.database.write(begin).quarter}"

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _reviews(request, principal, told)

    return await answered(request, work, page, field="start")


@router.get("/{quarter}", response_class=HTMLResponse)
async def review(request: Request, principal: Reader, quarter: str) -> str:
    """The accounts of a review, those that wait first."""
    return await _review(request, principal, quarter)


async def _sheet(request: Request, principal: Principal, quarter: str) -> Sheet:
    wiring = wiring_of(request)
    limits = limits_of(wiring.settings)

    def look() -> Sheet:
        with wiring.database.read() as tx:
            at = wiring.clock()
            return service.sheet(tx, wiring.ports, principal, limits, quarter, at=at)

    return await run_in_threadpool(look)


async def _review(
    request: Request,
    principal: Principal,
    quarter: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    picked: frozenset[str] = frozenset(),
    reason: str = "",
) -> str:
    found = await _sheet(request, principal, quarter)
    here = f"{HOME}/{found.review.quarter}"
    page = again(console_page(request, "access.title", principal), here, mistakes)
    lines = access_lines(found, snapshot_of(request), principal.id, page.lang)
    return await rendered_page(
        request,
        "console/access_review.html",
        page,
        review=found.review,
        here=here,
        waiting=[one for one in lines if not one.settled],
        settled=[one for one in lines if one.settled],
        joined=found.joined,
        overdue=found.review.overdue(on=today(request)),
        reviews=may(request, principal, Action.ACCESS_REVIEW),
        closes=may_close(found.review, (one.row for one in found.lines), principal.id),
        picked=picked,
        reason=reason,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=_way(page.lang, ("access.one", "")),
    )


@router.post("/{quarter}/keep")
async def keep(request: Request, principal: Reviewer, quarter: str) -> Response:
    """The chosen accounts keep what they have, as it was shown; all of them or none."""
    form = await request.form()
    check_csrf(request, str(form.get("csrf", "")))
    picked = [ActorId(str(one)) for one in form.getlist("account")]
    reason = str(form.get("reason", ""))
    decisions = [
        Decision(
            account=one, verdict=Verdict.KEEP, seen=str(form.get(f"seen-{one}", "")), reason=reason
        )
        for one in picked
    ]

    async def page(told: tuple[Mistake, ...]) -> str:
        chosen = frozenset[str](picked)
        return await _review(request, principal, quarter, told, picked=chosen, reason=reason)

    work = _decided(request, principal, quarter, decisions)
    return await answered(request, work, page, field=said_field("reason"))


def _decided(
    request: Request, principal: Principal, quarter: str, decisions: list[Decision]
) -> Callable[[], str]:
    return _done(request, principal, quarter, partial(service.decide, decisions=decisions))


def _done(
    request: Request, principal: Principal, quarter: str, step: Callable[..., object]
) -> Callable[[], str]:
    """The way back to the review, once the step is done."""
    wiring = wiring_of(request)

    def write(tx: Connection) -> object:
        return step(
            tx,
            ports=wiring.ports,
            principal=principal,
            limits=limits_of(wiring.settings),
            review=quarter,
            at=wiring.clock(),
        )

    def work() -> str:
        wiring.database.write(write)
        return f"{HOME}/{quarter}"

    return work


@router.post("/{quarter}/close")
async def close(request: Request, principal: Reviewer, quarter: str, csrf: Csrf = "") -> Response:
    """The review is closed and never changes again."""
    check_csrf(request, csrf)

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _review(request, principal, quarter, told)

    work = _done(request, principal, quarter, service.close)
    return await answered(request, work, page, field="close")


@router.get("/{quarter}/accounts/{account}", response_class=HTMLResponse)
async def account(request: Request, principal: Reader, quarter: str, account: str) -> str:
    """One account of the review with all that it opens, and the decision about it."""
    return await _account(request, principal, quarter, account)


async def _account(
    request: Request,
    principal: Principal,
    quarter: str,
    account: str,
    mistakes: tuple[Mistake, ...] = (),
    given: Given | None = None,
) -> str:
    found = await _sheet(request, principal, quarter)
    line = next((one for one in found.lines if one.row.account == account), None)
    if line is None:
        raise NotFoundError
    back = f"{HOME}/{found.review.quarter}"
    here = f"{back}/accounts/{account}"
    page = again(console_page(request, "access.title", principal), here, mistakes)
    return await rendered_page(
        request,
        "console/access_account.html",
        page,
        line=line,
        back=back,
        here=here,
        decides=_may_decide(request, principal, found, line),
        own=line.row.account == principal.id,
        given=given or Given(),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=_way(page.lang, ("access.one", back), ("access.account", "")),
        **_words(request, line, page.lang),
    )


def _may_decide(request: Request, principal: Principal, sheet: Sheet, line: Line) -> bool:
    """Whether the form stands on the page; a kept account may still be ended before the close."""
    undecided = line.row.verdict in (None, Verdict.KEEP) and not line.gone
    open_ = sheet.review.closed_at is None and line.row.account != principal.id
    return undecided and open_ and may(request, principal, Action.ACCESS_REVIEW)


def _words(request: Request, line: Line, lang: Lang) -> Mapping[str, Any]:
    policy = snapshot_of(request)
    return {
        "terms": holding_terms(line.holding, policy, lang),
        "marks": mark_words(line.holding, lang),
        "rights": right_choices(line.holding, policy, lang),
    }


@router.post("/{quarter}/accounts/{account}")
async def decide(request: Request, principal: Reviewer, quarter: str, account: str) -> Response:
    """The decision stands; what it takes away is gone from the next request on."""
    form = await request.form()
    check_csrf(request, str(form.get("csrf", "")))
    said = str(form.get("verdict", ""))
    given = Given(
        verdict=said,
        taken=frozenset(str(one) for one in form.getlist("taken")),
        reason=str(form.get("reason", "")),
    )
    decision = Decision(
        account=ActorId(account),
        verdict=Verdict(said) if said in set(OPEN) else Verdict.GONE,  # nobody may say that
        seen=str(form.get("seen", "")),
        taken=given.taken if said == Verdict.REMOVE else frozenset(),
        reason=given.reason,
    )

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _account(request, principal, quarter, account, told, given)

    work = _decided(request, principal, quarter, [decision])
    return await answered(request, work, page, field=said_field("verdict"))
