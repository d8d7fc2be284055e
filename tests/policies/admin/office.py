"""A policy desk with the steps of two persons, and small policies that an officer could write."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.approvals.service import Approvals
from governance.approvals.types import Approval
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from policies.admin import service, store
from policies.admin.documents import Documents
from policies.admin.types import Desk
from policies.admin.watching import PolicyWatch
from policies.snapshot import PolicyHolder

NOW = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
SMALL = """
version: "VERSION"
title: 小さな方針 / Small policy
owner: 個人情報保護管理者
categories:
  name: {label: 氏名 / Names}
  contact: {label: 連絡先 / Contacts}
resources:
  person:
    label: 顧客 / Customer
    fields:
      name: {label: 氏名 / Name, category: name}
      phone: {label: 電話番号 / Telephone, category: contact}
roles:
  support: {label: サポート / Support, may: ["person:read"]}
  officer: {label: 管理者 / Officer, may: ["policy:read", "policy:propose"]}
  chief: {label: 統括 / Chief, may: ["policy:read", "policy:apply", "approval:decide"]}
purposes:
  help: {label: 対応 / Help, basis: {appi: within_purpose, gdpr: contract},
         categories: [name, contact]}
rules:
  - {id: R-1, allow: [support], to: [read, use], on: person, fields: [FIELDS], for: [help],
     because: 対応のため / To help}
tests:
  - {who: support, does: read, on: person.name, for: help, expect: permit, by: R-1}
"""


def small(version: str, *, fields: str = "name") -> Documents:
    """A policy of three roles; support reads these fields."""
    return Documents((("p.yaml", SMALL.replace("VERSION", version).replace("FIELDS", fields)),))


def staff(role: str, name: str) -> Principal:
    """An employee with one role."""
    return Principal(id=ActorId(f"u:{name}"), kind=PrincipalKind.STAFF, roles=frozenset({role}))


OFFICER, CHIEF = staff("officer", "hanako"), staff("chief", "taro")


@dataclass(frozen=True, kw_only=True)
class Office:
    """The desk of one process with the steps of two persons."""

    desk: Desk
    approvals: Approvals

    @property
    def holder(self) -> PolicyHolder:
        return self.desk.ports.policies

    def watch(self, *, at: datetime = NOW) -> PolicyWatch:
        """The watch of this process, whose clock stands."""
        return PolicyWatch(self.desk, clock=lambda: at)

    def other_process(self) -> "Office":
        """Another process on the same database, which has loaded nothing yet."""
        ports = replace(self.desk.ports, policies=PolicyHolder())
        return replace(self, desk=replace(self.desk, ports=ports))

    def start(self, documents: Documents) -> None:
        """The first policy is in force."""
        database = self.desk.ports.database
        database.write(lambda tx: service.first_start(tx, self.desk, documents, at=NOW))
        self.watch().look()

    def asked(self, documents: Documents, *, at: datetime | None = None) -> Approval:
        """The officer's proposal."""
        proposed = service.prepare(self.desk, OFFICER, documents)
        return self.desk.ports.database.write(
            lambda tx: service.propose(
                tx, self.desk, self.approvals, OFFICER, proposed, effective_from=at, at=NOW
            )
        )

    def rolled_back(self, number: int | None = None) -> Approval:
        """The officer's wish to go back."""
        proposed = service.prepare_rollback(self.desk, OFFICER, number=number)
        return self.desk.ports.database.write(
            lambda tx: service.propose(tx, self.desk, self.approvals, OFFICER, proposed, at=NOW)
        )

    def agreed(self, approval: Approval, *, by: Principal = CHIEF) -> str | None:
        """What the second person's approval did; the watch of this process has looked."""
        done = self.desk.ports.database.write(
            lambda tx: self.approvals.approve_and_execute(
                tx, approval.id, digest=approval.digest, by=by, at=NOW
            )
        )
        self.watch().look()
        return done

    def states(self) -> list[tuple[int, str]]:
        """Every entry's number and state, the oldest first."""
        with self.desk.ports.database.read() as tx:
            return [(one.number, one.state.value) for one in reversed(store.entries(tx))]

    def events(self) -> list[tuple[str, str]]:
        """What the log says of policies in force: number and outcome."""
        with self.desk.ports.database.read() as tx:
            rows = tx.execute(
                select(EVENTS.c.object_id, EVENTS.c.outcome)
                .where(EVENTS.c.action == EventCode.POLICY_APPLIED.value)
                .order_by(EVENTS.c.id)
            )
            return [(row.object_id, row.outcome) for row in rows]
