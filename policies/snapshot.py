"""One policy in force: version, digest, table and purposes, swapped whole by one assignment."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

import msgspec

from governance.core.terms import FieldId, PurposeId
from policies.actions import Action
from policies.casbin_door import (
    ROUTE_FIELD,
    ROUTE_PURPOSE,
    Definition,
    Reference,
    define,
)
from policies.compare import (
    RANDOM_PROBES,
    PolicyMismatchError,
    Probe,
    affordable,
    boundary,
    chosen_at_random,
    first_difference,
)
from policies.document import PolicyField, PolicySet, Role
from policies.entities import Entities, EntityRequest, decide_entity, entities_of
from policies.load import NO_FIELDS, default_folder, load_folder
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.table import DecisionTable, compile_table
from policies.types import NO_ATTRIBUTES, ActorDecision, Attributes, Outcome

UNAVAILABLE = ActorDecision(outcome=Outcome.UNAVAILABLE, code=ReasonCode.UNAVAILABLE_POLICY)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySnapshot:
    """An immutable policy; the one without a table denies everything as unavailable."""

    version: str
    digest: str  # SHA-256 over model, lines and the whole policy set
    policy: PolicySet | None
    definition: Definition | None
    table: DecisionTable | None
    roles: Mapping[str, Role]
    purposes: Mapping[PurposeId, PurposeRecord]
    codes: Mapping[str, PurposeId]  # code in imported files -> purpose
    categories: Mapping[FieldId, str]  # field -> category
    entities: Entities = field(default_factory=Entities)
    boundary: int = 0  # requests at the edges of the rules
    paused: bool = False  # whether all processing stands still under it
    compared: int = 0  # requests put to Casbin as well, the random ones included

    def decide(
        self,
        roles: frozenset[str],
        *,
        field: str,
        action: str,
        purpose: str,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> ActorDecision:
        """The answer of the ACTOR gate on one field; the roles are those of the principal."""
        if self.table is None:
            return UNAVAILABLE  # fails closed: no policy is loaded
        return self.table.decide(
            roles, field=field, action=action, purpose=purpose, attributes=attributes
        )

    def decide_record(
        self,
        roles: frozenset[str],
        *,
        resource: str,
        action: str,
        purpose: str,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> ActorDecision:
        """The answer of the ACTOR gate on a whole record: is any of its fields open."""
        if self.table is None:
            return UNAVAILABLE  # fails closed: no policy is loaded
        return self.table.decide_record(
            roles, resource=resource, action=action, purpose=purpose, attributes=attributes
        )

    def decide_entity(self, request: EntityRequest) -> ActorDecision:
        """The answer about a subject and a resource that the policy itself declares."""
        if self.table is None:
            return UNAVAILABLE  # fails closed: no policy is loaded
        return decide_entity(self.entities, self.table, request)

    def may(self, roles: frozenset[str], action: Action) -> ActorDecision:
        """Whether one of these roles holds a registered action."""
        return self.decide(roles, field=ROUTE_FIELD, action=action.value, purpose=ROUTE_PURPOSE)

    def purpose(self, name: str) -> PurposeRecord | None:
        """The purpose under this id or import code; None for any other word."""
        known = self.purposes.get(PurposeId(name))
        if known is None and name in self.codes:
            return self.purposes[self.codes[name]]
        return known

    def may_break_glass(self, roles: frozenset[str]) -> bool:
        """Whether one of these roles may lift the ACTOR gate in an emergency."""
        return any(name in self.roles and self.roles[name].break_glass for name in roles)


NO_POLICY = PolicySnapshot(
    version="",
    digest="",
    policy=None,
    definition=None,
    table=None,
    roles=MappingProxyType({}),
    purposes=MappingProxyType({}),
    codes=MappingProxyType({}),
    categories=MappingProxyType({}),
)


class PolicyHolder:
    """Where every reader finds the policy in force; readers take it once per request."""

    __slots__ = ("current", "number")

    def __init__(self, snapshot: PolicySnapshot = NO_POLICY, *, number: int = 0) -> None:
        self.current = snapshot
        self.number = number  # of the entry in force that the snapshot was loaded from

    def swap(self, snapshot: PolicySnapshot, *, number: int = 0) -> PolicySnapshot:
        """Put a snapshot in force and give back the one before, for an instant way back."""
        before, self.current = self.current, snapshot
        self.number = number
        return before


def _plain(value: object) -> object:
    if isinstance(value, MappingProxyType):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)


def _digest(policy: PolicySet, definition: Definition) -> str:
    encoder = msgspec.json.Encoder(enc_hook=_plain, order="sorted")
    body = encoder.encode(
        {
            "model": definition.model,
            "lines": definition.lines,
            "categories": policy.categories,
            "resources": policy.resources,
            "roles": policy.roles,
            "purposes": policy.purposes,
            "rules": policy.rules,
            "separations": policy.separations,
            "properties": policy.properties,
            "version": policy.version,
            "subjects": policy.subjects,
            "entity_rules": policy.entity_rules,
            "entities": policy.entities,
        }
    )
    return hashlib.sha256(body).hexdigest()


def compile_policy(
    policy: PolicySet,
    *,
    random_probes: int = RANDOM_PROBES,
    compile_with: Callable[[PolicySet], DecisionTable] = compile_table,
) -> PolicySnapshot:
    """A snapshot whose table was compared with Casbin; PolicyMismatchError when they differ."""
    definition = define(policy)
    digest = _digest(policy, definition)
    table = compile_with(policy)
    edges = tuple(boundary(policy))
    lines = definition.lines.count("\np, ")
    dice = tuple(chosen_at_random(policy, count=random_probes, seed=digest))
    probes = affordable(edges, lines=lines) + affordable(dice, lines=lines)
    differing = first_difference(table, Reference(definition), probes)
    if differing is not None:
        raise _mismatch(differing)
    return PolicySnapshot(
        version=policy.version,
        digest=digest,
        policy=policy,
        definition=definition,
        table=table,
        entities=entities_of(policy),
        boundary=len(edges),
        compared=len(probes),
        roles=MappingProxyType({role.id: role for role in policy.roles}),
        purposes=MappingProxyType({purpose.id: purpose for purpose in policy.purposes}),
        codes=MappingProxyType({p.code: p.id for p in policy.purposes if p.code is not None}),
        categories=MappingProxyType({field.id: field.category for field in policy.fields()}),
    )


def _mismatch(probe: Probe) -> PolicyMismatchError:
    return PolicyMismatchError(
        roles=",".join(sorted(probe.roles)),
        field=probe.field,
        action=probe.action,
        purpose=probe.purpose,
    )


def load_snapshot(
    folder: Path | Traversable, *, added: Mapping[str, tuple[PolicyField, ...]] = NO_FIELDS
) -> PolicySnapshot:
    """The checked, compiled and compared policy of a folder, over an installation's own fields."""
    return compile_policy(load_folder(folder, added=added))


@cache
def default_snapshot() -> PolicySnapshot:
    """The policy that ships with the product, compiled once per process."""
    return load_snapshot(default_folder())
