"""The global search: a page that works without script, and the dialog of Ctrl+K by the same parts.

Words are sent in a form, never in an address: somebody will type a name.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from governance.console.frame import Csrf, again, may, today, way
from governance.console.pages import console_page
from governance.console.person_results import purposes_to
from governance.console.seeking import Hit, Sought, hits
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require
from policies.types import Verb

HOME: Final = "/console/search"
TITLE: Final = "persons.seek.title"

router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]


@router.get("", response_class=HTMLResponse)
async def begin(request: Request, principal: Officer) -> str:
    """Every page that the reader may open, and the field to search."""
    return await _page(request, principal, "")


@router.post("", response_class=HTMLResponse)
async def seek(
    request: Request, principal: Officer, q: Annotated[str, Form()] = "", csrf: Csrf = ""
) -> str:
    """Where the words lead, of what the reader may open; persons are looked for in a step more."""
    check_csrf(request, csrf)
    return await _page(request, principal, q)


async def _page(request: Request, principal: Principal, words: str) -> str:
    page = again(console_page(request, TITLE, principal), HOME, ())
    wiring = wiring_of(request)
    sought = Sought(
        words=words,
        lang=page.lang,
        day=today(request),
        may=lambda action: may(request, principal, action),
    )

    def look() -> tuple[Hit, ...]:
        with wiring.database.read() as tx:
            return hits(tx, sought)

    found = await run_in_threadpool(look)
    able = purposes_to(request, principal, Verb.SEARCH) if _searches(request, principal) else ()
    return await rendered_page(
        request,
        "console/seek.html",
        page,
        words=words.strip(),
        hits=found,
        purpose=able[0] if able else None,
        way=way(page.lang, (TITLE, HOME)),
    )


def _searches(request: Request, principal: Principal) -> bool:
    return may(request, principal, Action.PERSON_SEARCH)
