"""The officers' pages of provision records (APPI 29 to 31): what went out and came in, to whom."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from governance.console.frame import may, today, way
from governance.console.lists.provisions import PROVISIONS
from governance.console.lists.source import listed
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.console.register_facts import (
    provision_lines,
    provision_terms,
)
from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.gateway.api.asking import row_id
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.registers.provisions import service
from governance.registers.provisions.service import ShownPerson
from governance.ui.parts import Crumb
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix="/console/provisions", include_in_schema=False)
HOME = "/console/provisions"
PAGE = 20
Reader = Annotated[Principal, Depends(require(Action.REGISTER_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person of a record."""

    subject: str
    on: date
    seq: int | None
    identity: str

    def __repr__(self) -> str:
        return "PersonLine(...)"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.provisions.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def provisions(request: Request, principal: Reader) -> str:
    """Records, the newest first, by recipient and days; nobody in them is named."""
    page = console_page(request, "console.provisions.title", principal)
    return await rendered_page(
        request,
        "console/provisions.html",
        page,
        found=await run_in_threadpool(listed, request, principal, PROVISIONS),
        may_report=may(request, principal, Action.REPORT_READ),
        today=today(request),
        way=_way(page.lang),
    )


@router.get("/{provision}", response_class=HTMLResponse)
async def one_provision(request: Request, principal: Reader, provision: str) -> str:
    """One record with the other side as it was at the time."""
    page = console_page(request, "console.provisions.one", principal)
    wiring, lang, policy = wiring_of(request), page.lang, snapshot_of(request)

    def look() -> dict[str, object]:
        with wiring.database.read() as tx:
            shown = service.show(tx, wiring.ports, principal, provision)
            (line,) = provision_lines(tx, (shown.provision,), policy, lang)
            recorder = shown.provision.recorded_by
            by = names_for(tx, (recorder,), lang)[recorder]
        terms = provision_terms(line, shown.party, shown.acquisition, lang, by=by)
        return {"line": line, "terms": terms}

    facts = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/provision.html",
        page,
        reads_log=may(request, principal, Action.AUDIT_READ),
        way=_way(lang, ("console.provisions.one", "")),
        **facts,
    )


@router.get("/{provision}/persons", response_class=HTMLResponse)
async def persons(request: Request, principal: Reader, provision: str, after: str = "") -> str:
    """A page of the persons of a record, named; that they were shown is on record."""
    page = console_page(request, "console.provisions.persons", principal)
    wiring = wiring_of(request)
    work = partial(
        service.people,
        ports=wiring.ports,
        principal=principal,
        provision=provision,
        after=row_id(after) if after else None,
        limit=PAGE,
        at=wiring.clock(),
    )
    found = await run_in_threadpool(wiring.database.write, work)
    here = f"{HOME}/{provision}"
    following = f"{here}/persons?after={found[-1].person.id}" if len(found) == PAGE else ""
    return await rendered_page(
        request,
        "console/provision_persons.html",
        page,
        lines=[_person(one, page.lang) for one in found],
        following=following,
        way=_way(page.lang, ("console.provisions.one", here), ("console.provisions.persons", "")),
    )


def _person(one: ShownPerson, lang: Lang) -> PersonLine:
    known = catalogue().fields
    return PersonLine(
        subject=one.person.subject,
        on=one.person.provided_on,
        seq=one.person.consent_seq,
        identity=" / ".join(
            f"{known[FieldId(name)].label(lang) if name in known else name}: {value}"
            for name, value in one.identity.items()
        ),
    )
