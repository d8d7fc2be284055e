"""`/v1/feed`, `/v1/leases`, `/v1/identifiers`, `/v1/decisions`: for systems that decide themselves.

The feed says what the server decided, never why a person may have chosen so. docs/sdk.md tells
the wire format, for clients in other languages.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response

from consent.feed import store
from consent.feed.hub import Hub
from consent.feed.records import SentDecisions, take_in
from consent.feed.teller import FeedEndedError, Resume, Teller
from consent.leases import store as leases
from consent.leases.desk import Desk
from consent.leases.types import HolderKind
from governance.core.errors import ForbiddenError, WrongUseError
from governance.core.terms import RowId, SubjectId
from governance.customers.changes import counter
from governance.http.numbers import LARGEST_NUMBER, number_in
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import wiring_of
from governance.http.strict_json import NotStrictError, object_of
from governance.http.threads import OwnThreads
from policies.actions import Action
from policies.api import require
from policies.pause import refuse_paused

router = APIRouter(prefix="/v1", tags=["feed"])
Checker = Annotated[Principal, Depends(require(Action.CONSENT_FEED))]
Known = Annotated[
    int, Query(ge=0, le=LARGEST_NUMBER, description="今知っている人数 / Persons known now")
]
Tag = Annotated[str, Query(max_length=64, description="今の方針の印 / Tag of the policy part")]
Wanted = Annotated[str | None, Query(max_length=4_000, description="目的（コンマ区切り）")]
HEARTBEAT: Final = 0.5  # seconds without news until a comment line shows that the feed lives
DEPTH: Final = 8
MOST: Final = 10_000  # identifiers of one request
LEASES: Final = OwnThreads("leases", 64)  # holders answered at once; one commit serves them all
FEEDS: Final = OwnThreads("feeds", 16)  # feeds that look into the database at once
SENT: Final = OwnThreads("sent", 8)  # of clients: whom they use, what they decided
REST: Final = 0.02  # seconds at least between two looks of a feed; a busy process rests longer
LONGEST_REST: Final = 0.2
T = TypeVar("T")
Pseudonym = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class FeedBodyError(WrongUseError):
    """The body is not of the form that this address takes; nothing was changed."""

    code = "feed_body"


class AskIn(msgspec.Struct, forbid_unknown_fields=True):
    """A holder and what it has applied."""

    holder: Pseudonym
    applied: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class IdentifiersIn(msgspec.Struct, forbid_unknown_fields=True):
    """Persons whom the client uses from now on, or no more."""

    add: Annotated[list[Pseudonym], msgspec.Meta(max_length=MOST)] = []
    remove: Annotated[list[Pseudonym], msgspec.Meta(max_length=MOST)] = []


@router.get("/feed")
async def feed(
    request: Request, principal: Checker, tag: Tag = "", rows: Known = 0, purposes: Wanted = None
) -> Response:
    """Server-sent events without an end: policy part, rows, positions."""
    _system(principal)
    wiring = wiring_of(request)
    last = number_in(request.headers.get("last-event-id", ""))
    resume = None if last is None else Resume(after=last, tag=tag, rows=rows)
    teller = Teller(
        ports=wiring.ports,
        client=principal.id,
        wanted=None if purposes is None else frozenset(purposes.split(",")),
        clock=wiring.clock,
    )
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _told(teller, resume, wiring.hub), media_type="text/event-stream", headers=headers
    )


async def _told(teller: Teller, resume: Resume | None, hub: Hub) -> AsyncIterator[bytes]:
    mine, loop = hub.join(), asyncio.get_running_loop()
    try:
        async for part in _in_threads(partial(teller.opening, resume)):
            yield part
        while not hub.closed:
            woken = await mine.woken(HEARTBEAT)
            begun, said = loop.time(), False
            async for part in _in_threads(partial(teller.news, mine.taken())):
                said = True
                yield part
            if not woken and not said:
                yield b":\n\n"
            # half of the time at most, or the feeds of a busy process would leave it none
            await asyncio.sleep(min(max(REST, loop.time() - begun), LONGEST_REST))
    except FeedEndedError:
        return
    finally:
        hub.leave(mine)


async def _in_threads(begin: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
    """What a blocking iterator gives, each part made outside the event loop."""
    parts, limiter = begin(), FEEDS.limiter()
    while (part := await to_thread.run_sync(next, parts, None, limiter=limiter)) is not None:
        yield part


@router.post("/leases")
async def ask(request: Request, principal: Checker) -> JSONResponse:
    """The lease is granted to who applied what it owes; otherwise the answer says what is owed."""
    _system(principal)
    body, wiring = await _body(request, AskIn), wiring_of(request)
    desk: Desk = wiring.barrier.desk
    refuse_paused(wiring.policies.current)  # the lease ends, and every permit of the client

    def work() -> dict[str, Any]:
        answer = desk.ask(
            RowId(body.holder),
            actor=principal.id,
            kind=HolderKind.CLIENT,
            applied=body.applied,
            at=wiring.clock(),
        )
        return {
            "standing": answer.standing.value,
            "owed": answer.owed,
            "seconds": answer.seconds,
            "now": round(wiring.clock().timestamp() * 1000),
        }

    return JSONResponse(await to_thread.run_sync(work, limiter=LEASES.limiter()))


@router.delete("/leases/{holder}")
async def give_back(request: Request, principal: Checker, holder: str) -> JSONResponse:
    """Nobody waits for this holder any more."""
    _system(principal)
    wiring = wiring_of(request)
    give = partial(leases.give_back, holder=RowId(holder), actor=principal.id)
    await to_thread.run_sync(wiring.database.write, give, limiter=LEASES.limiter())
    return JSONResponse({})


@router.post("/identifiers")
async def identifiers(request: Request, principal: Checker) -> JSONResponse:
    """The client's feed speaks of these persons from the position on that is answered."""
    _system(principal)
    body, wiring = await _body(request, IdentifiersIn), wiring_of(request)

    def work() -> int:
        add, remove = ([SubjectId(name) for name in names] for names in (body.add, body.remove))
        wiring.database.write(partial(_registered, client=principal.id, add=add, remove=remove))
        with wiring.database.read() as tx:
            return counter.head(tx)

    return JSONResponse({"seq": await to_thread.run_sync(work, limiter=SENT.limiter())})


@router.post("/decisions")
async def decisions(request: Request, principal: Checker) -> JSONResponse:
    """What the client decided stands in the log under its own numbers; a repeat changes nothing."""
    _system(principal)
    body, wiring = await _body(request, SentDecisions), wiring_of(request)
    stored = await to_thread.run_sync(
        partial(take_in, wiring.ports, principal, body, at=wiring.clock()), limiter=SENT.limiter()
    )
    return JSONResponse({"stored": stored})


def _registered(tx: Any, *, client: Any, add: list[SubjectId], remove: list[SubjectId]) -> None:
    if add:
        store.register(tx, client, add)
    if remove:
        store.unregister(tx, client, remove)


def _system(principal: Principal) -> None:
    """Fails closed: a copy is kept by a registered system alone."""
    if principal.kind is not PrincipalKind.SYSTEM:
        raise ForbiddenError


async def _body(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.convert(object_of(await request.body(), depth=DEPTH), type=kind)
    except (NotStrictError, msgspec.ValidationError):
        raise FeedBodyError from None  # its chain would quote the body
