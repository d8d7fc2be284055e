"""The form for a request: one question a page, answers on the server, no script needed.

Going back shows what was answered; sending twice files once; a mistake stands beside its item.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.intake import drafts
from dsar.intake.errors import DraftOverError, FilingFaultsError
from dsar.intake.rules import CHOICES, Answers, Question, answer_faults, first_open, questions
from dsar.intake.types import Scope
from dsar.listing import list_requests
from dsar.records import is_own
from dsar.store import case_by_id
from dsar.types import RequestKind
from governance.core.errors import NotFoundError
from governance.http.request import open_to_all, wiring_of
from governance.portal import family
from governance.portal.lines import line_of
from governance.portal.requests.asked import Asked, asked
from governance.portal.requests.asking import (
    ROOT,
    asker_of,
    check_sent,
    held_form,
    person_of,
    remember,
    secret_of,
)
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, rendered_page, templates_of
from policies.api import SignInNeededError

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
NEW: Final = f"{ROOT}/new"
MOST_PARTS: Final = 40


@router.get(ROOT, response_class=HTMLResponse)
async def requests(request: Request, right: str = "", over: str = "") -> str:
    """What one may ask, the way to the form, and one's own requests; `right` is chosen before.

    `over`: the form that the browser held cannot be gone on with.
    """
    wiring, asker = wiring_of(request), asker_of(request)
    page = page_of(request, "portal.request.title", surface=Surface.PORTAL)

    def look() -> tuple[object, object]:
        with wiring.database.read() as tx:
            form, person = held_form(tx, request), person_of(asker)
            mine = list_requests(tx, subject=person) if person is not None else ()
            own = (one for one in mine if is_own(asker, case_by_id(tx, one.id)))
            return form, tuple(line_of(one, page.lang) for one in own)

    form, lines = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "portal/requests.html",
        page,
        form=form,
        right=right if right in set(RequestKind) else "",
        over=bool(over) and form is None,
        lines=lines,
        fee=wiring.settings.disclosure_fee,
        contact=wiring.settings.contact_mail,
    )


@router.post(NEW)
async def begin(
    request: Request,
    csrf: Annotated[str, Form()] = "",
    right: Annotated[str, Form()] = "",
) -> Response:
    """A fresh form that this browser alone can fill in, with the right that was chosen before."""
    check_sent(request, csrf)
    wiring, asker = wiring_of(request), asker_of(request)

    fresh = partial(drafts.begin, wiring.ports, asker, at=wiring.clock())

    def work() -> str:
        secret = fresh()
        if right in set(RequestKind):
            chosen = {"right": right}
            drafts.answer(wiring.ports, asker, secret, chosen, at=wiring.clock())
        return secret

    response = RedirectResponse(f"{NEW}/{Question.HOME}", status_code=303)
    remember(request, response, await run_in_threadpool(work))
    return response


@router.get(f"{NEW}/{{name}}", response_class=HTMLResponse)
async def question(request: Request, name: str) -> Response:
    """One question with what was answered; one that does not come up leads to the next open one."""
    form = await run_in_threadpool(_form, request)
    if form is None:
        return await run_in_threadpool(_not_held, request)
    if form.request is not None:
        return RedirectResponse(f"{ROOT}/of/{form.request}", status_code=303)
    known = person_of(asker_of(request)) is not None
    pages = questions(form.answers, known=known)
    wanted = next((one for one in pages if one == name), None)
    reached = pages.index(first_open(form.answers, known=known))
    if wanted is None or pages.index(wanted) > reached:
        return RedirectResponse(f"{NEW}/{pages[reached]}", status_code=303)
    return HTMLResponse(_page(request, wanted, form.answers))


@router.post(f"{NEW}/{{name}}")
async def answer(request: Request, name: str) -> Response:
    """The answer is kept and the next question follows; the last page files the request."""
    sent = await _sent(request)
    check_sent(request, sent.get("csrf", ""))
    if name == Question.CHECK:
        return await _submit(request)
    if name not in set(Question):
        raise NotFoundError
    asked_now, wiring = Question(name), wiring_of(request)
    given = _given(asked_now, sent)
    work = partial(
        drafts.answer, wiring.ports, asker_of(request), secret_of(request), given,
        at=wiring.clock(),
    )  # fmt: skip
    try:
        form = await run_in_threadpool(work)
    except DraftOverError:
        return await run_in_threadpool(_not_held, request)
    if answer_faults(asked_now, form.answers):
        return HTMLResponse(_page(request, asked_now, form.answers, wrong=True), status_code=422)
    known = person_of(asker_of(request)) is not None
    pages = questions(form.answers, known=known)
    after = pages.index(asked_now) + 1 if asked_now in pages else 0
    back_to_check = sent.get("then") == Question.CHECK
    upcoming = first_open(form.answers, known=known) if back_to_check else pages[after]
    return RedirectResponse(f"{NEW}/{upcoming}", status_code=303)


async def _submit(request: Request) -> Response:
    wiring, asker = wiring_of(request), asker_of(request)
    page = page_of(request, "portal.request.title", surface=Surface.PORTAL)
    name = partial(family.guardian_name, wiring.ports, asker, page.lang, at=wiring.clock())
    work = partial(
        drafts.submit,
        wiring.ports,
        asker,
        secret_of(request),
        subject=person_of(asker),
        policy_days=wiring.settings.dsar_policy_days,
        lang=page.lang,
        at=wiring.clock(),
        guardian=await run_in_threadpool(name),
    )
    try:
        case = await run_in_threadpool(work)
    except DraftOverError:
        return await run_in_threadpool(_not_held, request)
    except FilingFaultsError:
        form = await run_in_threadpool(_form, request)
        known = person_of(asker) is not None
        missing = first_open(form.answers, known=known) if form else Question.HOME
        return RedirectResponse(f"{NEW}/{missing}", status_code=303)
    return RedirectResponse(f"{ROOT}/of/{case.id}?filed=yes", status_code=303)


def _not_held(request: Request) -> Response:
    """Where whoever cannot go on with their form starts anew, and is told so.

    Raises SignInNeededError while it waits for the person who began it: what was sent just now is
    kept by the page that asks them to sign in.
    """
    wiring, asker, secret = wiring_of(request), asker_of(request), secret_of(request)
    with wiring.database.read() as tx:
        if drafts.waits_for_its_person(tx, asker, secret, at=wiring.clock()):
            raise SignInNeededError
    return RedirectResponse(f"{ROOT}?over=yes" if secret else ROOT, status_code=303)


def _form(request: Request) -> drafts.Form | None:
    with wiring_of(request).database.read() as tx:
        return held_form(tx, request)


def _page(request: Request, wanted: Question, answers: Answers, *, wrong: bool = False) -> str:
    page = page_of(request, f"portal.request.q.{wanted}", surface=Surface.PORTAL)
    known = person_of(asker_of(request)) is not None
    facts: Asked = asked(wanted, answers, page.lang, known=known, wrong=wrong)
    return templates_of(request).render(
        "portal/request_question.html",
        replace(page, invalid=bool(facts.mistakes)),
        asked=facts,
        root=NEW,
        changing=request.query_params.get("then", "") == Question.CHECK,
    )


def _given(wanted: Question, sent: Mapping[str, str]) -> Answers:
    """The parts of the form that this page asks for; others are left out."""
    if wanted in CHOICES:
        name = CHOICES[wanted][0]
        return {name: sent.get(name, "")}
    match wanted:
        case Question.RIGHT:
            return {"right": sent.get("right", "")}
        case Question.DATA:
            ticked = ",".join(scope for scope in Scope if sent.get(f"scope_{scope}") == "yes")
            return {"scope": ticked, "words": sent.get("words", "")[:10_000]}
        case Question.AGENT:
            return {"agent_name": sent.get("agent_name", "").strip()[:500]}
        case Question.PERSON:
            names = ("name", "email", "phone", "customer_number")
            return {name: sent.get(name, "").strip()[:500] for name in names}
        case _:
            return {}


async def _sent(request: Request) -> dict[str, str]:
    """The form's parts; files and repeated names have no meaning here and are left out."""
    found: dict[str, str] = {}
    async with request.form(max_files=0, max_fields=MOST_PARTS) as parts:
        for name, value in parts.multi_items():
            if isinstance(value, str) and name not in found:
                found[name] = value
    return found
