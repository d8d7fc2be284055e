"""What a person chooses about a purpose: its form, its audit code, its line in the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from audit.actions import EventCode
from consent.rules import touches
from consent.types import EVERY, GRANTS, NARROWING, By, Cell, ConsentEvent, EventKind, EvidenceGrade
from governance.core.errors import GovernanceError
from governance.core.terms import EventId, Lang, PurposeId, RowId, SubjectId
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.pii.redaction import mask_numbers
from policies.purposes import Channel, recipient_class
from policies.snapshot import PolicySnapshot

EVENT_CODES: Mapping[EventKind, EventCode] = {
    EventKind.REQUESTED: EventCode.CONSENT_REQUESTED,
    EventKind.REFUSED: EventCode.CONSENT_REFUSED,
    EventKind.GIVEN: EventCode.CONSENT_GIVEN,
    EventKind.RENEWED: EventCode.CONSENT_RENEWED,
    EventKind.EXPIRED: EventCode.CONSENT_EXPIRED,
    EventKind.WITHDRAWN: EventCode.CONSENT_WITHDRAWN,
    EventKind.INVALIDATED: EventCode.CONSENT_INVALIDATED,
    EventKind.OBJECTED: EventCode.OBJECTION_RAISED,
    EventKind.OBJECTION_LIFTED: EventCode.OBJECTION_LIFTED,
    EventKind.RESTRICTED: EventCode.PERSON_RESTRICTED,
    EventKind.RESTRICTION_LIFTED: EventCode.PERSON_RELEASED,
    EventKind.SIGNAL: EventCode.OBJECTION_RAISED,
}
NARROWS: Mapping[EventKind, JournalKind] = {
    EventKind.WITHDRAWN: JournalKind.WITHDRAWAL,
    EventKind.REFUSED: JournalKind.WITHDRAWAL,
    EventKind.INVALIDATED: JournalKind.WITHDRAWAL,
    EventKind.EXPIRED: JournalKind.WITHDRAWAL,
    EventKind.OBJECTED: JournalKind.OBJECTION,
    EventKind.SIGNAL: JournalKind.OBJECTION,
    EventKind.RESTRICTED: JournalKind.RESTRICTION,
}
WIDENS: Mapping[EventKind, JournalKind] = {
    EventKind.OBJECTION_LIFTED: JournalKind.OBJECTION_LIFTED,
    EventKind.RESTRICTION_LIFTED: JournalKind.RESTRICTION_LIFTED,
}


class ChoiceUnknownError(GovernanceError):
    """A choice names a purpose, channel or recipient class that does not exist; nothing changed."""

    code, status, exit_code = "choice_unknown", 422, 2


class ChoiceOutrunError(GovernanceError):
    """What is entered late was overtaken by a later refusal of the person; nothing changed."""

    code, status, exit_code = "choice_outrun", 409, 1


class ChoiceChangedError(GovernanceError):
    """The person's choices are not any more as the caller read them; nothing changed."""

    code, status, exit_code = "choice_changed", 412, 1


class ChoiceTimeError(GovernanceError):
    """A choice cannot have happened after it was entered; nothing changed."""

    code, status, exit_code = "choice_time", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One act of a person, or on behalf of one, about a purpose."""

    subject: SubjectId
    purpose: PurposeId | str
    kind: EventKind
    channel: str = EVERY
    recipient_class: str = EVERY
    method: str = "form"
    place: str = "portal"  # screen or form
    lang: Lang = Lang.JA
    guardian: bool = False
    statement: str | None = field(default=None, repr=False)  # the person's own words
    id: RowId | None = None  # of the event, where the caller has to know it before
    expected_seq: int | None = None  # the person's last event that the caller read
    by: By | None = None  # None: as guardian and principal say
    evidence: EvidenceGrade = EvidenceGrade.ACTIVE
    action: str | None = None  # unticked_box, switch, signature, spoken, card_handed ...
    shown: str | None = field(default=None, repr=False)  # the words beside the box
    notice_version: str | None = None  # that was shown; None: the one in force
    collection_point: str | None = None
    collection_version: int | None = None
    occurred_at: datetime | None = None  # paper, telephone: when it was said; None: now
    valid_until: datetime | None = None  # an end that the person set
    user_agent: str | None = None  # phone, desktop, app, unknown
    source: str | None = None  # key under which another source says it once


def without_numbers(choice: Choice) -> Choice:
    """The choice without 個人番号 and full card numbers in its words (番号法20条)."""
    said, shown = choice.statement, choice.shown
    return replace(
        choice,
        statement=mask_numbers(said)[0] if said else said,
        shown=mask_numbers(shown)[0] if shown else shown,
    )


def known_choice(policy: PolicySnapshot, choice: Choice) -> Choice:
    """The choice under its purpose's own id; a withdrawal of a misspelt purpose must not vanish."""
    if policy.table is None and choice.kind in NARROWS:
        return choice  # fails closed: no missing policy stops a withdrawal
    purpose = policy.purpose(choice.purpose)
    unspecific = choice.purpose == EVERY and choice.kind in GRANTS  # GDPR 4(11): specific
    if unspecific or (purpose is None and choice.purpose != EVERY):
        raise ChoiceUnknownError(part="purpose")
    if choice.channel not in {EVERY, *Channel}:
        raise ChoiceUnknownError(part="channel")
    classes = {recipient_class(name) for name in purpose.recipients} if purpose else set()
    if choice.recipient_class not in {EVERY, *classes}:
        raise ChoiceUnknownError(part="recipient_class")
    return choice if purpose is None else replace(choice, purpose=purpose.id)


def overtaken(choice: Choice, history: Iterable[ConsentEvent], *, said_at: datetime) -> bool:
    """Whether the person refused, withdrew or objected after what is now entered as a grant.

    In the ledger the later entry decides, so a grant on paper must not come after what ended it.
    """
    if choice.kind not in GRANTS:
        return False
    cell = Cell(
        purpose=PurposeId(choice.purpose),
        channel=choice.channel,
        recipient_class=choice.recipient_class,
    )
    ending = NARROWING - {EventKind.EXPIRED} | {EventKind.OBJECTED}
    return any(
        event.kind in ending and event.occurred_at >= said_at and meets(event, cell)
        for event in history
    )


def meets(event: ConsentEvent, cell: Cell) -> bool:
    """Whether the two speak of any common cell."""
    wide = cell.recipient_class == EVERY and event.recipient_class != EVERY
    return touches(event, replace(cell, recipient_class=event.recipient_class) if wide else cell)


def journal_entry(choice: Choice, event: EventId, *, at: datetime) -> JournalEntry | None:
    """What the journal says of the choice; None for one that changes no restore."""
    kind = NARROWS.get(choice.kind) or WIDENS.get(choice.kind)
    if kind is None:
        return None
    scope = f"{choice.purpose}/{choice.channel}/{choice.recipient_class}"
    return JournalEntry(
        kind=kind, subject=choice.subject, scope=scope, event=event, consent_seq=None, at=at
    )
