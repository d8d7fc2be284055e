"""The officers' page of figures: how requests go, and which of them will come late."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.execution.unconfirmed import Unconfirmed, unconfirmed
from dsar.measures.rules import Forecast, Life, RightFigures
from dsar.measures.service import Figures, figures, overdue_by
from governance.console.frame import Csrf, may, report_file, today, way
from governance.console.pages import console_page
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.reports.rendering import ReportFormat
from governance.reports.types import Period, ReportId
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/request-figures"
YEAR, AHEAD = 365, 14  # days back and ahead when nothing is said
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Reporter = Annotated[Principal, Depends(require(Action.REPORT_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLine:
    """A request that is late, or will be."""

    request: str
    reference: str
    right: str
    act_by: date | None
    expected: date | None
    already: bool


@router.get("", response_class=HTMLResponse)
async def request_figures(request: Request, principal: Reader, by: str = "") -> str:
    """A year's figures by law and right, the age of open requests, the forecast for a day."""
    wiring, on = wiring_of(request), today(request)
    page = console_page(request, "console.request_figures.title", principal)
    day, at = _day(by, on), wiring.clock()

    def look() -> tuple[Figures, Forecast, tuple[Unconfirmed, ...]]:
        with wiring.database.read() as tx:
            since = at - timedelta(days=YEAR)
            found = figures(tx, wiring.ports, principal, since=since, at=at)
            forecast = overdue_by(tx, wiring.ports, principal, day, at=at)
            return found, forecast, unconfirmed(tx, wiring.ports, principal, at=at)

    found, forecast, silent = await run_in_threadpool(look)
    return templates_of(request).render(
        "console/request_figures.html",
        page,
        rights=[_right(one, page.lang) for one in found.rights],
        ageing=[
            {"age": text(f"console.request_figures.age.{age.value}", page.lang), "count": count}
            for age, count in found.ageing.items()
        ],
        refusals=[
            {"ground": text(f"dsar.ground.{ground.value}", page.lang), "count": count}
            for ground, count in found.refusals.items()
        ],
        kept=None if found.kept is None else f"{float(found.kept):.1%}",
        forecast=forecast,
        pace=f"{float(forecast.pace):.2f}",
        late=_late(forecast, page.lang),
        silent=silent,
        by=day,
        today=on,
        month=on.replace(day=1),
        may_report=may(request, principal, Action.REPORT_READ),
        way=way(
            page.lang,
            ("console.nav.requests", "/console/requests"),
            ("console.request_figures.title", HOME),
        ),
    )


def _day(given: str, standing: date) -> date:
    """The day of the forecast; two weeks ahead when none is given or it is past."""
    try:
        wanted = date.fromisoformat(given)
    except ValueError:
        return standing + timedelta(days=AHEAD)
    return max(wanted, standing)


def _right(one: RightFigures, lang: Lang) -> dict[str, object]:
    return {
        "law": text(f"consent.law.{one.law.value}", lang),
        "right": text(f"dsar.right.{one.kind.value}", lang),
        "received": one.received,
        "open": one.open,
        "overdue": one.overdue,
        "answered": one.answered,
        "refused": one.refused + one.partial,
        "median": None if one.median_days is None else f"{one.median_days:g}",
        "in_time": f"{one.in_time:,} / {one.in_time + one.late:,}",
    }


def _late(forecast: Forecast, lang: Lang) -> tuple[LateLine, ...]:
    now = [_line(life, None, lang, already=True) for life in forecast.now]
    coming = [_line(one.life, one.on, lang, already=False) for one in forecast.coming]
    return (*now, *coming)


def _line(life: Life, expected: date | None, lang: Lang, *, already: bool) -> LateLine:
    return LateLine(
        request=life.request,
        reference=life.reference,
        right=text(f"dsar.right.{life.kind.value}", lang),
        act_by=life.act_by,
        expected=expected,
        already=already,
    )


@router.post("/report")
async def report(
    request: Request,
    principal: Reporter,
    first: Annotated[date, Form()],
    last: Annotated[date, Form()],
    form: Annotated[str, Form()] = ReportFormat.HTML.value,
    csrf: Csrf = "",
) -> Response:
    """The register of requests (R07) of a period as a file."""
    check_csrf(request, csrf)
    period = Period(first=first, last=last)
    return await report_file(request, principal, ReportId.R07, period, form=form)
