"""`/v1/break-glass`: emergency accesses: opened with a reason, ended by themselves, reviewed."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from governance.gateway.api.asking import Asking, asking, in_thread, person_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Strict, Words, of_words, taking
from governance.gateway.glass import service
from governance.gateway.glass.types import LONGEST, Glass, GlassRequest, Verdict
from governance.http.principal import Principal
from governance.http.request import wiring_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/break-glass", tags=["break-glass"])
Breaker = Annotated[Principal, Depends(require(Action.GLASS_BREAK))]
Reviewer = Annotated[Principal, Depends(require(Action.GLASS_REVIEW))]
Anybody = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Waiting = Annotated[bool, Query(description="事後確認の済んでいないもの / Without a review")]
OPEN: Final = {
    "purpose": "order_support",
    "subject": "00000000-0000-4000-8000-000000000001",
    "minutes": 15,
    "reason": "本人の生命に関わる連絡のため（架空）",
}
REVIEW: Final = {"verdict": "justified", "comment": "連絡の記録と照合した（架空）"}


class GlassIn(Strict):
    """For what, about whom (nobody: whoever is searched), how long, and why."""

    purpose: Words
    subject: Words | None = None
    minutes: int
    reason: Text


class ReviewIn(Strict):
    """What the reviewer found."""

    verdict: Annotated[Verdict, of_words(Verdict)]
    comment: Text


@router.post("", status_code=201, openapi_extra=taking(GlassIn, OPEN))
async def open_glass(request: Request, principal: Breaker) -> JSONResponse:
    """The access is open; the privacy officer is told at once."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(GlassIn, parsed(raw))
    terms = service.terms_of(wiring_of(request).settings)
    wanted = GlassRequest(
        purpose=given.purpose,
        subject=person_id(given.subject) if given.subject is not None else None,
        minutes=given.minutes,
        reason=given.reason,
    )

    def work() -> JSONResponse:
        made = service.open_glass(asked.ports, principal, wanted, terms, at=asked.at)
        return JSONResponse(made.as_json(asked.at), status_code=201)

    return await in_thread(work)


@router.get("")
async def glasses(
    request: Request,
    principal: Anybody,
    unreviewed: Waiting = False,  # noqa: FBT002 - a query parameter
) -> JSONResponse:
    """Accesses, the newest first: every one for who reviews, one's own for the others."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.listing(tx, asked.ports, principal, unreviewed=unreviewed)
        return JSONResponse({"items": [one.as_json(asked.at) for one in found]})

    return await in_thread(work)


@router.get("/{glass}")
async def one_glass(request: Request, principal: Anybody, glass: str) -> JSONResponse:
    """One access with its reason and the reviewer's comment."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found, reason, comment = service.show(tx, asked.ports, principal, glass)
        shape = {**found.as_json(asked.at), "reason": reason, "comment": comment or None}
        return JSONResponse(shape)

    return await in_thread(work)


@router.post("/{glass}/end")
async def end_glass(request: Request, principal: Anybody, glass: str) -> JSONResponse:
    """The access has ended, by who opened it or who reviews."""
    asked = asking(request, principal)
    work = partial(service.end_glass, asked.ports, principal, glass, at=asked.at)
    return _shown(asked, await in_thread(work))


@router.post("/{glass}/review", openapi_extra=taking(ReviewIn, REVIEW))
async def review_glass(request: Request, principal: Reviewer, glass: str) -> JSONResponse:
    """The verdict of another person stands."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(ReviewIn, parsed(raw))
    work = partial(
        service.review_glass,
        asked.ports,
        principal,
        glass,
        given.verdict,
        given.comment,
        at=asked.at,
    )
    return _shown(asked, await in_thread(work))


def _shown(asked: Asking, glass: Glass) -> JSONResponse:
    return JSONResponse(glass.as_json(asked.at))
