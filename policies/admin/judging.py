"""What another policy would have answered to a recorded question.

The first two gates answer by the roles that the actor holds now. What the third gate said stays,
unless the purpose itself changed for it or it was never asked: then it is asked now, about what
the store holds of the person today.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.decisions.types import Decision
from audit.types import Outcome
from consent.many import subject_gates
from governance.core.terms import ActorId, FieldId, PurposeId, SubjectId
from governance.http.principal import Principal, PrincipalKind
from governance.identity.service import PERSON_PREFIX, PERSON_ROLE, principal_of_client
from governance.identity.store import all_clients, all_staff
from policies.actions import Action
from policies.actors import decide_actor, decide_actor_on_record, may
from policies.admin.diff import WORDS
from policies.admin.people import OF_THE_GATE
from policies.purposes import PurposeRecord, decide_purpose
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, Verb

RECORD: Final = "person"  # what a use without a field is about
UNKNOWN: Final = "unknown"  # a word that nobody had registered
REMEMBERED: Final = 50_000  # answers of the first two gates; more are worked out again
_SUBJECT: Final = "denied.subject"
_CATALOGUE: Final = ReasonCode.PURPOSE_FIELD.value  # decided by the catalogue, not by the policy
SUBJECT_PARTS: Final = tuple(
    part.name for part in fields(PurposeRecord) if part.name not in OF_THE_GATE | WORDS
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a recorded question came to under the other policy."""

    code: str
    personal: bool = False  # it rests on this person; the same question of another is open

    @property
    def permits(self) -> bool:
        """Whether it would have been permitted."""
        return self.code == ReasonCode.PERMIT.value


class Judge:
    """One policy as the judge of recorded questions; it never answers a living one."""

    def __init__(
        self, before: PolicySnapshot, after: PolicySnapshot, actors: Mapping[ActorId, Principal]
    ) -> None:
        self._before, self._after, self._actors = before, after, actors
        self._known: dict[tuple[str | None, ...], str] = {}
        self._moved = frozenset(
            purpose for purpose in after.purposes if self._moves(PurposeId(purpose))
        )

    def _moves(self, purpose: PurposeId) -> bool:
        old, new = self._before.purposes.get(purpose), self._after.purposes[purpose]
        return old is None or any(getattr(old, n) != getattr(new, n) for n in SUBJECT_PARTS)

    def who(self, actor: ActorId) -> str:
        """The roles by which an actor is counted: a system by its id, people by their roles."""
        principal = self._principal(actor)
        if principal is None or principal.kind is PrincipalKind.SYSTEM:
            return actor
        return "+".join(sorted(principal.roles)) or actor

    def _principal(self, actor: ActorId) -> Principal | None:
        if actor.startswith(PERSON_PREFIX):
            return Principal(id=actor, kind=PrincipalKind.PERSON, roles=frozenset({PERSON_ROLE}))
        return self._actors.get(actor)

    def use(
        self,
        tx: Connection,
        asked: Decision,
        *,
        exported: tuple[FieldId, ...] = (),
        at: datetime,
    ) -> Verdict | None:
        """The verdict on a recorded use, export of these fields or action; None: not to be told."""
        words = (asked.purpose, asked.channel, asked.recipient, asked.country, asked.field)
        if UNKNOWN in words or asked.reasons.startswith("unavailable"):
            return None
        principal = self._principal(asked.actor)
        if principal is None:
            return None
        key = (asked.actor, *words, *exported)
        code = self._known.get(key)
        if code is None:
            code = self._gates(principal, asked, exported)
            if len(self._known) < REMEMBERED:
                self._known[key] = code
        if code != ReasonCode.PERMIT.value or asked.purpose is None:
            return Verdict(code)
        return self._subject(tx, asked, at=at)

    def _gates(self, principal: Principal, asked: Decision, exported: tuple[FieldId, ...]) -> str:
        after = self._after
        if asked.purpose is None:
            if asked.field is None or asked.field not in set(Action):
                return asked.reasons  # no purpose was named: no policy permits that
            return may(principal, Action(asked.field), after).code.value
        if exported:
            actor = self._export(principal, asked.purpose, exported)
        elif asked.field is None:
            actor = decide_actor_on_record(
                principal, after, kind=RECORD, action="use", purpose=asked.purpose
            )
        else:
            actor = decide_actor(
                principal, after, field=asked.field, action="use", purpose=asked.purpose
            )
        if not actor:
            return actor.code.value
        covered = decide_purpose(
            after.purpose(asked.purpose),
            categories=[
                category
                for field in (exported or filter(None, (asked.field,)))
                for category in _category(after, field)
            ],
            recipient=asked.recipient,
            channel=asked.channel,
            country=asked.country,
        )
        return covered.code.value

    def _export(
        self, principal: Principal, purpose: PurposeId, exported: tuple[FieldId, ...]
    ) -> ActorDecision:
        """The first refusal of a file with these fields; else what lets the last of them out."""
        after = self._after
        decided: ActorDecision = may(principal, Action.PERSON_EXPORT, after)
        for field in exported:
            if not decided:
                break
            decided = decide_actor(
                principal, after, field=field, action=Verb.EXPORT.value, purpose=purpose
            )
        return decided

    def _subject(self, tx: Connection, asked: Decision, *, at: datetime) -> Verdict:
        said = asked.outcome is Outcome.PERMIT or asked.reasons.startswith((_SUBJECT, _CATALOGUE))
        if said and (asked.purpose not in self._moved or asked.reasons.startswith(_CATALOGUE)):
            return Verdict(asked.reasons)
        purpose = self._after.purpose(asked.purpose or "")
        if asked.subject is None or purpose is None:
            return Verdict(ReasonCode.SUBJECT_UNKNOWN.value, personal=True)
        found = subject_gates(tx, (asked.subject,), purpose, at=at)[asked.subject]
        return Verdict(found.said.code.value, personal=True)

    def reading(
        self, actor: ActorId, purpose: str | None, shown: tuple[str, ...]
    ) -> Verdict | None:
        """Why some field that was shown would be withheld; permit where all would be shown."""
        principal = self._principal(actor)
        if principal is None or purpose is None:
            return None
        for field in shown:
            key = (actor, purpose, field, "read")
            code = self._known.get(key)
            if code is None:
                code = self._field(principal, purpose, field)
                if len(self._known) < REMEMBERED:
                    self._known[key] = code
            if code != ReasonCode.PERMIT.value:
                return Verdict(code)
        return Verdict(ReasonCode.PERMIT.value)

    def _field(self, principal: Principal, purpose: str, field: str) -> str:
        after = self._after
        facts = {"subject": principal.id.removeprefix(PERSON_PREFIX)}  # own pages show own rows
        own = facts if principal.kind is PrincipalKind.PERSON else None
        actor = decide_actor(
            principal, after, field=field, action="read", purpose=PurposeId(purpose), resource=own
        )
        if not actor:
            return actor.code.value
        covered = decide_purpose(after.purpose(purpose), categories=_category(after, field))
        return covered.code.value


def _category(policy: PolicySnapshot, field: str) -> tuple[str, ...]:
    found = policy.categories.get(FieldId(field))
    return () if found is None else (found,)


def actors_of(tx: Connection) -> dict[ActorId, Principal]:
    """Everybody who could have asked, with the roles and purposes of today."""
    found = {
        staff.id: Principal(id=staff.id, kind=PrincipalKind.STAFF, roles=staff.roles)
        for staff in all_staff(tx)
    }
    return found | {client.id: principal_of_client(client) for client in all_clients(tx)}


def subject_of(value: str | None) -> SubjectId | None:
    """The pseudonym of a stored row, where it is still linked to a person."""
    return None if value is None else SubjectId(value)
