"""`/v1/webhooks`: who is told of what, and what became of each message."""

from datetime import datetime
from functools import partial
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import Connection

from governance.app.webhooks import service, store
from governance.app.webhooks.types import DeliveryState, WebhookType
from governance.app.wiring import Wiring
from governance.gateway.api.asking import asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import ID, Strict, of_words, taking
from governance.http.principal import Principal
from governance.http.request import wiring_of
from policies.actions import Action
from policies.api import require

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
Reader = Annotated[Principal, Depends(require(Action.CLIENT_READ))]
Writer = Annotated[Principal, Depends(require(Action.CLIENT_WRITE))]
Hook = Annotated[str, Path(pattern=ID, description="通知先のID / Id of the subscription")]
Message = Annotated[str, Path(pattern=r"^msg_[0-9a-z_]{1,90}$")]
State = Annotated[DeliveryState | None, Query(description="状態 / State")]
Limit = Annotated[int, Query(ge=1, le=500, description="件数 / How many")]
EXAMPLE = {
    "client": "svc:shop",
    "url": "https://shop.example.com/hooks/sekisho",
    "types": ["consent.changed"],
}


class WebhookIn(Strict):
    """A new subscription."""

    client: Annotated[str, Field(min_length=1, max_length=100)]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    types: Annotated[
        list[Annotated[WebhookType, of_words(WebhookType)]], Field(min_length=1, max_length=10)
    ]
    ed25519: bool = False


def wired(request: Request) -> Wiring:
    """The installation behind the request."""
    found = wiring_of(request)
    if not isinstance(found, Wiring):
        raise TypeError(type(found).__name__)
    return found


@router.get("")
async def every(request: Request, _principal: Reader) -> JSONResponse:
    """Every subscription, without its secrets."""
    wiring = wired(request)

    def work() -> JSONResponse:
        with wiring.database.read() as tx:
            found = service.listed(tx, wiring)
        return JSONResponse({"items": [hook.as_json() for hook in found]})

    return await in_thread(work)


@router.post("", status_code=201, openapi_extra=taking(WebhookIn, EXAMPLE))
async def subscribe(request: Request, principal: Writer) -> JSONResponse:
    """The system is told from now on; the answer shows the secret this once."""
    asked, wiring = asking(request, principal), wired(request)
    body = await body_of(request)

    def work(tx: Connection) -> JSONResponse:
        said = read_as(WebhookIn, parsed(body))
        shown = service.add(
            tx,
            wiring,
            asked.principal,
            client=said.client,
            url=said.url,
            types=said.types,
            ed25519=said.ed25519,
            at=asked.at,
        )
        return JSONResponse(shown.as_json(), 201)

    return await in_thread(lambda: wiring.database.write(work))


@router.get("/{hook}")
async def one(request: Request, _principal: Reader, hook: Hook) -> JSONResponse:
    """One subscription, with the public key of its signatures where it has one."""
    wiring = wired(request)

    def work() -> JSONResponse:
        with wiring.database.read() as tx:
            found = store.one(tx, wiring.vault, hook)
        return JSONResponse({**found.as_json(), **service.public_key(found)})

    return await in_thread(work)


@router.delete("/{hook}", status_code=204)
async def remove(request: Request, principal: Writer, hook: Hook) -> Response:
    """The address is told nothing more, and its secrets are gone."""
    await _done(request, principal, service.remove, hook)
    return Response(status_code=204)


@router.post("/{hook}/test", status_code=202)
async def test(request: Request, principal: Writer, hook: Hook) -> JSONResponse:
    """A test message is on its way."""
    return JSONResponse({"id": await _done(request, principal, service.test, hook)}, 202)


@router.post("/{hook}/secret")
async def rotate(request: Request, principal: Writer, hook: Hook) -> JSONResponse:
    """A new secret, shown this once; messages carry the older signature too."""
    shown = await _done(request, principal, service.rotate, hook)
    return JSONResponse(shown.as_json())


@router.delete("/{hook}/secret")
async def settle(request: Request, principal: Writer, hook: Hook) -> JSONResponse:
    """The older secret signs no more."""
    settled = await _done(request, principal, service.settle, hook)
    return JSONResponse(settled.as_json())


@router.post("/{hook}/enable")
async def enable(request: Request, principal: Writer, hook: Hook) -> JSONResponse:
    """A disabled subscription is served again, from where it stopped."""
    enabled = await _done(request, principal, service.enable, hook)
    return JSONResponse(enabled.as_json())


@router.get("/{hook}/deliveries")
async def deliveries(
    request: Request, _principal: Reader, hook: Hook, state: State = None, limit: Limit = 100
) -> JSONResponse:
    """What became of the messages to this address, the newest first."""
    wiring = wired(request)
    states = tuple(DeliveryState) if state is None else (state,)

    def work() -> JSONResponse:
        with wiring.database.read() as tx:
            found = store.one(tx, wiring.vault, hook)
            lines = store.deliveries(tx, webhook=found.id, states=states, limit=limit)
        return JSONResponse({"items": [told.as_json() for told in lines]})

    return await in_thread(work)


@router.post("/{hook}/resend", status_code=202)
async def resend_failed(request: Request, principal: Writer, hook: Hook) -> JSONResponse:
    """Every message that was given up is on its way again."""
    count = await _done(request, principal, service.resend_failed, hook)
    return JSONResponse({"resent": count}, 202)


@router.post("/deliveries/{message}/resend", status_code=202)
async def resend(request: Request, principal: Writer, message: Message) -> JSONResponse:
    """The message is on its way again under its own id."""
    told = await _done(request, principal, service.resend, message)
    return JSONResponse(told.as_json(), 202)


class _UseCase(Protocol[T_co]):
    """What is done to one subscription or message."""

    def __call__(
        self, tx: Connection, wiring: Wiring, principal: Principal, which: str, /, *, at: datetime
    ) -> T_co: ...


async def _done(request: Request, principal: Principal, act: _UseCase[T], which: str) -> T:
    """What the use case gives; it is committed."""
    asked, wiring = asking(request, principal), wired(request)
    done = partial(act, at=asked.at)
    return await in_thread(
        lambda: wiring.database.write(lambda tx: done(tx, wiring, asked.principal, which))
    )
