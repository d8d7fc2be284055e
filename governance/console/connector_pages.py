"""The officers' pages of connected systems: how they stand, and what a colleague is asked."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from dsar.connected.tasks import NewAnswer, answer_task, task_with_case
from governance.connectors.building import connected
from governance.connectors.errors import TaskAnswerError
from governance.connectors.said import read_export
from governance.connectors.tasks import FITTING, Task, TaskAnswer
from governance.console.frame import Csrf, again, may, mistakes_of, today, way
from governance.console.lists.connectors import CONNECTOR_TASKS, CONNECTORS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.core.terms import Lang, RowId
from governance.customers.uploads import UNFIT, Place, scanned
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.lists.listing import Listing
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/console/connectors", include_in_schema=False)
HOME = "/console/connectors"
Reader = Annotated[Principal, Depends(require(Action.CONNECTOR_READ))]
Colleague = Annotated[Principal, Depends(require(Action.CONNECTOR_RUN))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One task in words."""

    task: Task
    system: str
    act: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was written into the form of an answer."""

    answer: str = ""
    reason: str = ""
    export: str = ""
    records: str = ""
    until: str = ""

    def __repr__(self) -> str:
        return "Given(...)"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.connectors.title", HOME), *further)


def _task_line(task: Task, labels: dict[str, str], lang: Lang, *, on: date) -> TaskLine:
    return TaskLine(
        task=task,
        system=labels.get(task.connector, task.connector),
        act=text(f"connectors.act.{task.act.value}", lang),
        late=task.open and task.due < on,
    )


@router.get("", response_class=HTMLResponse)
async def systems(request: Request, principal: Reader, look: str = "") -> str:
    """Every connected system by what is on file, on demand with whether it answers now."""
    page = console_page(request, "console.connectors.title", principal)
    answers = may(request, principal, Action.CONNECTOR_RUN)

    def read() -> tuple[Listing, Listing | None]:
        found = listed(request, principal, CONNECTORS)
        return found, listed(request, principal, CONNECTOR_TASKS) if answers else None

    found, tasks = await run_in_threadpool(read)
    return await rendered_page(
        request,
        "console/connectors.html",
        page,
        found=found,
        silent=sum(one.cell("health").code == "bad" for one in found.rows),
        looked=look == "yes",
        tasks=tasks,
        way=_way(page.lang),
    )


@router.get("/tasks/{task}", response_class=HTMLResponse)
async def task(request: Request, principal: Colleague, task: str) -> str:
    """One task: whom it is about, by pseudonym and link, and the form for its answer."""
    return await _task(request, principal, task)


async def _task(
    request: Request,
    principal: Principal,
    task: str,
    mistakes: tuple[Mistake, ...] = (),
    given: Given | None = None,
) -> str:
    page = again(
        console_page(request, "console.connectors.task", principal),
        f"{HOME}/tasks/{task}",
        mistakes,
    )
    wiring, lang = wiring_of(request), page.lang

    def read() -> tuple[Task, str | None, str, dict[str, str]]:
        with wiring.database.read() as tx:
            found, case = task_with_case(tx, wiring.ports, principal, RowId(task))
        systems = connected(wiring.settings, wiring.ports)
        labels = {one.name: one.label[lang] for one in systems}
        return found, case.subject, case.reference, labels

    found, person, reference, labels = await run_in_threadpool(read)
    return await rendered_page(
        request,
        "console/connector_task.html",
        page,
        line=_task_line(found, labels, lang, on=today(request)),
        person=person,
        sees_person=may(request, principal, Action.PERSON_READ),
        reference=reference,
        options=[
            Choice(value=one.value, label=text(f"connectors.answer.{one.value}", lang))
            for one in TaskAnswer
            if one in FITTING[found.act]
        ],
        given=given or Given(),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=_way(lang, ("console.connectors.task", "")),
    )


@router.post("/tasks/{task}")
async def answer(
    request: Request,
    principal: Colleague,
    task: str,
    answer: Words = "",
    reason: Words = "",
    export: Words = "",
    records: Words = "",
    until: Words = "",
    attached: Annotated[UploadFile | None, File()] = None,
    csrf: Csrf = "",
) -> Response:
    """The answer stands, once; a form that is not whole changes nothing."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    given = Given(answer=answer, reason=reason, export=export, records=records, until=until)
    content = await attached.read() if attached is not None and attached.size else b""

    def work() -> None:
        new = _read(given)
        if content:
            scanned(wiring.ports, principal, content, place=Place.CONNECTOR, at=wiring.clock())
            new = replace(new, export=read_export(content))
        answer_task(wiring.ports, principal, RowId(task), new, at=wiring.clock())

    try:
        await run_in_threadpool(work)
    except (TaskAnswerError, *UNFIT) as error:
        return await _faulty(request, principal, task, given, error)
    return RedirectResponse(f"{HOME}/tasks/{task}", status_code=303)


async def _faulty(
    request: Request, principal: Principal, task: str, given: Given, error: GovernanceError
) -> Response:
    lang = console_page(request, "console.connectors.task", principal).lang
    field = "attached" if isinstance(error, UNFIT) else str(error.params.get("field", "answer"))
    told = mistakes_of(error, lang, field_id=field)
    body = await _task(request, principal, task, told, given)
    return HTMLResponse(body, status_code=error.status)


def _read(given: Given) -> NewAnswer:
    """The form as an answer; raises TaskAnswerError with the field that cannot be read."""
    try:
        answer = TaskAnswer(given.answer)
    except ValueError:
        raise TaskAnswerError(field="answer") from None
    try:
        records = int(given.records or "0")
    except ValueError:
        raise TaskAnswerError(field="records") from None
    try:
        until = date.fromisoformat(given.until) if given.until else None
    except ValueError:
        raise TaskAnswerError(field="until") from None
    return NewAnswer(
        answer=answer, reason=given.reason, export=given.export, records=records, until=until
    )
