"""What the use cases above the store need from outside, handed in whole by the wiring."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.core.controller import Controller
from governance.db.engine import Database
from governance.jobs.journal import Journal
from governance.keys.vault import FieldVault
from governance.outbound.scanning import FileScanner, NoScanner
from governance.pii.types import Analyse
from policies.snapshot import PolicyHolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Database, keys, audit log, decisions, control journal, policy in force, text analysis.

    And who answers for the data, in whose name letters go out, which systems are connected, and
    who looks files through for viruses.
    """

    database: Database
    vault: FieldVault
    audit: AuditLog
    decisions: DecisionRecorder
    journal: Journal
    policies: PolicyHolder
    analyse: Analyse  # fails closed: raises when the analysis cannot answer
    controller: Controller = field(default_factory=Controller)
    connected: Callable[[], Collection[str]] = tuple  # names of connected systems, as declared now
    scanner: FileScanner = field(default_factory=NoScanner)  # of files that come in
