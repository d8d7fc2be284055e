"""The third gate as pure functions: may this person's data be used for this purpose now.

The order of refusals: unknown person, restriction, keeping for a law alone, objection, missing
basis, then (only where consent decides) signal and choice. The first refusal is the answer.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
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
    cells = cells_of(
        purpose.id, purpose.channels, channel=channel, recipient_class=recipient_class(recipient)
    )
    if (refusal := _refuse_by_state(facts, purpose, mine, cells)) is not None:
        return refusal
    if objection_blocks(purpose, facts.laws) and (event := standing_objection(mine, cells)):
        return _no(ReasonCode.SUBJECT_OBJECTED, event)
    if laws_without_basis(purpose, facts.laws):
        return _no(ReasonCode.PURPOSE_NO_BASIS)
    if not consent_gated(purpose, facts.laws):
        law = min(facts.laws)
        return SubjectDecision(
            outcome=Outcome.PERMIT, code=ReasonCode.PERMIT, basis=basis_under(purpose, law)
        )
    return _decide_by_choice(facts, purpose, cells, mine, tuple(notices), at=at)


def _refuse_by_state(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    history: Sequence[ConsentEvent],
    cells: Iterable[Cell],
) -> SubjectDecision | None:
    """Erasure and restriction stand above every choice (GDPR 17, 18; APPI 35)."""
    if facts.state in ("erasing", "erased"):
        if facts.kept_by_law is None:
            return _no(ReasonCode.SUBJECT_UNKNOWN)  # as if the person had never been here
        if facts.kept_by_law not in purpose.duties:
            return _no(ReasonCode.SUBJECT_KEPT_BY_LAW)
    restriction = standing(history, cells, EventKind.RESTRICTED, EventKind.RESTRICTION_LIFTED)
    if facts.state != "restricted" and restriction is None:
        return None
    if all(basis_under(purpose, law) is Basis.LEGAL_OBLIGATION for law in facts.laws):
        return None  # rights of the person and duties of the controller go on (GDPR 18(2))
    return _no(ReasonCode.SUBJECT_RESTRICTED, restriction)


def standing(
    history: Iterable[ConsentEvent], cells: Iterable[Cell], raised: EventKind, lifted: EventKind
) -> ConsentEvent | None:
    """An event that still stands over one of the cells: nothing after it lifted all of that cell.

    What narrows counts wherever it touches; what widens counts only for cells that it covers.
    """
    events = tuple(history)
    for cell in cells:
        found: ConsentEvent | None = None
        for event in events:
            if event.kind is raised and touches(event, cell):
                found = event
            elif event.kind is lifted and covers(event, cell):
                found = None
        if found is not None:
            return found
    return None


def standing_objection(
    history: Iterable[ConsentEvent], cells: Iterable[Cell]
) -> ConsentEvent | None:
    """The objection that stands (GDPR 21); a grant does not lift it."""
    return standing(history, cells, EventKind.OBJECTED, EventKind.OBJECTION_LIFTED)


def _decide_by_choice(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    cells: Sequence[Cell],
    history: Sequence[ConsentEvent],
    notices: Sequence[NoticeVersion],
    *,
    at: datetime,
) -> SubjectDecision:
    """Every cell that the use touches must be open; the first closed one is the answer."""
    until: datetime | None = None
    last: SubjectDecision | None = None
    for cell in cells:
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
    chosen = choice_in_force(touching, cell)
    if chosen is None:
        return _no(ReasonCode.SUBJECT_NO_CONSENT)
    if chosen.kind not in GRANTS:
        return _no(REFUSALS[chosen.kind], chosen)
    if signal := _signal_that_narrows(purpose, touching, cell):
        return _no(ReasonCode.SUBJECT_OBJECTED, signal)
    if Law.GDPR in facts.laws and chosen.evidence is EvidenceGrade.PRE_TICKED:
        return _no(ReasonCode.SUBJECT_NO_CONSENT, chosen)  # C-673/17: silence is no consent
    if (refusal := _refuse_for_minor(facts, purpose, chosen)) is not None:
        return refusal
    if is_stale(chosen, purpose, notices, cell.recipient_class):
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


def covers(event: ConsentEvent, cell: Cell) -> bool:
    """Whether an event speaks about the whole of this cell, every channel of it included."""
    return (
        event.purpose in (cell.purpose, EVERY)
        and event.channel in (cell.channel, EVERY)
        and event.recipient_class in (cell.recipient_class, EVERY)
    )


def choice_in_force(events: Iterable[ConsentEvent], cell: Cell) -> ConsentEvent | None:
    """The last choice in ledger order; an imported grant lifts no earlier refusal of another file.

    A narrowing event always applies. Within one imported file the order of occurrence decides,
    which is the order in which the ledger took them.
    """
    chosen: ConsentEvent | None = None
    closed_by: set[str | None] = set()  # import runs of refusals since the last grant; None = here
    for event in events:
        if event.kind in NARROWING:
            chosen = event
            closed_by.add(event.import_run)
        elif event.kind in GRANTS and covers(event, cell) and _may_lift(event, closed_by):
            chosen = event
            closed_by.clear()
    return chosen


def _may_lift(grant: ConsentEvent, closed_by: AbstractSet[str | None]) -> bool:
    """What the person grants here always counts, a file only over refusals of its own."""
    return grant.import_run is None or closed_by <= {grant.import_run}


def _signal_that_narrows(
    purpose: PurposeRecord, events: Iterable[ConsentEvent], cell: Cell
) -> ConsentEvent | None:
    """The browser signal that no explicit later opt-in has outweighed, where one may.

    Explicit is what the person did here: a file taken in later says nothing about the signal.
    """
    if Signal.GPC not in purpose.signals:
        return None
    standing_: ConsentEvent | None = None
    for event in events:
        if event.kind is EventKind.SIGNAL:
            standing_ = event
        elif purpose.signal_override is SignalOverride.EXPLICIT and _is_explicit(event, cell):
            standing_ = None
    return standing_


def _is_explicit(event: ConsentEvent, cell: Cell) -> bool:
    """An active opt-in to the whole cell, made here."""
    return (
        event.kind in GRANTS
        and event.import_run is None
        and event.evidence is EvidenceGrade.ACTIVE
        and covers(event, cell)
    )


def _refuse_for_minor(
    facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent
) -> SubjectDecision | None:
    """A minor's consent counts only through a verified guardian (GDPR 8; Q&A 1-62 under APPI)."""
    if not facts.minor or purpose.minors is Minors.ALLOWED:
        return None
    if purpose.minors is Minors.GUARDIAN and chosen.guardian and facts.guardian_verified:
        return None
    return _no(ReasonCode.SUBJECT_MINOR_UNVERIFIED, chosen)


def is_stale(
    chosen: ConsentEvent,
    purpose: PurposeRecord,
    notices: Iterable[NoticeVersion],
    recipient_class_: str,
) -> bool:
    """Whether a later version of the purpose's notice changed what was agreed to.

    Fails closed: a consent to another notice, or to a version never published, is stale.
    """
    if purpose.notice is None:
        return False  # the purpose needs no notice of its own
    mine = [version for version in notices if version.notice == purpose.notice]
    seen = next((v.order for v in mine if v.version == chosen.notice_version), None)
    if chosen.notice != purpose.notice or seen is None:
        return True
    later = [version.change for version in mine if version.order > seen]
    outside = recipient_class_ not in ("internal", EVERY)
    return ChangeClass.MATERIAL in later or (outside and ChangeClass.NEW_RECIPIENT in later)


def ends_at(chosen: ConsentEvent, purpose: PurposeRecord) -> datetime | None:
    """The first moment at which the consent no longer holds; None when it has no end.

    Inactivity counts from the choice itself: this gate knows of no later act of the person.
    """
    ends = [] if chosen.valid_until is None else [chosen.valid_until]
    ends += [
        add_months(chosen.occurred_at, months)
        for months in (purpose.expires_months, purpose.inactivity_months)
        if months is not None
    ]
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
