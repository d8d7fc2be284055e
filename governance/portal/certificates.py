"""The certificate of an erasure under its link: for a person who has no account any more."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from dsar.execution.certificate_paper import paper_of
from dsar.execution.certifying import PATH, issued_under
from governance.documents.typesetting import can_typeset
from governance.http.request import open_to_all, principal_of, wiring_of
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])


@router.get(f"{PATH}/{{token}}", response_class=HTMLResponse)
async def certificate(request: Request, token: str) -> HTMLResponse:
    """The certificate as the page says it, and its files; unknown and over links are one answer."""
    request.app.state.request_throttle.pass_one(
        principal_of(request).network, at=wiring_of(request).clock()
    )
    page = page_of(request, "portal.certificate.title", surface=Surface.PORTAL)
    wiring = wiring_of(request)

    def look() -> str:
        with wiring.database.read() as tx:
            _, found = issued_under(tx, wiring.ports, token[:100], at=wiring.clock())
        return templates_of(request).render(
            "portal/certificate.html",
            page,
            paper=paper_of(found.content, page.lang),
            files=f"/v1/certificates/{token}",
            forms=("page", "paper", "statement") if can_typeset() else ("page", "statement"),
        )

    return HTMLResponse(
        await run_in_threadpool(look),
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )
