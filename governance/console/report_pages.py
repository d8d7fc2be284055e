"""The officers' page of reports: which there are, and the one place that makes each as a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.console.frame import Csrf, may, today, way
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.reports.rendering import MEDIA, ReportFormat
from governance.reports.service import KINDS, ground_of, make
from governance.reports.types import Period, ReportId
from governance.ui.parts import Choice
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/reports"
TITLE: Final = "console.reports.title"
PLACES: Final[Mapping[ReportId, str]] = MappingProxyType(
    {
        ReportId.R02: "/console/recipients",
        ReportId.R07: "/console/request-figures",
        ReportId.R08: "/console/breaches",
        ReportId.R09: "/console/provisions",
        ReportId.R10: "/console/recipients",
        ReportId.R11: "/console/recipients",
        ReportId.R12: "/console/retention",
        ReportId.R12H: "/console/holds",
        ReportId.R13: "/console/access",
        ReportId.R14: "/console/audit",
        ReportId.R16: "/console/training",
        ReportId.R19: "/console/complaints",
        ReportId.R22: "/console/datasets",
    }
)  # where an officer works with what a report tells of
router = APIRouter(prefix=HOME, include_in_schema=False)
Reporter = Annotated[Principal, Depends(require(Action.REPORT_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One report that the reader may make."""

    id: ReportId
    title: str
    about: str
    place: str


def offered(may_do: Callable[[Action], bool]) -> Iterator[ReportId]:
    """The reports that whoever may do so much may make."""
    if may_do(Action.REPORT_READ):
        yield from (one for one, kind in KINDS.items() if all(map(may_do, kind.actions)))


def choices_of(reports: Iterable[ReportId], lang: Lang) -> tuple[Choice, ...]:
    """The reports by number and short name."""
    return tuple(
        Choice(value=one.value, label=f"{one} {text(f'console.reports.name.{one}', lang)}")
        for one in reports
    )


def _line(report: ReportId, lang: Lang) -> ReportLine:
    return ReportLine(
        id=report,
        title=text(f"reports.{report}.title", lang),
        about=text(f"console.reports.about.{report}", lang),
        place=PLACES[report],
    )


@router.get("", response_class=HTMLResponse)
async def reports(request: Request, principal: Reporter, report: str = "") -> str:
    """Every report that the reader may make, and the form; `report` is chosen before."""
    page = console_page(request, TITLE, principal)
    lines = tuple(_line(one, page.lang) for one in offered(partial(may, request, principal)))
    known = {str(line.id) for line in lines}
    return await rendered_page(
        request,
        "console/reports.html",
        page,
        lines=lines,
        choices=choices_of((line.id for line in lines), page.lang),
        chosen=report if report in known else "",
        today=today(request),
        way=way(page.lang, (TITLE, HOME)),
    )


@router.post("")
async def report_file(
    request: Request,
    principal: Reporter,
    report: Annotated[str, Form()],
    first: Annotated[date, Form()],
    last: Annotated[date, Form()],
    form: Annotated[str, Form()] = ReportFormat.HTML.value,
    csrf: Csrf = "",
) -> Response:
    """The report of a period as a file, which is on record; who may make it, the report says."""
    check_csrf(request, csrf)
    if report not in set(ReportId) or form not in set(ReportFormat):
        raise NotFoundError
    id_, kind, period = ReportId(report), ReportFormat(form), Period(first=first, last=last)
    lang, ground = lang_of(request), ground_of(wiring_of(request))
    work = partial(make, ground, principal, id_, period, form=kind, lang=lang)
    content = (await run_in_threadpool(work))[1]
    name = f"{id_}_{first.isoformat()}_{last.isoformat()}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[kind], headers=headers)
