"""The officers' menu: each place for whoever may open it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from governance.ui.parts import NavGroup, NavItem
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the menu; any one of the actions opens it."""

    href: str
    label: str
    any_of: tuple[Action, ...]


def _place(href: str, label: str, *any_of: Action) -> Place:
    return Place(href=href, label=label, any_of=any_of)


MENU: Final = (
    (
        "console.nav.daily",
        (
            _place("/console", "console.nav.overview", Action.CONSOLE_OPEN),
            _place("/console/persons", "console.nav.persons", Action.PERSON_SEARCH),
            _place(
                "/console/requests", "console.nav.requests", Action.DSAR_READ, Action.DSAR_WRITE
            ),
            _place("/console/approvals", "approvals.title", Action.APPROVAL_DECIDE),
            _place("/console/complaints", "console.nav.complaints", Action.DSAR_READ),
            _place("/console/breaches", "breaches.title", Action.BREACH_READ),
            _place("/console/consents", "console.nav.consents", Action.CONSENT_READ),
            _place("/console/search", "persons.seek.title", Action.CONSOLE_OPEN),
        ),
    ),
    (
        "console.nav.rules",
        (
            _place("/console/policies", "console.nav.policies", Action.POLICY_READ),
            _place("/console/retention", "console.nav.retention", Action.RETENTION_READ),
            _place("/console/holds", "console.nav.holds", Action.HOLD_READ),
            _place("/console/notices", "console.nav.notices", Action.NOTICE_READ),
            _place("/console/collect", "console.nav.points", Action.NOTICE_READ),
            _place("/console/letter-texts", "console.nav.letter_texts", Action.DSAR_READ),
            _place("/console/law", "console.nav.law", Action.POLICY_READ),
        ),
    ),
    (
        "console.nav.registers",
        (
            _place("/console/recipients", "console.nav.recipients", Action.REGISTER_READ),
            _place("/console/provisions", "console.nav.provisions", Action.REGISTER_READ),
            _place("/console/connectors", "console.nav.connectors", Action.CONNECTOR_READ),
            _place("/console/clients", "clients.title", Action.CLIENT_READ),
        ),
    ),
    (
        "console.nav.data",
        (
            _place(
                "/console/imports", "upkeep.import.title", Action.PERSON_IMPORT, Action.QUALITY_READ
            ),
            _place("/console/duplicates", "upkeep.dup.title", Action.QUALITY_READ),
            _place("/console/quality", "upkeep.quality.title", Action.QUALITY_READ),
            _place("/console/scans", "console.nav.scans", Action.PII_ANALYZE),
            _place("/console/datasets", "console.nav.datasets", Action.DATASET_READ),
        ),
    ),
    (
        "console.nav.evidence",
        (
            _place("/console/audit", "console.nav.audit", Action.AUDIT_READ),
            _place("/console/decisions", "console.nav.decisions", Action.AUDIT_READ),
            _place("/console/request-figures", "console.nav.request_figures", Action.DSAR_READ),
            _place("/console/access", "access.title", Action.STAFF_READ),
            _place("/console/reports", "console.reports.title", Action.REPORT_READ),
        ),
    ),
    (
        "console.nav.people",
        (
            _place("/console/staff", "staff.title", Action.STAFF_READ),
            _place("/console/training", "account.training.title", Action.TRAINING_READ),
            _place("/console/elevation", "account.elevation.title", Action.CONSOLE_OPEN),
            _place(
                "/console/break-glass", "console.nav.glass", Action.GLASS_BREAK, Action.GLASS_REVIEW
            ),
        ),
    ),
    (
        "upkeep.nav.system",
        (
            _place("/console/health", "upkeep.health.title", Action.JOB_READ),
            _place("/console/jobs", "upkeep.jobs.title", Action.JOB_READ),
            _place("/console/keys", "upkeep.keys.title", Action.KEY_READ),
            _place("/console/backups", "console.nav.backups", Action.JOB_READ),
            _place("/console/settings", "upkeep.settings.title", Action.SETTINGS_READ),
            _place(
                "/console/pause",
                "console.nav.pause",
                Action.PROCESSING_PAUSE,
                Action.PROCESSING_RESUME,
            ),
        ),
    ),
    (
        "console.nav.help",
        (
            _place("/console/first-week", "first_week.title", Action.CONSOLE_OPEN),
            _place("/account", "account.title", Action.CONSOLE_OPEN),
            _place("/docs", "console.nav.api", Action.CONSOLE_OPEN),
            _place("/console/style", "console.nav.style", Action.CONSOLE_OPEN),
        ),
    ),
)


REQUEST: Final = re.compile(r"(/console/requests/[0-9a-f-]{36})(?:/|$)")
STATIONS: Final = (
    ("case", Action.DSAR_READ),
    ("identity", Action.DSAR_WRITE),
    ("sources", Action.DSAR_EXECUTE),
    ("review", Action.DSAR_READ),
    ("execution", Action.DSAR_READ),
    ("answer", Action.DSAR_EXECUTE),
    ("letters", Action.DSAR_READ),
    ("messages", Action.DSAR_WRITE),
)  # pages of one request, in the order of its life


def stations(path: str, may: Callable[[Action], bool]) -> tuple[NavItem, ...]:
    """The pages of the request that this path belongs to, for whoever may open them."""
    found = REQUEST.match(path)
    if found is None:
        return ()
    return tuple(
        NavItem(
            href=found[1] if name == "case" else f"{found[1]}/{name}",
            label=f"console.station.{name}",
        )
        for name, action in STATIONS
        if may(action)
    )


def menu(may: Callable[[Action], bool]) -> tuple[NavGroup, ...]:
    """The places that this reader may open, under their words; empty groups are left out."""
    groups = []
    for label, places in MENU:
        items = tuple(
            NavItem(href=place.href, label=place.label)
            for place in places
            if any(may(action) for action in place.any_of)
        )
        if items:
            groups.append(NavGroup(label=label, items=items))
    return tuple(groups)
