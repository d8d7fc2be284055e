"""The officers' pages of emergency access: open, end, list, and the later review by another."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, answered, may, said_field, way
from governance.console.lists.accesses import EMERGENCIES
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.terms import Lang, SubjectId
from governance.gateway.glass import service
from governance.gateway.glass.lifting import may_hold
from governance.gateway.glass.types import Glass, GlassFormError, GlassRequest, Verdict
from governance.http.numbers import number_in
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix="/console/break-glass", include_in_schema=False)
HOME = "/console/break-glass"
Anybody = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Breaker = Annotated[Principal, Depends(require(Action.GLASS_BREAK))]
Reviewer = Annotated[Principal, Depends(require(Action.GLASS_REVIEW))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassLine:
    """One access in the list."""

    glass: Glass
    purpose: str
    state: str  # open, waiting, or the verdict
    late: bool  # its review is due and was not made


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was written into the form that opens an access."""

    purpose: str = ""
    subject: str = ""
    minutes: str = "15"
    reason: str = ""

    def __repr__(self) -> str:
        return "Given(...)"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.glass.title", HOME), *further)


def _line(request: Request, glass: Glass, lang: Lang) -> GlassLine:
    at = wiring_of(request).clock()
    known = snapshot_of(request).purpose(glass.purpose)
    state = "open" if glass.open(at) else "waiting"
    return GlassLine(
        glass=glass,
        purpose=str(glass.purpose) if known is None else known.label[lang],
        state=glass.verdict.value if glass.verdict else state,
        late=glass.verdict is None and glass.review_due < at.astimezone(JST).date(),
    )


@router.get("", response_class=HTMLResponse)
async def accesses(request: Request, principal: Anybody) -> str:
    """Every access for who reviews them, one's own for the others; those that wait on demand."""
    return await _accesses(request, principal)


async def _accesses(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    given: Given | None = None,
) -> str:
    page = again(console_page(request, "console.glass.title", principal), HOME, mistakes)
    wiring = wiring_of(request)
    unreviewed = request.query_params.get("unreviewed") == "yes"

    found = await run_in_threadpool(listed, request, principal, EMERGENCIES)
    policy = snapshot_of(request)
    return await rendered_page(
        request,
        "console/glasses.html",
        page,
        found=found,
        unreviewed=unreviewed,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        given=given or Given(subject=request.query_params.get("person", "")),
        purposes=[
            Choice(value=str(one.id), label=one.label[page.lang])
            for one in policy.purposes.values()
            if not one.direct_marketing
        ],
        minutes_most=service.terms_of(wiring.settings).minutes_most,
        sees_all=may(request, principal, Action.GLASS_REVIEW),
        may_break=may(request, principal, Action.GLASS_BREAK) and may_hold(policy, principal),
        way=_way(page.lang),
    )


@router.post("/open")
async def open_access(
    request: Request,
    principal: Breaker,
    purpose: Words = "",
    subject: Words = "",
    minutes: Words = "",
    reason: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The access is open and ends by itself; the privacy officer is told at once."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        if (asked := number_in(minutes)) is None:
            raise GlassFormError(field="minutes")
        wanted = GlassRequest(
            purpose=purpose,
            subject=SubjectId(subject.strip()) if subject.strip() else None,
            minutes=asked,
            reason=reason,
        )
        terms = service.terms_of(wiring.settings)
        made = service.open_glass(wiring.ports, principal, wanted, terms, at=wiring.clock())
        return f"{HOME}/{made.id}"

    async def page(told: tuple[Mistake, ...]) -> str:
        given = Given(purpose=purpose, subject=subject, minutes=minutes, reason=reason)
        return await _accesses(request, principal, told, given)

    return await answered(request, work, page, field=said_field("reason"))


@router.get("/{glass}", response_class=HTMLResponse)
async def access(request: Request, principal: Anybody, glass: str) -> str:
    """One access with its reason, and what the review of it found."""
    return await _access(request, principal, glass)


async def _access(
    request: Request,
    principal: Principal,
    glass: str,
    mistakes: tuple[Mistake, ...] = (),
    comment: str = "",
) -> str:
    page = again(console_page(request, "console.glass.one", principal), f"{HOME}/{glass}", mistakes)
    wiring = wiring_of(request)

    def look() -> tuple[Glass, str, str]:
        with wiring.database.read() as tx:
            return service.show(tx, wiring.ports, principal, glass)

    found, reason, said = await run_in_threadpool(look)
    reviews = may(request, principal, Action.GLASS_REVIEW)
    own = found.actor == principal.id
    return await rendered_page(
        request,
        "console/glass.html",
        page,
        line=_line(request, found, page.lang),
        reason=reason,
        said=said,
        open=found.open(wiring.clock()),
        own=own,
        may_end=own or reviews,
        may_review=reviews,
        verdicts=[
            Choice(value=one.value, label=text(f"cli.glass.state.{one.value}", page.lang))
            for one in Verdict
        ],
        reads_log=may(request, principal, Action.AUDIT_READ),
        mistakes=mistakes,
        comment=comment,
        way=_way(page.lang, ("console.glass.one", "")),
    )


@router.post("/{glass}/end")
async def end(request: Request, principal: Anybody, glass: str, csrf: Csrf = "") -> Response:
    """The access has ended, by who opened it or who reviews."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    await run_in_threadpool(
        lambda: service.end_glass(wiring.ports, principal, glass, at=wiring.clock())
    )
    return RedirectResponse(f"{HOME}/{glass}", status_code=303)


@router.post("/{glass}/review")
async def review(
    request: Request,
    principal: Reviewer,
    glass: str,
    verdict: Words = "",
    comment: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The verdict of another person stands; a form without words comes back."""
    check_csrf(request, csrf)
    if verdict not in {one.value for one in Verdict}:
        raise NotFoundError
    wiring: Any = wiring_of(request)

    def work() -> str:
        judged, at = Verdict(verdict), wiring.clock()
        service.review_glass(wiring.ports, principal, glass, judged, comment, at=at)
        return f"{HOME}/{glass}"

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _access(request, principal, glass, told, comment)

    return await answered(request, work, page, field="comment")
