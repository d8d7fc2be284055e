"""What must hold of a policy before two persons may put it in force, or a process take it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy import Connection

from consent import ledger
from consent.types import NoticeVersion
from governance.core.errors import GovernanceError
from governance.customers.catalogue import catalogue
from governance.customers.catalogue_checks import check_purposes
from governance.registers.store import all_recipients
from policies.admin.documents import Documents
from policies.admin.errors import PolicyFaultyError
from policies.admin.types import Desk
from policies.beside import Surroundings, check_beside
from policies.check import Finding, FindingCode, Severity, check
from policies.law.in_force import law_in_force
from policies.snapshot import PolicySnapshot


def known_notices(versions: Iterable[NoticeVersion]) -> Surroundings:
    """Where no installation is: notices alone, and the duties of the law book."""
    notices: dict[str, tuple[str, ...]] = {}
    for one in versions:
        notices[one.notice] = (*notices.get(one.notice, ()), one.version)
    return Surroundings(
        notices=notices,
        duties=frozenset(rule.id for rule in law_in_force().retention_rules),
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
    found = (*check(snapshot), *check_beside(snapshot, around), *_catalogue(desk, snapshot))
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _catalogue(desk: Desk, snapshot: PolicySnapshot) -> Iterator[Finding]:
    """What the catalogue declares and the policy does not know.

    A field of the product that serves an unknown purpose stays refused to all; a field of the
    installation's own that does so would keep it from starting.
    """

    def purposes(snapshot: PolicySnapshot) -> None:
        check_purposes(catalogue(), snapshot.purposes)

    for look, severity in ((desk.fits, Severity.ERROR), (purposes, Severity.WARNING)):
        try:
            look(snapshot)
        except GovernanceError as error:
            yield Finding(
                code=FindingCode.CATALOGUE_DIFFERS,
                severity=severity,
                name=snapshot.version,
                place=None,
                detail=", ".join(str(value) for value in error.params.values()),
            )


def demand_sound(desk: Desk, documents: Documents) -> PolicySnapshot:
    """The compiled policy; raises every error that refuses it here."""
    snapshot = desk.compiled(documents)
    errors = [f for f in findings_of(desk, snapshot) if f.severity is Severity.ERROR]
    if errors:
        raise PolicyFaultyError(errors)
    return snapshot
