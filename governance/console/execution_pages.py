"""The officers' page of a grant: plan and decision, wait, systems, recipients, corrections."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar import decisions
from dsar.case import Case
from dsar.errors import RequestUnknownError
from dsar.execution import corrections
from dsar.execution.agreeing import ask_anew
from dsar.execution.confirming import confirm_by_officer
from dsar.execution.correction_store import CorrectionState
from dsar.execution.types import Measure, Without
from dsar.execution.undoing import announce_end, restrict, undo
from dsar.execution.without import go_on_without
from dsar.reading import request_by_id
from dsar.recipients import Untold, choose_recipient
from dsar.rules import suggestion
from dsar.types import Ground, Outcome
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.console import execution_facts as facts
from governance.console.frame import again, case_way, may, mistakes_of
from governance.console.pages import console_page
from governance.console.request_pages import HOME
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, Lang, Law, RequestId, RowId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
TITLE: Final = "console.execution.title"
MOST: Final = 2_100  # characters of one part of a form
Given = Mapping[str, str]
NOTHING: Final[Given] = MappingProxyType({})


@router.get("/{request_id}/execution", response_class=HTMLResponse)
async def execution(request: Request, request_id: str, principal: Reader) -> str:
    """Where the execution stands, and what an officer can do about it."""
    return await run_in_threadpool(_page, request, request_id, principal)


@router.post("/{request_id}/execution")
async def act(request: Request, request_id: str, principal: Reader) -> Response:
    """One act of an officer; what is refused comes back beside its field."""
    async with request.form(max_files=0, max_fields=12) as parts:
        sent = {name: str(value)[:MOST] for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    step = sent.get("step", "")
    if step not in STEPS:
        raise NotFoundError
    work = partial(STEPS[step], request, principal, RequestId(request_id), sent)
    try:
        await run_in_threadpool(work)
    except GovernanceError as error:
        if isinstance(error, RequestUnknownError):
            raise
        told = partial(mistakes_of, error, field_id=step)
        page = partial(_page, request, request_id, principal, told=told)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/execution", status_code=303)


def _decide(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring, refuses = wiring_of(request), sent.get("outcome") == Outcome.REFUSE
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, by, wanted)
    outcome, grounds = suggestion(case)
    if refuses:
        outcome, grounds = Outcome.REFUSE, _grounds(case, sent)
    elif sent.get("outcome") == Outcome.PARTIAL:
        outcome = Outcome.PARTIAL
    given = sent.get("measure", "")
    measure = Measure(given) if given in set(Measure) and not refuses else None
    use = partial(
        decisions.decide,
        ports=wiring.ports,
        approvals=Approvals(audit=wiring.audit, executors={}),
        principal=by,
        request=wanted,
        outcome=outcome,
        grounds=grounds,
        measure=measure,
        at=wiring.clock(),
    )
    wiring.database.write(use)


def _grounds(case: Case, sent: Given) -> tuple[Ground, ...]:
    """The chosen ground of each law; what is no ground is left out and then missed."""
    chosen = (sent.get(f"ground-{law.value}", "") for law in sorted(case.laws))
    return tuple(Ground(one) for one in chosen if one in set(Ground))


def _approve(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring = wiring_of(request)
    executor = decisions.approval_executor(
        wiring.ports, wait_days=wiring.settings.erasure_wait_days
    )
    desk = Approvals(audit=wiring.audit, executors={ApprovalKind.REQUEST_DECISION: executor})
    use = partial(
        decisions.approve,
        approvals=desk,
        principal=by,
        request=wanted,
        digest=sent.get("digest", ""),
        at=wiring.clock(),
    )
    wiring.database.write(use)


def _undo(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    undo(wiring.ports, by, wanted, at=wiring.clock())


def _anew(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    desk, at = Approvals(audit=wiring.audit, executors={}), wiring.clock()
    wiring.database.write(lambda tx: ask_anew(tx, wiring.ports, desk, by, wanted, at=at))


def _without(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring, reason = wiring_of(request), sent.get("reason", "")
    if reason not in set(Without):
        raise NotFoundError
    why, store, at = Without(reason), sent.get("store", ""), wiring.clock()
    wiring.database.write(lambda tx: go_on_without(tx, wiring.ports, by, wanted, store, why, at=at))


def _list(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring, reason = wiring_of(request), sent.get("reason", "")
    untold = Untold(reason) if reason in set(Untold) else None
    key, at = sent.get("recipient", ""), wiring.clock()
    wiring.database.write(
        lambda tx: choose_recipient(tx, wiring.ports, by, wanted, key, untold=untold, at=at)
    )


def _confirm(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring, key = wiring_of(request), sent.get("recipient", "")
    at = wiring.clock()
    wiring.database.write(lambda tx: confirm_by_officer(tx, wiring.ports, by, wanted, key, at=at))


def _restrict(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    at = wiring.clock()
    wiring.database.write(lambda tx: restrict(tx, wiring.ports, by, wanted, at=at))


def _end(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    at = wiring.clock()
    wiring.database.write(lambda tx: announce_end(tx, wiring.ports, by, wanted, at=at))


def _ask(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring = wiring_of(request)
    name, value = FieldId(sent.get("field", "")), sent.get("value", "")
    corrections.ask(wiring.ports, by, wanted, name, value, at=wiring.clock())


def _judge(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring, state = wiring_of(request), sent.get("state", "")
    if state not in set(CorrectionState):
        raise NotFoundError
    chosen = (sent.get(f"ground-{law.value}", "") for law in Law)
    verdict = CorrectionState(state)
    refused = verdict is CorrectionState.REFUSED
    corrections.judge(
        *(wiring.ports, by, wanted, RowId(sent.get("item", "")), verdict),
        value=sent.get("value") or None if verdict is CorrectionState.EDITED else None,
        grounds=tuple(Ground(one) for one in chosen if one in set(Ground)) if refused else (),
        at=wiring.clock(),
    )


def _apply(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    corrections.apply(wiring.ports, by, wanted, at=wiring.clock())


STEPS: Final[Mapping[str, Callable[[Request, Principal, RequestId, Given], None]]] = (
    MappingProxyType(
        {
            "decide": _decide,
            "approve": _approve,
            "undo": _undo,
            "anew": _anew,
            "without": _without,
            "list": _list,
            "confirm": _confirm,
            "restrict": _restrict,
            "end": _end,
            "ask": _ask,
            "judge": _judge,
            "apply": _apply,
        }
    )
)  # each is refused by its own use case to whoever may not


def _page(
    request: Request,
    request_id: str,
    principal: Principal,
    *,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
) -> str:
    page = console_page(request, TITLE, principal)
    wiring, lang, wanted = wiring_of(request), page.lang, RequestId(request_id)
    mistakes, at = told(lang), wiring.clock()
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, wanted)
        shown = facts.execution_shown(tx, wiring.ports, case, lang, at=at)
        digest = decisions.waiting_digest(tx, case, at=at)
    items = corrections.look(wiring.ports, principal, wanted, at=at) if shown.correcting else ()
    here = f"{HOME}/{request_id}/execution"
    return templates_of(request).render(
        "console/request_execution.html",
        again(page, here, mistakes),
        way=case_way(lang, case.id, case.reference, (TITLE, here)),
        mistakes=mistakes,
        here=here,
        facts=shown,
        case=case,
        digest=digest,
        corrections=facts.correction_lines(items, lang),
        fields=facts.field_choices(lang) if shown.correcting else (),
        untold=facts.untold_choices(lang),
        reasons=facts.without_choices(lang),
        decides=may(request, principal, Action.DSAR_DECIDE),
        approves=may(request, principal, Action.DSAR_APPROVE),
        writes=may(request, principal, Action.DSAR_WRITE),
        executes=may(request, principal, Action.DSAR_EXECUTE),
    )
