"""The officers' page of a breach, its notice to the persons concerned: read, printed, published."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, mistakes_of, way
from governance.console.lists.breaches import HOME
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.documents.typesetting import Template as PaperTemplate
from governance.documents.typesetting import can_typeset, pdf
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.registers.breaches.notice import TOLD, NoticePaper, Reach, notice_paper
from governance.registers.breaches.paper import naming
from governance.registers.breaches.types import BreachAddresseeError, Topic
from governance.ui.pages import Page
from governance.ui.parts import Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Writer = Annotated[Principal, Depends(require(Action.BREACH_WRITE))]
Word = Annotated[str, Form()]
AS_PDF, AS_TEXT, LONGEST = "pdf", "text", 2_000
UNCACHED: Final = {"cache-control": "no-store"}


@router.post("/{breach}/notices")
async def notice(
    request: Request,
    principal: Writer,
    breach: str,
    *,
    rule: Word = "",
    reach: Word = "",
    form: Word = "",
    lang: Word = "",
    to: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The notice as it would leave now; that it was made is on record, the addressee nowhere."""
    check_csrf(request, csrf)
    if reach not in set(Reach):
        raise NotFoundError
    page = console_page(request, "breaches.notice.one", principal)
    said = Lang(lang) if lang in set(Lang) else page.lang
    wiring = wiring_of(request)
    at = wiring.clock()

    def made(addressee: str) -> NoticePaper:
        act = partial(
            notice_paper, ports=wiring.ports, principal=principal, breach=breach, rule=rule,
            reach=Reach(reach), lang=said, to=addressee, at=at,
        )  # fmt: skip
        found: NoticePaper = wiring.database.write(act)
        return found

    mistakes: tuple[Mistake, ...] = ()
    try:
        found = await run_in_threadpool(made, to[:LONGEST])
    except BreachAddresseeError as error:
        mistakes = mistakes_of(error, page.lang, field_id="to")
        found = await run_in_threadpool(made, "")
    if form == AS_PDF and not mistakes:
        shown = partial(pdf, PaperTemplate.PAPER, found.paper.as_json(), said, at=at)
        return _file(await run_in_threadpool(shown), "application/pdf", f"notice-{reach}.pdf")
    if form == AS_TEXT and not mistakes:
        words = "\n".join(found.paper.lines()) + "\n"
        return _file(words.encode(), "text/plain; charset=utf-8", f"notice-{reach}.txt")
    names = await run_in_threadpool(naming, wiring.ports, principal, breach)
    shown_to = to[:LONGEST] if Reach(reach) is Reach.PERSON else ""
    told = tuple(one for one in names if one in TOLD)
    read = partial(
        _read, request, page, found, told,
        breach=breach, rule=rule, reach=reach, said=said, to=shown_to, mistakes=mistakes,
    )  # fmt: skip
    body = await run_in_threadpool(read)
    return HTMLResponse(body, status_code=422 if mistakes else 200, headers=UNCACHED)


def _file(content: bytes, media: str, name: str) -> Response:
    headers = {**UNCACHED, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)


def _read(
    request: Request,
    page: Page,
    found: NoticePaper,
    names: tuple[Topic, ...],
    *,
    breach: str,
    rule: str,
    reach: str,
    said: Lang,
    to: str,
    mistakes: tuple[Mistake, ...],
) -> str:
    """The notice to be read, with what it lacks and what it may say too much."""
    here = (
        ("breaches.title", HOME),
        ("breaches.one", f"{HOME}/{breach}"),
        ("breaches.notice.one", ""),
    )
    return templates_of(request).render(
        "console/breach_notice.html",
        page,
        paper=found.paper,
        draft=found.draft,
        said=said.value,
        other=(Lang.EN if said is Lang.JA else Lang.JA).value,
        missing=[text(f"breaches.item.{one.value}", page.lang) for one in found.missing],
        naming=[text(f"breaches.item.{one.value}", page.lang) for one in names],
        rule=rule,
        reach=reach,
        to=to,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        href=f"{HOME}/{breach}",
        prints=can_typeset(),
        way=way(page.lang, *here),
    )
