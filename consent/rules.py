"""The third gate as pure functions: may this person's data be used for this purpose now.

The order of refusals: unknown person, restriction, keeping for a law alone, objection, missing
basis, then (only where consent decides) signal and choice. The first refusal is the answer.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time

from consent.ages import RECONFIRM_MONTHS
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
from governance.core.clock import JST
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
    return _while_it_lasts(facts, purpose, chosen, at=at)


def _while_it_lasts(
    facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent, *, at: datetime
) -> SubjectDecision:
    """The permit until the first of its ends; the equal instant is over."""
    ends = (
        (ends_at(chosen, purpose, facts), ReasonCode.SUBJECT_EXPIRED),
        (guardian_ends_at(chosen, purpose, facts), ReasonCode.SUBJECT_RECONFIRM_DUE),
    )
    until: datetime | None = None
    for end, code in ends:
        if end is None:
            continue
        if at >= end:
            return _no(code, chosen)
        until = end if until is None else min(until, end)
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
    """The last choice in ledger order; an imported grant lifts no refusal from elsewhere.

    A narrowing event always applies. Within one imported file the order of occurrence decides,
    which is the order in which the ledger took them; a file that comes later with what happened
    before changes nothing of what was granted, or ended, after it.
    """
    chosen: ConsentEvent | None = None
    closed_by: set[str | None] = set()  # import runs of refusals since the last grant; None = here
    for event in events:
        if event.kind in NARROWING:
            chosen = event
            if event.kind is not EventKind.EXPIRED:  # the end of a period is no word of the person
                closed_by.add(event.import_run)
        elif event.kind in GRANTS and covers(event, cell) and _may_lift(event, chosen, closed_by):
            chosen = event
            closed_by.clear()
    return chosen


def _may_lift(
    grant: ConsentEvent, chosen: ConsentEvent | None, closed_by: AbstractSet[str | None]
) -> bool:
    """What the person grants here always counts, a file only over refusals of its own."""
    if grant.import_run is None:
        return True
    if chosen is not None and grant.occurred_at < chosen.occurred_at:
        return False
    return closed_by <= {grant.import_run}


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


def needs_guardian(facts: SubjectFacts, purpose: PurposeRecord) -> bool:
    """Whether the person is too young to choose alone: the age of majority where it is a contract.

    GDPR 8; Q&A 1-62 under APPI; 民法5条.
    """
    if purpose.minors is Minors.ALLOWED:
        return False
    return facts.minor or (
        facts.minor_in_contract
        and any(basis_under(purpose, law) is Basis.CONTRACT for law in facts.laws)
    )


def _refuse_for_minor(
    facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent
) -> SubjectDecision | None:
    """A minor's consent counts only through a verified guardian, then and after coming of age."""
    if needs_guardian(facts, purpose):
        guarded = chosen.guardian and facts.guardian_verified
        if purpose.minors is Minors.GUARDIAN and guarded:
            return None
        return _no(ReasonCode.SUBJECT_MINOR_UNVERIFIED, chosen)
    alone = chosen.minor and not chosen.guardian
    if alone and purpose.minors is not Minors.ALLOWED:
        return _no(ReasonCode.SUBJECT_RECONFIRM_DUE, chosen)  # growing up makes it no consent
    return None


def guardian_ends_at(
    chosen: ConsentEvent, purpose: PurposeRecord, facts: SubjectFacts
) -> datetime | None:
    """When a guardian's consent no longer speaks for a person who has reached the age.

    The person is asked from that day on (`reconfirm_due`); nothing is carried over in silence.
    """
    if not chosen.guardian or facts.grown_on is None or purpose.minors is Minors.ALLOWED:
        return None
    grown = start_of(facts.grown_on)
    return add_months(grown, RECONFIRM_MONTHS) if chosen.occurred_at < grown else None


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


def ends_at(chosen: ConsentEvent, purpose: PurposeRecord, facts: SubjectFacts) -> datetime | None:
    """The first moment at which the consent no longer holds; None when it has no end.

    Inactivity counts from the person's last own act on record, or from the choice itself.
    """
    ends = [] if chosen.valid_until is None else [chosen.valid_until]
    if purpose.expires_months is not None:
        ends.append(add_months(chosen.occurred_at, purpose.expires_months))
    if purpose.inactivity_months is not None:
        last = chosen.occurred_at
        if facts.last_active_on is not None:
            last = max(last, start_of(facts.last_active_on))
        ends.append(add_months(last, purpose.inactivity_months))
    return min(ends) if ends else None


def start_of(day: date) -> datetime:
    """The first moment of a Japanese day, in UTC."""
    return datetime.combine(day, time.min, JST).astimezone(UTC)


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
