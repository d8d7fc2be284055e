"""The gate for reading: decide, open only what may be shown, mask, record, then answer.

Fails closed: if the audit event cannot be written, nothing is shown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.persons import Mark
from consent.service import subject_gate
from consent.types import SubjectDecision
from governance.core.clock import JST
from governance.core.terms import EventId, PurposeId, SubjectId, Treatment
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.ports import Ports
from governance.customers.store import Record, subject_by_id
from governance.customers.subjects import known_laws
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.crowd import Crowd, crowd_of, marks_of
from governance.gateway.decisions import decide_fields
from governance.gateway.provided import act_of, identities
from governance.gateway.rows import records_of
from governance.gateway.showing import Prepared, open_prepared
from governance.gateway.types import (
    FieldDecision,
    GateBusyError,
    ReadAnswer,
    ReadRequest,
    RowView,
    UnknownPersonError,
)
from governance.http.principal import Principal
from governance.registers.passage import INSIDE, Passage, passage
from governance.registers.provisions.writing import Provided, note_single
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot

ATTEMPTS = 3  # how often an answer is made anew when policy or choices change meanwhile


Answer = ReadAnswer | UnknownPersonError | GateBusyError


def read(ports: Ports, principal: Principal, request: ReadRequest, *, at: datetime) -> ReadAnswer:
    """The person's rows as this principal may see them for this purpose.

    Raises UnknownPersonError for an unknown person, whatever the principal may do.
    """
    (answer,) = read_many(ports, principal, (request,), at=at)
    if isinstance(answer, ReadAnswer):
        return answer
    raise answer


def read_many(
    ports: Ports,
    principal: Principal,
    requests: Sequence[ReadRequest],
    *,
    listing: bool = False,
    at: datetime,
) -> tuple[Answer, ...]:
    """The answer to each request in their order, each with an event of its own.

    In a `listing` a person of whom nothing may be shown is as unknown: no row, no event.
    """
    answers: list[Answer] = [GateBusyError()] * len(requests)
    waiting: Sequence[int] = range(len(requests))
    for _ in range(ATTEMPTS):
        with ports.database.read() as tx:
            prepared = _prepare_all(
                tx, ports.policies.current, principal, {n: requests[n] for n in waiting}, at=at
            )
        sure = {
            n: found
            for n, found in prepared.items()
            if found is not None and not (listing and found.closed)
        }
        for n in prepared.keys() - sure.keys():
            answers[n] = UnknownPersonError()
        opened = open_prepared(ports, tuple(sure.values()), lang=principal.lang, at=at)
        made = {
            n: _answer(requests[n], found, rows)
            for (n, found), rows in zip(sure.items(), opened, strict=True)
        }
        events = ports.database.write(
            partial(_record_all, ports=ports, principal=principal, answers=made, at=at)
        )
        for n, event in events.items():
            answers[n] = replace(made[n].answer, decision_id=event)
        waiting = [n for n in made if n not in events]
        if not waiting:
            break
    return tuple(answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """An answer that nobody sees before its event is written."""

    request: ReadRequest
    prepared: Prepared
    answer: ReadAnswer


def _answer(request: ReadRequest, prepared: Prepared, rows: tuple[RowView, ...]) -> _Made:
    purpose = prepared.policy.purpose(request.purpose)
    answer = ReadAnswer(
        decision_id=EventId(""),
        subject=request.subject,
        purpose=purpose.id if purpose else PurposeId(request.purpose),
        rows=rows,
        counts=Counter(view.decision.treatment for row in rows for view in row.fields),
        policy_version=prepared.policy.version,
        consent_seq=prepared.consent_seq,
        known=any(_past_actor(decision) for decision in prepared.decisions.values()),
        glass=prepared.glass,
    )
    return _Made(request=request, prepared=prepared, answer=answer)


def _past_actor(decision: FieldDecision) -> bool:
    """Whether the first two gates let the caller as far as the person."""
    return not decision.code.value.startswith(("denied.actor", "denied.purpose"))


def _prepare_all(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    requests: Mapping[int, ReadRequest],
    *,
    at: datetime,
) -> dict[int, Prepared | None]:
    """Each reading prepared; what many of them need is looked up at once."""
    head = ledger.head(tx)
    crowd = crowd_of(tx, policy, tuple(requests.values()), at=at)
    return {
        n: _prepare(tx, policy, principal, request, crowd, consent_seq=head, at=at)
        for n, request in requests.items()
    }


def _prepare(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    request: ReadRequest,
    crowd: Crowd,
    *,
    consent_seq: int,
    at: datetime,
) -> Prepared | None:
    """What the gates say of the person's rows; None for who is unknown or erased."""
    subject, purpose = request.subject, policy.purpose(request.purpose)
    mark = crowd.marks[subject] if subject in crowd.marks else mark_of(tx, subject, at=at)
    if mark is None and not request.company:
        return None
    rows = crowd.rows_for(request)
    way, gate = INSIDE, None
    if purpose is not None:
        gate = crowd.gates.get((subject, purpose.id))
        if request.recipient is not None:
            way, gate = _outside(tx, purpose, request, at=at)
    return Prepared(
        policy=policy,
        consent_seq=consent_seq,
        mark=mark,
        rows=_rows(tx, request) if rows is None else rows,
        decisions=decide_fields(
            tx,
            policy,
            principal,
            wanted_fields(request),
            subject=request.subject,
            purpose_name=request.purpose,
            company=request.company,
            gate=gate,
            passage=way,
            at=at,
        ),
        passage=way,
        gate=gate,
    )


def _outside(
    tx: Connection, purpose: PurposeRecord, request: ReadRequest, *, at: datetime
) -> tuple[Passage, SubjectDecision]:
    """What the register and the person say of whoever receives the answer."""
    person = subject_by_id(tx, survivor_of(tx, request.subject), on=at.date())
    way = passage(
        tx,
        purpose,
        request.recipient,
        laws=known_laws(person.laws if person is not None else ()),
        on=at.astimezone(JST).date(),
    )
    said = subject_gate(
        tx, request.subject, purpose, channel=None, recipient=request.recipient, at=at
    )
    return way, said


def _rows(tx: Connection, request: ReadRequest) -> tuple[Record, ...]:
    subject = survivor_of(tx, request.subject)
    return tuple(
        record
        for table in request.tables
        for record in records_of(
            tx, subject, table, row=request.row, after=request.after, limit=request.limit
        )
    )


def mark_of(tx: Connection, subject: SubjectId, *, at: datetime) -> tuple[int, int] | None:
    """Where the person's choices and state stand now; None for who is unknown or erased."""
    subject = survivor_of(tx, subject)
    person = subject_by_id(tx, subject, on=at.date())
    if person is None or person.gone:
        return None
    return ledger.last_seq_of(tx, subject), person.fence


def wanted_fields(request: ReadRequest) -> tuple[CatalogueField, ...]:
    """The asked fields of the asked tables, in the catalogue's order."""
    return tuple(
        field
        for table in request.tables
        for field in catalogue().table(table).fields
        if request.fields is None or field.id in request.fields
    )


def _record_all(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    answers: Mapping[int, _Made],
    at: datetime,
) -> dict[int, EventId]:
    """The event of each reading; none where policy, choices or state moved: it is made anew."""
    now = marks_of(tx, [made.request.subject for made in answers.values()], at=at)
    sure = {
        n: made
        for n, made in answers.items()
        if ports.policies.current is made.prepared.policy
        and _stands(tx, made, now, at=at) == made.prepared.mark
    }
    drafts = [_event(principal, made, at=at) for made in sure.values()]
    events = [ports.audit.append(tx, drafts[0])] if len(drafts) == 1 else ()
    found = dict(zip(sure, events or ports.audit.append_many(tx, drafts), strict=True))
    for (n, made), draft in zip(sure.items(), drafts, strict=True):
        if made.prepared.passage.recipient is not None and not made.prepared.closed:
            _provide(tx, ports, principal, made, draft, event=found[n], at=at)
    return found


def _provide(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    made: _Made,
    draft: EventDraft,
    *,
    event: EventId,
    at: datetime,
) -> None:
    """The record of a provision to a third party, in the transaction of the answer (APPI 29)."""
    prepared = made.prepared
    purpose, gate = prepared.policy.purpose(made.request.purpose), prepared.gate
    act = act_of(prepared.passage.recipient, purpose, prepared.shown, prepared.policy.version)
    if act is None:
        return
    subject = survivor_of(tx, made.request.subject)
    person = Provided(
        subject=subject,
        consent_seq=gate.event_seq if gate is not None else None,
        identity=identities(tx, ports, [subject]).get(subject, {}),
    )
    note_single(tx, ports, principal, act, person, draft, event=event, at=at)


def _stands(
    tx: Connection, made: _Made, now: Mapping[SubjectId, Mark | None], *, at: datetime
) -> Mark | None:
    subject = made.request.subject
    return now[subject] if subject in now else mark_of(tx, subject, at=at)


def _event(principal: Principal, made: _Made, *, at: datetime) -> EventDraft:
    request, prepared = made.request, made.prepared
    opened = tuple(sorted(prepared.shown))
    refused = sorted(
        {d.code.value for d in prepared.decisions.values() if d.treatment is Treatment.WITHHELD}
    )
    purpose = prepared.policy.purpose(request.purpose)
    counts = made.answer.counts
    return EventDraft(
        action=EventCode.PERSON_READ,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="company" if request.company else "person",
        object_id=request.row if request.company and request.row else request.subject,
        subject=request.subject,
        purpose=purpose.id if purpose is not None else None,
        outcome=Outcome.PERMIT if opened else Outcome.DENY,
        reasons=tuple(refused),
        policy_version=prepared.policy.version or None,
        consent_seq=prepared.consent_seq,
        request_id=request.request_id,
        network=Network(principal.network) if principal.network else None,
        fields=opened,
        counts=tuple((treatment.value, counts.get(treatment, 0)) for treatment in Treatment),
        refs=_refs(prepared),
    )


def _refs(prepared: Prepared) -> tuple[str, ...]:
    """Under which emergency access, and to whom."""
    recipient = prepared.passage.recipient
    glass = () if prepared.glass is None else (f"glass:{prepared.glass}",)
    return (*glass, *(() if recipient is None else (f"recipient:{recipient.id}",)))
