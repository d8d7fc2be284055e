"""Use cases of the third gate: decide a use, record a choice. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.types import EventDraft, Network, PersonalPart, canonical_json
from audit.types import Outcome as AuditOutcome
from consent import ledger
from consent.activity import OWN_ACTS, note_acts
from consent.choices import (
    EVENT_CODES,
    NARROWS,
    Choice,
    ChoiceChangedError,
    ChoiceOutrunError,
    ChoiceTimeError,
    ChoiceUnknownError,
    journal_entry,
    known_choice,
    overtaken,
    without_numbers,
)
from consent.facts import facts_of
from consent.merged import earliest, lives
from consent.opted_out import follow_word
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
from governance.core.terms import EventId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import lock_subject, subject_by_id
from governance.customers.upkeep.merges import merges_of, survivor_of
from governance.http.principal import Principal
from policies.purposes import PurposeRecord


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
    event_id = choice.id or ledger.new_event_id()
    entry = journal_entry(choice, EventId(event_id), at=at)
    if entry is not None and entry.kind.narrows:
        ports.journal.append(entry)
    seq = ports.database.write(lambda tx: record(tx, ports, principal, choice, event_id, at=at))
    if entry is not None and not entry.kind.narrows:
        ports.journal.append(entry)
    return seq


def choose_many(
    ports: Ports, principal: Principal, choices: Sequence[Choice], *, at: datetime
) -> tuple[int, ...]:
    """The ledger positions of choices that narrow, in one transaction: all of them or none.

    Each is in the journal before; raises ChoiceUnknownError and NotFoundError before any.
    """
    if any(choice.kind not in NARROWS for choice in choices):
        raise ChoiceUnknownError(part="kind")
    known = [known_choice(ports.policies.current, choice) for choice in choices]
    with ports.database.read() as tx:
        known = [
            replace(one, subject=survivor_of(tx, one.subject), id=one.id or ledger.new_event_id())
            for one in known
        ]
        for subject in {one.subject for one in known}:
            if subject_by_id(tx, subject, on=at.date()) is None:
                raise NotFoundError
    entries = (journal_entry(one, EventId(one.id or ""), at=at) for one in known)
    ports.journal.append_many(entry for entry in entries if entry is not None)
    return ports.database.write(
        lambda tx: tuple(record(tx, ports, principal, one, one.id or "", at=at) for one in known)
    )


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
    choice = without_numbers(known_choice(ports.policies.current, choice))
    purpose = ports.policies.current.purpose(choice.purpose)
    lock_subject(tx, choice.subject)  # before the sequence, as whoever erases takes them
    said_at = choice.occurred_at or at
    if said_at > at or (choice.valid_until is not None and choice.valid_until <= said_at):
        raise ChoiceTimeError
    moved = choice.expected_seq not in (None, ledger.last_seq_of(tx, choice.subject))
    if moved and choice.kind not in NARROWS:  # what narrows is never refused for a race
        raise ChoiceChangedError
    if choice.occurred_at is not None and overtaken(
        choice, ledger.full_history(tx, choice.subject), said_at=said_at
    ):
        raise ChoiceOutrunError
    if choice.kind in OWN_ACTS and who_acted(choice, principal) is By.PERSON:
        acts = {choice.subject: said_at.astimezone(JST).date()}
        note_acts(tx, ports, acts, by=principal.id, at=at)
    event = _event(tx, ports, principal, choice, purpose, RowId(event_id), at=at)
    seq = ledger.append(tx, [event], at=at)
    follow_word(tx, ports, choice, purpose, by=who_acted(choice, principal), at=at)
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
        source_key=choice.source,
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
