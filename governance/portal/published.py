"""Published pages: every notice in force, every version with what it changed, and the log's keys.

Open to everybody, without a session; the same pages are written as files for a web site.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.package import answer_keys
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.http.request import open_to_all, wiring_of
from governance.i18n.catalogue import text
from governance.portal.publishing import Published, published
from governance.portal.versions import VersionShown, version_shown
from governance.ui.pages import Page, Surface, Templates
from governance.ui.parts import Crumb
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
Notice = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Version = Annotated[str, Path(pattern=r"^[0-9.]{1,15}$")]
LIVE, PAPER = "layouts/portal.html", "layouts/paper.html"
Href = Callable[[str | None, str | None], str]  # notice and version; none: the list


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """By what receipts are proved: the log and its public keys."""

    origin: str
    keys: tuple[str, ...]
    answers: tuple[str, ...] = ()  # keys under which answers to requests are signed


def live_href(notice: str | None, version: str | None) -> str:
    """Where a page stands in this installation; stable."""
    return "/".join(part for part in ("/notices", notice, version) if part)


def list_page(
    templates: Templates,
    page: Page,
    found: Published,
    proof: Proof,
    *,
    href: Href = live_href,
    layout: str = LIVE,
    other: str = "",
) -> str:
    """The page of all notices."""
    return templates.render(
        "portal/notices.html",
        page,
        layout=layout,
        found=found,
        proof=proof,
        href=href,
        other=other,
    )


def version_page(
    templates: Templates,
    page: Page,
    found: VersionShown,
    *,
    href: Href = live_href,
    layout: str = LIVE,
    other: str = "",
) -> str:
    """The page of one version."""
    way = (
        Crumb(label=text("portal.notices.title", page.lang), href=href(None, None)),
        Crumb(label=found.title),
    )
    return templates.render(
        "portal/notice.html",
        page,
        layout=layout,
        found=found,
        href=href,
        way=way,
        other=other,
    )


def proof_of(keys: Sequence[Any], origin: str, answers: Sequence[Any] = ()) -> Proof:
    """The log's origin, every key that it ever signed with, and those of answers to requests."""
    return Proof(
        origin=origin,
        keys=tuple(key.vkey for key in keys),
        answers=tuple(key.vkey for key in answers),
    )


@router.get("/notices", response_class=HTMLResponse)
async def notices(request: Request) -> str:
    """Everything that the company publishes of its handling of personal data."""
    wiring = wiring_of(request)
    page = page_of(request, "portal.notices.title", surface=Surface.PORTAL)
    day = wiring.clock().astimezone(JST).date()

    def look() -> Published:
        with wiring.database.read() as tx:
            return published(tx, wiring.policies.current, wiring.settings, page.lang, on=day)

    found = await run_in_threadpool(look)
    answers = await run_in_threadpool(answer_keys, wiring.vault.ring)
    proof = proof_of(wiring.signing.every_key(), wiring.log_keys.origin, answers)
    return list_page(templates_of(request), page, found, proof)


@router.get("/portal/notices")
async def portal_notices() -> Response:
    """The same page, wherever somebody looks for it."""
    return RedirectResponse("/notices", status_code=308)


@router.get("/notices/{notice}", response_class=HTMLResponse)
async def newest(request: Request, notice: Notice) -> str:
    """The version of a notice that is in force."""
    return await _version(request, notice, None)


@router.get("/notices/{notice}/{version}", response_class=HTMLResponse)
async def version(request: Request, notice: Notice, version: Version) -> str:
    """One version, for as long as the installation stands."""
    return await _version(request, notice, version)


async def _version(request: Request, notice: str, version: str | None) -> str:
    wiring = wiring_of(request)
    page = page_of(request, "portal.notices.one", surface=Surface.PORTAL)

    def look(tx: Connection) -> VersionShown:
        return version_shown(tx, notice, version, page.lang)

    def read() -> VersionShown:
        with wiring.database.read() as tx:
            return look(tx)

    found = await run_in_threadpool(read)
    titled = replace(page, title_params={"notice": found.title, "version": found.version})
    return version_page(templates_of(request), titled, found)


def paper(lang: Lang, owner: str, title: str, **params: str) -> Page:
    """The frame of a page that stands as a file."""
    return Page(
        lang=lang,
        title=title,
        title_params=params,
        path="/",
        surface=Surface.PORTAL,
        owner=owner,
    )
