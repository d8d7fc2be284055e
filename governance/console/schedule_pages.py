"""The officers' pages of retention schedules: in words, compared, proposed and adopted by two."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console import schedule_facts as facts
from governance.console.frame import Csrf, again, answered, may
from governance.console.lists.retention import SCHEDULES_ADOPTED
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.retention_frame import (
    SCHEDULES,
    SIMULATIONS,
    Approver,
    Planner,
    Reader,
    Runner,
    way_to,
)
from governance.console.schedule_form import LARGEST, schedule_words, version_choices
from governance.console.simulation_pages import drive
from governance.core.terms import Lang
from governance.customers.uploads import UNFIT, Place, scanned
from governance.http.numbers import number_in
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import error_text
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page, templates_of
from policies.actions import Action
from retention.adoption import propose_schedule, proposed, schedule_executor
from retention.errors import ScheduleFormError, ScheduleUnknownError
from retention.faults import faults_of
from retention.schedules import read_schedule
from retention.simulation import service as simulations
from retention.types import Schedule

router = APIRouter(prefix=SCHEDULES, include_in_schema=False)
TITLE: Final = "console.schedules.title"
WITHDRAWN, REJECTED = "withdrawn", "rejected"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way_to(lang, (TITLE, SCHEDULES), *further)


@router.get("", response_class=HTMLResponse)
async def schedules(request: Request, principal: Reader, version: str = "") -> str:
    """The schedule in force, or an adopted one, in words; versions; what waits; the form."""
    return await run_in_threadpool(_schedules, request, principal, version=version)


def _schedules(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    *,
    version: str = "",
    content: str = "",
) -> str:
    page = again(console_page(request, TITLE, principal), SCHEDULES, mistakes)
    wiring, asked = wiring_of(request), number_in(version)
    if version and asked is None:
        raise ScheduleUnknownError
    with wiring.database.read() as tx:
        standing = facts.standing_of(tx, wiring.ports, page.lang, asked, at=wiring.clock())
        found = listed(request, principal, SCHEDULES_ADOPTED, tx=tx)
        options = [one for one in version_choices(tx, page.lang) if one.value]
    return templates_of(request).render(
        "console/schedules.html",
        page,
        facts=standing,
        found=found,
        options=options,
        mistakes=mistakes,
        content=content,
        reads_law=may(request, principal, Action.POLICY_READ),
        may_propose=may(request, principal, Action.RETENTION_RUN),
        way=_way(page.lang),
    )


@router.get("/compare", response_class=HTMLResponse)
async def compare(request: Request, principal: Reader, old: str = "", new: str = "") -> str:
    """What one version changes of another, in words."""
    page = console_page(request, "console.schedules.compare", principal)
    wiring = wiring_of(request)

    def look() -> tuple[Schedule, Schedule]:
        with wiring.database.read() as tx:
            return facts.compared(tx, old, new)

    before, after = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/schedule_compare.html",
        page,
        old=old,
        new=new,
        before=before,
        after=after,
        sentences=facts.sentences(before, after, page.lang),
        may_plan=may(request, principal, Action.RETENTION_PLAN),
        way=_way(page.lang, ("console.schedules.compare", "")),
    )


@router.post("/compare")
async def count(
    request: Request,
    principal: Planner,
    later: BackgroundTasks,
    old: Annotated[str, Form()],
    new: Annotated[str, Form()],
    csrf: Csrf = "",
) -> Response:
    """The persons whom the one version decides otherwise than the other, as a simulation."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        with wiring.database.read() as tx:
            before, after = facts.compared(tx, old, new)
        return _simulated(wiring, principal, after, before, later)

    place = await run_in_threadpool(work)
    return RedirectResponse(place, status_code=303, background=later)


def _simulated(
    wiring: Any,
    principal: Principal,
    schedule: Schedule,
    against: Schedule | None,
    later: BackgroundTasks,
) -> str:
    ask = partial(
        simulations.ask,
        ports=wiring.ports,
        principal=principal,
        schedule=schedule,
        against=against,
        at=wiring.clock(),
    )
    asked = wiring.database.write(ask)
    drive(wiring, principal, asked, later)
    return f"{SIMULATIONS}/{asked}"


@router.post("/propose")
async def propose(
    request: Request,
    principal: Runner,
    later: BackgroundTasks,
    content: Annotated[str, Form(max_length=LARGEST)] = "",
    file: Annotated[UploadFile | None, File()] = None,
    csrf: Csrf = "",
) -> Response:
    """The schedule waits for a second person; a faulty one comes back fault by fault."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    sent = await file.read(LARGEST + 1) if file is not None and file.size else b""
    lang = console_page(request, TITLE, principal).lang

    def work() -> str:
        if sent:
            scanned(wiring.ports, principal, sent, place=Place.SCHEDULE, at=wiring.clock())
        words = schedule_words(sent) if sent else content.replace("\r\n", "\n")
        read_schedule(words)
        asked = wiring.database.write(
            lambda tx: propose_schedule(
                tx, wiring.ports, _approvals(wiring), principal, words, at=wiring.clock()
            )
        )
        if may(request, principal, Action.RETENTION_PLAN):
            _simulated(wiring, principal, read_schedule(words), None, later)
        return f"{SCHEDULES}/changes/{asked.id}"

    try:
        place = await run_in_threadpool(work)
    except UNFIT as error:
        unfit = (Mistake(field_id="file", sentence=error_text(error, lang)),)
        shown = partial(_schedules, request, principal, unfit, content=content)
        return HTMLResponse(await run_in_threadpool(shown), status_code=error.status)
    except ScheduleFormError as error:
        kept, told = await run_in_threadpool(_faults, sent, content, error, lang)
        shown = partial(_schedules, request, principal, told, content=kept)
        return HTMLResponse(await run_in_threadpool(shown), status_code=error.status)
    return RedirectResponse(place, status_code=303, background=later)


def _faults(
    sent: bytes, content: str, error: ScheduleFormError, lang: Lang
) -> tuple[str, tuple[Mistake, ...]]:
    """The text as it was sent, to be mended in its field, and each of its faults."""
    try:
        words = schedule_words(sent) if sent else content.replace("\r\n", "\n")
    except ScheduleFormError:  # no text at all
        return content, (Mistake(field_id="file", sentence=error_text(error, lang)),)
    faults = faults_of(words) or (error,)
    told = tuple(Mistake(field_id="content", sentence=error_text(one, lang)) for one in faults)
    return words, told


def _approvals(wiring: Any) -> Approvals:
    executors = {ApprovalKind.RETENTION_SCHEDULE: schedule_executor(wiring.ports)}
    return Approvals(audit=wiring.audit, executors=executors)


@router.get("/changes/{approval}", response_class=HTMLResponse)
async def change(request: Request, principal: Reader, approval: str) -> str:
    """What a proposal would change, in words and in persons."""
    return await run_in_threadpool(_change, request, principal, approval)


def _change(
    request: Request, principal: Principal, approval: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    here = f"{SCHEDULES}/changes/{approval}"
    page = again(console_page(request, "console.schedules.change", principal), here, mistakes)
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        found = facts.proposal_of(tx, wiring.ports, approval, page.lang, at=wiring.clock())
    return templates_of(request).render(
        "console/schedule_change.html",
        page,
        found=found,
        here=here,
        shown=facts.schedule_shown(found.schedule, page.lang, on=wiring.clock().date()),
        mistakes=mistakes,
        own=found.approval.requested_by == principal.id,
        may_approve=may(request, principal, Action.RETENTION_APPROVE),
        reads_law=may(request, principal, Action.POLICY_READ),
        way=_way(page.lang, ("console.schedules.change", "")),
    )


@router.post("/changes/{approval}/approve")
async def approve(
    request: Request,
    principal: Approver,
    approval: str,
    digest: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The schedule is in force by two persons; what was agreed to is what the page showed."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        agree = partial(
            _approvals(wiring).approve_and_execute,
            approval_id=ApprovalId(approval),
            digest=digest,
            by=principal,
            at=wiring.clock(),
        )
        _known(wiring, approval)
        wiring.database.write(agree)
        return f"{SCHEDULES}#versions"

    return await _done(request, principal, approval, work)


@router.post("/changes/{approval}/refuse")
async def refuse(request: Request, principal: Reader, approval: str, csrf: Csrf = "") -> Response:
    """The proposal has ended without effect: taken back, or refused by who may approve."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        by = _known(wiring, approval)
        own = by == principal.id
        if not own and not may(request, principal, Action.RETENTION_APPROVE):
            raise ScheduleUnknownError  # fails closed: nobody else ends a proposal
        end = partial(
            _approvals(wiring).refuse,
            approval_id=ApprovalId(approval),
            reason_code=WITHDRAWN if own else REJECTED,
            by=principal,
            at=wiring.clock(),
        )
        wiring.database.write(end)
        return f"{SCHEDULES}/changes/{approval}"

    return await _done(request, principal, approval, work)


def _known(wiring: Any, approval: str) -> str:
    """Who proposed it; raises ScheduleUnknownError for an approval of something else."""
    with wiring.database.read() as tx:
        return str(proposed(tx, wiring.ports, ApprovalId(approval))[0].requested_by)


async def _done(request: Request, principal: Principal, approval: str, work: Any) -> Response:
    async def shown(mistakes: tuple[Mistake, ...]) -> str:
        return await run_in_threadpool(_change, request, principal, approval, mistakes)

    return await answered(request, work, shown, field="decide")
