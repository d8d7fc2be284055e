"""Making a report: log settled and verified, facts read at one checkpoint, all on record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.errors import NotSequencedError
from audit.findings import Report
from audit.log import AuditLog
from audit.models import CHECKPOINTS
from audit.sequencer import LogKeys
from audit.settling import settle
from audit.types import EventDraft, Outcome
from consent.ledger import notice_text
from governance.connectors.reading import declared_systems
from governance.connectors.specs import ConnectorSpec
from governance.core.clock import JST, Clock
from governance.core.controller import Controller
from governance.core.terms import Lang, NoticeId
from governance.customers.catalogue import catalogue
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.identity.credentials.terms import limits_of
from governance.identity.naming import names_of
from governance.identity.training.reading import courses
from governance.identity.training.types import Course
from governance.identity.types import Limits
from governance.keys.vault import FieldVault
from governance.reports import (
    access,
    breaches,
    complaints,
    datasets,
    holds,
    integrity,
    integrity_words,
    processing,
    provisions,
    recipients,
    requests,
    retention,
    training,
    transfers,
)
from governance.reports.errors import ReportPeriodError, ReportUnknownError
from governance.reports.reading import actors_of
from governance.reports.rendering import ReportFormat, rendered
from governance.reports.types import Document, Head, Made, Period, ReportId
from policies.actions import Action
from policies.actors import roles_of
from policies.api import ensure
from policies.snapshot import PolicyHolder, PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What reports are made from; one installation."""

    database: Database
    audit: AuditLog
    log_keys: LogKeys
    policies: PolicyHolder
    settle: Callable[[], object]  # what waits, decisions too, is in the signed tree
    verify: Callable[[], Report]
    clock: Clock
    review_days: int
    courses: Callable[[], Mapping[str, Course]]
    limits: Limits
    idle_days: int  # without a sign-in, until an account is dormant
    vault: FieldVault
    controller: Controller
    systems: Callable[[], tuple[ConnectorSpec, ...]]  # connected ones, as their file says now


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One look of one report at one checkpoint."""

    ground: Ground
    period: Period
    size: int  # events of the log, up to the checkpoint
    verification: Report
    policy: PolicySnapshot  # in force at the look
    may: Callable[[Action], bool]  # what the principal may besides
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a report is made: its facts from the store, its document from the facts alone."""

    actions: tuple[Action, ...]  # beside report:read
    write: Callable[[Connection, Asked, Made, Lang], Document]


def _integrity(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    facts = integrity.collect(
        tx,
        period=asked.period,
        size=asked.size,
        verification=asked.verification,
        within=timedelta(days=asked.ground.review_days),
        at=asked.at,
    )
    return integrity_words.write(facts, made, lang)


def _processing(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    period, at = asked.period, asked.at
    facts = processing.Processing(
        controller=asked.ground.controller,
        policy=asked.policy,
        catalogue=catalogue(),
        systems=asked.ground.systems(),
        recipients=recipients.collect(tx, asked.ground.vault, period=period, at=at),
        retention=retention.collect(tx, period=period, on=at.astimezone(JST).date()),
        notices=_titles(tx, asked.policy, lang),
    )
    return processing.write(facts, made, lang)


def _titles(tx: Connection, policy: PolicySnapshot, lang: Lang) -> dict[tuple[str, str], str]:
    """The titles of the notices that purposes name, as they were published."""
    named = {(one.notice, one.notice_version) for one in policy.purposes.values()}
    found = {
        (id_, version): notice_text(tx, NoticeId(id_), version, lang)
        for id_, version in named
        if id_ and version
    }
    return {key: told.partition("\n")[0].strip() for key, told in found.items() if told}


def _requests(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    return requests.write(requests.collect(tx, period=asked.period, at=asked.at), made, lang)


def _breaches(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    facts = breaches.collect(tx, period=asked.period, size=asked.size, at=asked.at)
    return breaches.write(facts, made, lang)


def _complaints(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    return complaints.write(complaints.collect(tx, period=asked.period, at=asked.at), made, lang)


def _provisions(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    today = asked.at.astimezone(JST).date()
    facts = provisions.collect(
        tx, asked.ground.vault, period=asked.period, size=asked.size, on=today
    )
    return provisions.write(facts, made, lang)


def _retention(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    today = asked.at.astimezone(JST).date()
    return retention.write(retention.collect(tx, period=asked.period, on=today), made, lang)


def _holds(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    opens = any(map(asked.may, (Action.HOLD_PLACE, Action.HOLD_RELEASE)))
    facts = holds.collect(tx, asked.ground.vault, period=asked.period, opens=opens, at=asked.at)
    return holds.write(facts, made, lang)


def _recipients(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    facts = recipients.collect(tx, asked.ground.vault, period=asked.period, at=asked.at)
    return recipients.write(facts, made, lang)


def _transfers(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    facts = recipients.collect(tx, asked.ground.vault, period=asked.period, at=asked.at)
    return transfers.write(facts, made, lang)


def _access(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    idle, period, at = asked.ground.idle_days, asked.period, asked.at
    limits, vault = asked.ground.limits, asked.ground.vault
    facts = access.collect(tx, asked.policy, limits, vault, idle=idle, period=period, at=at)
    return access.write(facts, made, lang)


def _training(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    held, limits = asked.ground.courses(), asked.ground.limits
    facts = training.collect(tx, asked.policy, held, limits, period=asked.period, at=asked.at)
    return training.write(facts, made, lang)


def _datasets(tx: Connection, asked: Asked, made: Made, lang: Lang) -> Document:
    return datasets.write(datasets.collect(tx, period=asked.period), made, lang)


REGISTER: Final = (Action.REGISTER_READ,)
KINDS: Final[Mapping[ReportId, Kind]] = {
    ReportId.R02: Kind(
        actions=(Action.REGISTER_READ, Action.RETENTION_READ, Action.POLICY_READ),
        write=_processing,
    ),
    ReportId.R07: Kind(actions=(Action.DSAR_READ,), write=_requests),
    ReportId.R08: Kind(actions=(Action.BREACH_READ,), write=_breaches),
    ReportId.R09: Kind(actions=REGISTER, write=_provisions),
    ReportId.R10: Kind(actions=REGISTER, write=_recipients),
    ReportId.R11: Kind(actions=REGISTER, write=_transfers),
    ReportId.R12: Kind(actions=(Action.RETENTION_READ,), write=_retention),
    ReportId.R12H: Kind(actions=(Action.HOLD_READ,), write=_holds),
    ReportId.R13: Kind(actions=(Action.STAFF_READ, Action.CLIENT_READ), write=_access),
    ReportId.R14: Kind(actions=(Action.AUDIT_READ, Action.AUDIT_VERIFY), write=_integrity),
    ReportId.R16: Kind(actions=(Action.STAFF_READ,), write=_training),
    ReportId.R19: Kind(actions=(Action.DSAR_READ,), write=_complaints),
    ReportId.R22: Kind(actions=(Action.DATASET_READ,), write=_datasets),
}


def ground_of(wiring: Any) -> Ground:
    """The ground of an open installation (governance.app.wiring.Wiring)."""

    def settled() -> None:
        wiring.ports.decisions.settle()
        settle(wiring.database, wiring.log_keys, wiring.audit, clock=wiring.clock)

    return Ground(
        database=wiring.database,
        audit=wiring.audit,
        log_keys=wiring.log_keys,
        policies=wiring.policies,
        settle=settled,
        verify=wiring.log_watch.verify,
        clock=wiring.clock,
        review_days=wiring.settings.review_days,
        courses=lambda: courses(wiring.settings.training_dir),
        limits=limits_of(wiring.settings),
        idle_days=wiring.settings.access_idle_days,
        vault=wiring.vault,
        controller=wiring.settings,
        systems=lambda: declared_systems(wiring.settings.connectors_file),
    )


def report_id(name: str) -> ReportId:
    """The report of this id; raises ReportUnknownError."""
    try:
        return ReportId(name)
    except ValueError as error:
        raise ReportUnknownError(known=", ".join(one.value for one in ReportId)) from error


def make(
    ground: Ground,
    principal: Principal,
    id_: ReportId,
    period: Period,
    *,
    form: ReportFormat,
    lang: Lang,
) -> tuple[Document, bytes]:
    """The report and its bytes; the log names its digest, period and checkpoint.

    Raises ReportPeriodError for a period that ends before it begins or begins after today.
    """
    kind = KINDS[id_]
    for action in (Action.REPORT_READ, *kind.actions):
        ensure(principal, action, ground.policies.current)
    at = ground.clock()
    if not period.first <= period.last or period.first > at.astimezone(JST).date():
        raise ReportPeriodError
    ground.settle()
    verification = ground.verify()
    with ground.database.read() as tx:
        head = _head(tx, ground)
        asked = _asked(ground, principal, period, verification, size=head.size, at=at)
        made = Made(
            at=at,
            by=principal.id,
            period=period,
            head=head,
            controller=ground.controller.company(lang),
            origin=ground.log_keys.origin,
        )
        document = _named(tx, kind.write(tx, asked, made, lang))
    content = rendered(document, form)
    draft = _draft(ground, principal, document, content, form)
    ground.database.write(lambda tx: ground.audit.append(tx, draft))
    return document, content


def _asked(
    ground: Ground,
    principal: Principal,
    period: Period,
    verification: Report,
    *,
    size: int,
    at: datetime,
) -> Asked:
    """What a report of this period is asked at this checkpoint."""
    return Asked(
        ground=ground,
        period=period,
        size=size,
        verification=verification,
        policy=ground.policies.current,
        may=partial(_may, ground, principal),
        at=at,
    )


def _named(tx: Connection, document: Document) -> Document:
    """The document with the names of the accounts in it, for those who read it."""
    names = names_of(tx, actors_of(document))
    return replace(document, made=replace(document.made, names=names))


def _may(ground: Ground, principal: Principal, action: Action) -> bool:
    policy = ground.policies.current
    return bool(policy.may(roles_of(principal, policy), action))


def _head(tx: Connection, ground: Ground) -> Head:
    """The newest signed head; raises NotSequencedError where there is none yet."""
    row = tx.execute(CHECKPOINTS.select().order_by(CHECKPOINTS.c.size.desc()).limit(1)).first()
    if row is None:
        raise NotSequencedError
    return Head(
        size=row.size,
        root=bytes(row.root).hex(),
        signed_at=row.signed_at,
        keys=tuple(key.vkey for key in ground.log_keys.verifier_keys),
    )


def _draft(
    ground: Ground, principal: Principal, document: Document, content: bytes, form: ReportFormat
) -> EventDraft:
    made = document.made
    return EventDraft(
        action=EventCode.REPORT_CREATED,
        occurred_at=made.at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="report",
        object_id=document.id.value,
        outcome=Outcome.DONE,
        reasons=(form.value,),
        policy_version=ground.policies.current.version,
        refs=(
            f"sha256:{sha256(content).hexdigest()}",
            f"tree:{made.head.size}",
            f"from:{made.period.first.isoformat()}",
            f"to:{made.period.last.isoformat()}",
        ),
    )
