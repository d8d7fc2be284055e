"""Questions that rest on no person's choices: subjects and resources that the policy declares.

Staff and systems are decided by the rules on their roles and by the purpose; a subject of the
policy by the rules on its kind. A kind of record that holds fields of persons is none of these.
"""

from typing import Final

from consent.access.questions import Question
from consent.access.recording import Asking
from consent.access.subjects import is_caller
from consent.access.uses import PERSON, purpose_of, supported_of
from consent.gates import obligation_type
from policies.actors import decide_actor
from policies.entities import EntityRequest
from policies.purposes import decide_purpose
from policies.reasons import ReasonCode
from policies.snapshot import UNAVAILABLE, PolicySnapshot
from policies.types import ActorDecision, Outcome


def _deny(code: ReasonCode) -> ActorDecision:
    return ActorDecision(outcome=Outcome.DENY, code=code)


_NO_SUBJECT: Final = _deny(ReasonCode.ACTOR_UNKNOWN_SUBJECT)
_NO_RESOURCE: Final = _deny(ReasonCode.ACTOR_UNKNOWN_RESOURCE)
_NO_ACTION: Final = _deny(ReasonCode.ACTOR_UNKNOWN_ACTION)
_LACKING: Final = ActorDecision(outcome=Outcome.UNAVAILABLE, code=ReasonCode.UNAVAILABLE_OBLIGATION)


def decide(policy: PolicySnapshot, asking: Asking, question: Question) -> ActorDecision:
    """What the rules say; what nobody declared is refused with its code."""
    decision = _decide(policy, asking, question)
    supported = supported_of(question.context)
    if not decision or supported is None:
        return decision
    asked = {obligation_type(duty.kind) for duty in decision.obligations}
    return decision if asked <= supported else _LACKING


def _decide(policy: PolicySnapshot, asking: Asking, question: Question) -> ActorDecision:
    if policy.table is None:
        return UNAVAILABLE  # fails closed: no policy is loaded
    if question.resource.type == PERSON:  # a use by its subject is decided by all gates, elsewhere
        return _NO_ACTION if is_caller(asking.caller, question.subject) else _NO_SUBJECT
    if question.subject.type in policy.entities.subjects:
        return policy.decide_entity(request_of(question))
    if not is_caller(asking.caller, question.subject):
        return _NO_SUBJECT
    return _by_role(policy, asking, question)


def request_of(question: Question) -> EntityRequest:
    """The question in the policy's words."""
    subject, resource = question.subject, question.resource
    return EntityRequest(
        (subject.type, subject.id),
        question.action,
        (resource.type, resource.id),
        subject.properties,
        question.action_properties,
        resource.properties,
    )


def _by_role(policy: PolicySnapshot, asking: Asking, question: Question) -> ActorDecision:
    """The rules on the caller's roles, with the purpose that it names."""
    resource = policy.entities.resources.get(question.resource.type)
    if resource is None or resource.whole is None:
        return _NO_RESOURCE
    facts = policy.entities.facts_of(resource, question.resource.id, question.resource.properties)
    if facts is None:
        return _NO_RESOURCE
    name = purpose_of(question)
    if not name:
        return _deny(ReasonCode.PURPOSE_MISSING)
    purpose = policy.purpose(name)
    if purpose is None:
        return _deny(ReasonCode.PURPOSE_UNKNOWN)
    actor = decide_actor(
        asking.caller,
        policy,
        field=resource.whole,
        action=question.action,
        purpose=purpose.id,
        resource=facts,
    )
    covered = decide_purpose(purpose)
    return actor if not actor or covered else _deny(covered.code)


def about(policy: PolicySnapshot, question: Question) -> str | None:
    """What the log may keep of such a question: words that the policy declares."""
    resource = policy.entities.resources.get(question.resource.type)
    if resource is None or question.action not in resource.actions:
        return None
    return f"{resource.id}:{question.action}"
