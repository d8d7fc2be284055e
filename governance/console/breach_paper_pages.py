"""The officers' page of a breach, its report to the commission as a paper: to read, print, keep."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, way
from governance.console.lists.breaches import HOME
from governance.console.pages import console_page
from governance.core.terms import Lang
from governance.documents.typesetting import Template as PaperTemplate
from governance.documents.typesetting import can_typeset, pdf
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.registers.breaches.paper import ReportPaper, naming, report_paper
from governance.registers.breaches.types import Topic
from governance.ui.pages import Page
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Writer = Annotated[Principal, Depends(require(Action.BREACH_WRITE))]
Word = Annotated[str, Form()]
AS_PDF: Final = "pdf"


@router.post("/{breach}/papers")
async def paper(
    request: Request,
    principal: Writer,
    breach: str,
    *,
    rule: Word = "",
    form: Word = "",
    lang: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The report as it would leave now; that it was made is on record."""
    check_csrf(request, csrf)
    page = console_page(request, "breaches.paper.one", principal)
    said = Lang(lang) if lang in set(Lang) else page.lang
    wiring = wiring_of(request)
    at = wiring.clock()

    def made() -> ReportPaper:
        act = partial(
            report_paper,
            ports=wiring.ports,
            principal=principal,
            breach=breach,
            rule=rule,
            lang=said,
            at=at,
        )
        found: ReportPaper = wiring.database.write(act)
        return found

    found = await run_in_threadpool(made)
    if form == AS_PDF:
        shown = partial(pdf, PaperTemplate.PAPER, found.paper.as_json(), said, at=at)
        name = f'attachment; filename="{rule}.pdf"'
        headers = {"cache-control": "no-store", "content-disposition": name}
        content = await run_in_threadpool(shown)
        return Response(content, media_type="application/pdf", headers=headers)
    names = await run_in_threadpool(naming, wiring.ports, principal, breach)
    read = partial(_read, request, page, found, names, breach=breach, rule=rule, said=said)
    return await run_in_threadpool(read)


def _read(
    request: Request,
    page: Page,
    found: ReportPaper,
    names: tuple[Topic, ...],
    *,
    breach: str,
    rule: str,
    said: Lang,
) -> Response:
    """The paper to be read and printed, with what it lacks and what it may say too much."""
    here = (
        ("breaches.title", HOME),
        ("breaches.one", f"{HOME}/{breach}"),
        ("breaches.paper.one", ""),
    )
    body = templates_of(request).render(
        "console/breach_paper.html",
        page,
        paper=found.paper,
        said=said.value,
        other=(Lang.EN if said is Lang.JA else Lang.JA).value,
        missing=[text(f"breaches.item.{one.value}", page.lang) for one in found.missing],
        naming=[text(f"breaches.item.{one.value}", page.lang) for one in names],
        rule=rule,
        href=f"{HOME}/{breach}",
        prints=can_typeset(),
        way=way(page.lang, *here),
    )
    return HTMLResponse(body, headers={"cache-control": "no-store"})
