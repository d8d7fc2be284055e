"""The start page and the API's documentation."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from governance.http.request import open_to_all
from governance.ui.pages import Surface
from governance.ui.start import start_page
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
def start(request: Request) -> str:
    """What Sekisho is, and its three doors."""
    return start_page(
        templates_of(request), page_of(request, "ui.start.title", surface=Surface.PLAIN)
    )


@router.get("/docs", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
def documentation(request: Request) -> str:
    """Every address of the API with what it does, from the OpenAPI document itself."""
    routes = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description") or operation.get("summary", ""),
        }
        for path, operations in request.app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    page = page_of(request, "app.docs.title", surface=Surface.PLAIN)
    return templates_of(request).render("app/docs.html", page, routes=routes)
