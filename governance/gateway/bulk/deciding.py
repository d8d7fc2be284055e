"""The gates over many persons: decided part by part, put on record, and looked at again at the end.

What is decided at one number of the sequence that choices and facts share stands as long as none
of the persons has a higher one, and nothing changed on which everybody's decisions rest.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection, exists, or_, select

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.store import Numbered, write_batch
from audit.decisions.types import Decision
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.many import subject_gates
from consent.types import SubjectDecision
from governance.core.clock import JST
from governance.core.ids import new_event_id, new_row_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.store import LAW, SUBJECT, TABLES
from governance.customers.upkeep.merges import MERGE, survivor_of
from governance.gateway.bulk.types import BulkRequest, ExportFormError, ExportRefusedError
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.types import GateBusyError
from governance.http.principal import Principal
from governance.registers.passage import Passage, passage
from governance.registers.rules import transfer_stands
from governance.registers.types import Recipient
from policies.actors import decide_actor
from policies.purposes import HOME, Channel, PurposeRecord
from policies.reasons import ReasonCode, hidden
from policies.snapshot import PolicySnapshot
from policies.types import ObligationKind, Verb

PART: Final = 500  # persons of one transaction; keeps the memory of any file's making the same
CHANNELS: Final = frozenset(channel.value for channel in Channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One bulk use before any person is looked at."""

    ports: Ports
    principal: Principal
    request: BulkRequest
    policy: PolicySnapshot
    purpose: PurposeRecord
    passage: Passage
    verb: Verb
    explained: bool
    at: datetime

    @property
    def recipient(self) -> Recipient | None:
        """Who receives; None for nobody outside."""
        return self.passage.recipient

    @property
    def abroad(self) -> bool:
        """Whether the data would go to another country."""
        return self.recipient is not None and self.recipient.country != HOME


@dataclass(slots=True, kw_only=True)
class Run:
    """One attempt at it, under its own stream of decisions."""

    bulk: Bulk
    id: RowId = field(default_factory=new_row_id)
    began: int = 0  # the sequence's newest number before the first look
    persons: int = 0
    excluded: Counter[ReasonCode] = field(default_factory=Counter)

    @property
    def stream(self) -> str:
        """How the decisions of this attempt are numbered."""
        return stream_of(self.id)


def stream_of(run: RowId | str) -> str:
    """The stream in which the decisions of this attempt are numbered."""
    return f"bulk:{run}"


class MovedError(Exception):
    """Something that a decision rests on changed meanwhile: the whole is made anew."""


def asked(
    ports: Ports,
    principal: Principal,
    request: BulkRequest,
    *,
    verb: Verb,
    categories: Sequence[str] = (),
    explained: bool,
    at: datetime,
) -> Bulk:
    """The first part of the gates, before any person; raises ExportRefusedError with the code."""
    policy = ports.policies.current
    if request.channel is not None and request.channel not in CHANNELS:
        raise ExportFormError(field="channel")
    purpose = policy.purpose(request.purpose) if request.purpose else None
    if purpose is None:
        code = ReasonCode.PURPOSE_UNKNOWN if request.purpose else ReasonCode.PURPOSE_MISSING
        raise ExportRefusedError(reason=code.value, field="-")
    with ports.database.read() as tx:
        way = passage(
            tx,
            purpose,
            request.recipient,
            categories=categories,
            channel=request.channel,
            on=at.astimezone(JST).date(),
        )
    if not way:
        raise ExportRefusedError(reason=way.code.value, field="-")
    return Bulk(
        ports=ports,
        principal=principal,
        request=request,
        policy=policy,
        purpose=purpose,
        passage=way,
        verb=verb,
        explained=explained,
        at=at,
    )


def parts_of(bulk: Bulk, table: str) -> Iterator[tuple[SubjectId, ...]]:
    """The persons of the request, or of the register, in parts; each person in one part alone."""
    if bulk.request.subjects is not None:
        yield from _named(bulk, iter(bulk.request.subjects))
        return
    last = ""
    while True:
        with bulk.ports.database.read() as tx:
            found = _some(tx, table, after=last)
        if not found:
            return
        yield found
        last = found[-1]


def _named(bulk: Bulk, wanted: Iterator[SubjectId]) -> Iterator[tuple[SubjectId, ...]]:
    """The asked persons under the pseudonyms that stand, each once."""
    seen: set[SubjectId] = set()
    while part := list(islice(wanted, PART)):
        with bulk.ports.database.read() as tx:
            merged = absorbed_among(tx, part)
            standing = [survivor_of(tx, one) if one in merged else one for one in part]
        fresh = tuple(one for one in dict.fromkeys(standing) if one not in seen)
        seen.update(fresh)
        if fresh:
            yield fresh


def absorbed_among(tx: Connection, subjects: Sequence[SubjectId]) -> frozenset[str]:
    """Those of the pseudonyms that a merge took up."""
    wanted = select(MERGE.c.absorbed_id).where(MERGE.c.absorbed_id.in_(subjects))
    return frozenset(tx.execute(wanted).scalars())


def _some(tx: Connection, table: str, *, after: str) -> tuple[SubjectId, ...]:
    """The next persons who have a row in the table, in the order of their pseudonyms."""
    owned = exists().where(TABLES[table].c.subject_id == SUBJECT.c.id)
    wanted = select(SUBJECT.c.id).where(SUBJECT.c.id > after, owned).order_by(SUBJECT.c.id)
    return tuple(SubjectId(one) for one in tx.execute(wanted.limit(PART)).scalars())


def gates_of(
    tx: Connection, run: Run, subjects: Sequence[SubjectId]
) -> dict[SubjectId, SubjectDecision]:
    """The third gate of each person who passes it; the others are counted by their reason."""
    bulk = run.bulk
    found = subject_gates(
        tx,
        subjects,
        bulk.purpose,
        channel=bulk.request.channel,
        recipient=bulk.request.recipient,
        at=bulk.at,
    )
    closed = _closed_to(tx, bulk, subjects)
    passing: dict[SubjectId, SubjectDecision] = {}
    for subject in subjects:
        said = found[subject].said
        code = said.code
        if code is ReasonCode.PERMIT and subject in closed:
            code = ReasonCode.PURPOSE_TRANSFER
        if code is ReasonCode.PERMIT:
            passing[subject] = said
        else:
            run.excluded[code if bulk.explained else hidden(code)] += 1
    return passing


def _closed_to(tx: Connection, bulk: Bulk, subjects: Sequence[SubjectId]) -> frozenset[str]:
    """Persons whose law has no ground for the recipient's country (GDPR 44)."""
    recipient = bulk.recipient
    if recipient is None or not bulk.abroad:
        return frozenset()
    both = frozenset({Law.APPI, Law.GDPR})
    if transfer_stands(recipient, bulk.purpose, laws=both):
        return frozenset()
    day = bulk.at.astimezone(JST).date()
    under = select(LAW.c.subject_id).where(
        LAW.c.subject_id.in_(subjects),
        LAW.c.law == Law.GDPR.value,
        LAW.c.valid_from <= day,
        or_(LAW.c.valid_to.is_(None), LAW.c.valid_to >= day),
    )
    without = select(SUBJECT.c.id).where(  # fails closed: unknown means every law
        SUBJECT.c.id.in_(subjects), ~exists().where(LAW.c.subject_id == SUBJECT.c.id)
    )
    return frozenset(tx.execute(under).scalars()) | frozenset(tx.execute(without).scalars())


def decisions_for(bulk: Bulk, fields: Sequence[FieldId]) -> PersonDecisions:
    """What the gates say of these fields, decided once for all persons who are alike."""
    return PersonDecisions(
        policy=bulk.policy,
        principal=bulk.principal,
        purpose=bulk.purpose,
        explained=bulk.explained,
        shown=tuple(fields),
        allowed={},
        verb=bulk.verb,
        passage=bulk.passage,
    )


def note(tx: Connection, run: Run, subjects: Sequence[SubjectId]) -> None:
    """A decision for each of these persons stands in the log before anything of them leaves."""
    if not subjects:
        return
    bulk = run.bulk
    made = tuple(_decision(run, subject) for subject in subjects)
    batch = Numbered(stream=run.stream, first=run.persons + 1, decisions=made)
    write_batch(tx, bulk.ports.audit, batch, at=bulk.at)
    run.persons += len(made)


def _decision(run: Run, subject: SubjectId) -> Decision:
    bulk = run.bulk
    return Decision(
        id=new_event_id(),
        occurred_at=bulk.at,
        actor=bulk.principal.id,
        actor_os=bulk.principal.os_user,
        subject=subject,
        purpose=bulk.purpose.id,
        channel=bulk.request.channel,
        recipient=bulk.recipient.reference if bulk.recipient is not None else None,
        country=bulk.recipient.country if bulk.recipient is not None else None,
        field=None,
        outcome=Outcome.PERMIT,
        reasons=ReasonCode.PERMIT.value,
        policy_version=bulk.policy.version or None,
        consent_seq=run.began,
        request_id=bulk.request.request_id,
        network=bulk.principal.network,
    )


def stands(tx: Connection, run: Run) -> bool:
    """Whether everything that this attempt decided holds at this moment."""
    bulk = run.bulk
    if bulk.ports.policies.current is not bulk.policy or counter.everyone(tx) > run.began:
        return False
    mine = select(DECISIONS.c.subject).where(DECISIONS.c.stream == run.stream)
    facts = exists().where(SUBJECT.c.changed_seq > run.began, SUBJECT.c.id.in_(mine))
    choices = exists().where(ledger.EVENT.c.seq > run.began, ledger.EVENT.c.subject_id.in_(mine))
    if tx.execute(select(or_(facts, choices))).scalar():
        return False
    again = passage(
        tx,
        bulk.purpose,
        bulk.request.recipient,
        channel=bulk.request.channel,
        on=bulk.at.astimezone(JST).date(),
    )
    return again.recipient == bulk.recipient and bool(again)


def permitted(
    run: Run,
    action: EventCode,
    kind: str,
    about: str,
    *,
    counts: tuple[tuple[str, int], ...],
    refs: tuple[str, ...],
    fields: tuple[FieldId, ...] = (),
    reasons: tuple[str, ...] = (),
) -> EventDraft:
    """The one event of a bulk act that stands, to be appended in the transaction that ends it."""
    bulk = run.bulk
    network = bulk.principal.network
    return EventDraft(
        action=action,
        occurred_at=bulk.at,
        actor=bulk.principal.id,
        actor_os=bulk.principal.os_user,
        object_type=kind,
        object_id=about,
        purpose=bulk.purpose.id,
        outcome=Outcome.PERMIT,
        reasons=reasons,
        policy_version=bulk.policy.version or None,
        consent_seq=run.began,
        request_id=bulk.request.request_id,
        network=Network(network) if network else None,
        fields=fields,
        counts=counts,
        refs=refs,
    )


def start(bulk: Bulk) -> Run:
    """A fresh attempt, from the sequence's newest number on."""
    with bulk.ports.database.read() as tx:
        return Run(bulk=bulk, began=ledger.head(tx))


def too_busy() -> GateBusyError:
    """Every attempt was overtaken by a change."""
    return GateBusyError()


def codes(counted: Mapping[ReasonCode, int]) -> tuple[tuple[str, int], ...]:
    """Counts by reason, as an event holds them."""
    return tuple((code.value, number) for code, number in sorted(counted.items()))


def duties(bulk: Bulk, fields: Sequence[FieldId]) -> tuple[str, ...]:
    """What whoever receives must observe, over all fields: the union of their obligations."""
    found: dict[str, None] = {}
    for name in fields:
        said = decide_actor(
            bulk.principal,
            bulk.policy,
            field=name,
            action=bulk.verb.value,
            purpose=bulk.purpose.id,
        )
        for duty in said.obligations:
            if duty.kind not in (ObligationKind.MASK, ObligationKind.REDACT, ObligationKind.LOG):
                found[duty.kind.value] = None
    return tuple(sorted(found))
