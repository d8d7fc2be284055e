"""The third gate as pure functions: may this person's data be used for this purpose now.

The order of refusals: unknown person, restriction, keeping for a law alone, objection, missing
basis, then (only where consent decides) signal and choice. The first refusal is the answer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from consent.types import (
    EVERY,
    GRANTS,
    NARROWING,
    Cell,
    ChangeClass,
    ConsentEvent,
    EventKind,
    EvidenceGrade,
    NoticeVersion,
    SubjectDecision,
    SubjectFacts,
    cells_of,
)
from governance.core.terms import Law
from policies.purposes import (
    Basis,
    Minors,
    PurposeRecord,
    Signal,
    SignalOverride,
    basis_under,
    consent_gated,
    laws_without_basis,
    objection_blocks,
    recipient_class,
)
from policies.reasons import ReasonCode
from policies.types import Outcome


def _no(code: ReasonCode, event: ConsentEvent | None = None) -> SubjectDecision:
    return SubjectDecision(
        outcome=Outcome.DENY, code=code, event_seq=event.seq if event is not None else None
    )


def decide(
    facts: SubjectFacts | None,
    purpose: PurposeRecord,
    history: Sequence[ConsentEvent],
    notices: Iterable[NoticeVersion],
    *,
    channel: str | None = None,
    recipient: str = "internal",
    at: datetime,
) -> SubjectDecision:
    """The person's gate for one use; `history` is in ledger order and may hold other purposes."""
    if facts is None:
        return _no(ReasonCode.SUBJECT_UNKNOWN)
    mine = [event for event in history if event.purpose in (purpose.id, EVERY)]
    if refusal := _refuse_by_state(facts, purpose, mine):
        return refusal
    if objection_blocks(purpose, facts.laws) and (event := standing_objection(mine)):
        return _no(ReasonCode.SUBJECT_OBJECTED, event)
    if laws_without_basis(purpose, facts.laws):
        return _no(ReasonCode.PURPOSE_NO_BASIS)
    if not consent_gated(purpose, facts.laws):
        law = min(facts.laws)
        return SubjectDecision(
            outcome=Outcome.PERMIT, code=ReasonCode.PERMIT, basis=basis_under(purpose, law)
        )
    return _decide_by_choice(
        facts, purpose, mine, tuple(notices), channel=channel, recipient=recipient, at=at
    )


def _refuse_by_state(
    facts: SubjectFacts, purpose: PurposeRecord, history: Sequence[ConsentEvent]
) -> SubjectDecision | None:
    """Erasure and restriction stand above every choice (GDPR 17, 18; APPI 35)."""
    if facts.state in ("erasing", "erased"):
        if facts.kept_by_law is None:
            return _no(ReasonCode.SUBJECT_UNKNOWN)  # as if the person had never been here
        if facts.kept_by_law not in purpose.duties:
            return _no(ReasonCode.SUBJECT_KEPT_BY_LAW)
        return None
    restriction = standing(history, EventKind.RESTRICTED, EventKind.RESTRICTION_LIFTED)
    if facts.state != "restricted" and restriction is None:
        return None
    if all(basis_under(purpose, law) is Basis.LEGAL_OBLIGATION for law in facts.laws):
        return None  # rights of the person and duties of the controller go on (GDPR 18(2))
    return _no(ReasonCode.SUBJECT_RESTRICTED, restriction)


def standing(
    history: Iterable[ConsentEvent], raised: EventKind, lifted: EventKind
) -> ConsentEvent | None:
    """The event that still stands because its own lifting event has not come after it."""
    found: ConsentEvent | None = None
    for event in history:
        if event.kind is raised:
            found = event
        elif event.kind is lifted:
            found = None
    return found


def standing_objection(history: Iterable[ConsentEvent]) -> ConsentEvent | None:
    """The objection that stands (GDPR 21); a grant does not lift it."""
    return standing(history, EventKind.OBJECTED, EventKind.OBJECTION_LIFTED)


def _decide_by_choice(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    history: Sequence[ConsentEvent],
    notices: Sequence[NoticeVersion],
    *,
    channel: str | None,
    recipient: str,
    at: datetime,
) -> SubjectDecision:
    """Every cell that the use touches must be open; the first closed one is the answer."""
    needed = cells_of(
        purpose.id, purpose.channels, channel=channel, recipient_class=recipient_class(recipient)
    )
    until: datetime | None = None
    last: SubjectDecision | None = None
    for cell in needed:
        last = decide_cell(facts, purpose, cell, history, notices, at=at)
        if not last:
            return last
        if last.valid_until is not None:
            until = last.valid_until if until is None else min(until, last.valid_until)
    if last is None:  # fails closed: no cell, no consent
        return _no(ReasonCode.SUBJECT_NO_CONSENT)
    return SubjectDecision(
        outcome=Outcome.PERMIT,
        code=ReasonCode.PERMIT,
        basis=Basis.CONSENT,
        event_seq=last.event_seq,
        valid_until=until,
    )


def decide_cell(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    cell: Cell,
    history: Iterable[ConsentEvent],
    notices: Sequence[NoticeVersion],
    *,
    at: datetime,
) -> SubjectDecision:
    """Whether the choice in force for one cell is a valid consent at this moment."""
    touching = [event for event in history if touches(event, cell)]
    chosen = choice_in_force(touching)
    if chosen is None:
        return _no(ReasonCode.SUBJECT_NO_CONSENT)
    if chosen.kind not in GRANTS:
        return _no(REFUSALS[chosen.kind], chosen)
    if _signal_narrows(purpose, touching, chosen):
        return _no(ReasonCode.SUBJECT_OBJECTED, chosen)
    if Law.GDPR in facts.laws and chosen.evidence is EvidenceGrade.PRE_TICKED:
        return _no(ReasonCode.SUBJECT_NO_CONSENT, chosen)  # C-673/17: silence is no consent
    if refusal := _refuse_for_minor(facts, purpose, chosen):
        return refusal
    if is_stale(chosen, notices, cell.recipient_class):
        return _no(ReasonCode.SUBJECT_STALE_NOTICE, chosen)
    until = ends_at(chosen, purpose)
    if until is not None and at >= until:
        return _no(ReasonCode.SUBJECT_EXPIRED, chosen)
    return SubjectDecision(
        outcome=Outcome.PERMIT,
        code=ReasonCode.PERMIT,
        basis=Basis.CONSENT,
        event_seq=chosen.seq,
        valid_until=until,
    )


REFUSALS = {
    EventKind.REFUSED: ReasonCode.SUBJECT_REFUSED,
    EventKind.WITHDRAWN: ReasonCode.SUBJECT_WITHDRAWN,
    EventKind.INVALIDATED: ReasonCode.SUBJECT_NO_CONSENT,
    EventKind.EXPIRED: ReasonCode.SUBJECT_EXPIRED,
}


def touches(event: ConsentEvent, cell: Cell) -> bool:
    """Whether an event speaks about this cell."""
    return (
        event.purpose in (cell.purpose, EVERY)
        and (event.channel in (cell.channel, EVERY) or cell.channel == EVERY)
        and event.recipient_class in (cell.recipient_class, EVERY)
    )


def choice_in_force(events: Iterable[ConsentEvent]) -> ConsentEvent | None:
    """The last choice in ledger order; an imported grant lifts no earlier refusal of another file.

    A narrowing event always applies. Within one imported file the order of occurrence decides,
    which is the order in which the ledger took them.
    """
    chosen: ConsentEvent | None = None
    for event in events:
        grants = event.kind in GRANTS and not _imported_over_refusal(event, chosen)
        if grants or event.kind in NARROWING:
            chosen = event
    return chosen


def _imported_over_refusal(event: ConsentEvent, chosen: ConsentEvent | None) -> bool:
    return (
        event.import_run is not None
        and chosen is not None
        and chosen.kind in NARROWING
        and chosen.import_run != event.import_run
    )


def _signal_narrows(
    purpose: PurposeRecord, events: Iterable[ConsentEvent], chosen: ConsentEvent
) -> bool:
    """A browser signal narrows until an explicit later opt-in, where the purpose allows one."""
    if Signal.GPC not in purpose.signals:
        return False
    signals = [event for event in events if event.kind is EventKind.SIGNAL]
    if not signals:
        return False
    if purpose.signal_override is SignalOverride.NEVER:
        return True
    return signals[-1].seq > chosen.seq


def _refuse_for_minor(
    facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent
) -> SubjectDecision | None:
    """A minor's consent counts only through a verified guardian (GDPR 8; Q&A 1-62 under APPI)."""
    if not facts.minor or purpose.minors is Minors.ALLOWED:
        return None
    if purpose.minors is Minors.GUARDIAN and chosen.guardian and facts.guardian_verified:
        return None
    return _no(ReasonCode.SUBJECT_MINOR_UNVERIFIED, chosen)


def is_stale(chosen: ConsentEvent, notices: Sequence[NoticeVersion], recipient_class_: str) -> bool:
    """Whether a later version of the notice changed what was agreed to.

    Fails closed: a consent to a version that was never published is stale.
    """
    if chosen.notice is None:
        return False  # the purpose needs no notice of its own
    mine = [version for version in notices if version.notice == chosen.notice]
    if not mine:
        return False
    seen = next((v.order for v in mine if v.version == chosen.notice_version), None)
    if seen is None:
        return True
    later = [version.change for version in mine if version.order > seen]
    outside = recipient_class_ not in ("internal", EVERY)
    return ChangeClass.MATERIAL in later or (outside and ChangeClass.NEW_RECIPIENT in later)


def ends_at(chosen: ConsentEvent, purpose: PurposeRecord) -> datetime | None:
    """The first moment at which the consent no longer holds; None when it has no end."""
    ends = [] if chosen.valid_until is None else [chosen.valid_until]
    if purpose.expires_months is not None:
        ends.append(add_months(chosen.occurred_at, purpose.expires_months))
    return min(ends) if ends else None


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, clamped to the month's end."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    day = moment.day
    while True:
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            day -= 1
