"""The officers' pages of recipients and processors: what is missing, transfers abroad, checks."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import (
    Csrf,
    again,
    answered,
    may,
    mistakes_of,
    said_field,
    today,
    way,
)
from governance.console.lists.recipients import RECIPIENTS, TRANSFERS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.register_facts import line_of, recipient_terms
from governance.console.report_pages import choices_of
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.outbound.egress import egress_of
from governance.outbound.webhooks import URL_LIMIT
from governance.registers import hooks, service
from governance.registers.errors import RecipientFieldError, RecipientHookError
from governance.registers.service import NewCheck, Shown
from governance.registers.types import CheckKind, CheckMethod, CheckOutcome, Hook
from governance.reports.types import ReportId
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix="/console", include_in_schema=False)
HOME = "/console/recipients"
REPORTS = (ReportId.R02, ReportId.R10, ReportId.R11)
Reader = Annotated[Principal, Depends(require(Action.REGISTER_READ))]
Keeper = Annotated[Principal, Depends(require(Action.REGISTER_WRITE))]
Words = Annotated[str, Form()]


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.recipients.title", HOME), *further)


@router.get("/recipients", response_class=HTMLResponse)
async def recipients(request: Request, principal: Reader) -> str:
    """Every recipient with what is missing, and what stands behind each one abroad."""
    page = console_page(request, "console.recipients.title", principal)
    wiring = wiring_of(request)

    def look() -> dict[str, object]:
        with wiring.database.read() as tx:
            every = service.listing(tx, wiring.ports, principal, at=wiring.clock())
            return {
                "lacking": sum(bool(one.missing) for one in every),
                "found": listed(request, principal, RECIPIENTS, tx=tx),
                "abroad": listed(request, principal, TRANSFERS, tx=tx),
            }

    return await rendered_page(
        request,
        "console/recipients.html",
        page,
        may_report=may(request, principal, Action.REPORT_READ),
        reports=choices_of(REPORTS, page.lang),
        today=today(request),
        way=_way(page.lang),
        **await run_in_threadpool(look),
    )


@router.get("/recipients/{key}", response_class=HTMLResponse)
async def recipient(request: Request, principal: Reader, key: str) -> str:
    """One recipient with contract, grounds, who works for it, every look, and every version."""
    return await _recipient(request, principal, key)


async def _recipient(
    request: Request,
    principal: Principal,
    key: str,
    mistakes: tuple[Mistake, ...] = (),
    findings: str = "",
    url: str | None = None,
    secret: str = "",
) -> str:
    page = again(
        console_page(request, "console.recipients.one", principal), f"{HOME}/{key}", mistakes
    )
    lang, day = page.lang, today(request)
    shown, hook = await run_in_threadpool(_entry, request, principal, key)
    return await rendered_page(
        request,
        "console/recipient.html",
        page,
        shown=shown,
        entry=shown.listed.recipient,
        line=line_of(shown.listed, lang, on=day),
        terms=recipient_terms(shown, snapshot_of(request), lang),
        kinds=_options("kind", CheckKind, lang),
        methods=_options("method", CheckMethod, lang),
        outcomes=_options("outcome", CheckOutcome, lang),
        may_write=may(request, principal, Action.REGISTER_WRITE),
        today=day,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        findings=findings,
        hook=hook,
        url=(hook.url if hook else "") if url is None else url[:URL_LIMIT],
        secret=secret,
        way=_way(lang, ("console.recipients.one", "")),
    )


def _entry(request: Request, principal: Principal, key: str) -> tuple[Shown, Hook | None]:
    """What the register holds of the recipient, and its webhook."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        shown = service.show(tx, wiring.ports, principal, key, at=wiring.clock())
        return shown, hooks.hook_for(tx, wiring.ports, principal, key)


def _options(name: str, kind: Any, lang: Lang) -> list[Choice]:
    return [
        Choice(value=one.value, label=text(f"reports.R10.{name}.{one.value}", lang)) for one in kind
    ]


@router.post("/recipients/{key}/checks")
async def check(
    request: Request,
    principal: Keeper,
    key: str,
    kind: Words = "",
    method: Words = "",
    outcome: Words = "",
    checked_on: Words = "",
    next_due: Words = "",
    findings: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The look is on file (APPI 25, 28(3)); after a stop nothing goes there any more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        new = NewCheck(
            kind=_read("kind", CheckKind, kind),
            method=_read("method", CheckMethod, method),
            outcome=_read("outcome", CheckOutcome, outcome),
            checked_on=_read("checked_on", date.fromisoformat, checked_on),
            next_due=_read("next_due", date.fromisoformat, next_due) if next_due else None,
            findings=findings.strip(),
        )
        wiring.database.write(
            partial(
                service.note_check,
                ports=wiring.ports,
                principal=principal,
                key=key,
                new=new,
                at=wiring.clock(),
            )
        )
        return f"{HOME}/{key}#checks"

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _recipient(request, principal, key, told, findings)

    return await answered(request, work, page, field=said_field("kind"))


@router.post("/recipients/{key}/webhook")
async def webhook(
    request: Request, principal: Keeper, key: str, url: Words = "", csrf: Csrf = ""
) -> Response:
    """The recipient is told by webhook; the page that answers shows its new secret this once."""
    check_csrf(request, csrf)
    wiring, said = wiring_of(request), url.strip()
    use = partial(
        hooks.set_hook,
        ports=wiring.ports,
        principal=principal,
        key=key,
        url=said,
        egress=egress_of(wiring.settings),
        at=wiring.clock(),
    )
    try:
        hook = await run_in_threadpool(wiring.database.write, use)
    except RecipientHookError as error:
        told = mistakes_of(error, lang_of(request), field_id="url")
        page = await _recipient(request, principal, key, told, url=said)
        return HTMLResponse(page, status_code=error.status)
    page = await _recipient(request, principal, key, secret=hook.secret)
    return HTMLResponse(page, headers={"cache-control": "no-store"})


@router.post("/recipients/{key}/webhook/rotate")
async def rotate(request: Request, principal: Keeper, key: str, csrf: Csrf = "") -> Response:
    """A new secret, shown this once; the one before signs too until the change is settled."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    use = partial(
        hooks.rotate_hook, ports=wiring.ports, principal=principal, key=key, at=wiring.clock()
    )
    hook = await run_in_threadpool(wiring.database.write, use)
    page = await _recipient(request, principal, key, secret=hook.secret)
    return HTMLResponse(page, headers={"cache-control": "no-store"})


@router.post("/recipients/{key}/webhook/settle")
async def settle(request: Request, principal: Keeper, key: str, csrf: Csrf = "") -> Response:
    """The older secret signs no more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    use = partial(
        hooks.settle_hook, ports=wiring.ports, principal=principal, key=key, at=wiring.clock()
    )
    await run_in_threadpool(wiring.database.write, use)
    return RedirectResponse(f"{HOME}/{key}#webhook", status_code=303)


@router.post("/recipients/{key}/webhook/remove")
async def by_mail(request: Request, principal: Keeper, key: str, csrf: Csrf = "") -> Response:
    """The recipient is told by mail again; its secret is gone."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    use = partial(
        hooks.remove_hook, ports=wiring.ports, principal=principal, key=key, at=wiring.clock()
    )
    await run_in_threadpool(wiring.database.write, use)
    return RedirectResponse(f"{HOME}/{key}#webhook", status_code=303)


def _read(name: str, reader: Any, value: str) -> Any:
    try:
        return reader(value)
    except ValueError:
        raise RecipientFieldError(field=name) from None
