"""An installation whose requests are carried out: connected systems, a clock, the house."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from audit.types import canonical_json
from consent.service import subject_gate
from dsar import decisions
from dsar.case import Case
from dsar.correspondence.store import letters_of
from dsar.correspondence.types import Template
from dsar.execution.agreeing import anew_executor
from dsar.execution.driving import Driver, drive
from dsar.execution.store import execution_of
from dsar.execution.types import Execution, House
from dsar.types import RequestKind
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.connectors.types import (
    Answer,
    Asking,
    ConnectorKind,
    Erased,
    Erasure,
    Found,
    Health,
    PersonKeys,
)
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.customers.ports import Ports
from governance.customers.post import unsealed
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.models import OutboxRow
from governance.jobs.outbox import OutboxMessage
from governance.jobs.runner import Worker
from governance.outbound.mail import Mail
from governance.registers.sealing import CONTACT
from governance.registers.store import add_recipient
from governance.registers.types import Recipient, RecipientRole
from policies.reasons import ReasonCode
from policies.types import Label
from retention.finality import Terms
from tests.dsar.world import NOW, SUBJECT, World

HOUSE_ITSELF = Principal(id=ActorId("svc:sekisho"), kind=PrincipalKind.SYSTEM)
ORIGIN = "https://privacy.example.com"
HOUSE = House(
    origin=ORIGIN,
    controller={"ja": "架空商店株式会社", "en": "Kaku Shoten Co., Ltd."},
    log="privacy.example.com/log",
    terms=Terms(keep_days=30, ends_after=timedelta(0), backups_end_after=timedelta(days=14)),
)
OUTBOX = table_of(OutboxRow)


@dataclass
class Shop:
    """A connected system that answers what it is told to, and counts what it does in effect."""

    name: str = "shop"
    answers: list[Erasure] = field(default_factory=list)
    done: dict[str, Erasure] = field(default_factory=dict)
    asked: int = 0

    label = Label(ja="店舗システム", en="Shop system")
    kind = ConnectorKind.DATABASE

    def find(self, person: PersonKeys, asking: Asking) -> Answer:  # noqa: ARG002 # of the port
        return Found()

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:  # noqa: ARG002 # of the port
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        return self.done.setdefault(asking.key, Erased(records=3))

    def health(self, *, at: datetime) -> Health:  # noqa: ARG002 # of the port
        return Health(ok=True)


@dataclass
class Site:
    """A world with an execution in it, and a clock that the test moves."""

    world: World
    shops: Sequence[Shop] = ()
    now: datetime | None = None
    wait_days: int = 7

    def __post_init__(self) -> None:
        ports = self.world.ports
        self.world.approvals = Approvals(
            audit=ports.audit,
            executors={
                ApprovalKind.REQUEST_DECISION: decisions.approval_executor(
                    ports, wait_days=self.wait_days
                ),
                ApprovalKind.ERASURE: anew_executor(ports),
            },
        )

    @property
    def ports(self) -> Ports:
        return self.world.ports

    def clock(self) -> datetime:
        return self.now or self.world.tick()

    def driver(self) -> Driver:
        return Driver(
            ports=self.ports,
            principal=HOUSE_ITSELF,
            house=HOUSE,
            worker=Worker(
                owner="test", clock=self.clock, pause=lambda _: None, stopping=lambda: False
            ),
            connectors=self.shops,
            keys_of=lambda case: PersonKeys(subject=case.subject or case.requester_id),
        )

    def drive(self, case: Case) -> Execution:
        return drive(self.driver(), case.id)

    def execution(self, case: Case) -> Execution:
        with self.ports.database.read() as tx:
            found = execution_of(tx, case.id)
        assert found is not None
        return found

    def granted(self, kind: RequestKind = RequestKind.CESSATION, **more: object) -> Case:
        """A right that two persons granted."""
        return self.world.approve(self.world.decide(self.world.reviewed(kind), **more))

    def after(self, days: int) -> None:
        """So many days later, from now on."""
        self.now = self.clock() + timedelta(days=days)

    def code(self, purpose: str, recipient: str = "internal") -> ReasonCode:
        """What the third gate says about the person of the cases now."""
        known = self.ports.policies.current.purpose(purpose)
        assert known is not None
        with self.ports.database.read() as tx:
            return subject_gate(
                tx, SUBJECT, known, channel=None, recipient=recipient, at=self.clock()
            ).code

    def letters(self, case: Case, template: Template) -> int:
        """How many letters of this kind the case has."""
        with self.ports.database.read() as tx:
            return sum(one.template is template for one in letters_of(tx, case.id))

    def mails(self) -> list[Mail]:
        """Every mail that can still be opened, in order."""
        found = []
        with self.ports.database.read() as tx:
            waiting = select(OUTBOX).where(OUTBOX.c.payload.is_not(None))
            rows = tx.execute(waiting.order_by(OUTBOX.c.id)).all()
        for row in rows:
            message = OutboxMessage(
                id=RowId(row.id), idem_key=row.idem_key, target=row.target, kind=row.kind,
                payload=row.payload, attempt=row.attempts,
            )  # fmt: skip
            try:
                opened = unsealed(self.ports.vault, message)
            except GovernanceError:
                continue
            if isinstance(opened, Mail):
                found.append(opened)
        return found


def told_of(world: World) -> None:
    """Two companies with contacts: one works for us, the other does so with us."""
    for key, role in (("V-8", RecipientRole.PROCESSOR), ("V-9", RecipientRole.JOINT)):
        row = RowId(new_row_id())
        contact = canonical_json(
            {"contact_name": "窓口（架空）", "contact_email": f"{key}@example.net"}
        )
        sealed = world.ports.vault.seal_blob(CONTACT, row, contact)
        made = Recipient(id=row, source_key=key, name=f"架空{key}社", role=role, country="JP")
        world.write(partial(add_recipient, recipient=made, contact=sealed, at=NOW))
