"""The customers' pages: what we hold, and their choices as switches with immediate effect."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from consent.choices import Choice
from consent.service import choose
from consent.signals import note_gpc, sent
from governance.core.errors import NotFoundError
from governance.core.terms import PurposeId, SubjectId
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.portal import family
from governance.portal.family import ChildLine
from governance.portal.home import HomeFacts, held_terms, home_facts, next_kind, own_name
from governance.signon.acting import demand_no_own_choice
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(include_in_schema=False)
Person = Annotated[Principal, Depends(require(Action.PORTAL_SELF))]
OWN_PURPOSE = "dsar_fulfilment"
PORTAL = "portal"


def subject_of(principal: Principal) -> SubjectId:
    """The person behind the principal; a customer reaches themselves, or the child acted for."""
    if (subject := principal.person) is None:
        raise NotFoundError
    return subject


@router.get("/portal", response_class=HTMLResponse)
async def home(request: Request, principal: Person, changed: str = "") -> str:
    """What we hold of the person and every choice they have; their looking is recorded too."""
    wiring = wiring_of(request)
    page = page_of(request, "portal.home.title", surface=Surface.PORTAL)
    subject, at = subject_of(principal), wiring.clock()
    reader = replace(principal, lang=page.lang)
    asked = ReadRequest(subject=subject, purpose=OWN_PURPOSE, tables=("person",))
    answer = await run_in_threadpool(read, wiring.ports, reader, asked, at=at)
    await run_in_threadpool(_note_signal, request, principal)

    def look() -> tuple[HomeFacts, tuple[ChildLine, ...]]:
        with wiring.database.read() as tx:
            facts = home_facts(tx, wiring.ports, principal, page.lang, at=at)
            children = family.children(tx, wiring.ports, reader, at=at)
        return facts, family.named(wiring.ports, reader, children, at=at)

    facts, children = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "portal/home.html",
        page,
        facts=facts,
        held=held_terms(answer, page.lang),
        who=own_name(answer),
        children=children,
        changed=changed,
        contact=wiring.settings.contact_mail,
        record=answer.decision_id,
    )


def _note_signal(request: Request, principal: Principal) -> None:
    """A browser signal (Sec-GPC) is in the ledger before anything else is shown or chosen.

    The signal of a guardian's browser is the guardian's, not the child's.
    """
    if sent(request.headers) and principal.acts_for is None:
        wiring = wiring_of(request)
        person = subject_of(principal)
        note_gpc(wiring.ports, principal, person, source=PORTAL, at=wiring.clock())


@router.post("/portal/choices/{purpose}")
async def decide(
    request: Request,
    purpose: str,
    principal: Person,
    choice: Annotated[str, Form()],
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """The choice holds before the page is shown again."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    record = snapshot_of(request).purposes.get(PurposeId(purpose))
    if record is None or choice not in ("on", "off"):
        raise NotFoundError
    subject, at = subject_of(principal), wiring.clock()

    def act() -> None:
        _note_signal(request, principal)
        with wiring.database.read() as tx:
            if choice == "on":
                demand_no_own_choice(tx, wiring.ports, principal, at=at)
            kind = next_kind(tx, subject, record.id, on=choice == "on")
        made = Choice(
            subject=subject,
            purpose=record.id,
            kind=kind,
            method="switch",
            guardian=principal.acts_for is not None,
        )
        choose(wiring.ports, principal, made, at=at)

    await run_in_threadpool(act)
    return RedirectResponse(f"/portal?changed={record.id}#choice-{record.id}-row", status_code=303)
