"""The officers' pages of plans: what would go, why two persons are needed, the start of a run."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.approvals import store as approvals_store
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind
from governance.console.frame import Csrf, again, answered, may
from governance.console.lists.retention import PURGE_PLANS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.plan_facts import (
    MEDIA,
    count_lines,
    exported,
    filter_choices,
    item_filter,
    item_lines,
    numbers_of,
    parts_shown,
    plan_schedule,
    share_lines,
)
from governance.console.retention_frame import (
    PLANS,
    RUN_TONES,
    RUNS,
    Approver,
    Planner,
    Reader,
    Runner,
    drive_run,
    way_to,
)
from governance.core.errors import NotFoundError
from governance.core.terms import Lang, RowId
from governance.gateway.api.asking import row_id
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page, templates_of
from policies.actions import Action
from retention import looking, service, store
from retention.errors import PlanStaleError
from retention.listing import may_open, record_look
from retention.looking import ItemFilter
from retention.plans import Ground, Item, Plan
from retention.simulation.store import of_plan
from retention.types import DecisionKind, Schedule

router = APIRouter(prefix=PLANS, include_in_schema=False)
ITEMS: Final = 50
TITLE: Final = "console.plans.title"
KINDS: Final = frozenset({ApprovalKind.PURGE, ApprovalKind.ERASURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """One plan with what a page says of it."""

    plan: Plan  # without its items
    schedule: Schedule
    run: store.Run | None
    waiting: Approval | None
    simulation: RowId | None
    parts: tuple[looking.PartSum, ...]
    total: int
    items: tuple[Item, ...]


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way_to(lang, (TITLE, PLANS), *further)


@router.get("", response_class=HTMLResponse)
async def plans(request: Request, principal: Reader) -> str:
    """The plans, the newest first."""
    page = console_page(request, TITLE, principal)
    return await rendered_page(
        request,
        "console/plans.html",
        page,
        found=await run_in_threadpool(listed, request, principal, PURGE_PLANS),
        may_plan=may(request, principal, Action.RETENTION_PLAN),
        way=_way(page.lang),
    )


@router.post("")
async def make(request: Request, principal: Planner, csrf: Csrf = "") -> Response:
    """A plan of today under the schedule in force."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    plan = partial(service.plan, ports=wiring.ports, principal=principal, at=wiring.clock())
    made = await run_in_threadpool(wiring.database.write, plan)
    return RedirectResponse(f"{PLANS}/{made.id}", status_code=303)


@router.get("/{plan}", response_class=HTMLResponse)
async def one(
    request: Request,
    principal: Reader,
    plan: str,
    decision: str = "",
    rule: str = "",
    state: str = "",
    after: str = "",
) -> str:
    """One plan: its counts, its items as filtered, and what can be done with it."""
    asked = {"decision": decision, "rule": rule, "state": state}
    return await run_in_threadpool(_page, request, principal, plan, asked=asked, after=after)


def _page(
    request: Request,
    principal: Principal,
    plan: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    asked: dict[str, str] | None = None,
    after: str = "",
) -> str:
    wiring, given = wiring_of(request), asked or {"decision": "", "rule": "", "state": ""}
    found = _standing(wiring, plan, item_filter(**given), after=after)
    here = f"{PLANS}/{found.plan.id}"
    page = again(console_page(request, "console.plans.one", principal), here, mistakes)
    opens = may_open(wiring.ports, principal)
    numbers = _numbers(wiring, principal, found, opens=opens)
    following = {**given, "after": found.items[-1].id if len(found.items) == ITEMS else ""}
    query = urlencode({name: value for name, value in following.items() if value})
    return templates_of(request).render(
        "console/plan.html",
        page,
        found=found,
        here=here,
        given=given,
        due=found.plan.count(DecisionKind.DUE),
        shares=share_lines(found.plan, page.lang),
        parts=parts_shown(found.parts, found.schedule, page.lang, on=found.plan.cutoff),
        counts=count_lines(found.plan, found.schedule, page.lang),
        choices=filter_choices(found.plan, found.schedule, page.lang),
        lines=item_lines(found.items, numbers, found.schedule, page.lang),
        next_href=f"{here}?{query}#items" if following["after"] else "",
        schedule=plan_schedule(found.plan, found.schedule, page.lang),
        nothing=_nothing(found),
        stale=_stale(found, at=wiring.clock(), in_force=_in_force(wiring)),
        tones=RUN_TONES,
        own=found.waiting is not None and found.waiting.requested_by == principal.id,
        may_run=may(request, principal, _starts(found.plan)),
        may_approve=may(request, principal, _approves(found.plan)),
        sees_person=may(request, principal, Action.PERSON_READ),
        mistakes=mistakes,
        way=_way(page.lang, ("console.plans.one", "")),
    )


def _in_force(wiring: Any) -> str:
    with wiring.database.read() as tx:
        return store.in_force(tx).digest


def _starts(plan: Plan) -> Action:
    asked = plan.ground is Ground.REQUEST
    return Action.ERASURE_REQUEST if asked else Action.RETENTION_RUN


def _approves(plan: Plan) -> Action:
    asked = plan.ground is Ground.REQUEST
    return Action.ERASURE_APPROVE if asked else Action.RETENTION_APPROVE


def _nothing(found: _Standing) -> bool:
    """Whether a run would take nobody and no row of anybody."""
    due = DecisionKind.DUE
    return not found.plan.count(due) and all(one.decision is not due for one in found.parts)


def _stale(found: _Standing, *, at: Any, in_force: str) -> str:
    """Why the plan cannot be run, before somebody tries; the use case refuses it anyway."""
    if found.run is not None or found.plan.ground is Ground.RESTORE:
        return ""
    return service.stale_because(found.plan, in_force=in_force, at=at) or ""


def _standing(wiring: Any, plan: str, asked: ItemFilter, *, after: str) -> _Standing:
    with wiring.database.read() as tx:
        known = store.plan_by_id(tx, row_id(plan), items=False)
        waiting = approvals_store.waiting(tx, at=wiring.clock())
        return _Standing(
            plan=known,
            schedule=schedule_of(tx, known),
            run=store.run_of_plan(tx, known.id),
            waiting=next(
                (one for one in waiting if one.kind in KINDS and one.object_ref == known.id), None
            ),
            simulation=of_plan(tx, known.id),
            parts=looking.part_sums(tx, known.id),
            total=looking.count_items(tx, known.id, asked),
            items=looking.some_items(
                tx, known.id, asked, after=row_id(after) if after else None, limit=ITEMS
            ),
        )


def schedule_of(tx: Any, plan: Plan) -> Schedule:
    """The plan's schedule; for one that was only looked at, that in force gives the words."""
    try:
        return store.schedule_by_digest(tx, plan.schedule_digest)
    except PlanStaleError:
        return store.in_force(tx)


def _numbers(wiring: Any, principal: Principal, found: _Standing, *, opens: bool) -> Any:
    """The register's numbers of the shown items; that they were looked at is on record."""
    if not found.items:
        return {}
    wiring.database.write(
        lambda tx: record_look(
            tx, wiring.ports, principal, found.schedule, opens=opens, at=wiring.clock()
        )
    )
    with wiring.database.read() as tx:
        return numbers_of(tx, wiring.ports, found.items, opens=opens)


@router.post("/{plan}/export")
async def export(
    request: Request,
    principal: Reader,
    plan: str,
    form: Annotated[str, Form()],
    decision: Annotated[str, Form()] = "",
    rule: Annotated[str, Form()] = "",
    state: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The items as the page filters them, as a file; numbers only for whom exports are open."""
    check_csrf(request, csrf)
    if form not in MEDIA:
        raise NotFoundError
    wiring, lang = wiring_of(request), console_page(request, TITLE, principal).lang
    asked = item_filter(decision, rule, state)
    opens = may_open(wiring.ports, principal) and may(request, principal, Action.PERSON_EXPORT)

    def work() -> bytes:
        found = _standing(wiring, plan, asked, after="")
        wiring.database.write(
            lambda tx: record_look(
                tx, wiring.ports, principal, found.schedule, opens=opens, at=wiring.clock()
            )
        )
        with wiring.database.read() as tx:
            return exported(
                *(tx, wiring.ports, found.plan.id, asked, found.schedule, lang),
                form=form,
                opens=opens,
            )

    content = await run_in_threadpool(work)
    headers = {"content-disposition": f'attachment; filename="plan-{row_id(plan)}.{form}"'}
    return Response(content, media_type=MEDIA[form], headers=headers)


def _approvals(wiring: Any) -> Approvals:
    executor = service.purge_executor(wiring.ports)
    return Approvals(audit=wiring.audit, executors=dict.fromkeys(KINDS, executor))


@router.post("/{plan}/run")
async def run(
    request: Request, principal: Runner, later: BackgroundTasks, plan: str, csrf: Csrf = ""
) -> Response:
    """The run has begun, or waits for a second person."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), row_id(plan)

    def work() -> str:
        begun = wiring.database.write(
            lambda tx: service.start(
                tx, wiring.ports, _approvals(wiring), principal, wanted, at=wiring.clock()
            )
        )
        if isinstance(begun, service.Waiting):
            return f"{PLANS}/{wanted}#act"
        return _driven(wiring, principal, begun.run, later)

    return await _done(request, principal, plan, work, later)


@router.post("/{plan}/approve")
async def approve(
    request: Request,
    principal: Approver,
    later: BackgroundTasks,
    plan: str,
    digest: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The run has begun by two persons; what was agreed to is what the page showed."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), row_id(plan)

    def work() -> str:
        waiting = _standing(wiring, plan, ItemFilter(), after="").waiting
        if waiting is None:
            raise PlanStaleError(plan=wanted, reason="not_waiting")
        agree = partial(
            _approvals(wiring).approve_and_execute,
            approval_id=waiting.id,
            digest=digest,
            by=principal,
            at=wiring.clock(),
        )
        wiring.database.write(agree)
        with wiring.database.read() as tx:
            begun = store.run_of_plan(tx, wanted)
        if begun is None:
            return f"{PLANS}/{wanted}"
        return _driven(wiring, principal, begun.id, later)

    return await _done(request, principal, plan, work, later)


def _driven(wiring: Any, principal: Principal, run: RowId, later: BackgroundTasks) -> str:
    later.add_task(drive_run, wiring, principal, run)
    return f"{RUNS}/{run}"


async def _done(
    request: Request, principal: Principal, plan: str, work: Any, later: BackgroundTasks
) -> Response:
    async def shown(mistakes: tuple[Mistake, ...]) -> str:
        return await run_in_threadpool(_page, request, principal, plan, mistakes)

    answer = await answered(request, work, shown, field="act")
    answer.background = later
    return answer
