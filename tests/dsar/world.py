"""An installation for tests: persons, officers, and the steps of a whole case."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

import governance.signon.models  # noqa: F401 - an erasure must know its tables
from audit.actions import EventCode
from audit.types import EventDraft
from audit.types import Outcome as AuditOutcome
from consent import ledger
from consent.types import EventKind
from dsar import decisions, delivery, fulfilment, packaging, reading, service, stepping
from dsar.case import Case
from dsar.collection import every_source
from dsar.delivery import Released
from dsar.review import service as review
from dsar.rules import suggestion, unreviewed
from dsar.types import Event, EvidenceKind, Intake, Outcome, RequestKind
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.core.controller import Controller
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, Law, PurposeId, RequestId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import NewSubject, Record, add_subjects, insert_records
from governance.customers.subjects import SubjectKind
from governance.http.principal import Principal, PrincipalKind
from governance.registers.store import add_recipient
from governance.registers.types import Recipient, RecipientRole

T = TypeVar("T")
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SUBJECT = SubjectId("3b241101-e2bb-4255-8caf-4136c566a962")
OTHER = SubjectId("7c9e6679-7425-40de-944b-e07fc1f90ae7")
OFFICER = Principal(
    id=ActorId("u:officer"), kind=PrincipalKind.STAFF, roles=frozenset({"privacy_officer"})
)
APPROVER = Principal(
    id=ActorId("u:approver"), kind=PrincipalKind.STAFF, roles=frozenset({"privacy_approver"})
)
SUPPORT = Principal(id=ActorId("u:support"), kind=PrincipalKind.STAFF, roles=frozenset({"support"}))
PERSON = Principal(
    id=ActorId(f"p:{SUBJECT}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
)
STRANGER = Principal(
    id=ActorId(f"p:{OTHER}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
)

# 架空の値
NAME, EMAIL, MOBILE = "山田 太郎", "taro.yamada@example.com", "090-0000-1234"
ADDRESS = "東京都千代田区丸の内1-1-1"
MARKUP, FORMULA = "<script>alert(1)</script><b>x</b>", '=HYPERLINK("http://example.com","x")'
WORDS = "私の登録内容をすべて教えてください。山田太郎"
BODY = "山田太郎です。友人の佐藤花子さん（電話 080-1111-2222）にも送ってください。"
THIRD = ("佐藤花子", "080-1111-2222", "鈴木一郎", "高橋次郎", "hanako.sato@example.org")
PERSON_VALUES = {
    "customer_id": "C-00042",
    "name": NAME,
    "kana": "ヤマダ タロウ",
    "email": EMAIL,
    "mobile": MOBILE,
    "address": ADDRESS,
    "occupation": MARKUP,
    "interests": FORMULA,
    "clerk": "鈴木一郎",
    "notes": "佐藤花子様（hanako.sato@example.org）のご紹介",
}
CONTROLLER = Controller(
    automated_decisions_ja="自動化された意思決定は行っていません。",
    automated_decisions_en="We make no automated decisions.",
)


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@dataclass
class World:
    """The installation, and one case walked through it."""

    ports: Ports
    minutes: int = 0
    approvals: Approvals = field(init=False)

    def __post_init__(self) -> None:
        self.approvals = Approvals(
            audit=self.ports.audit,
            executors={ApprovalKind.REQUEST_DECISION: decisions.approval_executor(self.ports)},
        )

    def write(self, use: Callable[[Connection], T]) -> T:
        return self.ports.database.write(use)

    def tick(self) -> datetime:
        self.minutes += 1
        return later(self.minutes)

    def seal(self, table: str, who: SubjectId, clear: dict[str, Any], /, **values: str) -> Record:
        row = new_row_id()
        cells = {FieldId(f"{table}.{name}"): value for name, value in values.items()}
        sealed = self.ports.vault.seal_row(who, row, cells)
        kept = {name: cell for name, cell in sealed.items() if cell is not None}
        return Record(table=table, id=row, subject=who, clear=clear, sealed=kept)

    def fill(self) -> None:
        records = [
            self.seal("person", SUBJECT, person(1), **PERSON_VALUES),
            self.seal("person", OTHER, person(2), name="佐藤花子", mobile="080-1111-2222"),
            self.seal(
                *("purchase", SUBJECT, bought("P-1", 1980)),
                product_name="関所せんべい", recipient_name="山田太郎", recipient_address=ADDRESS,
            ),
            self.seal(
                *("purchase", SUBJECT, bought("P-2", 4980)),
                product_name=FORMULA, recipient_name="高橋次郎", notes=MARKUP,
            ),
            self.seal("inquiry", SUBJECT, asked("Q-1"), subject="送付について", body=BODY,
                      response="承知しました。", clerk="鈴木一郎"),
            self.seal("deal", SUBJECT, sold("D-1"), contact_name=NAME, contact_email=EMAIL,
                      memo="佐藤花子様が同席。", clerk="鈴木一郎"),
        ]  # fmt: skip
        self.write(lambda tx: self._store(tx, records))

    def _store(self, tx: Connection, records: list[Record]) -> None:
        laws = {Law.APPI: "controller"}
        add_subjects(
            tx,
            [NewSubject(id=who, kind=SubjectKind.CUSTOMER, laws=laws) for who in (SUBJECT, OTHER)],
            at=NOW,
        )
        insert_records(tx, records)
        ledger.append(
            tx,
            [
                ledger.NewEvent(
                    id=new_row_id(),
                    subject=SUBJECT,
                    purpose=PurposeId("mail_marketing"),
                    kind=kind,
                    occurred_at=NOW,
                )
                for kind in (EventKind.GIVEN, EventKind.WITHDRAWN)
            ],
            at=NOW,
        )
        add_recipient(
            tx,
            Recipient(
                id=RowId(new_row_id()),
                source_key="V-1",
                name="架空配送株式会社",
                role=RecipientRole.PROCESSOR,
                country="JP",
                service="配送",
            ),
            contact=None,
            at=NOW,
        )

    def receive(
        self, kind: RequestKind = RequestKind.DISCLOSURE, by: Principal = PERSON, **more: Any
    ) -> Case:
        more = {"words": WORDS, "intake": Intake.PORTAL} | more
        new = service.NewRequest(kind=kind, policy_days=14, subject=SUBJECT, **more)
        prepared = service.prepare_request(self.ports, new)
        at = self.tick()
        return self.write(lambda tx: service.receive(tx, self.ports, by, new, prepared, at=at))

    def prove(
        self, case: Case, kind: EvidenceKind, by: Principal, *, accepted: bool = True
    ) -> Case:
        at = self.tick()
        return self.write(
            lambda tx: service.prove_identity(
                tx, self.ports, by, case.id, kind, accepted=accepted, at=at
            )
        )

    def proved(self, case: Case) -> Case:
        self.prove(case, EvidenceKind.PORTAL_SESSION, PERSON)
        return self.prove(case, EvidenceKind.DOCUMENT, SUPPORT)

    def step(self, case: Case, event: Event, by: Principal = OFFICER, **more: Any) -> Case:
        at = self.tick()
        return self.write(
            lambda tx: stepping.advance(tx, self.ports, by, case.id, event, at=at, **more)
        )

    def collect(self, case: Case, by: Principal = OFFICER) -> Case:
        return fulfilment.collect(
            self.ports, by, case.id, sources=every_source(self.ports), at=self.tick()
        )

    def decide(
        self, case: Case, outcome: Outcome | None = None, by: Principal = OFFICER, **more: Any
    ) -> decisions.Decided:
        at = self.tick()
        suggested, usual = suggestion(case)
        grounds, outcome = more.pop("grounds", usual), outcome or suggested
        return self.write(
            lambda tx: decisions.decide(
                *(tx, self.ports, self.approvals, by, case.id),
                outcome=outcome,
                grounds=grounds,
                at=at,
                **more,
            )
        )

    def approve(self, decided: decisions.Decided, by: Principal = APPROVER) -> Case:
        at = self.tick()
        return self.write(
            lambda tx: decisions.approve(
                tx, self.approvals, by, decided.case.id, digest=decided.digest or "", at=at
            )
        )

    def build(self, case: Case) -> Case:
        return packaging.build_package(
            *(self.ports, OFFICER, case.id),
            controller=CONTROLLER,
            at=self.tick(),
            despite_gaps=True,
        )

    def deliver(self, case: Case) -> Released:
        at = self.tick()
        return self.write(lambda tx: delivery.deliver(tx, self.ports, OFFICER, case.id, at=at))

    def reviewed(self, kind: RequestKind = RequestKind.DISCLOSURE, **more: Any) -> Case:
        """A case that was collected, whose review is ended, and that waits for its decision."""
        case = self.collected(kind, **more)
        return review.accept_all(self.desk(case)) if unreviewed(case) else case

    def collected(self, kind: RequestKind = RequestKind.DISCLOSURE, **more: Any) -> Case:
        """A case that was collected and waits for its review."""
        case = self.proved(self.receive(kind, **more))
        if any(track.law is Law.GDPR for track in case.tracks):
            case = self.step(case, Event.TRIAGE)
        case = self.collect(self.step(case, Event.START))
        return self.step(case, Event.FINISH_COLLECTING)

    def desk(self, case: Case, by: Principal = OFFICER, **more: Any) -> review.Desk:
        return review.Desk(ports=self.ports, principal=by, request=case.id, at=self.tick(), **more)

    def answered(self, kind: RequestKind = RequestKind.DISCLOSURE) -> Released:
        """A case whose answer waits for its download."""
        approved = self.approve(self.decide(self.reviewed(kind)))
        return self.deliver(self.build(self.step(approved, Event.EXECUTE)))

    def corrected(self) -> Case:
        """A correction that was granted, made and proved; nobody was told yet."""
        case = self.step(
            self.approve(self.decide(self.reviewed(RequestKind.CORRECTION))), Event.EXECUTE
        )
        made = EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=self.tick(),
            actor=OFFICER.id,
            object_type="person",
            object_id=SUBJECT,
            subject=SUBJECT,
            outcome=AuditOutcome.DONE,
            fields=(FieldId("person.address"), FieldId("person.mobile")),
        )
        proof = self.write(lambda tx: self.ports.audit.append(tx, made))
        at = self.tick()
        return self.write(
            lambda tx: fulfilment.record_execution(
                tx, self.ports, OFFICER, case.id, proof=proof, at=at
            )
        )

    def case(self, request: RequestId) -> Case:
        with self.ports.database.read() as tx:
            return reading.request_by_id(tx, self.ports, OFFICER, request)

    def with_analysis(self, analyse: Any) -> "World":
        """The same installation with another text analysis."""
        return replace(self, ports=replace(self.ports, analyse=analyse))


def person(row: int) -> dict[str, Any]:
    return {
        "version": 1,
        "source_file": "customers.csv",
        "source_row": row,
        "recorded_at": NOW,
        "status": "active",
        "contact_permission": "yes",
        "problems": 0,
        "registered_on": date(2020, 4, 1),
        "source": "Web",
    }


def bought(key: str, amount: int) -> dict[str, Any]:
    return {
        "source_key": key,
        "type": "single",
        "amount": amount,
        "purchased_on": date(2026, 1, 5),
        "recorded_at": NOW,
    }


def asked(key: str) -> dict[str, Any]:
    return {"source_key": key, "received_at": NOW, "channel": "web", "recorded_at": NOW}


def sold(key: str) -> dict[str, Any]:
    return {"source_key": key, "company_name": "架空商事", "recorded_at": NOW}
