"""A town of invented customers in a real store, under real keys."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, event, func, select

import governance.signon.models  # noqa: F401 - an erasure must know its tables
from audit.actions import EventCode
from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from audit.types import EventDraft, Outcome, PersonalPart, canonical_json
from consent import ledger as consent_ledger
from consent.ledger import NewEvent
from consent.types import EventKind
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, EventId, FieldId, KeyClass, Law, RowId, SubjectId
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.values import Plain
from governance.customers import store, tokens
from governance.customers.indexing import EVERY
from governance.customers.ports import Ports
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import SubjectKind
from governance.customers.upkeep.candidates import note_duplicates
from governance.db.engine import Database
from governance.gateway.intake.tokens import Indexer
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.jobs.runner import Worker
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from retention import adoption, purge, service
from retention.purge import RunReport
from retention.schedules import RETAIL_SAMPLE, shipped_schedule
from retention.service import Started, Waiting

NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
TODAY = date(2026, 10, 1)


def staff(name: str, role: str) -> Principal:
    return Principal(id=ActorId(f"u:{name}"), kind=PrincipalKind.STAFF, roles=frozenset({role}))


OFFICER, CHIEF = staff("officer", "privacy_officer"), staff("chief", "privacy_approver")
SUPPORT, OPERATOR = staff("support", "support"), staff("operator", "it_operator")


@dataclass
class Town:
    """The installation, its people by name, and a clock that the test moves."""

    ports: Ports
    now: datetime = NOW
    people: dict[str, SubjectId] = field(default_factory=dict)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    @property
    def approvals(self) -> Approvals:
        run = service.purge_executor(self.ports)
        return Approvals(
            audit=self.ports.audit,
            executors={
                ApprovalKind.PURGE: run,
                ApprovalKind.ERASURE: run,
                ApprovalKind.RETENTION_SCHEDULE: adoption.schedule_executor(self.ports),
            },
        )

    def worker(self, *, stopping: Callable[[], bool] = lambda: False) -> Worker:
        return Worker(owner="test-1", clock=self.clock, pause=lambda _rest: None, stopping=stopping)

    # People

    def settle(self, name: str, *, held: bool = False, **facts: Any) -> SubjectId:
        """One person of the town in one line."""
        (subject,) = self.settle_all([name], **facts)
        if held:
            self.ports.database.write(
                lambda tx: store.place_hold(tx, subject, matter="suit:1", by="u:lawyer", at=NOW)
            )
        return subject

    def settle_all(  # what they have in common
        self,
        names: Sequence[str],
        *,
        status: str = "active",
        registered: date | None = date(2010, 4, 1),
        withdrawn: date | None = None,
        purchases: tuple[dict[str, Any], ...] = (),
        laws: tuple[Law, ...] = (Law.APPI,),
    ) -> list[SubjectId]:
        """People who differ by their names alone."""
        made: dict[str, tuple[int, SubjectId]] = {}
        for number, name in enumerate(names, start=len(self.people) + 1):
            made[name] = number, SubjectId(f"{number:08x}-0000-4000-8000-{number:012x}")
        subjects = [subject for _, subject in made.values()]
        self.people.update(zip(made, subjects, strict=True))
        self.ports.vault.ensure_keys(subjects)
        self.ports.vault.ensure_keys(subjects, KeyClass.RECORD)
        kind, reach = SubjectKind.CUSTOMER, dict.fromkeys(laws, "controller")

        def write(tx: Connection) -> None:
            fresh = [NewSubject(id=one, kind=kind, laws=reach) for one in subjects]
            store.add_subjects(tx, fresh, at=NOW)
            for name, (number, subject) in made.items():
                self._register(tx, name, subject, number, status, registered, withdrawn)
                for entry in purchases:
                    self._purchase(tx, name, subject, entry)
                self._inquiry(tx, name, subject)
                self._traces(tx, name, subject)

        self.ports.database.write(write)
        return subjects

    def _register(
        self,
        tx: Connection,
        name: str,
        subject: SubjectId,
        number: int,
        status: str,
        registered: date | None,
        withdrawn: date | None,
    ) -> None:
        plain: dict[FieldId, Plain] = {
            FieldId("person.name"): f"MARKED-{name}",
            FieldId("person.email"): f"marked-{name}@example.com",
            FieldId("person.customer_id"): f"C{number:06d}",
        }
        clear = {
            "version": 1,
            "source_file": "town.csv",
            "source_row": number,
            "recorded_at": NOW,
            "status": status,
            "registered_on": registered,
            "withdrawn_on": withdrawn,
            "contact_permission": "unknown",
            "problems": 0,
        }
        row = new_row_id()
        self._insert(tx, "person", row, subject, clear, plain)
        indexer = Indexer(self.ports.vault, ["person"], kinds=EVERY)
        tokens.add_tokens(tx, indexer.row_tokens("person", row, subject, plain))

    def _purchase(
        self, tx: Connection, name: str, subject: SubjectId, entry: dict[str, Any]
    ) -> None:
        row = new_row_id()
        clear = {"source_key": row, "type": "single", "amount": 1200, "recorded_at": NOW, **entry}
        plain: dict[FieldId, Plain] = {
            FieldId("purchase.product_name"): f"GOODS-{name}",
            FieldId("purchase.recipient_name"): f"MARKED-{name}-gift",
        }
        self._insert(tx, "purchase", row, subject, clear, plain)

    def _inquiry(self, tx: Connection, name: str, subject: SubjectId) -> None:
        row = new_row_id()
        clear = {"source_key": row, "recorded_at": NOW, "received_at": NOW}
        plain: dict[FieldId, Plain] = {FieldId("inquiry.body"): f"MARKED-{name} wrote"}
        self._insert(tx, "inquiry", row, subject, clear, plain)
        store.add_findings(
            tx,
            [
                {
                    "row_id": row,
                    "field": "inquiry.body",
                    "entity": "PERSON",
                    "kind": "",
                    "subject_id": subject,
                    "found": 1,
                    "ground": None,
                    "found_at": NOW,
                }
            ],
        )

    def _insert(
        self,
        tx: Connection,
        table: str,
        row: RowId,
        subject: SubjectId,
        clear: dict[str, Any],
        plain: dict[FieldId, Plain],
    ) -> None:
        sealed = self.ports.vault.seal_row(subject, row, plain)
        cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
        store.insert_records(
            tx, [Record(table=table, id=row, subject=subject, clear=clear, sealed=cells)]
        )

    def _traces(self, tx: Connection, name: str, subject: SubjectId) -> None:
        """A consent with its proof, an event with a personal part, a duplicate candidate."""
        event_id = consent_ledger.new_event_id()
        proof = self.ports.vault.seal_part(subject, event_id, b"proof", key_class=KeyClass.RECORD)
        given = NewEvent(
            id=event_id,
            subject=subject,
            purpose="mail_marketing",
            kind=EventKind.GIVEN,
            occurred_at=NOW,
            proof=proof,
        )
        consent_ledger.append(tx, [given], at=NOW)
        part = PersonalPart(subject=subject, payload=canonical_json({"before": f"MARKED-{name}"}))
        said = EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=NOW,
            actor=ActorId("u:clerk"),
            object_type="person",
            object_id=subject,
            subject=subject,
            outcome=Outcome.DONE,
        )
        self.ports.audit.append(tx, said, [part])
        left, right = sorted((new_row_id(), new_row_id()))
        pair = {
            "left_id": left,
            "right_id": right,
            "left_subject_id": subject,
            "right_subject_id": subject,
            "score": 900,
            "evidence": "name",
            "state": "open",
            "found_at": NOW,
        }
        note_duplicates(tx, [pair])

    # Steps

    def adopt(self, text: str | None = None) -> None:
        """A schedule (the retail sample) comes into force by two principals."""
        content = text or shipped_schedule(RETAIL_SAMPLE).text

        def write(tx: Connection) -> None:
            asked = adoption.propose_schedule(
                tx, self.ports, self.approvals, OFFICER, content, at=self.now
            )
            self.approvals.approve_and_execute(
                tx, asked.id, digest=asked.digest, by=CHIEF, at=self.now
            )

        self.ports.database.write(write)

    def plan(self) -> RowId:
        made = self.ports.database.write(
            lambda tx: service.plan(tx, self.ports, OFFICER, at=self.now)
        )
        return made.id

    def start(self, plan_id: RowId) -> RowId:
        """The run, with the second principal's consent where one is needed."""

        def write(tx: Connection) -> RowId:
            begun = service.start(tx, self.ports, self.approvals, OFFICER, plan_id, at=self.now)
            if isinstance(begun, Started):
                return begun.run
            assert isinstance(begun, Waiting)
            done = self.approvals.approve_and_execute(
                tx, begun.approval, digest=begun.digest, by=CHIEF, at=self.now
            )
            assert done is not None
            return RowId(done.partition(":")[2])

        return self.ports.database.write(write)

    def drive(self, run: RowId) -> RunReport:
        return purge.run(self.ports, run, worker=self.worker())

    def purge(self) -> RunReport:
        return self.drive(self.start(self.plan()))

    def journalled(
        self,
        subject: SubjectId,
        *kinds: JournalKind,
        event: str | None = None,
        scope: str = "mail_marketing/*/*",
    ) -> None:
        """As before an older database was put back: the lines are there, the rows are not."""
        for kind in kinds:
            self.ports.journal.append(
                JournalEntry(
                    kind=kind,
                    subject=subject,
                    scope=scope,
                    event=EventId(event or new_row_id()),
                    consent_seq=None,
                    at=NOW + timedelta(days=1),
                )
            )

    # Looks

    def rows(self, name: str, table: str) -> int:
        """How many rows of a table are about this person."""
        source = store.TABLES.get(table)
        source = {"search_row": tokens.ROW, "text_finding": store.FINDING}.get(table, source)
        assert source is not None
        counted = select(func.count()).where(source.c.subject_id == self.people[name])
        with self.ports.database.read() as tx:
            return int(tx.execute(counted).scalar_one())

    def present(self) -> set[str]:
        """Names of everyone who still has a register row."""
        return {name for name in self.people if self.rows(name, "person")}

    def restarted(self) -> "Town":
        """The same town as another process sees it."""
        old = self.ports
        log = AuditLog(
            old.database.writer_engine, process_id=new_row_id(), sealer=old.vault.seal_part
        )
        fresh = Ports(
            database=old.database,
            vault=old.vault,
            audit=log,
            decisions=old.decisions,
            journal=old.journal,
            policies=old.policies,
            analyse=old.analyse,
            connected=old.connected,
        )
        return Town(fresh, now=self.now + timedelta(minutes=5), people=self.people)


@contextmanager
def town_in(folder: Path, database: Database, keys: Database) -> Iterator[Town]:
    """The town of these databases, whose journal and epoch keys lie in the folder."""
    vault = FieldVault.open(keys, FileKeyProvider(folder / "epochs"), clock=lambda: NOW)
    journal = Journal.open(folder / "journal", installation=vault.ring.installation)
    log = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=vault.seal_part)
    decisions = DecisionRecorder(database, log, marks=folder, clock=lambda: NOW)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=decisions,
        journal=journal,
        policies=PolicyHolder(default_snapshot()),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    try:
        yield Town(ports)
    finally:
        decisions.close()
        journal.close()


class Killed(Exception):  # noqa: N818 # what a test does to the process
    """The process died at this statement."""


class Killer:
    """Raises at the n-th statement on the writing connections, and at all after it."""

    def __init__(self, engine: Any, at: int) -> None:
        self.engine, self.left, self.dead = engine, at, False

    def _strike(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("BEGIN"):  # changes nothing; dying there is dying before it
            return
        self.left -= 1
        if self.left <= 0:
            self.dead = True
            raise Killed

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._strike)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._strike)
