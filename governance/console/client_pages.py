"""Calling systems: what each may do, its keys and its limit; a key is shown this once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.lists.clients import CLIENTS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.console.policy_words import purpose_names, role_names
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import PurposeId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.identity.accounts import (
    AccountUnknownError,
    NewClient,
    add_client,
    revoke_client,
)
from governance.identity.clients import service
from governance.identity.clients.types import key_opens, rate_of
from governance.identity.rules import may_act
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.types import RoleKind

HOME: Final = "/console/clients"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.CLIENT_READ))]
Writer = Annotated[Principal, Depends(require(Action.CLIENT_WRITE))]
Word = Annotated[str, Form()]
NO_STORE: Final = {"cache-control": "no-store"}


@router.get("", response_class=HTMLResponse)
async def every(request: Request, principal: Reader) -> str:
    """Every system, and a form for another one for whoever may add it."""
    return await _list(request, principal)


async def _list(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = (), name: str = ""
) -> str:
    page = again(console_page(request, "clients.title", principal), HOME, mistakes)
    policy = snapshot_of(request)

    roles = [
        Choice(value=one, label=role.label[page.lang])
        for one, role in policy.roles.items()
        if role.kind is RoleKind.SYSTEM
    ]
    return await rendered_page(
        request,
        "console/clients.html",
        page,
        found=await run_in_threadpool(listed, request, principal, CLIENTS),
        writes=may(request, principal, Action.CLIENT_WRITE),
        roles=roles,
        mistakes=mistakes,
        typed=name[:64],
        way=way(page.lang, ("clients.title", HOME)),
    )


@router.post("")
async def add(
    request: Request,
    principal: Writer,
    name: Word = "",
    role: Word = "",
    purposes: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The system exists; the page that answers shows its key this once."""
    check_csrf(request, csrf)
    wiring, login = wiring_of(request), name.strip()
    wanted = frozenset(PurposeId(one) for one in purposes.split())
    new = NewClient(name=login, role=role, purposes=wanted)
    use = partial(add_client, ports=wiring.ports, principal=principal, new=new, at=wiring.clock())
    try:
        _, key = await run_in_threadpool(wiring.database.write, use)
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id="name")
        return HTMLResponse(await _list(request, principal, told, login), status_code=error.status)
    return HTMLResponse(await _one(request, principal, login, key=key), headers=NO_STORE)


@router.get("/{name}", response_class=HTMLResponse)
async def one(request: Request, principal: Reader, name: str) -> str:
    """What one system may do, and its keys by their first characters."""
    return await _one(request, principal, name)


async def _one(
    request: Request,
    principal: Principal,
    name: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    key: str = "",
) -> str:
    page = again(console_page(request, "clients.title", principal), f"{HOME}/{name}", mistakes)
    wiring = wiring_of(request)

    def look() -> service.Account:
        with wiring.database.read() as tx:
            return service.account(tx, wiring.ports, principal, name)

    try:
        found = await run_in_threadpool(look)
    except AccountUnknownError:
        raise NotFoundError from None
    at, acts = wiring.clock(), may_act(found.client.state)
    return await rendered_page(
        request,
        "console/client.html",
        page,
        client=found.client,
        roles=role_names(found.client.roles, snapshot_of(request), page.lang),
        purposes=purpose_names(found.client.purposes, snapshot_of(request), page.lang),
        keys=found.keys,
        opening=frozenset(each.id for each in found.keys if acts and key_opens(each, at=at)),
        writes=may(request, principal, Action.CLIENT_WRITE),
        overlap=wiring.settings.client_overlap_days,
        key=key,
        mistakes=mistakes,
        way=way(page.lang, ("clients.title", HOME), ("clients.one", "")),
    )


@router.post("/{name}/rotate")
async def rotate(request: Request, principal: Writer, name: str, csrf: Csrf = "") -> Response:
    """A new key, shown this once; the one before opens until the overlap has passed."""
    overlap = timedelta(days=wiring_of(request).settings.client_overlap_days)
    use = partial(service.rotate_key, overlap=overlap)
    return await _done(request, principal, name, use, csrf, field="rotate", shows=True)


@router.post("/{name}/end-key")
async def end_key(
    request: Request, principal: Writer, name: str, prefix: Word = "", csrf: Csrf = ""
) -> Response:
    """The key opens nothing any more."""
    use = partial(service.end_key, prefix=prefix)
    return await _done(request, principal, name, use, csrf, field="keys")


@router.post("/{name}/limit")
async def limit(
    request: Request, principal: Writer, name: str, rate: Word = "", csrf: Csrf = ""
) -> Response:
    """The system may come so often a second; empty: as often as the settings say."""
    plain = rate.strip()
    number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else -1  # noqa: PLR2004 # digits
    use = partial(service.set_rate, rate=rate_of(number) if plain else None)
    return await _done(request, principal, name, use, csrf, field="rate")


@router.post("/{name}/end")
async def end(request: Request, principal: Writer, name: str, csrf: Csrf = "") -> Response:
    """The system has ended: none of its keys and tokens opens anything."""
    return await _done(request, principal, name, _ended, csrf, field="end")


def _ended(tx: Any, ports: Any, principal: Principal, name: str, *, at: Any) -> None:
    revoke_client(tx, ports, principal, name, at=at)


async def _done(
    request: Request,
    principal: Principal,
    name: str,
    use: Callable[..., Any],
    csrf: str,
    *,
    field: str,
    shows: bool = False,
) -> Response:
    """The page of the system after the act, with the key that it made where it made one."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(use, ports=wiring.ports, principal=principal, name=name, at=wiring.clock())
    try:
        made = await run_in_threadpool(wiring.database.write, work)
    except AccountUnknownError:
        raise NotFoundError from None
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id=field)
        return HTMLResponse(await _one(request, principal, name, told), status_code=error.status)
    if shows:
        return HTMLResponse(await _one(request, principal, name, key=made), headers=NO_STORE)
    return RedirectResponse(f"{HOME}/{name}", status_code=303)
