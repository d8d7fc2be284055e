"""Use cases of the third gate: decide a use, record a choice. The caller owns the transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.types import EventDraft, Network, PersonalPart, canonical_json
from audit.types import Outcome as AuditOutcome
from consent import ledger
from consent.activity import OWN_ACTS, note_acts
from consent.choices import (
    EVENT_CODES,
    Choice,
    ChoiceOutrunError,
    ChoiceTimeError,
    ChoiceUnknownError,
    journal_entry,
    known_choice,
    overtaken,
)
from consent.facts import facts_of
from consent.merged import earliest, lives
from consent.proofs import sealed_proof, who_acted
from consent.rules import decide, needs_guardian
from consent.types import (
    By,
    ConsentEvent,
    NoticeVersion,
    SubjectDecision,
    SubjectFacts,
)
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.terms import EventId, FieldId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import merges_of, survivor_of
from governance.http.principal import Principal
from governance.registers.passage import passage
from policies.actors import decide_actor, decide_actor_on_record
from policies.purposes import INTERNAL, PurposeRecord, decide_purpose
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation, ObligationKind

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
    obligations_supported: frozenset[str] | None = None  # types; None: the caller says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What each gate said; the first refusal is the answer."""

    code: ReasonCode
    obligations: tuple[Obligation, ...] = ()
    subject: SubjectDecision | None = None

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What the first two gates say of a use, whoever it is about; equal for equal questions."""

    code: ReasonCode
    purpose: PurposeRecord | None = None
    obligations: tuple[Obligation, ...] = ()
    outside: bool = False  # the register is asked too: the data would leave the company
    lacking: bool = False  # the caller says that it cannot do what a permit asks of it

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT


def ahead(policy: PolicySnapshot, principal: Principal, request: UseRequest) -> Ahead:
    """ACTOR and PURPOSE as far as the policy tells; the person and the time play no part."""
    if not request.purpose:
        return Ahead(code=ReasonCode.PURPOSE_MISSING)
    if policy.table is None:
        return Ahead(code=ReasonCode.UNAVAILABLE_POLICY)  # fails closed: no policy loaded
    purpose = policy.purpose(request.purpose)
    if purpose is None:
        return Ahead(code=ReasonCode.PURPOSE_UNKNOWN)
    asked = request.field
    if asked is None:
        actor = decide_actor_on_record(
            principal, policy, kind=RECORD, action="use", purpose=purpose.id
        )
    else:
        actor = decide_actor(principal, policy, field=asked, action="use", purpose=purpose.id)
    if not actor:
        return Ahead(code=actor.code)
    outside = request.recipient not in (None, INTERNAL)
    covered = (
        None
        if outside
        else decide_purpose(
            purpose,
            categories=_categories(policy, request),
            channel=request.channel,
            country=request.country,
        )
    )
    if covered is not None and not covered:
        return Ahead(code=covered.code)
    if asked is not None and not catalogue().serves(asked, purpose.id):
        return Ahead(code=ReasonCode.PURPOSE_FIELD)  # fails closed: nobody declared it for this
    return Ahead(
        code=ReasonCode.PERMIT,
        purpose=purpose,
        obligations=actor.obligations,
        outside=outside,
        lacking=_lacking(actor.obligations, request.obligations_supported),
    )


def _lacking(obligations: tuple[Obligation, ...], supported: frozenset[str] | None) -> bool:
    if supported is None:
        return False
    return any(obligation_type(one.kind) not in supported for one in obligations)


def obligation_type(kind: ObligationKind) -> str:
    """The type of the obligation in the working group's obligations profile."""
    return "notification" if kind is ObligationKind.NOTIFY else "custom"


def _categories(policy: PolicySnapshot, request: UseRequest) -> tuple[str, ...]:
    return () if request.field is None else (policy.categories[request.field],)


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
    before = ahead(policy, principal, request)
    purpose = before.purpose
    if not before or purpose is None:
        return Gates(code=before.code)
    refused = passage_of(tx, policy, before, request, at=at)
    if refused is not None:
        return Gates(code=refused)
    person = subject_gate(
        tx,
        request.subject,
        purpose,
        channel=request.channel,
        recipient=request.recipient,
        at=at,
    )
    return passed(before, person)


def passage_of(
    tx: Connection, policy: PolicySnapshot, before: Ahead, request: UseRequest, *, at: datetime
) -> ReasonCode | None:
    """Why the data may not leave the company for this recipient; None when it may or stays."""
    if not before.outside or before.purpose is None:
        return None
    passes = passage(
        tx,
        before.purpose,
        request.recipient,
        categories=_categories(policy, request),
        channel=request.channel,
        country=request.country,
        on=at.date(),
    )
    return None if passes else passes.code


def passed(before: Ahead, person: SubjectDecision) -> Gates:
    """What the three gates say together, once the first two are open."""
    if person and before.lacking:
        return Gates(code=ReasonCode.UNAVAILABLE_OBLIGATION)  # fails closed: all or nothing
    return Gates(code=person.code, obligations=before.obligations, subject=person)


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
    said_at = choice.occurred_at or at
    if said_at > at or (choice.valid_until is not None and choice.valid_until <= said_at):
        raise ChoiceTimeError
    if choice.occurred_at is not None and overtaken(
        choice, ledger.full_history(tx, choice.subject), said_at=said_at
    ):
        raise ChoiceOutrunError
    if choice.kind in OWN_ACTS and who_acted(choice, principal) is By.PERSON:
        acts = {choice.subject: said_at.astimezone(JST).date()}
        note_acts(tx, ports, acts, by=principal.id, at=at)
    event = _event(tx, ports, principal, choice, purpose, RowId(event_id), at=at)
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
    tx: Connection,
    ports: Ports,
    principal: Principal,
    choice: Choice,
    purpose: PurposeRecord | None,
    row: RowId,
    *,
    at: datetime,
) -> ledger.NewEvent:
    """The ledger's entry, its proof sealed under the person's record key."""
    day = at.astimezone(JST).date()
    facts = facts_of(subject_by_id(tx, choice.subject, on=at.date()))
    shown = _shown(tx, choice, purpose)
    young = facts is not None and purpose is not None and needs_guardian(facts, purpose)
    return ledger.NewEvent(
        id=row,
        subject=choice.subject,
        purpose=choice.purpose,
        channel=choice.channel,
        recipient_class=choice.recipient_class,
        kind=choice.kind,
        occurred_at=choice.occurred_at or at,
        notice=shown.notice if shown else None,
        notice_version=shown.version if shown else None,
        notice_lang=choice.lang,
        notice_hash=shown.text_hash if shown else None,
        evidence=choice.evidence,
        guardian=choice.guardian,
        minor=young,
        acted_by=who_acted(choice, principal),
        collection_point=choice.collection_point,
        collection_version=choice.collection_version,
        valid_until=choice.valid_until,
        proof=sealed_proof(tx, ports, principal, choice, row, on=day),
    )


def _shown(tx: Connection, choice: Choice, purpose: PurposeRecord | None) -> NoticeVersion | None:
    """The notice that the person saw: the version that was shown, else the one in force."""
    if purpose is None or purpose.notice is None:
        return None
    mine = [version for version in ledger.notices(tx) if version.notice == purpose.notice]
    if choice.notice_version is None:
        return mine[-1] if mine else None
    for version in mine:
        if version.version == choice.notice_version:
            return version
    raise ChoiceUnknownError(part="notice_version")


def _statement(choice: Choice) -> tuple[PersonalPart, ...]:
    """The person's own words, for the sealed part of the audit event."""
    if not choice.statement:
        return ()
    said = canonical_json({"statement": choice.statement})
    return (PersonalPart(subject=choice.subject, payload=said),)
