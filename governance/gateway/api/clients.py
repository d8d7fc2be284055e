"""`/v1/clients`: calling systems with their keys, purposes and limits; a key is shown once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import Connection

from governance.core.terms import PurposeId
from governance.gateway.api.asking import asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Strict, taking
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.identity import accounts
from governance.identity.clients import service
from governance.identity.clients.types import Key, Rate
from governance.identity.types import Client
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/clients", tags=["clients"])
Reader = Annotated[Principal, Depends(require(Action.CLIENT_READ))]
Writer = Annotated[Principal, Depends(require(Action.CLIENT_WRITE))]
Name = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$", description="システムの名前 / Its name")
]
Prefix = Annotated[
    str, Path(pattern=r"^sk_[A-Za-z0-9_-]{1,20}$", description="鍵のはじめ / Prefix")
]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Count = Annotated[int, Field(ge=0, le=service.FASTEST)]
NEW: Final = {"name": "newsletter", "role": "mail_sender", "purposes": ["mail_marketing"]}
LIMIT: Final = {"per_second": 50, "burst": 100}
T = TypeVar("T")


class ClientIn(Strict):
    """A new system."""

    name: Word
    role: Word
    purposes: Annotated[list[Word], Field(max_length=200)]


class LimitIn(Strict):
    """How often it may come: so many a second, so many at once; 0 for no limit."""

    per_second: Count
    burst: Count


@router.get("")
async def every(request: Request, principal: Reader) -> JSONResponse:
    """Every system, without its keys."""
    ports = wiring_of(request).ports

    def work() -> JSONResponse:
        with ports.database.read() as tx:
            found = accounts.list_clients(tx, ports, principal)
        return JSONResponse({"items": list(map(_client, found))})

    return await in_thread(work)


@router.post("", status_code=201, openapi_extra=taking(ClientIn, NEW))
async def create(request: Request, principal: Writer) -> JSONResponse:
    """The system's account with its first key, which is shown this once."""
    said = read_as(ClientIn, parsed(await body_of(request)))
    new = accounts.NewClient(
        name=said.name, role=said.role, purposes=frozenset(map(PurposeId, said.purposes))
    )

    def work(tx: Connection, by: Principal, at: datetime) -> JSONResponse:
        client, key = accounts.add_client(tx, wiring_of(request).ports, by, new, at=at)
        return JSONResponse(_client(client) | {"key": key}, 201)

    return await _written(request, principal, work)


@router.get("/{name}")
async def one(request: Request, principal: Reader, name: Name) -> JSONResponse:
    """The system with its keys by their first characters; never a secret."""
    ports = wiring_of(request).ports

    def work() -> JSONResponse:
        with ports.database.read() as tx:
            found = service.account(tx, ports, principal, name)
        return JSONResponse(_client(found.client) | {"keys": list(map(_key, found.keys))})

    return await in_thread(work)


@router.delete("/{name}", status_code=204)
async def end(request: Request, principal: Writer, name: Name) -> Response:
    """The system's keys and tokens open nothing any more."""

    def work(tx: Connection, by: Principal, at: datetime) -> Response:
        accounts.revoke_client(tx, wiring_of(request).ports, by, name, at=at)
        return Response(status_code=204)

    return await _written(request, principal, work)


@router.post("/{name}/keys", status_code=201)
async def rotate(request: Request, principal: Writer, name: Name) -> JSONResponse:
    """A new key, shown this once; the one before opens for `client_overlap_days` more."""
    wiring = wiring_of(request)
    overlap = timedelta(days=wiring.settings.client_overlap_days)

    def work(tx: Connection, by: Principal, at: datetime) -> JSONResponse:
        key = service.rotate_key(tx, wiring.ports, by, name, overlap=overlap, at=at)
        return JSONResponse({"key": key}, 201)

    return await _written(request, principal, work)


@router.delete("/{name}/keys/{prefix}", status_code=204)
async def end_key(request: Request, principal: Writer, name: Name, prefix: Prefix) -> Response:
    """The key that begins so opens nothing any more."""

    def work(tx: Connection, by: Principal, at: datetime) -> Response:
        service.end_key(tx, wiring_of(request).ports, by, name, prefix, at=at)
        return Response(status_code=204)

    return await _written(request, principal, work)


@router.put("/{name}/limit", openapi_extra=taking(LimitIn, LIMIT))
async def limit(request: Request, principal: Writer, name: Name) -> JSONResponse:
    """The system may come so often, from its next request on."""
    said = read_as(LimitIn, parsed(await body_of(request)))
    rate = Rate(per_second=said.per_second, burst=said.burst)

    def work(tx: Connection, by: Principal, at: datetime) -> JSONResponse:
        service.set_rate(tx, wiring_of(request).ports, by, name, rate, at=at)
        return JSONResponse({"per_second": rate.per_second, "burst": rate.burst})

    return await _written(request, principal, work)


async def _written(
    request: Request, principal: Principal, work: Callable[[Connection, Principal, datetime], T]
) -> T:
    """What the use case gives; it is committed."""
    asked, database = asking(request, principal), wiring_of(request).ports.database
    return await in_thread(lambda: database.write(lambda tx: work(tx, asked.principal, asked.at)))


def _client(client: Client) -> dict[str, Any]:
    rate = client.rate
    return {
        "name": client.name,
        "state": client.state.value,
        "roles": sorted(client.roles),
        "purposes": sorted(client.purposes),
        "scopes": None if client.scopes is None else sorted(client.scopes),
        "limit": rate and {"per_second": rate.per_second, "burst": rate.burst},
        "certificate": client.certificate,
    }


def _key(key: Key) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "last_used_on": key.last_used_on and key.last_used_on.isoformat(),
        "ended_at": key.ended_at and key.ended_at.isoformat(),
    }
