"""`/scim/v2`: a company's directory keeps the accounts of staff (RFC 7643, RFC 7644)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from governance.http.numbers import LARGEST_NUMBER
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.http.strict_json import NotStrictError, object_of
from governance.provisioning import reading, showing
from governance.provisioning.errors import ScimRefusedError
from governance.provisioning.kinds import CIRCLES, PEOPLE, Kept, Kind
from governance.provisioning.service import BAD, FAILED, NOT_FOUND, Directory
from governance.signon.errors import ProviderUnknownError
from governance.signon.reading import providers_of
from policies.actions import Action
from policies.api import require

MEDIA: Final = "application/scim+json"
DEPTH: Final = 10  # levels of nesting
MOST: Final = 2 * 1024 * 1024  # octets of a body
FURTHEST: Final = 1_000_000  # of a page's first resource
FAULT = "無効な値です。/ A value is not valid."
router = APIRouter(prefix=showing.PREFIX, tags=["scim"], responses={422: {"description": FAULT}})
System = Annotated[Principal, Depends(require(Action.STAFF_PROVISION))]
Id = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Wish = Annotated[str | None, Query(alias="filter")]
Start = Annotated[int, Query(alias="startIndex", ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Count = Annotated[int, Query(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Answer = tuple[int, dict[str, Any] | None, str | None]  # status, body, entity tag


@router.get("/ServiceProviderConfig")
async def abilities(request: Request, _by: System) -> Response:
    """What this server can do."""
    return _json(200, showing.abilities(_origin(request)))


@router.get("/ResourceTypes")
async def kinds(_by: System) -> Response:
    """The kinds of resources."""
    return _json(200, _all(showing.resource_types()))


@router.get("/Schemas")
async def schemas(_by: System) -> Response:
    """Their schemas."""
    return _json(200, _all(showing.schemas()))


def _all(found: list[dict[str, Any]]) -> dict[str, Any]:
    return showing.page(found, total=len(found), start=1)


@router.get("/Users")
async def users(
    request: Request, by: System, wish: Wish = None, start: Start = 1, count: Count = 100
) -> Response:
    """A page of the directory's people."""
    return await _page(request, by, PEOPLE, wish, start, count)


@router.post("/Users", status_code=201)
async def add_user(request: Request, by: System) -> Response:
    """A joiner has an account."""
    return await _add(request, by, PEOPLE)


@router.get("/Users/{which}")
async def user(request: Request, by: System, which: Id) -> Response:
    """One of the directory's people."""
    return await _one(request, by, PEOPLE, which)


@router.put("/Users/{which}")
async def put_user(request: Request, by: System, which: Id) -> Response:
    """The person is as the directory says."""
    return await _put(request, by, PEOPLE, which)


@router.patch("/Users/{which}")
async def patch_user(request: Request, by: System, which: Id) -> Response:
    """The person has changed as the operations say; one who is not active is out at once."""
    return await _patch(request, by, PEOPLE, which)


@router.delete("/Users/{which}", status_code=204)
async def delete_user(request: Request, by: System, which: Id) -> Response:
    """A leaver's account has ended."""
    return await _delete(request, by, PEOPLE, which)


@router.get("/Groups")
async def groups(
    request: Request, by: System, wish: Wish = None, start: Start = 1, count: Count = 100
) -> Response:
    """A page of the directory's groups."""
    return await _page(request, by, CIRCLES, wish, start, count)


@router.post("/Groups", status_code=201)
async def add_group(request: Request, by: System) -> Response:
    """A group exists; who is in it has its roles."""
    return await _add(request, by, CIRCLES)


@router.get("/Groups/{which}")
async def group(request: Request, by: System, which: Id) -> Response:
    """One of the directory's groups."""
    return await _one(request, by, CIRCLES, which)


@router.put("/Groups/{which}")
async def put_group(request: Request, by: System, which: Id) -> Response:
    """The group is as the directory says."""
    return await _put(request, by, CIRCLES, which)


@router.patch("/Groups/{which}")
async def patch_group(request: Request, by: System, which: Id) -> Response:
    """The group has changed as the operations say."""
    return await _patch(request, by, CIRCLES, which)


@router.delete("/Groups/{which}", status_code=204)
async def delete_group(request: Request, by: System, which: Id) -> Response:
    """The group gives nobody a role any more."""
    return await _delete(request, by, CIRCLES, which)


async def _page(
    request: Request, by: Principal, kind: Kind[Kept], wish: str | None, start: int, count: int
) -> Response:
    def work(tx: Connection, mine: Directory) -> Answer:
        first, most = max(start, 1), max(min(count, showing.PAGE), 0)
        wanted = reading.filter_of(wish)
        if first > FURTHEST:
            raise ScimRefusedError(BAD, "invalidValue")
        total, found = kind.search(tx, mine, wanted, first - 1, most)
        origin = _origin(request)
        shown = [showing.shown(kind.show(one, origin=origin)) for one in found]
        return 200, showing.page(shown, total=total, start=first), None

    return await _answered(request, by, work, writes=False)


async def _add(request: Request, by: Principal, kind: Kind[Kept]) -> Response:
    document = await _document(request)

    def work(tx: Connection, mine: Directory) -> Answer:
        made = kind.make(tx, mine, kind.created(document), wiring_of(request).clock())
        return _shown(request, kind, made, status=201)

    return await _answered(request, by, work)


async def _one(request: Request, by: Principal, kind: Kind[Kept], which: str) -> Response:
    def work(tx: Connection, mine: Directory) -> Answer:
        return _shown(request, kind, _found(tx, mine, kind, which))

    return await _answered(request, by, work, writes=False)


async def _put(request: Request, by: Principal, kind: Kind[Kept], which: str) -> Response:
    document = await _document(request)

    def work(tx: Connection, mine: Directory) -> Answer:
        was = _expected(request, _found(tx, mine, kind, which))
        said, at = kind.replaced(document), wiring_of(request).clock()
        return _shown(request, kind, kind.change(tx, mine, was, said, at))

    return await _answered(request, by, work)


async def _patch(request: Request, by: Principal, kind: Kind[Kept], which: str) -> Response:
    document = await _document(request)

    def work(tx: Connection, mine: Directory) -> Answer:
        was = _expected(request, _found(tx, mine, kind, which))
        said = reading.patched(kind.show(was, origin=_origin(request)), document)
        return _shown(request, kind, kind.change(tx, mine, was, said, wiring_of(request).clock()))

    return await _answered(request, by, work)


async def _delete(request: Request, by: Principal, kind: Kind[Kept], which: str) -> Response:
    def work(tx: Connection, mine: Directory) -> Answer:
        was = _expected(request, _found(tx, mine, kind, which))
        kind.remove(tx, mine, was, wiring_of(request).clock())
        return 204, None, None

    return await _answered(request, by, work)


def _found(tx: Connection, mine: Directory, kind: Kind[Kept], which: str) -> Kept:
    found = kind.find(tx, mine, which)
    if found is None:
        raise ScimRefusedError(NOT_FOUND)
    return found


def _expected(request: Request, found: Kept) -> Kept:
    """The resource, if it is of the version that the directory knows (RFC 7644, 3.14)."""
    wanted = request.headers.get("if-match")
    if wanted not in (None, "*", showing.etag(found.version)):
        raise ScimRefusedError(FAILED)
    return found


def _shown(request: Request, kind: Kind[Kept], one: Kept, *, status: int = 200) -> Answer:
    shown = showing.shown(kind.show(one, origin=_origin(request)))
    return status, shown, showing.etag(one.version)


def _origin(request: Request) -> str:
    return str(wiring_of(request).settings.origin)


def _directory(request: Request, by: Principal) -> Directory:
    """The directory that presents this system's key; fails closed: a key of none keeps nothing."""
    wiring = wiring_of(request)
    for one in providers_of(wiring.settings).values():
        if one.scim_client is not None and by.id == f"svc:{one.scim_client}":
            return Directory(ports=wiring.ports, provider=one)
    raise ProviderUnknownError


async def _document(request: Request) -> Mapping[str, Any]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            return {}
    try:
        return object_of(body, depth=DEPTH)
    except NotStrictError:
        return {}  # has no member that is needed, and is refused as such


async def _answered(
    request: Request,
    by: Principal,
    work: Callable[[Connection, Directory], Answer],
    *,
    writes: bool = True,
) -> Response:
    """The answer of the work, in one transaction; an error in the words of RFC 7644, 3.12."""
    wiring, mine = wiring_of(request), _directory(request, by)

    def done() -> Answer:
        if writes:
            made: Answer = wiring.database.write(lambda tx: work(tx, mine))
            return made
        with wiring.database.read() as tx:
            return work(tx, mine)

    try:
        status, body, tag = await run_in_threadpool(done)
    except ScimRefusedError as error:
        return _json(error.told, showing.error(error.told, error.kind))
    if tag is not None and not writes and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    if body is None:
        return Response(status_code=status)
    return _json(status, body, {} if tag is None else {"etag": tag})


def _json(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    return JSONResponse(dict(body), status_code=status, media_type=MEDIA, headers=headers)
