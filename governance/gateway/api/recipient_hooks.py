"""`/v1/recipients/{key}/webhook`: where a recipient is told of erasures and corrections."""

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import Connection

from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Strict, taking
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.outbound.egress import egress_of
from governance.outbound.webhooks import URL_LIMIT
from governance.registers import hooks
from governance.registers.errors import RecipientHookMissingError
from governance.registers.types import Hook
from policies.actions import Action
from policies.api import require

T = TypeVar("T")
router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
Looker = Annotated[Principal, Depends(require(Action.REGISTER_READ))]
Keeper = Annotated[Principal, Depends(require(Action.REGISTER_WRITE))]
PLACE: Final = "/{key}/webhook"
ONCE: Final = {"cache-control": "no-store"}
SECRET: Final = 200  # characters
HOOK: Final = {"url": "https://hooks.example.com/sekisho"}


class SecretIn(Strict):
    """A secret of the recipient's own; without one it is made, and shown this once."""

    secret: Annotated[str, Field(max_length=SECRET)] | None = None


class HookIn(SecretIn):
    """Where the recipient is told."""

    url: Annotated[str, Field(min_length=1, max_length=URL_LIMIT)]


@router.get(PLACE)
async def look(request: Request, principal: Looker, key: str) -> JSONResponse:
    """The address and how many secrets sign; 404 where the recipient is told by mail."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = hooks.hook_for(tx, asked.ports, principal, key)
        if found is None:
            raise RecipientHookMissingError
        return JSONResponse(found.as_json())

    return await in_thread(work)


@router.put(PLACE, openapi_extra=taking(HookIn, HOOK))
async def put(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The recipient is told there from now on; a secret that was made is shown this once."""
    asked, raw = asking(request, principal), await body_of(request)
    said, egress = read_as(HookIn, parsed(raw)), egress_of(wiring_of(request).settings)

    def work(tx: Connection) -> Hook:
        return hooks.set_hook(
            tx,
            asked.ports,
            principal,
            key,
            url=said.url,
            secret=said.secret,
            egress=egress,
            at=asked.at,
        )

    return _shown(await _written(asked, work), said)


@router.delete(PLACE, status_code=204)
async def remove(request: Request, principal: Keeper, key: str) -> Response:
    """The recipient is told by mail again; its secrets are gone."""
    asked = asking(request, principal)
    await _written(
        asked, lambda tx: hooks.remove_hook(tx, asked.ports, principal, key, at=asked.at)
    )
    return Response(status_code=204)


@router.post(f"{PLACE}/secret", openapi_extra=taking(SecretIn, {}))
async def rotate(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The new secret signs, and the one before too, until the change is settled."""
    asked, sent = asking(request, principal), await request.body()
    said = read_as(SecretIn, parsed(await body_of(request))) if sent else SecretIn()

    def work(tx: Connection) -> Hook:
        return hooks.rotate_hook(tx, asked.ports, principal, key, secret=said.secret, at=asked.at)

    return _shown(await _written(asked, work), said)


@router.delete(f"{PLACE}/secret")
async def settle(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The older secret signs no more."""
    asked = asking(request, principal)
    settled = await _written(
        asked, lambda tx: hooks.settle_hook(tx, asked.ports, principal, key, at=asked.at)
    )
    return JSONResponse(settled.as_json())


async def _written(asked: Asking, work: Callable[[Connection], T]) -> T:
    return await in_thread(lambda: asked.ports.database.write(work))


def _shown(hook: Hook, said: SecretIn) -> JSONResponse:
    made = {} if said.secret is not None else {"secret": hook.secret}
    return JSONResponse(hook.as_json() | made, headers=ONCE)
