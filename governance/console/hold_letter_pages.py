"""The officers' page of a matter, its notices of preservation: send, confirm, print."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf
from governance.console.hold_facts import held_words
from governance.console.hold_pages import HOME, Placer, Reader, Words, done
from governance.console.pages import console_page
from governance.core.terms import Lang
from governance.documents.typesetting import Template as PaperTemplate
from governance.documents.typesetting import pdf
from governance.http.request import check_csrf, wiring_of
from retention.holds import letters, store

router = APIRouter(prefix=HOME, include_in_schema=False)


@router.post("/{number}/letters")
async def send_letter(
    request: Request,
    principal: Placer,
    number: str,
    *,
    custodian: Words = "",
    address: Words = "",
    lang: Words = Lang.JA.value,
    csrf: Csrf = "",
) -> Response:
    """The notice of preservation is on its way to a custodian."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    act = partial(
        letters.send,
        ports=wiring.ports,
        principal=principal,
        number=number,
        name=custodian,
        address=address.strip(),
        lang=Lang.EN if lang == Lang.EN.value else Lang.JA,
        at=wiring.clock(),
    )
    return await done(request, principal, number, act, field_id="custodian")


@router.post("/{number}/letters/{letter}/confirm")
async def confirm_letter(
    request: Request, principal: Placer, number: str, letter: str, csrf: Csrf = ""
) -> Response:
    """That the custodian confirmed is on record."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    act = partial(
        letters.confirm,
        ports=wiring.ports,
        principal=principal,
        number=number,
        letter=letter,
        at=wiring.clock(),
    )
    return await done(request, principal, number, act, field_id="custodian")


@router.get("/{number}/notice.pdf")
async def paper(request: Request, principal: Reader, number: str) -> Response:
    """The notice of preservation as a paper, in the reader's language."""
    lang = console_page(request, "console.holds.one", principal).lang
    wiring = wiring_of(request)

    def work() -> bytes:
        with wiring.database.read() as tx:
            found, what = store.matter_of(tx, number), held_words(tx, number, lang)
        house = wiring.ports.controller
        sheet = letters.notice(
            found,
            lang,
            sender=house.company(lang),
            contact=tuple(filter(None, (house.contact_mail, house.contact_phone))),
            what=what,
            at=wiring.clock(),
        )
        return pdf(PaperTemplate.PAPER, sheet.as_json(), lang, at=wiring.clock())

    content = await run_in_threadpool(work)
    name = 'attachment; filename="preservation-notice.pdf"'
    headers = {"cache-control": "no-store", "content-disposition": name}
    return Response(content, media_type="application/pdf", headers=headers)
