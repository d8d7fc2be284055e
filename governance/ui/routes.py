"""Routes that every page needs: the static files, and the switch of language and theme."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from governance.http.cookies import put
from governance.http.request import is_https
from governance.ui.assets import PREFIX, assets_by_file_name
from governance.ui.preferences import (
    COOKIE,
    COOKIE_SECONDS,
    changed,
    preferences_of,
    safe_return,
)

PREFERENCES_PATH = "/preferences"
FOREVER = "public, max-age=31536000, immutable"
MAX_FORM_OCTETS = 4096


async def static_file(request: Request) -> Response:
    """The asset of this name, to be kept for good; 404 for any other name."""
    asset = assets_by_file_name().get(request.path_params["file_name"])
    if asset is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": FOREVER})


async def change_preferences(request: Request) -> Response:
    """The choice is kept in a cookie and the reader is back on the page they came from."""
    body = await request.body()
    if len(body) > MAX_FORM_OCTETS:
        return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    accept = request.headers.get("accept-language", "")
    before = preferences_of(request.cookies, accept_language=accept)
    response = RedirectResponse(safe_return(form.get("next", "")), status_code=HTTPStatus.SEE_OTHER)
    value = changed(before, form).cookie_value()
    put(response, COOKIE, value, https=is_https(request), seconds=COOKIE_SECONDS)
    return response


def ui_routes() -> list[BaseRoute]:
    """Routes for the application to mount at its root."""
    return [
        Route(PREFIX + "/{file_name}", static_file, methods=["GET"]),
        Route(PREFERENCES_PATH, change_preferences, methods=["POST"]),
    ]
