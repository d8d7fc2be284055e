"""The published pages as files for the company's web site: no script, no request to anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from consent import ledger
from consent.notices import store
from consent.notices.types import EditionState
from governance.core.controller import Controller
from governance.core.terms import Lang
from governance.portal.published import PAPER, Proof, list_page, paper, version_page
from governance.portal.publishing import published
from governance.portal.versions import version_shown
from governance.ui.assets import PREFIX, assets
from governance.ui.pages import Templates
from policies.snapshot import PolicySnapshot

ASSETS: Final = ("sekisho.css", "icons.svg")  # what pages without script refer to
OTHER: Final[Mapping[Lang, Lang]] = {Lang.JA: Lang.EN, Lang.EN: Lang.JA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """From what the files are made."""

    templates: Templates
    policy: PolicySnapshot
    controller: Controller
    proof: Proof
    origin: str  # where persons find their own page
    on: date


def files_of(tx: Connection, site: Site) -> dict[str, bytes]:
    """Every file by its name: the list and every version in both languages, and the styles."""
    versions = [
        *((one.notice, one.version) for one in ledger.notices(tx)),
        *(
            (kept.edition.notice, kept.edition.version)
            for kept in store.every(tx, states=[EditionState.ANNOUNCED])
        ),
    ]
    found: dict[str, bytes] = {}
    for lang in Lang:
        found[_name(None, None, lang)] = _list(tx, site, lang)
        for notice, version in versions:
            found[_name(notice, version, lang)] = _one(tx, site, notice, version, lang)
    for name in ASSETS:
        asset = assets()[name]
        found[asset.file_name] = asset.body
    return found


def _list(tx: Connection, site: Site, lang: Lang) -> bytes:
    page = paper(lang, site.controller.company(lang), "portal.notices.title")
    found = published(tx, site.policy, site.controller, lang, on=site.on)
    html = list_page(
        site.templates,
        page,
        found,
        site.proof,
        href=_href(lang),
        layout=PAPER,
        other=_name(None, None, OTHER[lang]),
    )
    return _standing_alone(html, site.origin)


def _one(tx: Connection, site: Site, notice: str, version: str, lang: Lang) -> bytes:
    owner = site.controller.company(lang)
    found = version_shown(tx, notice, version, lang)
    page = paper(lang, owner, "portal.notices.one", notice=found.title, version=version)
    html = version_page(
        site.templates,
        page,
        found,
        href=_href(lang),
        layout=PAPER,
        other=_name(notice, version, OTHER[lang]),
    )
    return _standing_alone(html, site.origin)


def _href(lang: Lang) -> Any:
    return lambda notice, version: _name(notice, version, lang)


def _name(notice: str | None, version: str | None, lang: Lang) -> str:
    """The name of a file; the same for good."""
    if notice is None or version is None:
        return f"index.{lang.value}.html"
    return f"{notice}-{version}.{lang.value}.html"


def _standing_alone(html: str, origin: str) -> bytes:
    """The page with its styles beside it, and the way to a person's own page in full."""
    beside = html.replace(f'"{PREFIX}/', '"')
    return beside.replace('href="/portal"', f'href="{origin}/portal"').encode()
