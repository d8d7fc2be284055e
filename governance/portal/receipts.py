"""The customer's receipts: every choice of theirs, each to be saved and proved without us."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from consent.receipts.issue import choices_of
from consent.types import EVERY, ConsentEvent
from governance.core.terms import Lang, RowId, SubjectId
from governance.documents.typesetting import can_typeset
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.portal.pages import subject_of
from governance.ui.pages import Surface
from governance.ui.parts import Crumb
from governance.ui.surfaces import page_of, rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.snapshot import PolicySnapshot

router = APIRouter(include_in_schema=False)
Person = Annotated[Principal, Depends(require(Action.PORTAL_SELF))]
SHOWN = 100  # newest choices; older ones are in the person's disclosure


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One choice with its receipt."""

    id: RowId
    at: datetime
    purpose: str
    said: str


@router.get("/portal/receipts", response_class=HTMLResponse)
async def receipts(request: Request, principal: Person) -> str:
    """Every choice of the person, newest first, with a button for its receipt."""
    wiring, policy = wiring_of(request), snapshot_of(request)
    page = page_of(request, "portal.receipts.title", surface=Surface.PORTAL)
    subject = subject_of(principal)

    def look() -> tuple[Line, ...]:
        with wiring.database.read() as tx:
            return lines(tx, policy, subject, page.lang)

    way = (
        Crumb(label=text("portal.home.title", page.lang), href="/portal"),
        Crumb(label=text("portal.receipts.title", page.lang)),
    )
    found = await run_in_threadpool(look)
    return await rendered_page(
        request, "portal/receipts.html", page, lines=found, way=way, prints=can_typeset()
    )


def lines(
    tx: Connection, policy: PolicySnapshot, subject: SubjectId, lang: Lang
) -> tuple[Line, ...]:
    """The choices in words, by when they were made: an older system may tell of them later."""
    found = sorted(choices_of(tx, subject), key=lambda one: one[1].occurred_at, reverse=True)
    return tuple(
        Line(
            id=choice,
            at=event.occurred_at,
            purpose=_purpose(policy, event, lang),
            said=text(f"consent.kind.{event.kind.value}", lang),
        )
        for choice, event in found[:SHOWN]
    )


def _purpose(policy: PolicySnapshot, event: ConsentEvent, lang: Lang) -> str:
    if event.purpose == EVERY:
        return text("portal.receipts.every", lang)
    known = policy.purpose(event.purpose)
    return str(event.purpose) if known is None else known.label[lang]
