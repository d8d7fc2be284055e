"""The officers' pages of simulations: what will be gone on a day, under which schedule, and who."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, answered, may, today
from governance.console.lists.retention import RETENTION_SIMULATIONS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.retention_frame import (
    DECISION_TONES,
    HOME,
    SIMULATIONS,
    SLICE,
    Planner,
    Reader,
    short_worker,
    way_to,
)
from governance.console.schedule_form import LARGEST, schedule_of, version_choices
from governance.console.simulation_facts import (
    person_shown,
    persons_href,
    simulation_shown,
)
from governance.core.terms import Lang, RowId, SubjectId
from governance.customers.uploads import UNFIT, Place, scanned
from governance.gateway.api.asking import row_id
from governance.http.numbers import NumberAsked
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.lists.listing import Listing
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from retention.errors import ScheduleFormError
from retention.simulation import service, store
from retention.simulation.errors import SimulationDayError
from retention.simulation.folding import MONTHS
from retention.simulation.persons import persons_page
from retention.simulation.showing import why_of
from retention.simulation.types import Simulation
from retention.types import DecisionKind

router = APIRouter(prefix=SIMULATIONS, include_in_schema=False)
AT_ONCE: Final = 3_000  # persons who are counted before the page answers; more count behind it
TITLE: Final = "console.simulations.title"


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way_to(lang, (TITLE, SIMULATIONS), *further)


@router.get("", response_class=HTMLResponse)
async def simulations(request: Request, principal: Reader) -> str:
    """The form for a simulation, and those of the last weeks."""
    return await _simulations(request, principal)


async def _simulations(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    *,
    on: str = "",
    which: str = "",
) -> str:
    page = again(console_page(request, TITLE, principal), SIMULATIONS, mistakes)
    wiring = wiring_of(request)

    def look() -> tuple[Listing, Any]:
        with wiring.database.read() as tx:
            found = listed(request, principal, RETENTION_SIMULATIONS, tx=tx)
            return found, version_choices(tx, page.lang)

    found, versions = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/simulations.html",
        page,
        found=found,
        versions=versions,
        on=on or today(request).isoformat(),
        which=which,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        may_plan=may(request, principal, Action.RETENTION_PLAN),
        way=_way(page.lang),
    )


@router.post("")
async def simulate(
    request: Request,
    principal: Planner,
    later: BackgroundTasks,
    on: Annotated[str, Form()] = "",
    which: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
    csrf: Csrf = "",
) -> Response:
    """The simulation is counted at once, or behind its page when there are many persons."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    content = await file.read(LARGEST + 1) if file is not None and file.size else b""

    def work() -> str:
        if content:
            scanned(wiring.ports, principal, content, place=Place.SCHEDULE, at=wiring.clock())
        with wiring.database.read() as tx:
            schedule = schedule_of(tx, content, which=which)
        day = _day(on)
        asked: RowId = wiring.database.write(
            lambda tx: service.ask(
                tx, wiring.ports, principal, on=day, schedule=schedule, at=wiring.clock()
            )
        )
        drive(wiring, principal, asked, later)
        return f"{SIMULATIONS}/{asked}"

    shown = partial(_simulations, request, principal, on=on, which=which)
    answer = await answered(request, work, shown, field=_field)
    answer.background = later
    return answer


def _field(error: Exception) -> str:
    return "file" if isinstance(error, (ScheduleFormError, *UNFIT)) else "on"


def _day(given: str) -> date | None:
    """The day of the form; what is no day is refused as one out of reach."""
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise SimulationDayError from None


def drive(wiring: Any, principal: Principal, asked: RowId, later: BackgroundTasks) -> None:
    """The simulation is counted, or will be behind the answer; the clock's job does the rest."""
    with wiring.database.read() as tx:
        found = store.find(tx, asked)
    worker = short_worker(principal.id, wiring.clock, until=wiring.clock() + SLICE)
    if found.total <= AT_ONCE:
        service.drive(wiring.ports, asked, worker=worker)
    else:
        later.add_task(service.drive, wiring.ports, asked, worker=worker)


@router.get("/{simulation}", response_class=HTMLResponse)
async def one(
    request: Request, principal: Reader, simulation: str, months: NumberAsked = MONTHS
) -> str:
    """What a simulation counted, or how far it has come."""
    return await _one(request, principal, simulation, months=months)


async def _one(
    request: Request,
    principal: Principal,
    simulation: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    months: int = MONTHS,
) -> str:
    wiring, ahead = wiring_of(request), min(max(months, 1), 120)

    def look() -> tuple[Simulation, str | None]:
        with wiring.database.read() as tx:
            found = store.find(tx, row_id(simulation))
            return found, service.not_plannable(tx, found, at=wiring.clock())

    found, why_not = await run_in_threadpool(look)
    here = f"{SIMULATIONS}/{found.id}"
    page = again(console_page(request, "console.simulations.one", principal), here, mistakes)
    return await rendered_page(
        request,
        "console/simulation.html",
        page,
        found=found,
        here=here,
        shown=simulation_shown(found, page.lang, months=ahead) if found.counted else None,
        months=ahead,
        why_not=why_not,
        mistakes=mistakes,
        may_plan=may(request, principal, Action.RETENTION_PLAN),
        everybody=persons_href(found),
        way=_way(page.lang, ("console.simulations.one", "")),
    )


@router.post("/{simulation}/go-on")
async def go_on(
    request: Request,
    principal: Planner,
    later: BackgroundTasks,
    simulation: str,
    csrf: Csrf = "",
) -> Response:
    """A count that nobody drives any more goes on where it stood."""
    check_csrf(request, csrf)
    wiring, asked = wiring_of(request), row_id(simulation)
    await run_in_threadpool(drive, wiring, principal, asked, later)
    return RedirectResponse(f"{SIMULATIONS}/{asked}", status_code=303, background=later)


@router.post("/{simulation}/plan")
async def plan(request: Request, principal: Planner, simulation: str, csrf: Csrf = "") -> Response:
    """The plan of the simulation, which is what a run carries out."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> str:
        made = wiring.database.write(
            lambda tx: service.plan_from(
                tx, wiring.ports, principal, row_id(simulation), at=wiring.clock()
            )
        )
        return f"{HOME}/plans/{made}"

    return await answered(
        request, work, partial(_one, request, principal, simulation), field="plan"
    )


@router.get("/{simulation}/persons", response_class=HTMLResponse)
async def persons(
    request: Request,
    principal: Reader,
    simulation: str,
    decision: str = "",
    rule: str = "",
    after: str = "",
) -> str:
    """The persons behind a figure, by pseudonym and number; the look is on record."""
    page = console_page(request, "console.simulations.persons", principal)
    wiring, kind = wiring_of(request), _kind(decision)
    reader = replace(principal, lang=page.lang)

    def look() -> tuple[Simulation, Any]:
        with wiring.database.read() as tx:
            found = store.find(tx, row_id(simulation))
        last = SubjectId(row_id(after)) if after else None
        shown = persons_page(
            *(wiring.ports, reader, found),
            decision=kind,
            rule=rule,
            after=last,
            at=wiring.clock(),
        )
        return found, shown

    found, shown = await run_in_threadpool(look)
    following = persons_href(found, decision=decision, rule=rule, after=shown.after or "")
    return await rendered_page(
        request,
        "console/simulation_persons.html",
        page,
        lines=[person_shown(line, found, page.lang) for line in shown.lines],
        opened=shown.opened,
        tones=DECISION_TONES,
        decision=text(f"retention.decision.{kind}", page.lang) if kind else "",
        why=why_of(rule, found.schedule, page.lang)[0] if rule else "",
        first=not after,
        next_href=following if shown.after else "",
        sees_person=may(request, principal, Action.PERSON_READ),
        way=_way(
            page.lang,
            ("console.simulations.one", f"{SIMULATIONS}/{found.id}"),
            ("console.simulations.persons", ""),
        ),
    )


def _kind(given: str) -> DecisionKind | None:
    return DecisionKind(given) if given in set(DecisionKind) else None
