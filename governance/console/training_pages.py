"""教育: the own training and its test; for whoever keeps the register, who is missing."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, again, answered, may, mistakes_of, way
from governance.console.lists.source import listed
from governance.console.lists.training import HOME, TRAINING
from governance.console.pages import console_page
from governance.core.clock import JST
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.identity.credentials.terms import limits_of
from governance.identity.training import service
from governance.identity.training.reading import courses
from governance.identity.training.types import Course, Result
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import lang_of, rendered_page, templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.TRAINING_READ))]
Keeper = Annotated[Principal, Depends(require(Action.TRAINING_WRITE))]
Word = Annotated[str, Form()]


def _courses(request: Request) -> Mapping[str, Course]:
    return courses(wiring_of(request).settings.training_dir)


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("account.training.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def training(request: Request, principal: Reader) -> str:
    """How the reader stands, and the register for whoever keeps it."""
    return await _training(request, principal)


async def _training(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "account.training.title", principal), HOME, mistakes)
    wiring, held = wiring_of(request), _courses(request)
    keeps = may(request, principal, Action.TRAINING_WRITE)
    limits, at = limits_of(wiring.settings), wiring.clock()

    def look() -> dict[str, object]:
        with wiring.database.read() as tx:
            standings, _ = service.own(tx, held, principal)
            register = listed(request, principal, TRAINING, tx=tx) if keeps else None
        return {"standings": standings, "register": register}

    shown = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/training.html",
        page,
        courses=held,
        keeps=keeps,
        demanded=limits.training is not None,
        untrained=principal.untrained,
        at=at,
        mistakes=mistakes,
        picks=[Choice(value=one.id, label=one.title[page.lang]) for one in held.values()],
        today=at.astimezone(JST).date(),
        may_report=may(request, principal, Action.REPORT_READ),
        way=_way(page.lang),
        **shown,
    )


def _known(request: Request, course: str) -> Course:
    found = _courses(request).get(course)
    if found is None:
        raise NotFoundError
    return found


@router.get("/courses/{course}", response_class=HTMLResponse)
async def material(request: Request, principal: Reader, course: str) -> str:
    """The material and its test."""
    return await run_in_threadpool(_material, request, principal, _known(request, course))


def _material(
    request: Request,
    principal: Principal,
    course: Course,
    *,
    mistakes: tuple[Mistake, ...] = (),
    given: Mapping[int, int] | None = None,
    result: Result | None = None,
) -> str:
    page = again(
        console_page(request, "account.training.title", principal),
        f"{HOME}/courses/{course.id}",
        mistakes,
    )
    return templates_of(request).render(
        "console/training_course.html",
        page,
        course=course,
        given=given or {},
        result=result,
        mistakes=mistakes,
        way=_way(page.lang, ("account.training.course", "")),
    )


@router.post("/courses/{course}")
async def take(request: Request, principal: Reader, course: str) -> Response:
    """The result with what was right and why; a pass opens again what had lapsed."""
    form = await request.form()
    check_csrf(request, str(form.get("csrf", "")))
    found, wiring = _known(request, course), wiring_of(request)
    given = {
        n: int(sent)
        for n in range(len(found.questions))
        if (sent := str(form.get(f"q{n}", ""))).isascii()
        and sent.isdigit()
        and len(sent) < len("999")
    }
    work = partial(
        service.take_test,
        ports=wiring.ports,
        courses=_courses(request),
        principal=principal,
        course=course,
        answers=given,
        at=wiring.clock(),
    )
    shown = partial(_material, request, principal, found, given=given)
    try:
        result = await run_in_threadpool(wiring.database.write, work)
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id="q0")
        content = await run_in_threadpool(shown, mistakes=told)
        return HTMLResponse(content, status_code=error.status)
    return HTMLResponse(await run_in_threadpool(shown, result=result))


@router.post("/attendance")
async def attendance(
    request: Request, principal: Keeper, login: Word = "", course: Word = "", csrf: Csrf = ""
) -> Response:
    """The attendance of another stands in the register."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        put = partial(
            service.record_attendance,
            ports=wiring.ports,
            courses=_courses(request),
            principal=principal,
            login=login.strip(),
            course=course,
            at=wiring.clock(),
        )
        wiring.database.write(put)
        return HOME

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _training(request, principal, told)

    return await answered(request, work, page, field="login")
