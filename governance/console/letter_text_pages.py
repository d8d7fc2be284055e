"""The officers' pages of the company's texts for letters: proposed by one, adopted by another."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.correspondence import editions
from dsar.correspondence.editions import Edition
from dsar.correspondence.types import Source, Template
from governance.console import letter_facts as facts
from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.lists.source import listed
from governance.console.lists.texts import LETTER_TEXTS
from governance.console.pages import console_page
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RowId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Mistake
from governance.ui.surfaces import rendered_page, templates_of
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/letter-texts"
TITLE: Final = "console.texts.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Officer = Annotated[Principal, Depends(require(Action.DSAR_DECIDE))]
Words = Annotated[str, Form()]


@router.get("", response_class=HTMLResponse)
async def texts(request: Request, principal: Reader) -> str:
    """The company's own texts, and every letter that has one."""
    page = console_page(request, TITLE, principal)
    return await rendered_page(
        request,
        "console/letter_texts.html",
        page,
        way=way(page.lang, (TITLE, HOME)),
        found=await run_in_threadpool(listed, request, principal, LETTER_TEXTS),
        choices=facts.choices(Template, page.lang),
    )


@router.get("/{template}/{lang}", response_class=HTMLResponse)
async def text_of(request: Request, template: str, lang: str, principal: Reader) -> str:
    """The text that is in use now, and the form for another."""
    return await run_in_threadpool(_text, request, principal, *_known(template, lang))


@router.post("/{template}/{lang}")
async def propose(
    request: Request,
    template: str,
    lang: str,
    principal: Officer,
    title: Words = "",
    body: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The text waits for a second person; a fault of its slots comes back with the form."""
    check_csrf(request, csrf)
    known, wiring = _known(template, lang), wiring_of(request)
    source = Source(title=title[:2_000], body=body[:100_000])
    work = partial(
        editions.propose,
        ports=wiring.ports,
        principal=principal,
        template=known[0],
        lang=known[1],
        source=source,
        at=wiring.clock(),
    )
    try:
        made = await run_in_threadpool(wiring.database.write, work)
    except GovernanceError as error:
        page = partial(_text, request, principal, *known, source=source, error=error)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{made.id}", status_code=303)


@router.get("/{edition}", response_class=HTMLResponse)
async def one(request: Request, edition: str, principal: Reader) -> str:
    """One text of the company with its way into use."""
    return await run_in_threadpool(_edition, request, principal, edition)


@router.post("/{edition}")
async def decide(
    request: Request, edition: str, principal: Reader, step: Words = "", csrf: Csrf = ""
) -> Response:
    """The text is in use, or dropped."""
    check_csrf(request, csrf)
    if step not in {"adopt", "drop"}:
        raise NotFoundError
    wiring = wiring_of(request)
    work = partial(
        editions.decide,
        ports=wiring.ports,
        principal=principal,
        wanted=RowId(edition),
        adopt=step == "adopt",
        at=wiring.clock(),
    )
    try:
        await run_in_threadpool(wiring.database.write, work)
    except GovernanceError as error:
        page = partial(_edition, request, principal, edition, error=error)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(HOME, status_code=303)


def _known(template: str, lang: str) -> tuple[Template, Lang]:
    if template not in set(Template) or lang not in set(Lang):
        raise NotFoundError
    return Template(template), Lang(lang)


def _editions(request: Request, principal: Principal) -> tuple[Edition, ...]:
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        return editions.editions(tx, wiring.ports, principal)


def _edition(
    request: Request, principal: Principal, wanted: str, *, error: GovernanceError | None = None
) -> str:
    found = next((one for one in _editions(request, principal) if one.id == wanted), None)
    if found is None:
        raise NotFoundError
    return _text(request, principal, found.template, found.lang, edition=found, error=error)


def _text(
    request: Request,
    principal: Principal,
    template: Template,
    lang: Lang,
    *,
    source: Source | None = None,
    edition: Edition | None = None,
    error: GovernanceError | None = None,
) -> str:
    page = console_page(request, TITLE, principal)
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        _, used = editions.text_in_use(tx, template, lang)
    here = f"{HOME}/{template}/{lang}"
    field = "step" if edition else "body"
    mistakes: tuple[Mistake, ...] = mistakes_of(error, page.lang, field_id=field) if error else ()
    own = edition is not None and edition.created_by == principal.id
    return templates_of(request).render(
        "console/letter_text.html",
        again(page, here, mistakes),
        way=way(page.lang, (TITLE, HOME), ("console.texts.one", here)),
        here=here,
        heading=text(
            "console.texts.of",
            page.lang,
            letter=facts.name_of(template, page.lang),
            lang=text(f"staff.lang.{lang}", page.lang),
        ),
        source=source or used,
        edition=edition,
        adopts=not own and may(request, principal, Action.DSAR_APPROVE),
        writes=edition is None and may(request, principal, Action.DSAR_DECIDE),
        slots=facts.slot_lines(template, page.lang),
        mistakes=mistakes,
        wrong=mistakes[0].sentence if mistakes and not edition else "",
    )
