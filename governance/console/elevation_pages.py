"""特権の一時付与: ask for a role for a time, give it to another, end it; the list with reasons."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.approvals.service import Approvals
from governance.approvals.store import find as find_approval
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console.frame import Csrf, again, answered, may, said_field, way
from governance.console.lists.elevations import ELEVATIONS, HOME
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.clock import JST
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.identity.elevation import service
from governance.identity.elevation.service import elevation_executor
from governance.identity.elevation.types import Elevation, ElevationFormError, Phase
from governance.ui.lists.listing import Listing
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.duties import conflicts
from policies.types import RoleKind

router = APIRouter(prefix=HOME, include_in_schema=False)
Anybody = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Decider = Annotated[Principal, Depends(require(Action.APPROVAL_DECIDE))]
Word = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationLine:
    """One elevation as the list shows it."""

    elevation: Elevation
    role: str
    reason: str
    phase: Phase
    own: bool
    open: bool  # its approval may still be given


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was written into the form."""

    role: str = ""
    minutes: str = "60"
    reason: str = ""

    def __repr__(self) -> str:
        return "Given(...)"


@router.get("", response_class=HTMLResponse)
async def elevations(request: Request, principal: Anybody) -> str:
    """One's own elevations, and those of all for whoever may give them."""
    return await _elevations(request, principal)


async def _elevations(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    given: Given | None = None,
) -> str:
    page = again(console_page(request, "account.elevation.title", principal), HOME, mistakes)
    wiring, roles, at = wiring_of(request), snapshot_of(request).roles, wiring_of(request).clock()

    def look() -> tuple[list[ElevationLine], Listing]:
        with wiring.database.read() as tx:
            found = service.listing(tx, wiring.ports, principal)
            lines = [
                ElevationLine(
                    elevation=one,
                    role=roles[one.role].label[page.lang] if one.role in roles else one.role,
                    reason=reason,
                    phase=one.phase(at),
                    own=one.staff == principal.id,
                    open=one.approval is not None
                    and one.phase(at) is Phase.ASKED
                    and find_approval(tx, ApprovalId(one.approval)).expires_at > at,
                )
                for one, reason in found
                if one.phase(at) is not Phase.OVER
            ]
            return lines, listed(request, principal, ELEVATIONS, tx=tx)

    lines, every = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/elevation.html",
        page,
        lines=lines,
        every=every,
        gives=may(request, principal, Action.APPROVAL_DECIDE),
        roles=[
            Choice(value=name, label=role.label[page.lang])
            for name, role in sorted(roles.items())
            if role.kind is RoleKind.STAFF
            and name not in principal.roles
            and not conflicts(snapshot_of(request), principal.roles & roles.keys() | {name})
        ],
        most=service.MOST_MINUTES,
        given=given or Given(),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        zone=JST,
        way=way(page.lang, ("account.elevation.title", HOME)),
    )


@router.post("")
async def ask(
    request: Request,
    principal: Anybody,
    role: Word = "",
    minutes: Word = "",
    reason: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The role waits for a second person."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= len("9999")):
            raise ElevationFormError(field="minutes")
        wanted = partial(
            service.ask,
            ports=wiring.ports,
            approvals=Approvals(audit=wiring.audit, executors={}),
            principal=principal,
            role=role,
            minutes=int(minutes),
            reason=reason,
            at=wiring.clock(),
        )
        wiring.database.write(wanted)
        return HOME

    async def page(told: tuple[Mistake, ...]) -> str:
        given = Given(role=role[:64], minutes=minutes[:8], reason=reason)
        return await _elevations(request, principal, told, given)

    return await answered(request, work, page, field=said_field("role"))


@router.post("/approvals/{approval}")
async def give(
    request: Request, principal: Decider, approval: str, answer: Word = "", csrf: Csrf = ""
) -> Response:
    """The role counts from now on, or the request has ended without effect."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    executors = {ApprovalKind.ELEVATION: elevation_executor(wiring.ports)}
    desk = Approvals(audit=wiring.audit, executors=executors)

    def work() -> str:
        with wiring.database.read() as tx:
            found = service.asked_for(tx, ApprovalId(approval))
        at = wiring.clock()
        act = (
            partial(desk.approve_and_execute, approval_id=found.id, digest=found.digest)
            if answer == "give"
            else partial(desk.refuse, approval_id=found.id, reason_code="not_needed")
        )
        wiring.database.write(partial(act, by=principal, at=at))
        return HOME

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _elevations(request, principal, told)

    return await answered(request, work, page, field="list")


@router.post("/{elevation}/end")
async def end(request: Request, principal: Anybody, elevation: str, csrf: Csrf = "") -> Response:
    """The role counts no more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        service.end,
        ports=wiring.ports,
        principal=principal,
        elevation=elevation,
        at=wiring.clock(),
    )
    await run_in_threadpool(wiring.database.write, work)
    return RedirectResponse(HOME, status_code=303)
