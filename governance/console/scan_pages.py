"""The officers' pages of scans for personal data: a file looked through, what each scan found."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, again, answered, way
from governance.console.lists.discovery import SCANS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.scan_facts import places_shown, summary_terms
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.customers.uploads import Place, scanned
from governance.discovery import service
from governance.discovery.report import missed
from governance.discovery.store import KeptScan, ScanSource
from governance.discovery.types import ScanReport
from governance.gateway.api.asking import row_id
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.http.threads import OwnThreads
from governance.reports.rendering import MEDIA, ReportFormat
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/console/scans", include_in_schema=False)
HOME: Final = "/console/scans"
PAGE: Final = 20
EVERY: Final = "every"
FORMS: Final = (ReportFormat.XLSX, ReportFormat.HTML, ReportFormat.JSON)
LOOKING: Final = OwnThreads("scans", 1)  # one file at a time in a process; others wait their turn
Analyst = Annotated[Principal, Depends(require(Action.PII_ANALYZE))]


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.scans.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def scans(request: Request, principal: Analyst) -> str:
    """The scans of the last months, the newest first, and the form for a file."""
    return await _scans(request, principal)


async def _scans(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
) -> str:
    page = again(console_page(request, "console.scans.title", principal), HOME, mistakes)
    return await rendered_page(
        request,
        "console/scans.html",
        page,
        found=await run_in_threadpool(listed, request, principal, SCANS),
        largest=service.LARGEST // (1024 * 1024),
        mistakes=mistakes,
        way=_way(page.lang),
    )


@router.post("")
async def look_through(
    request: Request, principal: Analyst, file: Annotated[UploadFile, File()], csrf: Csrf = ""
) -> Response:
    """The file was looked through and the result is kept; the file itself is not."""
    check_csrf(request, csrf)
    wiring, name = wiring_of(request), file.filename or ""
    content = await file.read(service.LARGEST + 1)

    def work() -> str:
        scanned(wiring.ports, principal, content, place=Place.SCAN, at=wiring.clock())
        found = service.look_through(content, name, wiring.ports, clock=wiring.clock)
        kept = partial(
            service.record,
            ports=wiring.ports,
            principal=principal,
            report=found,
            source=ScanSource.UPLOAD,
            at=wiring.clock(),
        )
        return f"{HOME}/{wiring.database.write(kept)}"

    page = partial(_scans, request, principal)
    return await answered(request, work, page, field="file", limiter=LOOKING.limiter())


@router.get("/{scan}", response_class=HTMLResponse)
async def one_scan(request: Request, principal: Analyst, scan: str, columns: str = "") -> str:
    """What one scan found, place by place, and what the catalogue could say of it."""
    page = console_page(request, "console.scans.one", principal)
    every = columns == EVERY

    def look(wiring: Any) -> tuple[KeptScan, ScanReport | None]:
        with wiring.database.read() as tx:
            return service.shown_scan(tx, wiring.ports, row_id(scan), every_column=every)

    kept, found = await run_in_threadpool(look, wiring_of(request))
    return await rendered_page(
        request,
        "console/scan.html",
        page,
        kept=kept,
        terms=summary_terms(found, page.lang) if found else (),
        places=places_shown(found, page.lang) if found else (),
        missed=missed(found, page.lang) if found else (),
        failed=bool(found and found.failed),
        every=every,
        forms=[one.value for one in FORMS],
        href=f"{HOME}/{kept.id}",
        way=_way(page.lang, ("console.scans.one", "")),
    )


@router.post("/{scan}/export")
async def export(
    request: Request,
    principal: Analyst,
    scan: str,
    form: Annotated[str, Form()],
    columns: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """What the page shows, as a file."""
    check_csrf(request, csrf)
    wanted = next((one for one in FORMS if one.value == form), None)
    if wanted is None:
        raise NotFoundError
    wiring, lang = wiring_of(request), console_page(request, "console.scans.one", principal).lang
    work = partial(
        service.export,
        ports=wiring.ports,
        principal=principal,
        scan=row_id(scan),
        form=wanted.value,
        every_column=columns == EVERY,
        lang=lang,
        at=wiring.clock(),
    )
    content = await run_in_threadpool(wiring.database.write, work)
    headers = {"content-disposition": f'attachment; filename="scan-{row_id(scan)}.{wanted.value}"'}
    return Response(content, media_type=MEDIA[wanted], headers=headers)
