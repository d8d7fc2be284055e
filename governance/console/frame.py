"""What the officers' pages share: the way to a page, what its reader may do, a form that failed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Form, Request
from fastapi.responses import HTMLResponse
from starlette.responses import RedirectResponse, Response

from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.problems import DetailedError
from governance.http.request import wiring_of
from governance.i18n.catalogue import domain, text
from governance.ui.pages import Page
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import lang_of
from policies.actions import Action
from policies.actors import may as may_act
from policies.api import StepUpNeededError, snapshot_of

Csrf = Annotated[str, Form()]
REQUESTS = "/console/requests"
MISTAKES = 20  # faults of a refused document that a page lists


def may(request: Request, principal: Principal, action: Action) -> bool:
    """Whether the reader may do this too; a page says so before somebody tries."""
    policy = snapshot_of(request)
    return bool(may_act(principal, action, policy))


def way(lang: Lang, *places: tuple[str, str]) -> tuple[Crumb, ...]:
    """The way here from the overview: key and address of each place; the last has no link."""
    steps = [("console.nav.overview", "/console"), *places]
    return tuple(
        Crumb(label=text(key, lang), href=href if at < len(steps) - 1 else "")
        for at, (key, href) in enumerate(steps)
    )


def case_way(lang: Lang, case: str, reference: str, *places: tuple[str, str]) -> tuple[Crumb, ...]:
    """The way to a page of a request, by way of the request; without places to the request."""
    *above, queue = way(lang, ("console.requests.title", REQUESTS))
    return (
        *above,
        Crumb(label=queue.label, href=REQUESTS),
        Crumb(label=reference, href=f"{REQUESTS}/{case}" if places else ""),
        *way(lang, *places)[1:],
    )


def today(request: Request) -> date:
    """The day in Japan."""
    at: datetime = wiring_of(request).clock()
    return at.astimezone(JST).date()


def again(page: Page, path: str, mistakes: tuple[Mistake, ...]) -> Page:
    """The page as the answer to a form: it returns to its own address and says that it failed."""
    return replace(page, path=path, invalid=bool(mistakes))


def mistakes_of(error: GovernanceError, lang: Lang, *, field_id: str) -> tuple[Mistake, ...]:
    """What was wrong, one sentence for each part where the error names parts."""
    if not isinstance(error, DetailedError) or not error.faults:
        return (Mistake(field_id=field_id, sentence=_sentence(error, lang)),)
    return tuple(
        Mistake(field_id=field_id, sentence=f"{name}: {error.detail(code, lang)}")
        for name, code in error.faults[:MISTAKES]
    )


def _sentence(error: GovernanceError, lang: Lang) -> str:
    """The sentence of an error; a field of a form by its label where the error names it.

    What an error names by codes, a page that shows it in words says shorter.
    """
    known = domain("console", lang)
    if f"console.said.{error.code}" in known:
        return text(f"console.said.{error.code}", lang, **error.params)
    named = f"console.input.{error.code}.{error.params.get('field')}"
    label = known.get(named)
    return text(error.text_key, lang, **{**error.params, **({"field": label} if label else {})})


async def answered(
    request: Request,
    work: Callable[[], str],
    again_: Callable[[tuple[Mistake, ...]], Awaitable[str]],
    *,
    field: str | Callable[[GovernanceError], str],
    limiter: CapacityLimiter | None = None,
) -> Response:
    """The way to where the work leads; the page with what was wrong, when it is refused.

    `field` is the place of the form that a mistake is told at, or finds it for an error.
    """
    try:
        place = await to_thread.run_sync(work, limiter=limiter)
    except StepUpNeededError:
        raise  # its own page leads to where the proof is made anew
    except GovernanceError as error:
        name = field if isinstance(field, str) else field(error)
        told = mistakes_of(error, lang_of(request), field_id=name)
        return HTMLResponse(await again_(told), status_code=error.status)
    return RedirectResponse(place, status_code=303)


def said_field(default: str) -> Callable[[GovernanceError], str]:
    """The field that the error itself names, or this one."""
    return lambda error: str(error.params.get("field", default))
