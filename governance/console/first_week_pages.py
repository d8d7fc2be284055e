"""A newcomer's first week, with what the log has of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from audit.firsts import first_acts
from governance.console.first_week import CODES, Day, week_of
from governance.console.frame import may, way
from governance.console.pages import console_page
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/first-week"
TITLE: Final = "first_week.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]


@router.get("", response_class=HTMLResponse)
async def first_week(request: Request, principal: Officer) -> str:
    """What the reader's role can do, day by day, and since when it is done."""
    page = console_page(request, TITLE, principal)
    wiring = wiring_of(request)

    def look() -> tuple[Day, ...]:
        with wiring.database.read() as tx:
            done = first_acts(tx, principal.id, CODES)
        return week_of(done, lambda action: may(request, principal, action))

    days = await run_in_threadpool(look)
    tasks = [task for day in days for task in day.tasks]
    return await rendered_page(
        request,
        "console/first_week.html",
        page,
        way=way(page.lang, (TITLE, HOME)),
        days=days,
        of=len(tasks),
        done=sum(task.done_at is not None for task in tasks),
        demo=page.demo,
    )
