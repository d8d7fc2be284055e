"""The officers' pages of quality: figures with their lists, a trend, the quarter's review tasks."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, again, answered, may, today, way
from governance.console.lists.quality import QUALITY_TASKS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.quality_facts import (
    HOME,
    BehindPage,
    behind_page,
    measure_lines,
    trend,
)
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.customers.upkeep.reviews import Topic
from governance.gateway import upkeep
from governance.gateway.upkeep import AssigneeError, TaskView
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

TITLE: Final = "upkeep.quality.title"
LOOK_BACK: Final = timedelta(days=92)  # a quarter
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.QUALITY_READ))]
Decider = Annotated[Principal, Depends(require(Action.PERSON_MERGE))]
Words = Annotated[str, Form()]


def _way(lang: Lang, *further: str) -> tuple[Crumb, ...]:
    return way(lang, (TITLE, HOME), *((key, "") for key in further))


@router.get("", response_class=HTMLResponse)
async def quality(request: Request, principal: Reader, every: str = "") -> str:
    """The newest figures against their limits, how they went, and the tasks of the review."""
    page = console_page(request, TITLE, principal)
    wiring, day = wiring_of(request), today(request)

    def look() -> dict[str, object]:
        with wiring.database.read() as tx:
            found = upkeep.trend(tx, wiring.ports, principal, since=day - LOOK_BACK)
            tasks = listed(request, principal, QUALITY_TASKS, tx=tx)
        return {
            "day": max((one.day for one in found), default=None),
            "lines": measure_lines(found, page.lang),
            "trend": trend(found, page.lang),
            "tasks": tasks,
        }

    return await rendered_page(
        request,
        "console/quality.html",
        page,
        every=every == "yes",
        way=_way(page.lang),
        **await run_in_threadpool(look),
    )


@router.get("/behind/{topic}", response_class=HTMLResponse)
async def behind(request: Request, principal: Reader, topic: str, after: str = "") -> str:
    """The rows that a topic counts; no value of a person stands here."""
    if topic not in set(Topic):
        raise NotFoundError
    page = console_page(request, "upkeep.quality.behind", principal)
    wiring, day, wanted = wiring_of(request), today(request), Topic(topic)

    def look() -> BehindPage:
        with wiring.database.read() as tx:
            return behind_page(tx, wanted, on=day, after=after)

    return await rendered_page(
        request,
        "console/quality_behind.html",
        page,
        topic=wanted,
        found=await run_in_threadpool(look),
        may_read=may(request, principal, Action.PERSON_READ),
        may_import=may(request, principal, Action.PERSON_IMPORT),
        way=_way(page.lang, "upkeep.quality.behind"),
    )


@router.get("/tasks/{task}", response_class=HTMLResponse)
async def task(request: Request, principal: Reader, task: str) -> str:
    """One task of the review: what is behind it now, who has it, what was found."""
    return await _task(request, principal, task)


async def _task(
    request: Request,
    principal: Principal,
    task: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    comment: str = "",
    login: str = "",
) -> str:
    href = f"{HOME}/tasks/{task}"
    page = again(console_page(request, "upkeep.quality.task", principal), href, mistakes)
    wiring = wiring_of(request)

    def look() -> TaskView:
        return upkeep.show_task(wiring.ports, principal, task, at=wiring.clock())

    return await rendered_page(
        request,
        "console/quality_task.html",
        page,
        view=await run_in_threadpool(look),
        today=today(request),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        comment=comment,
        login=login,
        may_decide=may(request, principal, Action.PERSON_MERGE),
        way=_way(page.lang, "upkeep.quality.task"),
    )


@router.post("/tasks/{task}/assign")
async def assign(
    request: Request, principal: Decider, task: str, login: Words = "", csrf: Csrf = ""
) -> Response:
    """The task is in this employee's hands."""
    check_csrf(request, csrf)
    wiring, name = wiring_of(request), login.strip()

    def work() -> str:
        upkeep.assign_task(wiring.ports, principal, task, name, at=wiring.clock())
        return f"{HOME}/tasks/{task}"

    return await answered(
        request, work, partial(_task, request, principal, task, login=login), field=_field
    )


@router.post("/tasks/{task}/done")
async def done(
    request: Request, principal: Decider, task: str, comment: Words = "", csrf: Csrf = ""
) -> Response:
    """The review is done, with what was found and done in words."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        upkeep.finish_task(wiring.ports, principal, task, comment, at=wiring.clock())
        return f"{HOME}/tasks/{task}"

    return await answered(
        request, work, partial(_task, request, principal, task, comment=comment), field=_field
    )


def _field(error: GovernanceError) -> str:
    return "login" if isinstance(error, AssigneeError) else "comment"
