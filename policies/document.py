"""What one policy folder says: categories, resources, roles, purposes, rules, tests, duties.

A policy is read by an officer and compiled for machines; both see these facts and no others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from governance.core.terms import FieldId, PurposeId, Treatment
from policies.actions import Action
from policies.attributes import Attribute, Value
from policies.conditions import Condition
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.types import Effect, Label, Obligation, Outcome, RoleKind

WHOLE = "record"  # the one field of a resource type that names none
NO_PURPOSE = PurposeId(":none")  # of rules on subjects of the policy; no purpose has such a name
Entries = Mapping[str, Mapping[str, Value]]  # id of an entity -> its attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of personal data that purposes name (データ区分)."""

    id: str
    label: Label
    sensitive: bool = False  # 要配慮個人情報 (APPI Art. 2(3)), GDPR Art. 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyField:
    """One field of a resource type and the category it belongs to."""

    id: FieldId
    label: Label
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of record, its fields, what may be done to it, attributes that rules compare."""

    id: str
    label: Label
    fields: tuple[PolicyField, ...]
    actions: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    action_attributes: Mapping[str, Mapping[str, Attribute]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    listed_only: bool = True  # an id that stands in no entry of the policy is unknown

    @property
    def whole(self) -> FieldId | None:
        """The one field of a kind that names none; None for a kind with fields of persons."""
        one = self.fields[0].id if len(self.fields) == 1 else None
        return one if one == f"{self.id}.{WHOLE}" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectType:
    """A kind of subject that callers ask about and that is neither staff nor system nor person."""

    id: str
    label: Label
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    listed_only: bool = True

    @property
    def holder(self) -> str:
        """What stands in the place of a role in rules on this kind; no role has such a name."""
        return f"type:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role, whom it is for, the roles it contains, and the registered actions it may do."""

    id: str
    label: Label
    kind: RoleKind
    inherits: tuple[str, ...] = ()
    may: frozenset[Action] = frozenset()
    break_glass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the policy: these roles, these actions, these fields, for these purposes."""

    id: str
    effect: Effect
    roles: tuple[str, ...]
    actions: tuple[str, ...]
    fields: tuple[FieldId, ...]  # wildcards are resolved over the declared fields
    purposes: tuple[PurposeId, ...]
    because: Label
    obligations: tuple[Obligation, ...] = ()
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPair:
    """A subject and a resource of the policy, each as type and id."""

    subject: tuple[str, str]
    resource: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """An example that the officer wrote down: who does what for which purpose, and the answer."""

    id: str
    who: tuple[str, ...]
    does: str
    on: FieldId | None  # None: `does` is a registered action
    purpose: PurposeId | None
    expect: Outcome
    by: str | None = None
    code: ReasonCode | None = None
    treatment: Treatment | None = None
    subject: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    resource: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    action: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    entities: EntityPair | None = None  # the test is about a subject and a resource of the policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Two duties that one person must not join (職務の分離).

    Static: no person holds both roles. Dynamic: who did the first action on a case may not do
    the second on the same case, whatever the roles.
    """

    id: str
    because: Label
    roles: tuple[str, str] | None = None
    actions: tuple[Action, Action] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A sentence that must hold in every cell of the table, proved by going through them all."""

    id: str
    because: Label
    roles: tuple[str, ...]
    actions: tuple[str, ...] = ()
    fields: tuple[FieldId, ...] = ()
    purposes: tuple[PurposeId, ...] = ()
    never_clear: bool = False  # True: masked is accepted, clear is not
    never_both: tuple[Action, ...] = ()  # registered actions that no one role may join
    never_may: tuple[Action, ...] = ()  # registered actions that none of the roles may hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the policy folder something stands."""

    file: str
    line: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """Everything one policy folder says, checked and with every name resolved."""

    version: str
    title: Label
    owner: str
    categories: tuple[Category, ...]
    resources: tuple[ResourceType, ...]
    roles: tuple[Role, ...]
    purposes: tuple[PurposeRecord, ...]
    rules: tuple[Rule, ...]
    tests: tuple[PolicyTest, ...]
    separations: tuple[Separation, ...]
    properties: tuple[Property, ...]
    places: Mapping[str, Place]
    subjects: tuple[SubjectType, ...] = ()
    entity_rules: tuple[Rule, ...] = ()  # their roles are holders of subject types
    entities: Mapping[str, Entries] = field(default_factory=lambda: MappingProxyType({}))

    def every_rule(self) -> tuple[Rule, ...]:
        """Rules on roles, then rules on subjects of the policy."""
        return (*self.rules, *self.entity_rules)

    def fields(self) -> Iterator[PolicyField]:
        """Every declared field, in the order of the files."""
        for resource in self.resources:
            yield from resource.fields
