"""The officers' pages of complaints (APPI 40; GDPR 12(4), 77): file, look, answer, refer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.complaints import service
from dsar.complaints.rules import Given
from dsar.complaints.types import Authority, Cause, Complaint, ComplaintEvent, Refused
from dsar.errors import ComplaintStepError, RequestTimeError, RequestUnknownError
from dsar.intake.importing import arrived
from dsar.listing import id_of
from dsar.store import case_by_id
from governance.console.complaint_facts import (
    ComplaintShown,
    complaint_shown,
)
from governance.console.frame import Csrf, again, answered, may, mistakes_of, today, way
from governance.console.lists.complaints import COMPLAINTS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.clock import JST
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RequestId, RowId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/complaints"
TITLE: Final = "console.complaints.title"
ONE: Final = "console.complaints.one"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was written into the form of a new complaint."""

    request: str = ""
    cause: str = ""
    received_on: str = ""


def _choices(words: type[StrEnum], group: str, lang: Lang) -> list[Choice]:
    return [
        Choice(value=one.value, label=text(f"dsar.complaint.{group}.{one.value}", lang))
        for one in words
    ]


@router.get("", response_class=HTMLResponse)
async def complaints(request: Request, principal: Reader) -> str:
    """Complaints that wait, by their day; of one request where its number is asked for."""
    given = Entered(request=request.query_params.get("request", ""))
    return await _complaints(request, principal, given)


async def _complaints(
    request: Request, principal: Principal, given: Entered, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, TITLE, principal), HOME, mistakes)
    lang, day = page.lang, today(request)
    asked = request.query_params.get("request", "")

    return await rendered_page(
        request,
        "console/complaints.html",
        page,
        found=await run_in_threadpool(listed, request, principal, COMPLAINTS),
        asked=asked,
        given=given,
        today=day,
        causes=_choices(Cause, "cause", lang),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        may_write=may(request, principal, Action.DSAR_WRITE),
        may_report=may(request, principal, Action.REPORT_READ),
        way=way(lang, (TITLE, HOME)),
    )


@router.post("/file")
async def file(
    request: Request,
    principal: Desk,
    reference: Annotated[str, Form(alias="request")] = "",
    cause: Words = "",
    received_on: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The complaint is on file from the day on which it came, and acknowledged."""
    check_csrf(request, csrf)
    if cause not in set(Cause):
        raise NotFoundError
    wiring = wiring_of(request)

    def work(tx: Connection) -> Complaint:
        at = wiring.clock()
        about = id_of(tx, reference.strip())
        if about is None:
            raise RequestUnknownError
        came = _came(tx, about, received_on, at=at)
        return service.complain(
            tx, wiring.ports, principal, about, Cause(cause), at=at, received_at=came
        )

    async def page(told: tuple[Mistake, ...]) -> str:
        given = Entered(request=reference, cause=cause, received_on=received_on)
        return await _complaints(request, principal, given, told)

    def field(error: GovernanceError) -> str:
        return "received_on" if isinstance(error, RequestTimeError) else "request"

    return await answered(
        request, lambda: f"{HOME}/{wiring.database.write(work).id}", page, field=field
    )


def _came(tx: Connection, about: RequestId, written: str, *, at: datetime) -> datetime:
    """When the complaint came: that day, never before the request of the same day."""
    day = arrived(written)
    if day is None:
        raise RequestTimeError
    if day.date() == at.astimezone(JST).date():
        return at
    received = case_by_id(tx, about).received_at
    return received if day.date() == received.astimezone(JST).date() else day


@router.get("/{complaint}", response_class=HTMLResponse)
async def complaint(request: Request, principal: Reader, complaint: str) -> str:
    """One complaint with its history and what may come next."""
    return await _complaint(request, principal, complaint)


async def _complaint(
    request: Request,
    principal: Principal,
    complaint: str,
    mistakes: tuple[Mistake, ...] = (),
    given: dict[str, str] | None = None,
) -> str:
    page = again(console_page(request, ONE, principal), f"{HOME}/{complaint}", mistakes)
    wiring, lang = wiring_of(request), page.lang

    def look() -> ComplaintShown:
        with wiring.database.read() as tx:
            return complaint_shown(tx, wiring.ports, principal, RowId(complaint), lang)

    return await rendered_page(
        request,
        "console/complaint.html",
        page,
        shown=await run_in_threadpool(look),
        authorities=_choices(Authority, "authority", lang),
        given={"authority": "", "number": "", "follow_up": "", **(given or {})},
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        opens_case=may(request, principal, Action.DSAR_WRITE),
        decides=may(request, principal, Action.DSAR_DECIDE),
        way=way(lang, (TITLE, HOME), (ONE, "")),
    )


@router.post("/{complaint}/step")
async def step(
    request: Request,
    principal: Reader,
    complaint: str,
    event: Words = "",
    authority: Words = "",
    number: Words = "",
    follow_up: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The complaint is one lawful step on; what is refused comes back with its reason."""
    check_csrf(request, csrf)
    if event not in set(ComplaintEvent):
        raise NotFoundError
    wiring = wiring_of(request)
    refers = event == ComplaintEvent.REFER

    def work(tx: Connection) -> object:
        right = id_of(tx, follow_up.strip()) if follow_up.strip() else None
        if follow_up.strip() and right is None:
            raise RequestUnknownError
        known = refers and authority in set(Authority)
        given = Given(
            authority=Authority(authority) if known else None,
            authority_reference=(number.strip() or None) if refers else None,
            follow_up=right,
        )
        taken = ComplaintEvent(event)
        return service.take_step(
            tx, wiring.ports, principal, RowId(complaint), taken, at=wiring.clock(), given=given
        )

    sent = {"authority": authority, "number": number, "follow_up": follow_up}
    return await _done(request, principal, complaint, work, sent)


async def _done(
    request: Request,
    principal: Principal,
    complaint: str,
    work: Callable[[Connection], object],
    sent: dict[str, str],
) -> Response:
    """Back to the complaint after the step; or with the reason why it is not possible."""
    try:
        await run_in_threadpool(wiring_of(request).database.write, work)
    except (ComplaintStepError, RequestUnknownError) as error:
        lang = console_page(request, ONE, principal).lang
        told = mistakes_of(error, lang, field_id=_field(error))
        body = await _complaint(request, principal, complaint, told, sent)
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}/{complaint}", status_code=303)


def _field(error: GovernanceError) -> str:
    """The field that the refusal is about; the step itself where it is about none."""
    match error.params.get("reason"):
        case Refused.AUTHORITY_MISSING.value:
            return "authority"
        case Refused.FOLLOW_UP_MISSING.value:
            return "follow_up"
        case _:
            return "follow_up" if isinstance(error, RequestUnknownError) else "step"
