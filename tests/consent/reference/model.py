"""The world as the design tells it, in lists and loops: persons, choices, merges, all three gates.

Written from the design's fourteen rules. It shares with the code under test the words (enums and
records) alone and keeps no bits, no memory and no database; `gate.py` is its third gate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from consent.types import ConsentEvent, EventKind, NoticeVersion, SubjectFacts
from governance.core.terms import Law, SubjectId
from policies.purposes import PurposeRecord
from tests.consent.reference.gate import ALL, YES, Answer, answer

WIDENING = YES | {EventKind.OBJECTION_LIFTED, EventKind.RESTRICTION_LIFTED}
CONSENT_AGE, CONTRACT_AGE = 16, 18


@dataclass
class Person:
    """What is known of a pseudonym besides choices."""

    laws: list[tuple[Law, date, date | None]]
    age: int | None = None
    state: str = "active"
    kept_by_law: str | None = None
    guardian_verified: bool = False
    last_active_on: date | None = None
    grown_on: date | None = None

    def facts(self, name: SubjectId, on: date) -> SubjectFacts:
        """The person on a day; of whom no law is known, every law applies."""
        today = {law for law, first, last in self.laws if first <= on and (not last or on <= last)}
        return SubjectFacts(
            subject=name,
            state=self.state,
            laws=frozenset(today or {Law.APPI, Law.GDPR}),
            minor=self.age is not None and self.age < CONSENT_AGE,
            minor_in_contract=self.age is not None and self.age < CONTRACT_AGE,
            guardian_verified=self.guardian_verified,
            kept_by_law=self.kept_by_law,
            last_active_on=self.last_active_on,
            grown_on=self.grown_on,
        )


@dataclass
class Union:
    """Two pseudonyms taken for one person."""

    survivor: SubjectId
    absorbed: SubjectId
    since: int  # the last number before
    undone: int | None = None

    def holds(self, seq: int) -> bool:
        """Whether they were one when this was said."""
        return self.since < seq and (self.undone is None or seq <= self.undone)


@dataclass
class World:
    """Everything that a decision may rest on."""

    purposes: Mapping[str, PurposeRecord]
    granted: frozenset[str]  # purposes that the asking system may claim
    persons: dict[SubjectId, Person] = field(default_factory=dict)
    events: list[ConsentEvent] = field(default_factory=list)
    notices: list[NoticeVersion] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)

    def check(
        self, name: SubjectId, purpose: str, channel: str | None, recipient: str, at: datetime
    ) -> Answer:
        """Caller, then purpose, then person; the first refusal is the answer."""
        found = self.purposes.get(purpose)
        if not purpose:
            return Answer("denied.purpose.missing")
        if found is None:
            return Answer("denied.purpose.unknown")
        if purpose not in self.granted:
            return Answer("denied.actor.purpose_not_granted")
        if not any(r == recipient for r in found.recipients):
            return Answer("denied.purpose.recipient")
        if channel is not None and channel not in {str(known) for known in found.channels}:
            return Answer("denied.purpose.channel")
        return self.person(name, found, channel, recipient, at)

    def person(
        self,
        name: SubjectId,
        purpose: PurposeRecord,
        channel: str | None,
        recipient: str,
        at: datetime,
    ) -> Answer:
        """The person under the pseudonym that stands; merged, every history must permit."""
        stands = self.standing(name)
        known = self.persons.get(stands)
        facts = None if known is None else known.facts(stands, at.date())
        answers = [
            answer(facts, purpose, life, self.notices, channel=channel, recipient=recipient, at=at)
            for life in self.lives(stands, purpose.id)
        ]
        refused = [one for one in answers if one.code != "permit"]
        if refused:
            return refused[0]
        return Answer("permit", min((a.until for a in answers if a.until), default=None))

    def standing(self, name: SubjectId) -> SubjectId:
        """Who this pseudonym is now."""
        for union in self.unions:
            if union.absorbed == name and union.undone is None:
                return self.standing(union.survivor)
        return name

    def lives(self, name: SubjectId, purpose: str) -> Iterator[list[ConsentEvent]]:
        """The histories of all pseudonyms of the person: their own, then what came as one."""
        yield self.own(name, purpose)
        for union in self.unions:
            if union.survivor == name and union.undone is None:
                since = [
                    event
                    for event in self.said(name, purpose)
                    if union.holds(event.seq) and confirms(event)
                ]
                for life in self.lives(union.absorbed, purpose):
                    yield [*life, *since]

    def own(self, name: SubjectId, purpose: str) -> list[ConsentEvent]:
        """What the pseudonym said; of the time of a union in error, only what narrows counts."""
        mine = self.said(name, purpose)
        for union in self.unions:
            if union.undone is None:
                continue
            if union.survivor == name:
                mine = [e for e in mine if not (union.holds(e.seq) and e.kind in WIDENING)]
            if union.absorbed == name:
                mine += [
                    event
                    for event in self.said(union.survivor, purpose)
                    if union.holds(event.seq) and event.kind not in WIDENING
                ]
        return sorted(mine, key=lambda event: event.seq)

    def said(self, name: SubjectId, purpose: str) -> list[ConsentEvent]:
        """The pseudonym's own entries about the purpose, or about all."""
        return [e for e in self.events if e.subject == name and e.purpose in {purpose, ALL}]


def confirms(event: ConsentEvent) -> bool:
    """Whether it counts for both of two merged persons: a file's yes may be about one of them."""
    return event.kind not in WIDENING or event.import_run is None


def permitted(
    world: World, names: Iterable[SubjectId], purpose: str, at: datetime
) -> Sequence[SubjectId]:
    """Who of these may be used for the purpose: an audience."""
    return [n for n in names if world.check(n, purpose, None, "internal", at).code == "permit"]
