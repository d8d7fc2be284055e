"""`/v1/quality`: figures from day to day, and the tasks of the quarterly review."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from governance.core.clock import JST
from governance.customers.upkeep.measures import Measure
from governance.customers.upkeep.reviews import Task
from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Strict, taking
from governance.gateway.upkeep import (
    LONGEST,
    assign_task,
    finish_task,
    show_task,
    tasks,
    trend,
)
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/quality", tags=["quality"])
Reviewer = Annotated[Principal, Depends(require(Action.QUALITY_READ))]
Decider = Annotated[Principal, Depends(require(Action.PERSON_MERGE))]
Since = Annotated[date | None, Query(description="この日から / From this day on")]
Every = Annotated[bool, Query(alias="all", description="済んだものも / Done ones too")]
LOOK_BACK = timedelta(days=92)  # a quarter


class AssignIn(Strict):
    """Who has the task in hand."""

    login: Annotated[str, Field(min_length=1, max_length=64)]


class DoneIn(Strict):
    """What was found and done, in words."""

    comment: Annotated[str, Field(min_length=1, max_length=LONGEST)]


@router.get("/measures")
async def measures(request: Request, principal: Reviewer, since: Since = None) -> JSONResponse:
    """Every figure of every recorded day from `since` on (a quarter, unless said), oldest first."""
    asked = asking(request, principal)
    first = since or asked.at.astimezone(JST).date() - LOOK_BACK

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = trend(tx, asked.ports, asked.principal, since=first)
        return JSONResponse({"items": [_named(asked, one) for one in found]})

    return await in_thread(work)


def _named(asked: Asking, measure: Measure) -> dict[str, Any]:
    return {**measure.as_json(), "name": text(f"customers.kpi.{measure.kpi}", asked.lang)}


@router.get("/tasks")
async def review_tasks(
    request: Request,
    principal: Reviewer,
    every: Every = False,  # noqa: FBT002 - a query parameter
) -> JSONResponse:
    """Review tasks, the earliest day first; each says whether it is past its day."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = tasks(tx, asked.ports, asked.principal, every=every)
        return JSONResponse({"items": [_told(asked, task) for task in found]})

    return await in_thread(work)


def _told(asked: Asking, task: Task) -> dict[str, Any]:
    today = asked.at.astimezone(JST).date()
    return {**task.as_json(on=today), "what": text(task.topic.text_key, asked.lang)}


@router.get("/tasks/{task}")
async def review_task(request: Request, principal: Reviewer, task: str) -> JSONResponse:
    """One task with the ids of what is behind it now."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        view = show_task(asked.ports, asked.principal, task, at=asked.at)
        behind = {"rows": list(view.rows), "comment": view.comment}
        return JSONResponse({**_told(asked, view.task), **behind})

    return await in_thread(work)


@router.post("/tasks/{task}/assign", openapi_extra=taking(AssignIn, {"login": "tanaka"}))
async def assign(request: Request, principal: Decider, task: str) -> JSONResponse:
    """The task is in this employee's hands; on record."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        login = read_as(AssignIn, parsed(body)).login
        given = assign_task(asked.ports, asked.principal, task, login, at=asked.at)
        return JSONResponse(_told(asked, given))

    return await in_thread(work)


@router.post(
    "/tasks/{task}/done",
    openapi_extra=taking(DoneIn, {"comment": "12件を訂正、3件は本人に照会中"}),
)
async def finish(request: Request, principal: Decider, task: str) -> JSONResponse:
    """The task is signed as done, with what was found and done in words; on record."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        comment = read_as(DoneIn, parsed(body)).comment
        done = finish_task(asked.ports, asked.principal, task, comment, at=asked.at)
        return JSONResponse(_told(asked, done))

    return await in_thread(work)
