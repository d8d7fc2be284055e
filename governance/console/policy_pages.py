"""The officers' pages of the policy: in force, in words, as a matrix; a change is proposed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import MISTAKES, Csrf, may
from governance.console.lists.policies import POLICY_CHANGES, POLICY_HISTORY, POLICY_RULES
from governance.console.lists.source import listed_all
from governance.console.pages import console_page
from governance.console.policy_change_pages import HOME, Reader, approvals_of_policy, policy_way
from governance.console.policy_facts import standing_of
from governance.core.clock import JST
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import PurposeId
from governance.customers.uploads import UNFIT, Place, scanned
from governance.http.files import attachment_headers
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.admin.documents import Documents
from policies.admin.errors import PolicyFaultyError
from policies.admin.service import (
    Proposed,
    prepare,
    prepare_rollback,
    propose,
)
from policies.admin.sheets import sheets
from policies.admin.sources import CURRENT, documents_named
from policies.admin.types import Desk
from policies.api import require, snapshot_of
from policies.load import PolicyRefusedError, load_sources
from policies.matrix import matrix
from policies.types import Verb

router = APIRouter(include_in_schema=False)
Proposer = Annotated[Principal, Depends(require(Action.POLICY_PROPOSE))]


@router.get("/console/policies", response_class=HTMLResponse)
async def policies(request: Request, principal: Reader) -> str:
    """The policy in force in words, its proofs, its changes, and what waits."""
    return await _policies(request, principal)


async def _policies(
    request: Request, principal: Principal, *, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = console_page(request, "console.policy.title", principal)
    known = snapshot_of(request)
    asked = request.query_params.get("role", "")
    role = asked if asked in known.roles else None
    wiring = wiring_of(request)
    sources = (POLICY_CHANGES, POLICY_RULES, POLICY_HISTORY)
    shown = await run_in_threadpool(standing_of, wiring, page.lang)
    waiting, rules, history = await run_in_threadpool(listed_all, request, principal, sources)
    every = Choice(value="", label=text("console.policy.every_role", page.lang))
    return await rendered_page(
        request,
        "console/policies.html",
        page,
        shown=shown,
        waiting=waiting,
        rules=rules,
        history=history,
        policy=known.policy,
        role=role or "",
        roles=[
            every,
            *(Choice(value=n, label=one.label[page.lang]) for n, one in known.roles.items()),
        ],
        mistakes=mistakes,
        may_propose=may(request, principal, Action.POLICY_PROPOSE),
        way=policy_way(page.lang),
    )


@router.get("/console/policies/matrix", response_class=HTMLResponse)
async def cells(request: Request, principal: Reader) -> str:
    """What each role does with each field for one purpose."""
    page = console_page(request, "console.policy.matrix", principal)
    known, given = snapshot_of(request), request.query_params
    purposes = {str(name): one.label[page.lang] for name, one in known.purposes.items()}
    purpose = given.get("purpose", next(iter(purposes), ""))
    action = given.get("action", Verb.READ.value)
    if purpose not in purposes or action not in set(Verb):
        raise NotFoundError
    found = matrix(known, actions=(action,), purposes=(PurposeId(purpose),))
    return await rendered_page(
        request,
        "console/policy_matrix.html",
        page,
        sheet=next(iter(sheets(known, found, lang=page.lang)), None),
        purpose=purpose,
        action=action,
        purposes=[Choice(value=name, label=label) for name, label in purposes.items()],
        actions=[
            Choice(value=verb.value, label=text(f"policies.verb.{verb.value}", page.lang))
            for verb in Verb
        ],
        way=policy_way(page.lang, "console.policy.matrix"),
    )


def _asked(wiring: Any, principal: Principal, proposed: Proposed, moment: datetime | None) -> str:
    asked = wiring.database.write(
        lambda tx: propose(
            tx,
            wiring.policy_desk,
            approvals_of_policy(wiring),
            principal,
            proposed,
            effective_from=moment,
            at=wiring.clock(),
        )
    )
    return f"{HOME}/changes/{asked.id}"


@router.post("/console/policies/propose")
async def ask(
    request: Request,
    principal: Proposer,
    files: Annotated[list[UploadFile], File()],
    effective_from: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The files wait for a second person; a refused policy comes back fault by fault."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    named = {one.filename or "": await one.read() for one in files}
    lang = console_page(request, "console.policy.title", principal).lang

    def work() -> str:
        for content in named.values():
            scanned(wiring.ports, principal, content, place=Place.POLICY, at=wiring.clock())
        documents = _documents(named)
        moment = datetime.fromisoformat(effective_from) if effective_from else None
        moment = moment if moment is None or moment.tzinfo else moment.replace(tzinfo=JST)
        proposed = prepare(wiring.policy_desk, principal, documents)
        return _asked(wiring, principal, proposed, moment)

    wrong: tuple[str, ...]
    status = 422
    try:
        href = await run_in_threadpool(work)
    except UNFIT as error:
        wrong, status = (error_text(error, lang),), error.status
    except ValueError:
        wrong = (text("console.policy.wrong_time", lang),)
    except (PolicyRefusedError, PolicyFaultyError) as error:
        wrong = error.sentences(lang)[:MISTAKES]
    except GovernanceError as error:
        wrong = (error_text(error, lang),)
    else:
        return RedirectResponse(href, status_code=303)
    told = tuple(Mistake(field_id="files", sentence=one) for one in wrong)
    return HTMLResponse(await _policies(request, principal, mistakes=told), status_code=status)


def _documents(named: dict[str, bytes]) -> Documents:
    """The uploaded files as documents; raises PolicyRefusedError where one is no text."""
    try:
        files = tuple(sorted((name, content.decode()) for name, content in named.items()))
    except UnicodeDecodeError:
        load_sources(dict.fromkeys(named, None))
        raise
    return Documents(files)


@router.post("/console/policies/files")
async def hand_over(request: Request, _: Reader, csrf: Csrf = "") -> Response:
    """The files of the policy in force, to begin a change from."""
    check_csrf(request, csrf)
    desk: Desk = wiring_of(request).policy_desk

    def work() -> bytes:
        with wiring_of(request).database.read() as tx:
            return documents_named(tx, desk, CURRENT).archive

    name = f"policy-{snapshot_of(request).version}.zip"
    return Response(await run_in_threadpool(work), headers=attachment_headers(name))


@router.post("/console/policies/rollback")
async def go_back(request: Request, principal: Proposer, csrf: Csrf = "") -> Response:
    """The policy before waits for a second person."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        proposed = prepare_rollback(wiring.policy_desk, principal, number=None)
        return _asked(wiring, principal, proposed, None)

    try:
        return RedirectResponse(await run_in_threadpool(work), status_code=303)
    except GovernanceError as error:
        lang = console_page(request, "console.policy.title", principal).lang
        told = (Mistake(field_id="rollback", sentence=error_text(error, lang)),)
        body = await _policies(request, principal, mistakes=told)
        return HTMLResponse(body, status_code=error.status)
