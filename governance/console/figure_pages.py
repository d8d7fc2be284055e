"""The officers' page of figures: how requests go, and which of them will come late."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from dsar.measures.rules import Forecast
from dsar.measures.service import Figures, figures, overdue_by
from governance.console.frame import may, today, way
from governance.console.lists.figures import (
    LATE_REQUESTS,
    REQUEST_FIGURES,
    UNCONFIRMED,
    forecast_day,
)
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.ui.charts import bar_lines
from governance.ui.lists.listing import Listing
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/request-figures"
YEAR, AHEAD = 365, 14  # days back and ahead when nothing is said
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]


@router.get("", response_class=HTMLResponse)
async def request_figures(request: Request, principal: Reader, by: str = "") -> str:
    """A year's figures by law and right, the age of open requests, the forecast for a day."""
    wiring, on = wiring_of(request), today(request)
    page = console_page(request, "console.request_figures.title", principal)
    day, at = forecast_day(by, on), wiring.clock()

    def look() -> tuple[Figures, Forecast, tuple[Listing, ...]]:
        with wiring.database.read() as tx:
            since = at - timedelta(days=YEAR)
            found = figures(tx, wiring.ports, principal, since=since, at=at)
            forecast = overdue_by(tx, wiring.ports, principal, day, at=at)
            sources = (LATE_REQUESTS, UNCONFIRMED, REQUEST_FIGURES)
            shown = tuple(listed(request, principal, one, tx=tx) for one in sources)
            return found, forecast, shown

    found, forecast, (late, silent, rights) = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/request_figures.html",
        page,
        rights=rights,
        ageing=bar_lines(
            (text(f"console.request_figures.age.{age.value}", page.lang), count)
            for age, count in found.ageing.items()
        ),
        refusals=[
            {"ground": text(f"dsar.ground.{ground.value}", page.lang), "count": count}
            for ground, count in found.refusals.items()
        ],
        kept=None if found.kept is None else f"{float(found.kept):.1%}",
        forecast=forecast,
        pace=f"{float(forecast.pace):.2f}",
        late=late,
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
