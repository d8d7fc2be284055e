"""A store with frames in every place, and what each of them must open to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, event, insert, select, update

from audit.actions import EventCode
from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from audit.models import PARTS
from audit.sequencer import LogKeys
from audit.types import EventDraft, Outcome, PersonalPart, canonical_json
from consent.ledger import NewEvent
from consent.ledger import append as append_consent
from consent.proofs import PROOF
from consent.types import EventKind
from dsar.models import RequestRow
from dsar.service import WORDS
from governance.app.keys import places
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, FieldId, KeyClass, Lang, Law, RowId, SubjectId
from governance.crypto.frame import dek_id_of
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.values import Plain
from governance.custody import service
from governance.custody.rotation import Custodian
from governance.custody.types import Phase, Task, TaskState
from governance.customers.ports import Ports
from governance.customers.post import post, unsealed
from governance.customers.search.filling import Filler
from governance.customers.store import (
    TABLES,
    NewSubject,
    Record,
    add_subjects,
    insert_records,
)
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import (
    ENTRY,
    POSTING,
    Due,
    RowTokens,
    add_tokens,
    known_indexes,
    split,
    unpacked,
)
from governance.db.engine import Database
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.jobs import outbox
from governance.jobs.journal import Journal
from governance.jobs.runner import Worker
from governance.keys.models import DATA_KEY
from governance.keys.signers import ensure_signer
from governance.keys.types import KeyState, SigningAlgorithm
from governance.keys.vault import FieldVault
from governance.outbound.mail import Mail
from policies.snapshot import PolicyHolder, default_snapshot

SNAPSHOT = default_snapshot()
NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
OPERATOR = Principal(
    id=ActorId("u:jiro"), kind=PrincipalKind.STAFF, roles=frozenset({"it_operator"})
)
NAME, BODY, GOODS = (
    FieldId("person.name"),
    FieldId("inquiry.body"),
    FieldId("purchase.product_name"),
)
NOTES = FieldId("purchase.notes")
REQUESTS, OUTBOX = table_of(RequestRow), outbox.OUTBOX


def custodian(
    database: Database, keys: Database, folder: Path, *, clock: Callable[[], datetime], name: str
) -> Custodian:
    """Who keeps the keys of the store in this folder, as one process sees it."""
    vault = FieldVault.open(keys, FileKeyProvider(folder / "epochs"), clock=clock)
    journal = Journal.open(folder / "journal", installation=vault.ring.installation)
    log = AuditLog(database.writer_engine, process_id=name, sealer=vault.seal_part)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=folder, clock=clock),
        journal=journal,
        policies=PolicyHolder(SNAPSHOT),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    signing = LogKeys(
        origin="sekisho/test",
        ed25519=ensure_signer(vault.ring, "audit-log", SigningAlgorithm.ED25519),
        mldsa44=None,
        anchor=folder / "checkpoint",
    )
    return Custodian(ports=ports, places=places(), log_keys=signing, keep_days=7)


READS = ("BEGIN", "SELECT", "PRAGMA", "SET", "WITH", "SHOW")


class Killed(Exception):  # noqa: N818 # what a test does to the process
    """The process died at this statement."""


class Killer:
    """Raises at the n-th statement on the writing connections, and at all after it."""

    def __init__(self, at: int, *databases: Database) -> None:
        self.left, self.dead = at, False
        self.engines = [database.writer_engine for database in databases]

    def _strike(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(READS):  # changes nothing
            return
        self.left -= 1
        if self.left <= 0:
            self.dead = True
            raise Killed

    def __enter__(self) -> Self:
        for engine in self.engines:
            event.listen(engine, "before_cursor_execute", self._strike)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self.engines:
            event.remove(engine, "before_cursor_execute", self._strike)


@dataclass
class World:
    """The installation, its persons, and what their rows say."""

    by: Custodian
    now: datetime = NOW
    people: list[SubjectId] = field(default_factory=list)
    said: dict[tuple[str, RowId, FieldId], Plain] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)

    # Time and workers

    def clock(self) -> datetime:
        """A clock that never stands still."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def worker(self, *, name: str = "one", stopping: Callable[[], bool] = lambda: False) -> Worker:
        """A process that drives without rest."""
        return Worker(owner=name, clock=self.clock, pause=lambda _rest: None, stopping=stopping)

    # People

    def settle(self, count: int) -> None:
        """So many more persons, with a row in each place of frames."""
        for _ in range(count):
            self._person(len(self.people) + 1)

    def _person(self, number: int) -> None:
        ports, subject = self.by.ports, new_subject_id()
        self.people.append(subject)
        ports.vault.ensure_keys([subject])
        ports.vault.ensure_keys([subject], KeyClass.RECORD)
        said = f"架空の人 {number}"

        def write(tx: Connection) -> None:
            person = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
            add_subjects(tx, [person], at=NOW)
            kana: dict[FieldId, Plain] = {NAME: said, FieldId("person.kana"): f"カクウ{number}"}
            row = self._row(tx, "person", subject, kana)
            owed = RowTokens(row=row, subject=subject, source="person", tokens={}, due=Due.ALL)
            add_tokens(tx, [owed])
            self._row(tx, "inquiry", subject, {BODY: f"{said} が書いた"})
            self._row(
                tx, "purchase", subject, {GOODS: f"{said} の品", FieldId("purchase.notes"): said}
            )
            self._consent(tx, subject, said)
            self._request(tx, subject, said)
            self._part(tx, subject, said)
            mail = Mail(
                idem_key=f"m{number}",
                to=f"p{number}@example.com",
                template="dsar.letter.received",
                lang=Lang.JA,
                params={"reference": said},
            )
            post(tx, ports.vault, mail, subject=subject if number % 2 else None, at=NOW)
            self.letters.append(mail.idem_key)

        ports.database.write(write)

    def _row(
        self, tx: Connection, table: str, subject: SubjectId, plain: dict[FieldId, Plain]
    ) -> RowId:
        row = new_row_id()
        clear: dict[str, dict[str, Any]] = {
            "person": {
                "source_file": "w.csv", "source_row": len(self.people), "recorded_at": NOW,
                "version": 1, "status": "active", "contact_permission": "unknown", "problems": 0,
            },
            "inquiry": {"source_key": row, "recorded_at": NOW},
            "purchase": {"source_key": row, "type": "single", "recorded_at": NOW},
        }  # fmt: skip
        cells = self.by.ports.vault.seal_row(subject, row, plain)
        sealed = {name: bytes(cell) for name, cell in cells.items() if cell is not None}
        record = Record(table=table, id=row, subject=subject, clear=clear[table], sealed=sealed)
        insert_records(tx, [record])
        self.said |= {(table, row, name): value for name, value in plain.items()}
        return row

    def _consent(self, tx: Connection, subject: SubjectId, said: str) -> None:
        row = new_row_id()
        cells = self.by.ports.vault.seal_row(subject, row, {PROOF: said}, key_class=KeyClass.RECORD)
        given = NewEvent(
            id=row,
            subject=subject,
            purpose="mail_marketing",
            kind=EventKind.GIVEN,
            occurred_at=NOW,
            proof=cells[PROOF],
        )
        append_consent(tx, [given], at=NOW)
        self.said["consent_event", row, PROOF] = said

    def _request(self, tx: Connection, subject: SubjectId, said: str) -> None:
        row = new_row_id()
        cells = self.by.ports.vault.seal_row(subject, row, {WORDS: said}, key_class=KeyClass.RECORD)
        tx.execute(
            insert(REQUESTS).values(
                id=row, reference=row[:20] + row[-6:], requester="self", requester_id=subject,
                intake="web", delivery="portal", lang="ja", calendar="jp", policy_days=14,
                rule_set_version="1", received_at=NOW, last_at=NOW, words=cells[WORDS],
                open=True, executed=False, version=1,
            )
        )  # fmt: skip
        self.said["dsar_request", row, WORDS] = said

    def _part(self, tx: Connection, subject: SubjectId, said: str) -> None:
        part = PersonalPart(subject=subject, payload=canonical_json({"said": said}))
        draft = EventDraft(
            action=EventCode.PERSON_READ,
            occurred_at=NOW,
            actor=ActorId("u:clerk"),
            object_type="person",
            object_id=subject,
            subject=subject,
            outcome=Outcome.DONE,
        )
        self.by.ports.audit.append(tx, draft, [part])

    # Steps

    def fill(self) -> None:
        """Every row can be found."""
        ports = self.by.ports
        filler = Filler(ports.database, ports.vault)
        while filler.due().rows:
            pass

    def begin(
        self,
        subject: SubjectId | None = None,
        *,
        key_class: KeyClass = KeyClass.ACTIVE,
        keep_old: timedelta = timedelta(0),
    ) -> Task:
        """A rotation, begun."""
        return service.begin_rotation(
            self.by,
            OPERATOR,
            subject=subject,
            key_class=key_class,
            keep_old=keep_old,
            at=self.clock(),
        )

    def drive(self, task: Task, *, name: str = "one") -> Task:
        """The task, driven until it ends, however long it has to wait."""
        for _ in range(9):
            task = service.run(self.by, task.id, worker=self.worker(name=name))
            if task.state is TaskState.DONE:
                return task
            assert task.phase is Phase.WAIT
            assert task.end_after is not None
            self.now = max(self.now, task.end_after) + timedelta(seconds=1)
        raise AssertionError(task)

    # Looks

    def wrong(self, but: Sequence[SubjectId] = ()) -> list[str]:
        """Places whose value does not open to what was said; persons who were erased left out."""
        found: list[str] = []
        with self.by.ports.database.read() as tx:
            for (name, row, bound), value in self.said.items():
                table = TABLES.get(name)
                table = tx_table(name) if table is None else table
                column = bound.rpartition(".")[2]
                owner = table.c.requester_id if name == "dsar_request" else table.c.subject_id
                stored = tx.execute(
                    select(table.c[column], owner).where(table.c.id == row)
                ).one_or_none()
                if stored is None:
                    found.append(f"{name}:{row} lost")
                elif stored[1] not in but:
                    opened = self.by.ports.vault.open_row(row, {bound: stored[0]})[bound].value
                    if opened != value:
                        found.append(f"{name}:{row} differs")
            for waiting in tx.execute(select(OUTBOX)):
                message = outbox.OutboxMessage(
                    id=RowId(waiting.id),
                    idem_key=waiting.idem_key,
                    target=waiting.target,
                    kind=waiting.kind,
                    attempt=0,
                    payload=waiting.payload,
                )
                unsealed(self.by.ports.vault, message)
            for part in tx.execute(select(PARTS.c.id, PARTS.c.payload, PARTS.c.subject)):
                if part.subject not in but:
                    self.by.ports.vault.open_part(part.id, part.payload)
        return found

    def named(self) -> set[int]:
        """Keys that stored frames name, the log's parts left out."""
        ids: set[int] = set()
        with self.by.ports.database.read() as tx:
            for place in self.by.places.frames:
                if place.fixed:
                    continue
                for column in place.columns:
                    wanted = select(place.table.c[column])
                    ids |= {dek_id_of(c) for c in tx.execute(wanted).scalars() if c is not None}
        return ids

    def keys(self, state: KeyState, key_class: KeyClass = KeyClass.ACTIVE) -> set[int]:
        """Ids of keys of the persons in this state."""
        wanted = select(DATA_KEY.c.dek_id).where(
            DATA_KEY.c.state == state.value,
            DATA_KEY.c.key_class == key_class.value,
            DATA_KEY.c.subject.in_(self.people),
        )
        with self.by.ports.vault.ring.db.read() as tx:
            return set(tx.execute(wanted).scalars())

    def index(self) -> dict[RowId, dict[tuple[str, int], frozenset[bytes]]]:
        """The tokens of every row by index and version; raises where the two tables differ."""
        with self.by.ports.database.read() as tx:
            names = {n: version for version, n in known_indexes(tx).numbers.items()}
            entries = {
                (row.row_key, row.index_id): frozenset(split(bytes(row.tokens)))
                for row in tx.execute(select(ENTRY))
            }
            postings: dict[tuple[bytes, int], set[bytes]] = {}
            for row in tx.execute(select(POSTING)):
                postings.setdefault((row.row_key, row.index_id), set()).add(bytes(row.token))
        assert {key: set(tokens) for key, tokens in entries.items() if tokens} == postings
        assert {number for _, number in entries} <= set(names)  # none of a dropped version
        found: dict[RowId, dict[tuple[str, int], frozenset[bytes]]] = {}
        for (row, number), tokens in entries.items():
            found.setdefault(unpacked(bytes(row)), {})[names[number]] = tokens
        return found

    def rewrite(self, subject: SubjectId, value: str) -> None:
        """A clerk corrects the person's name while everything else goes on."""
        person = TABLES["person"]
        with self.by.ports.database.read() as tx:
            row = tx.execute(select(person.c.id).where(person.c.subject_id == subject)).scalar_one()
        cells = self.by.ports.vault.seal_row(subject, row, {NAME: value})
        change = update(person).where(person.c.id == row).values(name=cells[NAME])
        self.by.ports.database.write(lambda tx: tx.execute(change))
        self.said["person", RowId(row), NAME] = value


def tx_table(name: str) -> Any:
    """A table that is not of the catalogue."""
    from sqlmodel import SQLModel  # noqa: PLC0415 # only here

    return SQLModel.metadata.tables[name]
