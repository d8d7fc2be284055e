"""A use at all three gates: the question, what the first two say of it, and the whole answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from consent import ledger
from consent.service import subject_gate
from consent.types import SubjectDecision
from governance.core.terms import FieldId, SubjectId
from governance.customers.catalogue import catalogue
from governance.http.principal import Principal
from governance.registers.passage import passage
from policies.actors import decide_actor, decide_actor_on_record
from policies.purposes import INTERNAL, PurposeRecord, decide_purpose
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation, ObligationKind

RECORD = "person"  # what a use without a field of its own is about


class UseRequest(NamedTuple):
    """One question: may this caller use this person's data for this purpose.

    A tuple, because one is made for every check.
    """

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
    if policy.paused:
        return Ahead(code=ReasonCode.UNAVAILABLE_PAUSED)  # fails closed: everything stands still
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
