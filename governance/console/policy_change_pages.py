"""The officers' page of one change of the policy: in words, tried on the record, decided by two."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.approvals.errors import ApprovalNotFoundError
from governance.approvals.service import Approvals
from governance.approvals.store import find as approvals_find
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console.frame import Csrf, again, answered, may, way
from governance.console.pages import console_page
from governance.console.policy_facts import proposal_of
from governance.console.policy_trial import Trial, tried
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.admin.service import demand_ready, policy_executor
from policies.api import require

HOME: Final = "/console/policies"
CHANGES: Final = f"{HOME}/changes"
WITHDRAWN, REJECTED = "withdrawn", "rejected"
router = APIRouter(prefix=CHANGES, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.POLICY_READ))]
Approver = Annotated[Principal, Depends(require(Action.POLICY_APPLY))]


def policy_way(lang: Lang, *further: str) -> tuple[Crumb, ...]:
    """The way to a page of the policy."""
    return way(lang, ("console.policy.title", HOME), *((name, "") for name in further))


def approvals_of_policy(wiring: Any) -> Approvals:
    """The approvals of changes of the policy, with what carries one out."""
    executors = {ApprovalKind.POLICY_CHANGE: policy_executor(wiring.policy_desk)}
    return Approvals(audit=wiring.audit, executors=executors)


@router.get("/{approval}", response_class=HTMLResponse)
async def change(request: Request, principal: Reader, approval: str) -> str:
    """What a change that waits would do, in words, and to how many people."""
    return await _change(request, principal, approval)


async def _change(
    request: Request,
    principal: Principal,
    approval: str,
    mistakes: tuple[Mistake, ...] = (),
    trial: Trial | None = None,
) -> str:
    here = f"{CHANGES}/{approval}"
    page = again(console_page(request, "console.policy.change", principal), here, mistakes)
    found = await run_in_threadpool(proposal_of, wiring_of(request), approval, page.lang)
    return await rendered_page(
        request,
        "console/policy_change.html",
        page,
        found=found,
        here=here,
        trial=trial,
        mistakes=mistakes,
        may_approve=may(request, principal, Action.POLICY_APPLY),
        own=found.approval.requested_by == principal.id,
        way=policy_way(page.lang, "console.policy.change"),
    )


@router.post("/{approval}/trial", response_class=HTMLResponse)
async def trial(request: Request, principal: Reader, approval: str, csrf: Csrf = "") -> str:
    """The decisions of the last month, judged by the proposed policy; nothing changes."""
    check_csrf(request, csrf)
    wiring, lang = wiring_of(request), lang_of(request)
    await run_in_threadpool(_asked_by, wiring, approval)
    found = await run_in_threadpool(tried, wiring, principal, approval, lang)
    return await _change(request, principal, approval, trial=found)


@router.post("/{approval}/approve")
async def approve(
    request: Request, principal: Approver, approval: str, csrf: Csrf = ""
) -> Response:
    """The change is in force, or will be at its time, by two persons."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        wanted = ApprovalId(approval)
        demand_ready(wiring.policy_desk, wanted)
        with wiring.database.read() as tx:
            digest = approvals_find(tx, wanted).digest
        agree = partial(
            approvals_of_policy(wiring).approve_and_execute,
            approval_id=wanted,
            digest=digest,
            by=principal,
            at=wiring.clock(),
        )
        wiring.database.write(agree)
        wiring.policy_watch.look()
        return f"{HOME}#history"

    return await _decided(request, principal, approval, work)


@router.post("/{approval}/refuse")
async def refuse(request: Request, principal: Reader, approval: str, csrf: Csrf = "") -> Response:
    """The proposal has ended without effect: taken back, or refused by who may approve."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        own = _asked_by(wiring, approval) == principal.id
        if not own and not may(request, principal, Action.POLICY_APPLY):
            raise ApprovalNotFoundError  # fails closed: nobody else ends a proposal
        end = partial(
            approvals_of_policy(wiring).refuse,
            approval_id=ApprovalId(approval),
            reason_code=WITHDRAWN if own else REJECTED,
            by=principal,
            at=wiring.clock(),
        )
        wiring.database.write(end)
        return f"{CHANGES}/{approval}"

    return await _decided(request, principal, approval, work)


def _asked_by(wiring: Any, approval: str) -> str:
    """Who proposed it; raises ApprovalNotFoundError for an approval of something else."""
    with wiring.database.read() as tx:
        found = approvals_find(tx, ApprovalId(approval))
    if found.kind is not ApprovalKind.POLICY_CHANGE:
        raise ApprovalNotFoundError
    return str(found.requested_by)


async def _decided(request: Request, principal: Principal, approval: str, work: Any) -> Response:
    async def shown(mistakes: tuple[Mistake, ...]) -> str:
        return await _change(request, principal, approval, mistakes)

    return await answered(request, work, shown, field="decide")
