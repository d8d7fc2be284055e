"""Forms beside the proof of identity: the desk's steps; rest, going on, two months more."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from dsar.case import Case
from dsar.errors import RequestStepError
from dsar.stepping import advance
from dsar.types import Event, Refusal
from governance.console.case_facts import HERE
from governance.console.frame import Csrf
from governance.console.request_pages import HOME, at_field, changed
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import RequestId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.DSAR_DECIDE))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Words = Annotated[str, Form()]
STEPS: Final = frozenset({Event.HOLD, Event.RELEASE, Event.EXTEND})


@router.post("/{request_id}/rest")
async def rest(
    request: Request,
    request_id: str,
    principal: Officer,
    step: Words = "",
    ground: Words = "",
    until: Words = "",
    csrf: Csrf = "",
) -> Response:
    """Work rests to a day for a reason, goes on, or has two months more (GDPR 12(3))."""
    check_csrf(request, csrf)
    if step not in STEPS:
        raise NotFoundError
    wiring, event = wiring_of(request), Event(step)

    def work(tx: Connection) -> object:
        return advance(
            tx,
            wiring.ports,
            principal,
            RequestId(request_id),
            event,
            at=wiring.clock(),
            ground=ground or None,
            until=_day(until),
        )

    sent = {"ground": ground, "until": until}

    def field_of(error: GovernanceError) -> str:
        return _field(error, event)

    return await changed(request, request_id, principal, work, field_of=field_of, given=sent)


@router.post("/{request_id}/identity/steps")
async def take(
    request: Request, request_id: str, principal: Desk, step: Words = "", csrf: Csrf = ""
) -> Response:
    """A step that the desk takes on this page, by the law's own table."""
    check_csrf(request, csrf)
    work = step_here(request, request_id, principal, step)
    return await changed(request, request_id, principal, work, field_of=at_field(step))


def step_here(
    request: Request, request_id: str, principal: Principal, step: str
) -> Callable[[Connection], Case]:
    """The step that needs no page of its own, to be taken in a transaction; 404 for any other."""
    if step not in {event.value for event in HERE}:
        raise NotFoundError
    wiring, event = wiring_of(request), Event(step)
    return partial(
        advance,
        ports=wiring.ports,
        principal=principal,
        request=RequestId(request_id),
        event=event,
        at=wiring.clock(),
        ground=HERE[event] or None,
    )


def _field(error: GovernanceError, event: Event) -> str:
    """The field that the refusal is about: the day or the reason, else the form's button."""
    match error.params.get("reason") if isinstance(error, RequestStepError) else None:
        case Refusal.HOLD_END_MISSING.value:
            return "until"
        case Refusal.GROUND_MISSING.value:
            return f"{event.value}-ground"
        case _:
            return event.value


def _day(given: str) -> date | None:
    """The day that was written; none where it is no day, which the rules refuse."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
