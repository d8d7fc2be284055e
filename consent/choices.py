"""What a person chooses about a purpose: its form, its audit code, its line in the journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from audit.actions import EventCode
from consent.types import EVERY, EventKind
from governance.core.errors import GovernanceError
from governance.core.terms import EventId, Lang, PurposeId, SubjectId
from governance.jobs.journal_record import JournalEntry, JournalKind
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


def known_choice(policy: PolicySnapshot, choice: Choice) -> Choice:
    """The choice under its purpose's own id; a withdrawal of a misspelt purpose must not vanish."""
    if policy.table is None and choice.kind in NARROWS:
        return choice  # fails closed: no missing policy stops a withdrawal
    purpose = policy.purpose(choice.purpose)
    if purpose is None and choice.purpose != EVERY:
        raise ChoiceUnknownError(part="purpose")
    if choice.channel not in {EVERY, *Channel}:
        raise ChoiceUnknownError(part="channel")
    classes = {recipient_class(name) for name in purpose.recipients} if purpose else set()
    if choice.recipient_class not in {EVERY, *classes}:
        raise ChoiceUnknownError(part="recipient_class")
    return choice if purpose is None else replace(choice, purpose=purpose.id)


def journal_entry(choice: Choice, event: EventId, *, at: datetime) -> JournalEntry | None:
    """What the journal says of the choice; None for one that changes no restore."""
    kind = NARROWS.get(choice.kind) or WIDENS.get(choice.kind)
    if kind is None:
        return None
    scope = f"{choice.purpose}/{choice.channel}/{choice.recipient_class}"
    return JournalEntry(
        kind=kind, subject=choice.subject, scope=scope, event=event, consent_seq=None, at=at
    )
