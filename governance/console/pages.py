"""The officers' pages: overview, figures, the style page; what every page of them shows."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from audit.alarms.watching import alarms
from audit.alarms.wording import in_words
from audit.decisions.counting import decided_since
from governance.console.due_figures import due
from governance.console.frame import may, today, way
from governance.console.glossary import terms_of
from governance.console.import_facts import problem_words
from governance.console.log_facts import verdict_of
from governance.console.menu import menu, stations
from governance.console.overview import CARE, STORE, overview
from governance.console.overview_charts import (
    decision_bars,
    decisions_counted,
    decisions_href,
    yesterday,
)
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.customers import imports
from governance.customers.upkeep import reviews
from governance.gateway.glass.lifting import may_hold
from governance.gateway.glass.store import open_of
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.identity.naming import names_of
from governance.ui.pages import Page, Surface
from governance.ui.style_page import style_page
from governance.ui.surfaces import page_of, rendered_page, templates_of
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(include_in_schema=False)
ALARMS = 5  # newest ones shown on the overview
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]


def console_page(request: Request, title: str, principal: Principal) -> Page:
    """The facts of a console page, with the roles of who looks at it."""
    nav = menu(lambda action: may(request, principal, action))
    page = page_of(request, title, surface=Surface.CONSOLE, nav=nav)
    roles = snapshot_of(request).roles
    names = [roles[name].label[page.lang] for name in sorted(principal.roles) if name in roles]
    shown = page_of(request, title, surface=Surface.CONSOLE, nav=nav, role=" / ".join(names))
    return replace(
        shown,
        alert=_alert(request, principal, shown.lang),
        untrained=principal.untrained,
        seek_href="/console/search",
        terms=terms_of(request.url.path),
        stations=stations(request.url.path, lambda action: may(request, principal, action)),
    )


def _alert(request: Request, principal: Principal, lang: Lang) -> str:
    """What must be seen on every page now: that all stands still, or an access that is open."""
    paused = text("console.pause.banner", lang) if snapshot_of(request).paused else ""
    return " ".join(filter(None, (paused, _open_glass(request, principal, lang))))


def _open_glass(request: Request, principal: Principal, lang: Lang) -> str:
    """That an emergency access of this employee is open, and until when; empty for none."""
    if not may_hold(snapshot_of(request), principal):
        return ""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        found = open_of(tx, principal.id, at=wiring.clock())
    if not found:
        return ""
    until = moment(max(one.ends_at for one in found), lang)
    return text("console.glass.open", lang, until=until)


@router.get("/console", response_class=HTMLResponse)
async def console(request: Request, principal: Officer) -> str:
    """What is held and what needs care; whoever reads the log also sees its end and its proof."""
    wiring = wiring_of(request)
    page = console_page(request, "console.overview.title", principal)
    reads_log = may(request, principal, Action.AUDIT_READ)
    since = yesterday(wiring.clock())

    def look() -> dict[str, object]:
        with wiring.database.read() as tx:
            facts = overview(tx, page.lang, lists=may(request, principal, Action.QUALITY_READ))
            waits = due(tx, request, principal, page.lang)
            told = alarms(tx, limit=ALARMS) if reads_log else ()
            named = names_of(tx, (one.actor for one in told if one.actor))
            decided = decided_since(tx, since) if reads_log else None
        found = {
            "facts": facts,
            "due": waits,
            "alarms": [(one, in_words(one, page.lang, named)) for one in told],
            "decided": decision_bars(decided, page.lang, since=since)
            if decided and decided.total
            else (),
            "decided_href": decisions_href(since),
            "counted": decisions_counted(decided, page.lang) if decided else "",
            "reads_requests": may(request, principal, Action.DSAR_READ),
        }
        if not reads_log:
            return {**found, "verdict": None}
        watched = wiring.log_watch.latest(at=wiring.clock())
        return {**found, "verdict": verdict_of(watched, waiting=facts.waiting)}

    shown = await run_in_threadpool(look)
    return await rendered_page(request, "console/overview.html", page, at=wiring.clock(), **shown)


@router.get("/console/figures/{name}", response_class=HTMLResponse)
async def figure(request: Request, name: str, principal: Officer) -> str:
    """What a figure of the overview is made of: files and kinds of problems, never values."""
    if name not in (*STORE, *CARE):
        raise NotFoundError
    wiring = wiring_of(request)
    page = console_page(request, "console.figure.title", principal)
    with wiring.database.read() as tx:
        runs = imports.all_runs(tx)
        problems = imports.problem_counts(tx)
        findings = imports.finding_counts(tx)
        tasks = reviews.tasks(tx) if name == "reviews" else ()
    return await rendered_page(
        request,
        "console/figure.html",
        page,
        figure=name,
        way=way(page.lang, (f"console.figure.{name}", "")),
        runs=runs,
        problems=problem_words(sorted(problems.items(), key=lambda item: -item[1]), page.lang),
        findings=sorted(findings.items(), key=lambda item: -item[1]),
        tasks=tasks,
        today=today(request),
    )


@router.get("/console/style", response_class=HTMLResponse)
async def style(request: Request, principal: Officer) -> str:
    """Every component in every state."""
    page = console_page(request, "ui.style.title", principal)
    return style_page(templates_of(request), page)
