"""The officers' page of health: what the doctor found, in words, and what to do about it.

Looking takes seconds (the log is verified, connected systems are asked), so that the page comes
first and what was found is fetched into it; without script a link leads there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from governance.app.doctor import examine, provider_finding
from governance.app.examined import Examined
from governance.console.frame import may, way
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/health"
TITLE: Final = "upkeep.health.title"
STALE: Final = timedelta(days=1)  # what is older is told, as `sekisho doctor` does
TONES: Final = {"good": "good", "attention": "attention", "bad": "refused"}
ORDER: Final = ("bad", "attention", "good")
PLACES: Final[Mapping[str, tuple[str, Action]]] = {
    "keys": ("/console/keys", Action.KEY_READ),
    "provider": ("/console/keys", Action.KEY_READ),
    "clear": ("/console/keys", Action.KEY_READ),
    "policy": ("/console/policies", Action.POLICY_READ),
    "audit": ("/console/audit", Action.AUDIT_READ),
    "months": ("/console/audit", Action.AUDIT_READ),
    "witness": ("/console/audit", Action.AUDIT_READ),
    "stamp": ("/console/audit", Action.AUDIT_READ),
    "alarms": ("/console/audit", Action.AUDIT_READ),
    "glass": ("/console/break-glass", Action.GLASS_REVIEW),
    "connectors": ("/console/connectors", Action.CONNECTOR_READ),
    "my_number": ("/console/connectors", Action.CONNECTOR_READ),
    "purged": ("/console/connectors", Action.CONNECTOR_READ),
    "jobs": ("/console/jobs", Action.JOB_READ),
    "outbox": ("/console/jobs", Action.JOB_READ),
    "purge": ("/console/retention", Action.RETENTION_READ),
    "holds": ("/console/holds", Action.HOLD_READ),
    "guardians": ("/console/persons/guardians", Action.PERSON_WRITE),
    "client_keys": ("/console/clients", Action.CLIENT_READ),
    "backup": ("/console/backups", Action.JOB_READ),
    "key_copies": ("/console/backups", Action.JOB_READ),
    "drill": ("/console/backups", Action.JOB_READ),
    "journal": ("/console/backups", Action.JOB_READ),
    "scanner": ("/console/settings", Action.SETTINGS_READ),
    "mail": ("/console/settings", Action.SETTINGS_READ),
    "storage": ("/console/settings", Action.SETTINGS_READ),
}
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.JOB_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One thing that was looked at, in words."""

    check: str
    name: str
    state: str
    tone: str
    words: str
    href: str  # where it is mended; empty where the reader may not go


def finding_lines(
    found: tuple[Examined, ...], lang: Lang, may_open: Callable[[Action], bool]
) -> tuple[FindingLine, ...]:
    """The findings, what needs a hand first."""
    lines = [
        FindingLine(
            check=one.check,
            name=text(f"cli.doctor.name.{one.check}", lang),
            state=text(f"cli.doctor.state.{one.state}", lang),
            tone=TONES[one.state],
            words=one.words(lang),
            href=_place(one, may_open),
        )
        for one in sorted(found, key=lambda one: ORDER.index(one.state))
    ]
    return tuple(lines)


def _place(one: Examined, may_open: Callable[[Action], bool]) -> str:
    href, action = PLACES.get(one.check, ("", Action.CONSOLE_OPEN))
    return href if href and may_open(action) else ""


@router.get("", response_class=HTMLResponse)
async def health(request: Request, principal: Reader) -> str:
    """Whether the parts answer now; what the doctor finds is fetched into the page."""
    return await _page(request, principal, examined=False)


@router.get("/found", response_class=HTMLResponse)
async def found(request: Request, principal: Reader) -> str:
    """What the doctor finds now."""
    return await _page(request, principal, examined=True)


async def _page(request: Request, principal: Principal, *, examined: bool) -> str:
    page = console_page(request, TITLE, principal)
    wiring = wiring_of(request)

    def look() -> dict[str, Any]:
        lines = _examined(wiring) if examined else ()
        return {
            "unready": unready(wiring, page.lang),
            "lines": finding_lines(
                lines, page.lang, lambda action: may(request, principal, action)
            ),
        }

    return await rendered_page(
        request,
        "app/health.html",
        page,
        examined=examined,
        at=wiring.clock(),
        way=way(page.lang, (TITLE, HOME)),
        **await run_in_threadpool(look),
    )


def _examined(wiring: Any) -> tuple[Examined, ...]:
    try:
        return examine(wiring, at=wiring.clock(), stale=STALE)
    except GovernanceError:  # without its keys nothing else can be looked at
        return (provider_finding(wiring.settings),)


def unready(wiring: Any, lang: Lang) -> str:
    """Why this process cannot answer now, in words; empty when every part does (/readyz)."""
    try:
        if wiring.policies.current.table is None:
            return text("upkeep.health.no_policy", lang)
        with wiring.database.read():
            pass
        with wiring.vault.ring.look():
            pass
    except GovernanceError as error:
        return text(error.text_key, lang, **error.params)
    except SQLAlchemyError:
        return text("upkeep.health.no_database", lang)
    return ""
