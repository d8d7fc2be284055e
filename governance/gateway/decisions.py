"""The three gates over the fields of a row; nothing is opened here."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from consent.service import subject_gate
from consent.types import SubjectDecision
from governance.core.terms import FieldId, SubjectId, Treatment
from governance.customers.catalogue import CatalogueField, catalogue
from governance.gateway.glass.lifting import glass_for, lifted
from governance.gateway.glass.types import Glass
from governance.gateway.types import FieldDecision
from governance.http.principal import Principal
from governance.registers.passage import INSIDE, Passage
from policies.actions import Action
from policies.actors import decide_actor, may
from policies.masking import MaskMethod
from policies.purposes import PurposeRecord, decide_purpose
from policies.reasons import ReasonCode, hidden
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, Verb

IMPERSONAL = frozenset({"company", "record_keeping"})  # categories that are about no person


def decide_fields(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    fields: Iterable[CatalogueField],
    *,
    subject: SubjectId,
    purpose_name: str,
    verb: Verb = Verb.READ,
    company: bool = False,
    gate: SubjectDecision | None = None,
    passage: Passage = INSIDE,
    at: datetime,
) -> dict[FieldId, FieldDecision]:
    """A decision for every field: ACTOR, then PURPOSE, then SUBJECT; the first refusal counts.

    Of a `company` the fields that are about no person (APPI 2(1)) have no third gate; `gate` is
    what the third one said, where it was asked already.
    """
    wanted = tuple(fields)
    purpose = policy.purpose(purpose_name) if purpose_name else None
    if purpose is None:
        code = ReasonCode.PURPOSE_UNKNOWN if purpose_name else ReasonCode.PURPOSE_MISSING
        return {field.id: withheld(field.id, code) for field in wanted}
    person = gate
    if person is None:
        person = subject_gate(tx, subject, purpose, channel=None, recipient=None, at=at)
    explained = bool(may(principal, Action.EXPLAIN_SUBJECT, policy))
    glass = glass_for(tx, policy, principal, purpose.id, subject, at=at)
    return {
        field.id: decide_field(
            policy,
            principal,
            field.id,
            purpose,
            None if company and field.category in IMPERSONAL else person,
            subject=subject,
            verb=verb,
            explained=explained,
            passage=passage,
            glass=glass,
        )
        for field in wanted
    }


def decide_before_person(
    policy: PolicySnapshot,
    principal: Principal,
    fields: Iterable[CatalogueField],
    *,
    subject: SubjectId,
    purpose_name: str,
    verb: Verb,
    passage: Passage = INSIDE,
    glass: Glass | None = None,
) -> dict[FieldId, FieldDecision]:
    """What ACTOR and PURPOSE say of every field; the same whether or not the person exists."""
    wanted = tuple(fields)
    purpose = policy.purpose(purpose_name) if purpose_name else None
    if purpose is None:
        code = ReasonCode.PURPOSE_UNKNOWN if purpose_name else ReasonCode.PURPOSE_MISSING
        return {field.id: withheld(field.id, code) for field in wanted}
    return {
        field.id: decide_field(
            policy,
            principal,
            field.id,
            purpose,
            None,
            subject=subject,
            verb=verb,
            explained=False,
            passage=passage,
            glass=glass,
        )
        for field in wanted
    }


def decide_field(
    policy: PolicySnapshot,
    principal: Principal,
    field: FieldId,
    purpose: PurposeRecord,
    person: SubjectDecision | None,
    *,
    subject: SubjectId,
    verb: Verb,
    explained: bool,
    passage: Passage = INSIDE,
    glass: Glass | None = None,
) -> FieldDecision:
    """The decision of one field; `person` is what the third gate said, None where there is none.

    `passage` is what the register said of whoever receives the data; an open emergency access
    lifts the first gate alone.
    """
    actor = decide_actor(
        principal,
        policy,
        field=field,
        action=verb.value,
        purpose=purpose.id,
        resource={"subject": subject},
    )
    actor = lifted(actor, glass, verb)
    if not actor:
        return FieldDecision(
            field=field,
            treatment=Treatment.WITHHELD,
            code=actor.code,
            rule_id=actor.rule_id,
            because=actor.because,
        )
    covered = covers(purpose, policy.categories[field], passage)
    if covered is not ReasonCode.PERMIT:
        return withheld(field, covered)
    if not catalogue().serves(field, purpose.id):  # fails closed: nobody declared it for this
        return withheld(field, ReasonCode.PURPOSE_FIELD)
    if person is not None and not person:
        return withheld(field, person.code if explained else hidden(person.code))
    return _shown(field, actor)


def _shown(field: FieldId, actor: ActorDecision) -> FieldDecision:
    """How much of a permitted field is shown."""
    masking = actor.masking
    redacting = any(duty.kind.value == "redact" for duty in actor.obligations)
    method = masking.method if masking else (MaskMethod.REDACT if redacting else None)
    return FieldDecision(
        field=field,
        treatment=Treatment.CLEAR if method is None else Treatment.MASKED,
        code=ReasonCode.PERMIT,
        rule_id=actor.rule_id,
        because=actor.because,
        method=method,
        keep=masking.keep if masking else 0,
    )


def covers(purpose: PurposeRecord, category: str, passage: Passage) -> ReasonCode:
    """Whether the purpose, and the entry of who receives, cover data of this category."""
    if not passage:
        return passage.code
    recipient = passage.recipient
    covered = decide_purpose(
        purpose,
        categories=(category,),
        recipient=None if recipient is None else recipient.reference,
        country=None if recipient is None else recipient.country,
    )
    if covered and recipient is not None and recipient.categories:
        return (
            ReasonCode.PERMIT if category in recipient.categories else ReasonCode.PURPOSE_CATEGORY
        )
    return covered.code


def withheld(field: FieldId, code: ReasonCode) -> FieldDecision:
    """A refusal that names no rule."""
    return FieldDecision(field=field, treatment=Treatment.WITHHELD, code=code)
