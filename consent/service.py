"""Use cases of the third gate: decide a use, record a choice. The caller owns the transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.types import EventDraft, Network, PersonalPart, canonical_json
from audit.types import Outcome as AuditOutcome
from consent import ledger
from consent.ages import age_table
from consent.choices import EVENT_CODES, Choice, journal_entry, known_choice
from consent.merged import earliest, lives
from consent.rules import decide
from consent.types import (
    ConsentEvent,
    EvidenceGrade,
    NoticeVersion,
    SubjectDecision,
    SubjectFacts,
)
from governance.core.errors import NotFoundError
from governance.core.terms import EventId, FieldId, KeyClass, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import Subject, subject_by_id
from governance.customers.subjects import below, known_laws
from governance.customers.upkeep.merges import merges_of, survivor_of
from governance.http.principal import Principal
from policies.actors import decide_actor, decide_actor_on_record
from policies.purposes import PurposeRecord, decide_purpose
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation

PROOF = FieldId("consent.proof")
RECORD = "person"  # what a use without a field of its own is about


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRequest:
    """One question: may this caller use this person's data for this purpose."""

    subject: SubjectId
    purpose: str
    recipient: str | None = None
    channel: str | None = None
    country: str | None = None
    field: FieldId | None = None
    min_seq: int | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What each gate said; the first refusal is the answer."""

    code: ReasonCode
    obligations: tuple[Obligation, ...] = ()
    subject: SubjectDecision | None = None

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT


def facts_of(subject: Subject | None) -> SubjectFacts | None:
    """What the third gate needs of a stored person."""
    if subject is None:
        return None
    laws, ages = known_laws(subject.laws), age_table()
    return SubjectFacts(
        subject=subject.id,
        state=subject.state.value,
        laws=laws,
        minor=below(subject.age_band, ages.of_consent(laws, subject.country)),
        minor_in_contract=below(subject.age_band, ages.contract),
        guardian_verified=subject.guardian_verified,
        kept_by_law=subject.kept_by_law,
        grown_on=subject.grown_on,
        last_active_on=subject.last_active_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database holds about a person and a purpose, for any number of uses of it."""

    facts: SubjectFacts | None
    purpose: PurposeRecord
    histories: tuple[tuple[ConsentEvent, ...], ...]  # more than one of a merged person
    notices: tuple[NoticeVersion, ...]

    def decide(
        self, *, channel: str | None, recipient: str | None, at: datetime
    ) -> SubjectDecision:
        """The third gate for one use; of a merged person every history decides."""
        found = [
            decide(
                self.facts,
                self.purpose,
                history,
                self.notices,
                channel=channel,
                recipient=recipient or "internal",
                at=at,
            )
            for history in self.histories
        ]
        refused = next((decision for decision in found if not decision), None)
        if refused is not None:
            return refused
        return replace(found[0], valid_until=earliest(decision.valid_until for decision in found))


def known_of(tx: Connection, subject: SubjectId, purpose: PurposeRecord, *, at: datetime) -> Known:
    """The person under the pseudonym that stands now, with every history of choices."""
    merges = merges_of(tx, subject)
    if merges and (standing := survivor_of(tx, subject)) != subject:
        subject, merges = standing, merges_of(tx, standing)
    return Known(
        facts=facts_of(subject_by_id(tx, subject, on=at.date())),
        purpose=purpose,
        histories=lives(tx, subject, purpose.id, merges),
        notices=ledger.notices(tx),
    )


def subject_gate(
    tx: Connection,
    subject: SubjectId,
    purpose: PurposeRecord,
    *,
    channel: str | None,
    recipient: str | None,
    at: datetime,
) -> SubjectDecision:
    """The third gate on what the database holds now."""
    known = known_of(tx, subject, purpose, at=at)
    return known.decide(channel=channel, recipient=recipient, at=at)


def decide_use(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    request: UseRequest,
    *,
    at: datetime,
) -> Gates:
    """ACTOR and PURPOSE and SUBJECT for one use; the first gate that refuses is the answer."""
    if request.min_seq is not None and ledger.head(tx) < request.min_seq:
        return Gates(code=ReasonCode.UNAVAILABLE_STALE)
    purpose = policy.purpose(request.purpose) if request.purpose else None
    if not request.purpose:
        return Gates(code=ReasonCode.PURPOSE_MISSING)
    if policy.table is None:
        return Gates(code=ReasonCode.UNAVAILABLE_POLICY)  # fails closed: no policy loaded
    if purpose is None:
        return Gates(code=ReasonCode.PURPOSE_UNKNOWN)
    asked = request.field
    if asked is None:
        actor = decide_actor_on_record(
            principal, policy, kind=RECORD, action="use", purpose=purpose.id
        )
    else:
        actor = decide_actor(principal, policy, field=asked, action="use", purpose=purpose.id)
    if not actor:
        return Gates(code=actor.code)
    covered = decide_purpose(
        purpose,
        categories=() if asked is None else (policy.categories[asked],),
        recipient=request.recipient,
        channel=request.channel,
        country=request.country,
    )
    if not covered:
        return Gates(code=covered.code)
    if asked is not None and not catalogue().serves(asked, purpose.id):
        return Gates(code=ReasonCode.PURPOSE_FIELD)  # fails closed: nobody declared it for this
    person = subject_gate(
        tx,
        request.subject,
        purpose,
        channel=request.channel,
        recipient=request.recipient,
        at=at,
    )
    return Gates(code=person.code, obligations=actor.obligations, subject=person)


def _network(principal: Principal) -> Network | None:
    return Network(principal.network) if principal.network else None


def choose(ports: Ports, principal: Principal, choice: Choice, *, at: datetime) -> int:
    """The ledger position of the choice once it holds: journal first, then commit.

    What narrows is on stable storage outside the database before the commit, so that no restored
    backup brings a permit back; what widens is journalled after it. Raises ChoiceUnknownError and
    NotFoundError before either.
    """
    choice = known_choice(ports.policies.current, choice)
    with ports.database.read() as tx:
        choice = replace(choice, subject=survivor_of(tx, choice.subject))
        if subject_by_id(tx, choice.subject, on=at.date()) is None:
            raise NotFoundError
    event_id = ledger.new_event_id()
    entry = journal_entry(choice, EventId(event_id), at=at)
    if entry is not None and entry.kind.narrows:
        ports.journal.append(entry)
    seq = ports.database.write(lambda tx: record(tx, ports, principal, choice, event_id, at=at))
    if entry is not None and not entry.kind.narrows:
        ports.journal.append(entry)
    return seq


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    choice: Choice,
    event_id: str,
    *,
    at: datetime,
) -> int:
    """The event with its sealed proof is in the ledger, and its audit event beside it."""
    choice = known_choice(ports.policies.current, choice)
    purpose = ports.policies.current.purpose(choice.purpose)
    shown = next(
        (n for n in reversed(ledger.notices(tx)) if purpose and n.notice == purpose.notice), None
    )
    event = _event(ports, choice, RowId(event_id), shown, at=at)
    seq = ledger.append(tx, [event], at=at)
    ports.audit.append(
        tx,
        EventDraft(
            action=EVENT_CODES[choice.kind],
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="consent",
            object_id=event_id,
            subject=choice.subject,
            purpose=purpose.id if purpose is not None else None,
            outcome=AuditOutcome.DONE,
            policy_version=ports.policies.current.version or None,
            consent_seq=seq,
            network=_network(principal),
        ),
        _statement(choice),
    )
    return seq


def _event(
    ports: Ports, choice: Choice, row: RowId, shown: NoticeVersion | None, *, at: datetime
) -> ledger.NewEvent:
    """The ledger's entry, its proof sealed under the person's record key."""
    proof = canonical_json(
        {"method": choice.method, "place": choice.place, "statement": choice.statement or ""}
    )
    sealed = ports.vault.seal_row(choice.subject, row, {PROOF: proof}, key_class=KeyClass.RECORD)
    return ledger.NewEvent(
        id=row,
        subject=choice.subject,
        purpose=choice.purpose,
        channel=choice.channel,
        recipient_class=choice.recipient_class,
        kind=choice.kind,
        occurred_at=at,
        notice=shown.notice if shown else None,
        notice_version=shown.version if shown else None,
        notice_lang=choice.lang,
        notice_hash=shown.text_hash if shown else None,
        evidence=EvidenceGrade.ACTIVE,
        guardian=choice.guardian,
        proof=sealed[PROOF],
    )


def _statement(choice: Choice) -> tuple[PersonalPart, ...]:
    """The person's own words, for the sealed part of the audit event."""
    if not choice.statement:
        return ()
    said = canonical_json({"statement": choice.statement})
    return (PersonalPart(subject=choice.subject, payload=said),)


def choices_in_force(
    history: tuple[ConsentEvent, ...],
) -> dict[str, ConsentEvent]:
    """The last choice of each purpose, for a person's own page."""
    latest: dict[str, ConsentEvent] = {}
    for event in history:
        latest[event.purpose] = event
    return latest
