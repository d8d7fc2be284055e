"""Every list of the console by its id; a list that is not here has no files and no saved views."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from governance.console.lists.access import ACCESS_REVIEWS
from governance.console.lists.accesses import EMERGENCIES
from governance.console.lists.approvals import APPROVALS
from governance.console.lists.backups import BACKUP_DRILLS, BACKUPS, KEY_COPIES
from governance.console.lists.breaches import BREACHES
from governance.console.lists.clients import CLIENTS
from governance.console.lists.complaints import COMPLAINTS
from governance.console.lists.connectors import CONNECTOR_TASKS, CONNECTORS
from governance.console.lists.consents import CONSENTS
from governance.console.lists.decisions import DECISIONS
from governance.console.lists.discovery import DATASETS, SCANS
from governance.console.lists.duplicates import DUPLICATES, MERGED
from governance.console.lists.elevations import ELEVATIONS
from governance.console.lists.figures import LATE_REQUESTS, REQUEST_FIGURES, UNCONFIRMED
from governance.console.lists.guardians import GUARDIANS_WAITING
from governance.console.lists.holds import HOLDS
from governance.console.lists.imports import IMPORTS
from governance.console.lists.jobs import RUNS as JOB_RUNS
from governance.console.lists.law import LAW_DUTIES, LAW_RULES, LAW_SETS
from governance.console.lists.log import AUDIT_LOG
from governance.console.lists.notices import DRAFTS, NOTICES, POINTS
from governance.console.lists.persons import PERSONS_FOUND
from governance.console.lists.policies import POLICY_CHANGES, POLICY_HISTORY, POLICY_RULES
from governance.console.lists.provisions import PROVISIONS
from governance.console.lists.quality import QUALITY_TASKS
from governance.console.lists.recipients import RECIPIENTS, TRANSFERS
from governance.console.lists.requests import REQUESTS
from governance.console.lists.retention import (
    PURGE_CERTIFICATES,
    PURGE_PLANS,
    PURGE_RUNS,
    RETENTION_SIMULATIONS,
    SCHEDULES_ADOPTED,
)
from governance.console.lists.source import Source
from governance.console.lists.staff import STAFF
from governance.console.lists.texts import LETTER_TEXTS
from governance.console.lists.training import TRAINING

ALL: Final = (
    *(BREACHES, REQUESTS, COMPLAINTS, LATE_REQUESTS, UNCONFIRMED, REQUEST_FIGURES, LETTER_TEXTS),
    *(CONSENTS, NOTICES, DRAFTS, POINTS, EMERGENCIES, GUARDIANS_WAITING, APPROVALS),
    *(
        RECIPIENTS,
        TRANSFERS,
        PROVISIONS,
        CLIENTS,
        STAFF,
        ACCESS_REVIEWS,
        CONNECTORS,
        CONNECTOR_TASKS,
    ),
    *(POLICY_CHANGES, POLICY_RULES, POLICY_HISTORY, LAW_DUTIES, LAW_RULES, LAW_SETS),
    *(PURGE_RUNS, PURGE_CERTIFICATES, PURGE_PLANS, RETENTION_SIMULATIONS, SCHEDULES_ADOPTED, HOLDS),
    *(AUDIT_LOG, DECISIONS, SCANS, DATASETS, BACKUPS, BACKUP_DRILLS, KEY_COPIES),
    *(IMPORTS, DUPLICATES, MERGED, JOB_RUNS, QUALITY_TASKS, TRAINING, ELEVATIONS),
)
SOURCES: Final[Mapping[str, Source]] = MappingProxyType({one.declared.id: one for one in ALL})


def viewed(name: str) -> Source | None:
    """The list of this id whose views may be kept; who was found has views, and no file."""
    return PERSONS_FOUND if name == PERSONS_FOUND.declared.id else SOURCES.get(name)


def source_of(name: str) -> Source | None:
    """The list of this id."""
    return SOURCES.get(name)
