"""The officers' pages of decisions: the list, and one decision with the proof of its batch."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from audit.decisions.types import DecisionRecord
from audit.reviewing.decided import decided_at, look_at_decision
from audit.reviewing.service import reviewer
from governance.console.decision_facts import HOME, BatchPlace, batch_place, decision_terms
from governance.console.frame import way
from governance.console.lists.decisions import DECISIONS, Span, span_of
from governance.console.lists.source import listed
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.core.terms import EventId
from governance.gateway.api.asking import row_id
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.ui.lists.listing import Listing
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

TITLE = "console.decisions.title"

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.AUDIT_READ))]


@router.get("", response_class=HTMLResponse)
async def decisions(request: Request, principal: Reader, person: str = "") -> str:
    """Decisions that meet the filter of the address, all of them or those about one person."""
    page = replace(console_page(request, TITLE, principal), path=HOME)
    wiring = wiring_of(request)

    def look() -> tuple[Listing, Span | None]:
        found, given = listed(request, principal, DECISIONS), {"person": person}
        with wiring.database.read() as tx:
            return found, span_of(tx, found.view, given, at=wiring.clock())

    found, span = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/decisions.html",
        page,
        found=found,
        span=span,
        person=person,
        way=way(page.lang, (TITLE, HOME)),
    )


@router.get("/{name}", response_class=HTMLResponse)
async def one_decision(request: Request, principal: Reader, name: str) -> str:
    """What was asked, what was answered and why, and that nobody changed it since."""
    wiring = wiring_of(request)
    page = console_page(request, "console.decisions.one", principal)
    by = reviewer(principal, at=wiring.clock())

    def look(tx: Any) -> tuple[DecisionRecord, BatchPlace | None, str]:
        found = look_at_decision(tx, wiring.audit, EventId(row_id(name)), by)
        asked_by = str(found.column("actor"))
        return found, batch_place(tx, found), names_for(tx, (asked_by,), page.lang)[asked_by]

    found, place, actor = await run_in_threadpool(wiring.database.write, look)
    purposes = {name: one.label[page.lang] for name, one in snapshot_of(request).purposes.items()}
    return await rendered_page(
        request,
        "console/decision.html",
        page,
        at=decided_at(found),
        terms=decision_terms(found, purposes, page.lang, actor=actor),
        place=place,
        way=way(page.lang, (TITLE, HOME), ("console.decisions.one", "")),
    )
