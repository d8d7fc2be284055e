"""`/oauth/token` and `/oauth/revoke`: access tokens for systems (RFC 6749, 7009, 8414)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from governance.http.request import open_to_all, principal_of, wiring_of
from governance.http.throttle import Throttle
from governance.identity.clients.assertions import ALGORITHMS
from governance.identity.clients.certificates import proxies_of, thumbprint_of
from governance.identity.clients.granting import (
    GRANT,
    Asked,
    ClientRefusedError,
    GrantRefusedError,
    grant,
    revoke,
)
from governance.identity.rules import truncate_network
from policies.actions import Action

TOKEN: Final = "/oauth/token"  # noqa: S105 # an address
REVOKE: Final = "/oauth/revoke"
METADATA: Final = "/.well-known/oauth-authorization-server"
MOST: Final = 32_768  # octets of a form
FIELDS: Final = 20
FORM: Final = "application/x-www-form-urlencoded"
NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
WAYS: Final = ["client_secret_basic", "private_key_jwt"]
router = APIRouter(tags=["oauth"])


def _body(fields: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {one: {"type": "string"} for one in fields.split()}}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


@router.get(METADATA, dependencies=[Depends(open_to_all)])
async def metadata(request: Request) -> JSONResponse:
    """What this authorization server can do (RFC 8414)."""
    origin = wiring_of(request).settings.origin.rstrip("/")
    return JSONResponse(
        {
            "issuer": origin,
            "token_endpoint": origin + TOKEN,
            "token_endpoint_auth_methods_supported": WAYS,
            "token_endpoint_auth_signing_alg_values_supported": [*ALGORITHMS],
            "revocation_endpoint": origin + REVOKE,
            "revocation_endpoint_auth_methods_supported": WAYS,
            "grant_types_supported": [GRANT],
            "response_types_supported": [],
            "scopes_supported": [one.value for one in Action],
            "service_documentation": f"{origin}/docs",
        }
    )


@router.post(
    TOKEN,
    dependencies=[Depends(open_to_all)],
    openapi_extra=_body("grant_type scope client_id client_assertion client_assertion_type"),
)
async def token(request: Request) -> Response:
    """An access token for the system that proved who it is."""
    wiring = wiring_of(request)
    lasting = timedelta(minutes=wiring.settings.token_minutes)

    def work(asked: Asked) -> dict[str, object]:
        at = wiring.clock()
        give = partial(grant, ports=wiring.ports, asked=asked, lasting=lasting, at=at)
        given = wiring.database.write(give)
        return {
            "access_token": given.token,
            "token_type": "Bearer",
            "expires_in": given.seconds,
            "scope": " ".join(sorted(given.scopes)),
        }

    return await _answered(request, work)


@router.post(
    REVOKE,
    dependencies=[Depends(open_to_all)],
    openapi_extra=_body("token token_type_hint client_id client_assertion client_assertion_type"),
)
async def revocation(request: Request) -> Response:
    """The system's token opens nothing any more; one that is none is as good as revoked."""
    wiring = wiring_of(request)

    def work(asked: Asked) -> dict[str, object]:
        end = partial(revoke, ports=wiring.ports, asked=asked, at=wiring.clock())
        wiring.database.write(end)
        return {}

    return await _answered(request, work)


async def _answered(request: Request, work: Callable[[Asked], dict[str, object]]) -> Response:
    """The answer, or the error in the words of RFC 6749, 5.2; tries that fail are counted."""
    try:
        asked = await _asked(request)
        return JSONResponse(await run_in_threadpool(work, asked), headers=NO_STORE)
    except GrantRefusedError as error:
        headers = dict(NO_STORE)
        if isinstance(error, ClientRefusedError):
            throttle: Throttle = request.app.state.token_throttle
            throttle.pass_one(principal_of(request).network, at=wiring_of(request).clock())
            headers["www-authenticate"] = 'Basic realm="sekisho", charset="UTF-8"'
        told = {"error": str(error.params["error"])}
        return JSONResponse(told, status_code=error.status, headers=headers)


async def _asked(request: Request) -> Asked:
    """The form of the request; raises GrantRefusedError for what is none."""
    wiring = wiring_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise GrantRefusedError(error="invalid_request")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            raise GrantRefusedError(error="invalid_request")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=False, max_num_fields=FIELDS)
    except ValueError:
        raise GrantRefusedError(error="invalid_request") from None
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in value for value in form.values()):
        raise GrantRefusedError(error="invalid_request")
    origin = wiring.settings.origin.rstrip("/")
    address = (request.scope.get("client") or (None,))[0]
    return Asked(
        form=form,
        authorization=request.headers.get("authorization", ""),
        certificate=thumbprint_of(request.scope, proxies_of(wiring.settings)),
        network=truncate_network(address),
        audiences=frozenset({origin, origin + TOKEN, origin + REVOKE}),
    )
