"""Everything an installation is made of, opened once and passed on; nothing else is global."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple, Self

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.decisions.aside import Aside
from audit.decisions.recorder import DecisionRecorder
from audit.errors import TreeRolledBackError
from audit.log import AuditLog
from audit.sequencer import LogKeys, check_tree, sequence_once
from audit.strict import settle_since
from audit.types import EventDraft, Outcome
from audit.verify import verify_log
from audit.watch import LogWatch
from consent import ledger
from consent.collecting import reading as points
from consent.collecting.store import put_shipped
from consent.feed.hub import Hub
from consent.leases.barrier import Barrier
from consent.leases.types import terms_of
from consent.notices import shipped
from consent.state.live import LiveState
from governance.app import policy
from governance.app.catalogue import settle, unregistered
from governance.app.folders import make_folders, require_file
from governance.app.journal_seal import JournalSeal
from governance.app.key_providers import provider_of
from governance.app.log_signing import LogSigning
from governance.app.version import VERSION
from governance.app.witness_list import witness_keys
from governance.connectors.reading import read_connectors
from governance.core.clock import JST, Clock, utc_now
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.core.terms import ActorId, Lang
from governance.crypto.providers.types import KeyProvider
from governance.customers.catalogue import catalogue, install
from governance.customers.catalogue_checks import check_columns, check_shape
from governance.customers.changes.counter import Taken
from governance.customers.custom import store
from governance.customers.custom.declaration import Declaration, read_declaration
from governance.customers.ports import Ports
from governance.customers.schema import shapes
from governance.customers.store import TABLES
from governance.db import migrate, rights
from governance.db.engine import Database
from governance.jobs.journal import Journal
from governance.jobs.journal_head import note_head, require_head
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from governance.outbound.scanning import scanner_of
from governance.pii.types import Span
from governance.pii.worker import PiiWorker
from governance.signon.models import CustomerLinkRow
from policies.admin.types import Desk
from policies.admin.watching import PolicyWatch
from policies.law.in_force import install as install_law
from policies.law.load import installed
from policies.snapshot import PolicyHolder
from retention.backups.desk import Desk as BackupDesk
from retention.backups.restoring import require_open

SYSTEM = ActorId("svc:sekisho")
ABOVE = (CustomerLinkRow,)  # tables of features above retention, which an erasure must know
log = logger()


class Mark(NamedTuple):
    """How many strict events and numbers of the sequence this process has made."""

    strict: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """One open installation."""

    settings: Settings
    declared: Declaration
    database: Database
    keys: Database
    vault: FieldVault
    audit: AuditLog
    journal: Journal
    policies: PolicyHolder
    signing: LogSigning
    worker: PiiWorker
    ports: Ports
    log_watch: LogWatch
    policy_desk: Desk
    policy_watch: PolicyWatch
    live: LiveState  # every person's permitted uses, in memory
    barrier: Barrier  # what waits before an acknowledgement
    hub: Hub  # the feeds that this process serves
    clock: Clock = utc_now

    def __repr__(self) -> str:
        return "Wiring(...)"

    @property
    def log_keys(self) -> LogKeys:
        """Who signs the log now, also after another process changed the key."""
        return self.signing.current()

    @classmethod
    def create(cls, settings: Settings, *, clock: Clock = utc_now) -> Self:
        """A new installation in the data folder, or the one there with its schema upgraded."""
        make_folders(settings)
        at = clock()
        with _opened(settings) as (database, keys):
            migrate.upgrade(database)
            provider = provider_of(settings)
            create_key_store(keys, provider, day=at.astimezone(JST).date(), at=at)
            wiring = cls._wire(settings, database, keys, provider, clock=clock)
            database.write(wiring.initialise)
            wiring.settle()
            wiring.settle_policy()
            # signed from the first event
            sequence_once(database, wiring.log_keys, wiring.audit, at=at)
        return wiring

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock = utc_now, restoring: bool = False) -> Self:
        """The installation of the data folder; refuses a schema of another release.

        Fails closed: a tree smaller than the checkpoint kept outside is not opened, but for the
        commands that declare the loss (`restoring`); nothing is sequenced there before that.
        """
        require_file(settings.database)
        with ExitStack() as undo:  # an installation that is refused is not left open
            database, keys = _databases(settings, undo)
            migrate.require_current(database)
            if settings.mode is Mode.PRODUCTION:
                _require_narrow(database, keys)
            if not restoring:
                with database.read() as tx:
                    require_open(tx)
            wiring = cls._wire(settings, database, keys, provider_of(settings), clock=clock)
            try:
                check_tree(database, wiring.log_keys)
            except TreeRolledBackError:
                if not restoring:
                    raise
            wiring.settle()
            if not restoring:
                wiring.settle_policy()
            wiring.ports.decisions.tell_lost()
            if risks := database.risks():
                log.warning("database.not_durable", reason=",".join(risks))
            undo.pop_all()
        return wiring

    @classmethod
    def _wire(
        cls,
        settings: Settings,
        database: Database,
        keys: Database,
        provider: KeyProvider,
        *,
        clock: Clock,
    ) -> Self:
        vault = FieldVault.open(keys, provider, clock=clock)
        audit = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=vault.seal_part)
        signing = LogSigning(settings, vault)
        journal = open_journal(settings, vault, signing)
        install_law(installed(settings.law_folder, settings.law_rule_sets))
        declared, policies = _declared(settings), PolicyHolder()
        worker = PiiWorker(model=settings.pii_model)
        ports = Ports(
            controller=settings,
            database=database,
            vault=vault,
            audit=audit,
            decisions=_recorder(settings, database, audit, clock=clock),
            journal=journal,
            policies=policies,
            analyse=lambda texts, lang: _analyse(worker, texts, lang),
            connected=lambda: _connected(settings),
            scanner=scanner_of(settings.file_scanner, seconds=settings.file_scanner_seconds),
        )
        desk = policy.desk_of(ports, declared)
        policy.start(desk, settings)
        return cls(
            settings=settings,
            declared=declared,
            database=database,
            keys=keys,
            vault=vault,
            audit=audit,
            journal=journal,
            policies=policies,
            signing=signing,
            log_watch=_watch(database, signing, settings),
            policy_desk=desk,
            policy_watch=PolicyWatch(desk, clock=clock),
            live=LiveState(database, policies),
            barrier=Barrier(database=database, terms=terms_of(settings.lease_seconds)),
            hub=Hub(),
            worker=worker,
            clock=clock,
            ports=ports,
        )

    def settle(self) -> None:
        """The register knows every custom field; refuses ids that were used otherwise before."""
        with self.database.read() as tx:
            fresh = unregistered(self.declared, store.register(tx))
        if fresh:
            at = self.clock()
            self.database.write(lambda tx: settle(tx, self.audit, self.declared, at=at))

    def settle_policy(self) -> None:
        """The first policy is in force where none was, and so is a change whose time has come."""
        policy.settle(self.policy_desk, self.settings, clock=self.clock)
        self.policy_watch.look()

    def mark(self) -> Mark:
        """What this process has done until now, as far as an answer must wait for it."""
        return Mark(strict=self.audit.strict_mark, taken=Taken.times)

    def settle_since(self, mark: Mark) -> None:
        """What was done since the mark holds; raises NotIntegratedError, NotYetEverywhereError.

        Strict events are in a signed checkpoint, and no permit rests on less than every change.
        """
        if self.audit.strict_mark != mark.strict:
            settle_since(self.database, self.log_keys, self.audit, mark.strict, clock=self.clock)
        if Taken.times != mark.taken:
            with self.database.glance() as tx:
                newest = ledger.head(tx)
            self.barrier.settle(newest)

    def initialise(self, tx: Connection) -> None:
        """Shipped notices and collection points are known; the first time, the log begins so."""
        fresh = not ledger.notices(tx)
        published = shipped.publish_shipped(tx)
        put_shipped(tx, points.shipped(), at=self.clock())
        if fresh:
            self.audit.append(
                tx,
                EventDraft(
                    action=EventCode.SYSTEM_INITIALISED,
                    occurred_at=self.clock(),
                    actor=SYSTEM,
                    object_type="installation",
                    object_id=self.vault.ring.installation,
                    outcome=Outcome.DONE,
                    policy_version=self.policies.current.version,
                    counts=(("notices", published),),
                ),
            )

    @property
    def backup_desk(self) -> BackupDesk:
        """What making, proving and putting back a backup of this installation needs."""
        settings = self.settings
        return BackupDesk(
            ports=self.ports,
            verifier_keys=self.signing.every_key(),
            folder=settings.backup_dir,
            work=settings.data_dir / "backup.work",
            hours=settings.backup_hours,
            keep=settings.backup_keep,
            keep_days=settings.key_final_days,
            drill_days=settings.drill_days,
            key_folder=settings.key_folder,
            key_copies=settings.key_copy_folders,
            tools=settings.postgres_tools,
            release=VERSION,
        )

    def note_journal(self) -> None:
        """The journal's head is kept outside it, as far as this process has come."""
        note_head(self.settings.journal_head, self.journal.head)

    def close(self) -> None:
        """Nothing of the installation is open in this process."""
        with suppress(OSError, GovernanceError):  # the next beat or process does it
            self.note_journal()
        self.worker.close()
        self.ports.decisions.close()
        self.database.close()
        self.keys.close()
        self.journal.close()


def open_journal(settings: Settings, vault: FieldVault, signing: LogSigning) -> Journal:
    """The control journal, which goes on from the head that was kept outside it."""
    seal = JournalSeal(vault=vault, signing=signing.current)
    journal = Journal.open(settings.journal, installation=vault.ring.installation, seal=seal)
    try:
        require_head(journal, settings.journal_head)
    except BaseException:
        journal.close()
        raise
    return journal


def _declared(settings: Settings) -> Declaration:
    """What the installation declares besides, in force; raises what the schema does not hold."""
    declared = read_declaration(settings.catalogue_folder)
    install(declared.catalogue())
    check_columns(catalogue(), {n: [c.name for c in t.columns] for n, t in TABLES.items()})
    check_shape(catalogue(), shapes())
    if settings.connectors_file is not None:
        read_connectors(settings.connectors_file)  # fails closed: not found out at a request
    return declared


def _connected(settings: Settings) -> tuple[str, ...]:
    """Names of connected systems, as the file says now."""
    if settings.connectors_file is None:
        return ()
    return tuple(one.name for one in read_connectors(settings.connectors_file))


def _watch(database: Database, signing: LogSigning, settings: Settings) -> LogWatch:
    """Verifies with the keys of this place and those of the witnesses that the settings name."""
    return LogWatch(
        verify=lambda: verify_log(
            database,
            keys=signing.every_key(),
            witnesses=witness_keys(settings),
            anchor=settings.checkpoint,
        )
    )


def _analyse(worker: PiiWorker, texts: Sequence[str], lang: Lang) -> tuple[tuple[Span, ...], ...]:
    return tuple(worker.analyze_many((text, lang.value) for text in texts))


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Database, Database]]:
    """Data and key store; both are closed again when the installation is refused."""
    with ExitStack() as undo:
        yield _databases(settings, undo)
        undo.pop_all()


def _databases(settings: Settings, undo: ExitStack) -> tuple[Database, Database]:
    """Data and key store, open until the stack is undone."""
    seconds = settings.read_seconds
    undo.callback((data := Database.open(settings.database, read_seconds=seconds)).close)
    undo.callback((keys := Database.open(settings.keys, read_seconds=seconds)).close)
    return data, keys


def _require_narrow(*databases: Database) -> None:
    """Raises DatabaseRightsError where our user may do more than it needs."""
    for database in databases:
        with database.read() as tx:
            rights.require_narrow(tx)


def _recorder(
    settings: Settings, database: Database, audit: AuditLog, *, clock: Clock
) -> DecisionRecorder:
    """Decisions on their way into the log, by a process of its own while they are many."""
    return DecisionRecorder(
        database, audit, marks=settings.decision_marks, clock=clock, aside=Aside(settings.database)
    )
