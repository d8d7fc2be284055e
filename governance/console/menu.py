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


MENU: Final = (
    (
        "console.nav.daily",
        (
            Place(href="/console", label="console.nav.overview", any_of=(Action.CONSOLE_OPEN,)),
            Place(
                href="/console/requests",
                label="console.nav.requests",
                any_of=(Action.DSAR_READ, Action.DSAR_WRITE),
            ),
            Place(
                href="/console/search",
                label="persons.seek.title",
                any_of=(Action.CONSOLE_OPEN,),
            ),
            Place(
                href="/console/persons",
                label="console.nav.persons",
                any_of=(Action.PERSON_SEARCH,),
            ),
            Place(
                href="/console/complaints",
                label="console.nav.complaints",
                any_of=(Action.DSAR_READ,),
            ),
            Place(
                href="/console/request-figures",
                label="console.nav.request_figures",
                any_of=(Action.DSAR_READ,),
            ),
            Place(
                href="/console/letter-texts",
                label="console.nav.letter_texts",
                any_of=(Action.DSAR_READ,),
            ),
            Place(
                href="/console/consents",
                label="console.nav.consents",
                any_of=(Action.CONSENT_READ,),
            ),
            Place(
                href="/console/break-glass",
                label="console.nav.glass",
                any_of=(Action.GLASS_BREAK, Action.GLASS_REVIEW),
            ),
            Place(
                href="/console/pause",
                label="console.nav.pause",
                any_of=(Action.POLICY_PROPOSE, Action.POLICY_APPLY),
            ),
        ),
    ),
    (
        "console.nav.rules",
        (
            Place(
                href="/console/policies",
                label="console.nav.policies",
                any_of=(Action.POLICY_READ,),
            ),
            Place(href="/console/law", label="console.nav.law", any_of=(Action.POLICY_READ,)),
            Place(
                href="/console/retention",
                label="console.nav.retention",
                any_of=(Action.RETENTION_READ,),
            ),
            Place(href="/console/holds", label="console.nav.holds", any_of=(Action.HOLD_READ,)),
            Place(
                href="/console/notices", label="console.nav.notices", any_of=(Action.NOTICE_READ,)
            ),
            Place(
                href="/console/collect", label="console.nav.points", any_of=(Action.NOTICE_READ,)
            ),
        ),
    ),
    (
        "console.nav.registers",
        (
            Place(
                href="/console/recipients",
                label="console.nav.recipients",
                any_of=(Action.REGISTER_READ,),
            ),
            Place(
                href="/console/connectors",
                label="console.nav.connectors",
                any_of=(Action.CONNECTOR_READ,),
            ),
            Place(href="/console/clients", label="clients.title", any_of=(Action.CLIENT_READ,)),
            Place(href="/console/staff", label="staff.title", any_of=(Action.STAFF_READ,)),
            Place(
                href="/console/provisions",
                label="console.nav.provisions",
                any_of=(Action.REGISTER_READ,),
            ),
            Place(href="/console/scans", label="console.nav.scans", any_of=(Action.PII_ANALYZE,)),
            Place(
                href="/console/duplicates",
                label="upkeep.dup.title",
                any_of=(Action.QUALITY_READ,),
            ),
            Place(
                href="/console/quality", label="upkeep.quality.title", any_of=(Action.QUALITY_READ,)
            ),
            Place(
                href="/console/datasets",
                label="console.nav.datasets",
                any_of=(Action.DATASET_READ,),
            ),
        ),
    ),
    (
        "console.nav.evidence",
        (
            Place(href="/console/audit", label="console.nav.audit", any_of=(Action.AUDIT_READ,)),
            Place(href="/console/access", label="access.title", any_of=(Action.STAFF_READ,)),
            Place(href="/console/backups", label="console.nav.backups", any_of=(Action.JOB_READ,)),
        ),
    ),
    (
        "upkeep.nav.system",
        (
            Place(href="/console/health", label="upkeep.health.title", any_of=(Action.JOB_READ,)),
            Place(href="/console/jobs", label="upkeep.jobs.title", any_of=(Action.JOB_READ,)),
            Place(href="/console/keys", label="upkeep.keys.title", any_of=(Action.KEY_READ,)),
            Place(
                href="/console/settings",
                label="upkeep.settings.title",
                any_of=(Action.SETTINGS_READ,),
            ),
        ),
    ),
    (
        "console.nav.help",
        (
            Place(
                href="/console/first-week", label="first_week.title", any_of=(Action.CONSOLE_OPEN,)
            ),
            Place(
                href="/console/training",
                label="account.training.title",
                any_of=(Action.TRAINING_READ,),
            ),
            Place(
                href="/console/elevation",
                label="account.elevation.title",
                any_of=(Action.CONSOLE_OPEN,),
            ),
            Place(href="/account", label="account.title", any_of=(Action.CONSOLE_OPEN,)),
            Place(href="/docs", label="console.nav.api", any_of=(Action.CONSOLE_OPEN,)),
            Place(href="/console/style", label="console.nav.style", any_of=(Action.CONSOLE_OPEN,)),
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
