"""Decisions about subjects and resources that the policy itself declares; default deny.

Who the subject is, the caller says; what it is, the policy's entries say, and the request only
where the policy lets it. An id that nobody listed is unknown unless its kind says otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from policies.attributes import Attribute, Value, facts
from policies.document import (
    NO_PURPOSE,
    EntityPair,
    Entries,
    PolicySet,
    PolicyTest,
    ResourceType,
    SubjectType,
)
from policies.reasons import ReasonCode
from policies.table import DecisionTable
from policies.types import ActorDecision, Attributes, Outcome

Told = Mapping[str, object]
_NO_ENTRIES: Entries = MappingProxyType({})
_NO_VALUES: Mapping[str, Value] = MappingProxyType({})
_NOTHING: Told = MappingProxyType({})
_NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Kinds and entries of one policy, by name."""

    subjects: Mapping[str, SubjectType] = field(default_factory=lambda: MappingProxyType({}))
    resources: Mapping[str, ResourceType] = field(default_factory=lambda: MappingProxyType({}))
    entries: Mapping[str, Entries] = field(default_factory=lambda: MappingProxyType({}))

    def ids(self, kind: str) -> Iterator[str]:
        """Ids of the listed entities of a kind, in order."""
        return iter(sorted(self.entries.get(kind, _NO_ENTRIES)))

    def facts_of(
        self, kind: SubjectType | ResourceType, name: str, told: Told
    ) -> dict[str, object] | None:
        """What rules may compare of one subject or resource; None for one that nobody knows."""
        listed = self.entries.get(kind.id, _NO_ENTRIES)
        if not name or (kind.listed_only and name not in listed):
            return None  # fails closed: an empty id is nobody's
        known = listed.get(name, _NO_VALUES)
        return {**facts(kind.attributes, known=known, told=told), "id": name, "type": kind.id}


class EntityRequest(NamedTuple):
    """May this subject do this to this resource; `told` is what the caller says of each."""

    subject: tuple[str, str]  # type and id
    action: str
    resource: tuple[str, str]
    subject_told: Told = _NOTHING
    action_told: Told = _NOTHING
    resource_told: Told = _NOTHING


def entities_of(policy: PolicySet) -> Entities:
    """The kinds of this policy that a question may name; kinds with fields of persons are none."""
    return Entities(
        subjects=MappingProxyType({one.id: one for one in policy.subjects}),
        resources=MappingProxyType(
            {one.id: one for one in policy.resources if one.whole is not None}
        ),
        entries=policy.entities,
    )


def _deny(code: ReasonCode) -> ActorDecision:
    return ActorDecision(outcome=Outcome.DENY, code=code)


_NO_SUBJECT = _deny(ReasonCode.ACTOR_UNKNOWN_SUBJECT)
_NO_RESOURCE = _deny(ReasonCode.ACTOR_UNKNOWN_RESOURCE)
_NO_ACTION = _deny(ReasonCode.ACTOR_UNKNOWN_ACTION)


def decide_entity(
    entities: Entities, table: DecisionTable, request: EntityRequest
) -> ActorDecision:
    """The answer of the rules on this kind of subject; what is unknown is refused with its code."""
    kind, name = request.subject
    subject = entities.subjects.get(kind)
    who = None if subject is None else entities.facts_of(subject, name, request.subject_told)
    if subject is None or who is None:
        return _NO_SUBJECT
    kind, name = request.resource
    resource = entities.resources.get(kind)
    what = None if resource is None else entities.facts_of(resource, name, request.resource_told)
    if resource is None or what is None or resource.whole is None:
        return _NO_RESOURCE
    if request.action not in resource.actions:
        return _NO_ACTION
    declared = resource.action_attributes.get(request.action, _NO_ATTRIBUTES)
    how = facts(declared, known=_NO_VALUES, told=request.action_told)
    return table.decide(
        frozenset({subject.holder}),
        field=resource.whole,
        action=request.action,
        purpose=NO_PURPOSE,
        attributes=Attributes(subject=who, resource=what, action={**how, "name": request.action}),
    )


def request_of(test: PolicyTest, pair: EntityPair) -> EntityRequest:
    """The question that a test of the policy writes down."""
    return EntityRequest(
        subject=pair.subject,
        action=test.does,
        resource=pair.resource,
        subject_told=test.subject,
        action_told=test.action,
        resource_told=test.resource,
    )
