"""The third gate once more, slowly: sets and quantifiers over the ledger, one rule a function.

Written from the fourteen rules of the design, not from the code under test; it shares with it
only the words (enums and records).
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from consent.types import (
    ChangeClass,
    ConsentEvent,
    EventKind,
    EvidenceGrade,
    NoticeVersion,
    SubjectFacts,
)
from governance.core.terms import Law
from policies.purposes import Basis, Minors, PurposeRecord, Signal, SignalOverride

ALL = "*"
YES = {EventKind.GIVEN, EventKind.RENEWED}
NO = {
    EventKind.REFUSED: "denied.subject.refused",
    EventKind.WITHDRAWN: "denied.subject.withdrawn",
    EventKind.INVALIDATED: "denied.subject.no_consent",
    EventKind.EXPIRED: "denied.subject.expired",
}


@dataclass(frozen=True)
class Answer:
    """Permit or the code of the refusal, and when a permit by consent ends."""

    code: str
    until: datetime | None = None


@dataclass(frozen=True)
class Place:
    """One channel of one purpose towards one class of recipients."""

    purpose: str
    channel: str
    recipient: str

    def meets(self, event: ConsentEvent) -> bool:
        """The event says something about some part of this place."""
        return (
            event.purpose in {self.purpose, ALL}
            and (self.channel == ALL or event.channel in {self.channel, ALL})
            and event.recipient_class in {self.recipient, ALL}
        )

    def inside(self, event: ConsentEvent) -> bool:
        """The event speaks about all of this place."""
        return (
            event.purpose in {self.purpose, ALL}
            and event.channel in {self.channel, ALL}
            and event.recipient_class in {self.recipient, ALL}
        )


def answer(  # noqa: PLR0911 -- one return a rule
    facts: SubjectFacts | None,
    purpose: PurposeRecord,
    ledger: Sequence[ConsentEvent],
    notices: Sequence[NoticeVersion],
    *,
    channel: str | None,
    recipient: str,
    at: datetime,
) -> Answer:
    """Hold or restriction > withdrawal or objection > signal > grant > default (rule 10)."""
    if facts is None:
        return Answer("denied.subject.unknown")  # rule 1
    places = places_of(purpose, channel, recipient)
    bases = {law: purpose.basis.get(law) for law in facts.laws}
    gone = facts.state in {"erasing", "erased"}
    if gone and facts.kept_by_law is None:
        return Answer("denied.subject.unknown")
    if gone and facts.kept_by_law not in purpose.duties:
        return Answer("denied.subject.kept_by_law")
    stopped = facts.state == "restricted" or any(
        stands(ledger, place, EventKind.RESTRICTED, EventKind.RESTRICTION_LIFTED)
        for place in places
    )
    if stopped and set(bases.values()) != {Basis.LEGAL_OBLIGATION}:
        return Answer("denied.subject.restricted")
    if objectionable(purpose, bases) and any(
        stands(ledger, place, EventKind.OBJECTED, EventKind.OBJECTION_LIFTED) for place in places
    ):
        return Answer("denied.subject.objected")
    if None in bases.values():
        return Answer("denied.purpose.no_basis")  # both laws must permit
    if not purpose.provisions and Basis.CONSENT not in bases.values():
        return Answer("permit")  # rule 2: not gated by consent
    answers = [by_choice(facts, purpose, place, ledger, notices, at) for place in places]
    closed = [found for found in answers if found.code != "permit"]
    if closed:
        return closed[0]
    return Answer("permit", min((a.until for a in answers if a.until), default=None))


def places_of(purpose: PurposeRecord, channel: str | None, recipient: str) -> list[Place]:
    """Without a channel the most restrictive one decides, so all are looked at (rule 9)."""
    names = [channel] if channel else sorted(str(name) for name in purpose.channels) or [ALL]
    return [Place(purpose.id, name, recipient.partition(":")[0]) for name in names]


def objectionable(purpose: PurposeRecord, bases: dict[Law, Basis | None]) -> bool:
    """An objection ends legitimate interest and its like, and always direct marketing (rule 2)."""
    grounds = {Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK, Basis.OPT_OUT}
    return purpose.direct_marketing or any(basis in grounds for basis in bases.values())


def stands(
    ledger: Sequence[ConsentEvent], place: Place, raised: EventKind, lifted: EventKind
) -> bool:
    """There is one such event that no later lifting event of the whole place answers."""
    return any(
        event.kind is raised
        and place.meets(event)
        and not any(
            later.seq > event.seq and later.kind is lifted and place.inside(later)
            for later in ledger
        )
        for event in ledger
    )


def by_choice(  # noqa: PLR0911 -- one return a rule
    facts: SubjectFacts,
    purpose: PurposeRecord,
    place: Place,
    ledger: Sequence[ConsentEvent],
    notices: Sequence[NoticeVersion],
    at: datetime,
) -> Answer:
    """The valid consent for one place at this moment, or why there is none."""
    chosen = last_word(place, ledger)
    if chosen is None:
        return Answer("denied.subject.no_consent")
    if chosen.kind in NO:
        return Answer(NO[chosen.kind])
    if signalled(purpose, place, ledger):
        return Answer("denied.subject.objected")
    if chosen.evidence is EvidenceGrade.PRE_TICKED and Law.GDPR in facts.laws:
        return Answer("denied.subject.no_consent")
    if too_young(facts, purpose) and not minor_may(facts, purpose, chosen):
        return Answer("denied.subject.minor_unverified")
    if chosen_by_a_child(chosen, purpose) and not too_young(facts, purpose):
        return Answer("denied.subject.reconfirm_due")
    if outdated(purpose, place, chosen, notices):
        return Answer("denied.subject.stale_notice")
    ends = [e for e in (chosen.valid_until, *periods(facts, purpose, chosen)) if e is not None]
    if any(at >= end for end in ends):
        return Answer("denied.subject.expired")  # rule 5: equal instant = expired
    handed_over = guardian_speaks_until(facts, purpose, chosen)
    if handed_over is not None and at >= handed_over:
        return Answer("denied.subject.reconfirm_due")
    return Answer("permit", min([*ends, *([handed_over] if handed_over else [])], default=None))


def last_word(place: Place, ledger: Sequence[ConsentEvent]) -> ConsentEvent | None:
    """The later sequence decides among refusals and the grants that count (rules 4, 10)."""
    words: list[ConsentEvent] = []
    for event in sorted(ledger, key=lambda entry: entry.seq):
        refusal = event.kind in NO and place.meets(event)
        grant = event.kind in YES and place.inside(event) and grant_counts(event, words)
        if refusal or grant:
            words.append(event)
    return words[-1] if words else None


def grant_counts(grant: ConsentEvent, before: Sequence[ConsentEvent]) -> bool:
    """A file's grant counts unless a refusal from elsewhere is still unanswered."""
    if grant.import_run is None:
        return True
    if before and before[-1].occurred_at > grant.occurred_at:
        return False  # applied in order of occurrence
    unanswered: list[ConsentEvent] = []
    for word in before:
        unanswered = [*unanswered, word] if word.kind in NO else []
    return all(
        word.import_run == grant.import_run
        for word in unanswered
        if word.kind is not EventKind.EXPIRED  # nobody said no
    )


def signalled(purpose: PurposeRecord, place: Place, ledger: Sequence[ConsentEvent]) -> bool:
    """The signal only narrows; an explicit later opt-in wins where the purpose says so (rule 8)."""
    if Signal.GPC not in purpose.signals:
        return False
    seqs = [e.seq for e in ledger if e.kind is EventKind.SIGNAL and place.meets(e)]
    answers = [
        e.seq
        for e in ledger
        if e.kind in YES
        and e.import_run is None
        and e.evidence is EvidenceGrade.ACTIVE
        and place.inside(e)
    ]
    if not seqs:
        return False
    if purpose.signal_override is SignalOverride.NEVER:
        return True
    return max(seqs) > max(answers, default=0)


def too_young(facts: SubjectFacts, purpose: PurposeRecord) -> bool:
    """Below the age of consent, or of majority where any law rests the purpose on a contract."""
    contract = any(purpose.basis.get(law) is Basis.CONTRACT for law in facts.laws)
    return facts.minor or (contract and facts.minor_in_contract)


def chosen_by_a_child(chosen: ConsentEvent, purpose: PurposeRecord) -> bool:
    """A choice made alone and too young; age does not mend it where the purpose asks for age."""
    return chosen.minor and not chosen.guardian and purpose.minors is not Minors.ALLOWED


def guardian_speaks_until(
    facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent
) -> datetime | None:
    """Six months after the month in which the person reached the age; they are asked meanwhile."""
    if not chosen.guardian or purpose.minors is Minors.ALLOWED or facts.grown_on is None:
        return None
    grown = day_in_japan(facts.grown_on)
    return months_later(grown, 6) if chosen.occurred_at < grown else None


def minor_may(facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent) -> bool:
    """A minor's consent counts with a verified guardian, where the purpose takes one (rule 7)."""
    if purpose.minors is Minors.ALLOWED:
        return True
    guarded = chosen.guardian and facts.guardian_verified
    return purpose.minors is Minors.GUARDIAN and guarded


def outdated(
    purpose: PurposeRecord, place: Place, chosen: ConsentEvent, notices: Sequence[NoticeVersion]
) -> bool:
    """Bound to notice and version; editorial keeps, material stales, new recipient outside only."""
    if purpose.notice is None:
        return False
    orders = {v.version: v.order for v in notices if v.notice == purpose.notice}
    if chosen.notice != purpose.notice or chosen.notice_version not in orders:
        return True
    since = {
        v.change
        for v in notices
        if v.notice == purpose.notice and v.order > orders[chosen.notice_version]
    }
    if ChangeClass.MATERIAL in since:
        return True
    return ChangeClass.NEW_RECIPIENT in since and place.recipient not in {"internal", ALL}


def periods(facts: SubjectFacts, purpose: PurposeRecord, chosen: ConsentEvent) -> list[datetime]:
    """Ends by absolute time from the choice, and by inactivity from the last own act."""
    found = []
    if purpose.expires_months is not None:
        found.append(months_later(chosen.occurred_at, purpose.expires_months))
    if purpose.inactivity_months is not None:
        acts = [chosen.occurred_at]
        acts += [day_in_japan(facts.last_active_on)] if facts.last_active_on else []
        found.append(months_later(max(acts), purpose.inactivity_months))
    return found


def day_in_japan(day: date) -> datetime:
    """Midnight nine hours before Greenwich's."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=9)


def months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months on; the month's last day when it has no such day."""
    year, month = moment.year, moment.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = calendar.monthrange(year, month)[1]
    return moment.replace(year=year, month=month, day=min(moment.day, last))
