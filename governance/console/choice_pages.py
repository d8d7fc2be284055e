"""The officers' pages of choices: what the ledger counts, one person's choices, what they saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from consent.ledger import new_event_id
from consent.proofs import ProofEndedError, ProofView, proof_view
from consent.standing import PAGE, Entry
from governance.console.choice_facts import (
    HOME,
    HOW,
    cell_lines,
    entry_occurrences,
    proof_terms,
    purpose_words,
    withdrawable,
)
from governance.console.frame import Csrf, again, may, mistakes_of, today, way
from governance.console.lists.consents import CONSENTS
from governance.console.lists.source import listed
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.documents.typesetting import can_typeset
from governance.gateway.api.asking import person_id, row_id
from governance.gateway.choices import Choices, history, look
from governance.http.numbers import NumberAsked
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.CONSENT_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChoices:
    """The facts of the page of one person."""

    choices: Choices
    entries: tuple[Entry, ...]
    more: int | None  # place of the ledger after which there are further entries


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.consents.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def consents(request: Request, principal: Reader) -> str:
    """What the ledger counts of all persons, and the way to one of them."""
    return await _consents(request, principal)


async def _consents(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "console.consents.title", principal), HOME, mistakes)
    return await rendered_page(
        request,
        "console/consents.html",
        page,
        found=await run_in_threadpool(listed, request, principal, CONSENTS),
        mistakes=mistakes,
        searches=may(request, principal, Action.PERSON_SEARCH),
        way=_way(page.lang),
    )


@router.post("/find")
async def find(
    request: Request, principal: Reader, person: Annotated[str, Form()] = "", csrf: Csrf = ""
) -> Response:
    """The way to the page of a pseudonym; what is none comes back, and nothing is told of it."""
    check_csrf(request, csrf)
    try:
        subject = person_id(person.strip())
    except GovernanceError as error:
        lang = console_page(request, "console.consents.title", principal).lang
        told = mistakes_of(error, lang, field_id="person")
        return HTMLResponse(await _consents(request, principal, told), status_code=422)
    return RedirectResponse(f"{HOME}/persons/{subject}", status_code=303)


@router.get("/persons/{subject}", response_class=HTMLResponse)
async def person(
    request: Request, principal: Reader, subject: str, after: NumberAsked = 0, told: str = ""
) -> str:
    """How one person's choices stand and everything that they said; the reading is on record."""
    return await person_page(request, principal, subject, after=after, told=told)


async def person_page(
    request: Request,
    principal: Principal,
    subject: str,
    *,
    after: int = 0,
    told: str = "",
    mistakes: tuple[Mistake, ...] = (),
    given: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The page of one person; `told` is the purpose whose withdrawal was noted just now."""
    page = console_page(request, "console.consents.person", principal)
    wiring, policy = wiring_of(request), snapshot_of(request)
    who, at = person_id(subject), wiring.clock()

    def read() -> PersonChoices:
        choices = look(wiring.ports, principal, who, None, at=at)
        entries = history(
            wiring.ports, principal, who, None, after=max(after, 0), limit=PAGE, at=at
        )
        more = entries[-1].event.seq if len(entries) == PAGE else None
        return PersonChoices(choices=choices, entries=entries, more=more)

    found = await run_in_threadpool(read)
    here = f"{HOME}/persons/{found.choices.subject}"
    known = policy.purpose(told) if told else None
    return await rendered_page(
        request,
        "console/consents_person.html",
        again(page, here, mistakes),
        subject=found.choices.subject,
        lines=cell_lines(found.choices, policy, page.lang),
        explained=found.choices.explained,
        happened=entry_occurrences(found.entries, policy, page.lang),
        next_href=f"{here}?after={found.more}" if found.more else "",
        head=found.choices.head,
        may_read_person=may(request, principal, Action.PERSON_READ),
        may_write=may(request, principal, Action.CONSENT_WRITE),
        told="" if known is None else known.label[page.lang],
        purposes=withdrawable(found.choices, policy, page.lang),
        hows=[
            Choice(value=one, label=text(f"console.consents.how.{one}", page.lang)) for one in HOW
        ],
        given={name: given.get(name, "") for name in ("withdrawn", "how", "said_on", "words")},
        once=new_event_id(),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        today=today(request),
        way=_way(page.lang, ("console.consents.person", "")),
    )


@router.get("/entries/{entry}", response_class=HTMLResponse)
async def proof(request: Request, principal: Reader, entry: str) -> str:
    """What the person saw and did, put together again; the reading is on record."""
    page = console_page(request, "console.consents.proof", principal)
    wiring, policy, row = wiring_of(request), snapshot_of(request), row_id(entry)

    def read() -> tuple[ProofView | None, str]:
        try:
            found = proof_view(wiring.ports, principal, row, at=wiring.clock())
        except ProofEndedError:
            return None, ""
        with wiring.database.read() as tx:
            return found, names_for(tx, (found.proof.actor,), page.lang)[found.proof.actor]

    view, by = await run_in_threadpool(read)
    facts: dict[str, object] = {"view": view, "terms": (), "purpose": "", "href": ""}
    if view is not None:
        facts["terms"] = proof_terms(view, policy, page.lang, by=by)
        facts["purpose"] = purpose_words(policy, view.event.purpose, page.lang)
        facts["href"] = f"{HOME}/persons/{view.event.subject}"
    return await rendered_page(
        request,
        "console/consents_proof.html",
        page,
        entry=row,
        prints=can_typeset(),
        way=_way(page.lang, ("console.consents.proof", "")),
        **facts,
    )
