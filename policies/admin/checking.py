"""What must hold of a policy before two persons may put it in force, or a process take it."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from consent import ledger
from consent.types import NoticeVersion
from governance.registers.store import all_recipients
from policies.admin.documents import Documents
from policies.admin.errors import PolicyFaultyError
from policies.admin.types import Desk
from policies.beside import Surroundings, check_beside
from policies.check import Finding, Severity, check
from policies.law.load import shipped as shipped_law
from policies.snapshot import PolicySnapshot


def known_notices(versions: Iterable[NoticeVersion]) -> Surroundings:
    """Where no installation is: notices alone, and the duties of the shipped law book."""
    notices: dict[str, tuple[str, ...]] = {}
    for one in versions:
        notices[one.notice] = (*notices.get(one.notice, ()), one.version)
    return Surroundings(
        notices=notices,
        duties=frozenset(rule.id for rule in shipped_law().retention_rules),
    )


def surroundings_of(tx: Connection) -> Surroundings:
    """What the installation has beside its policy: published notices, registered recipients."""
    recipients = frozenset(f"{r.role.value}:{r.source_key}" for r in all_recipients(tx))
    return replace(known_notices(ledger.notices(tx)), recipients=recipients)


def findings_of(desk: Desk, snapshot: PolicySnapshot) -> tuple[Finding, ...]:
    """Everything doubtful about a policy in this installation, errors first."""
    with desk.ports.database.read() as tx:
        around = surroundings_of(tx)
    order = list(Severity)
    found: Iterable[Finding] = (*check(snapshot), *check_beside(snapshot, around))
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def demand_sound(desk: Desk, documents: Documents) -> PolicySnapshot:
    """The compiled policy; raises every error that refuses it here."""
    snapshot = desk.compiled(documents)
    desk.fits(snapshot)
    errors = [f for f in findings_of(desk, snapshot) if f.severity is Severity.ERROR]
    if errors:
        raise PolicyFaultyError(errors)
    return snapshot
