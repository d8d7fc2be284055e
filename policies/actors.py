"""From a principal to the roles that count for it; a name is never taken for a role."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from governance.core.terms import PurposeId
from governance.http.principal import Principal, PrincipalKind
from policies.actions import GRAVE, PERSONAL, Action
from policies.document import Role
from policies.duties import granted
from policies.load_terms import closure
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, Attributes, Outcome, RoleKind

_PREFIX: Mapping[PrincipalKind, str] = MappingProxyType(
    {PrincipalKind.STAFF: "u:", PrincipalKind.SYSTEM: "svc:", PrincipalKind.PERSON: "p:"}
)
_KIND: Mapping[PrincipalKind, RoleKind] = MappingProxyType(
    {
        PrincipalKind.STAFF: RoleKind.STAFF,
        PrincipalKind.SYSTEM: RoleKind.SYSTEM,
        PrincipalKind.PERSON: RoleKind.PERSON,
    }
)
NOBODY: frozenset[str] = frozenset()


def roles_of(principal: Principal, snapshot: PolicySnapshot) -> frozenset[str]:
    """Roles of the principal's own kind; none for an id without its kind's prefix."""
    prefix = _PREFIX.get(principal.kind)
    if prefix is None or not principal.id.startswith(prefix) or principal.id == prefix:
        return NOBODY  # fails closed: an unknown kind of actor holds nothing
    wanted = _KIND[principal.kind]
    known = snapshot.roles
    held = frozenset(
        name for name in principal.roles if name in known and known[name].kind is wanted
    )
    if principal.single and needs_second(held, known):
        return NOBODY  # fails closed: what one factor opened does nothing until the second stands
    return trained_roles(held, known) if principal.untrained else held


def needs_second(held: Iterable[str], known: Mapping[str, Role]) -> bool:
    """Whether one of these roles opens personal data or holds a grave act."""
    return any(granted(known, name) & (PERSONAL | GRAVE) for name in held if name in known)


def trained_roles(held: frozenset[str], known: Mapping[str, Role]) -> frozenset[str]:
    """What is left of these roles without a training: nothing that opens personal data (APPI 24).

    Of a role that lapses, the roles that it contains stay where they open none.
    """
    contained = frozenset().union(*(closure(known, name) for name in held))
    return frozenset(name for name in contained if not granted(known, name) & PERSONAL)


def may(principal: Principal, action: Action, snapshot: PolicySnapshot) -> ActorDecision:
    """Whether a role of the principal holds the action, and its token leaves it."""
    if principal.scopes is not None and action.value not in principal.scopes:
        return ActorDecision(outcome=Outcome.DENY, code=ReasonCode.ACTOR_SCOPE)
    return snapshot.may(roles_of(principal, snapshot), action)


def attributes_of_actor(
    principal: Principal, resource: Mapping[str, object] | None = None
) -> Attributes:
    """Facts that rules may compare: the actor's id, kind and, for a person, the own subject id."""
    facts: dict[str, object] = {"id": principal.id, "kind": principal.kind.value}
    if principal.kind is PrincipalKind.PERSON:
        facts["subject"] = principal.person
    return Attributes(
        subject=MappingProxyType(facts), resource=MappingProxyType(dict(resource or {}))
    )


def refuse_actor(
    principal: Principal, snapshot: PolicySnapshot, purpose: PurposeId
) -> ActorDecision | None:
    """The refusal of nobody, or of a system that claims a purpose it was not granted; else None."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        return ActorDecision(outcome=Outcome.DENY, code=ReasonCode.ACTOR_ANONYMOUS)
    if principal.untrained:
        return ActorDecision(outcome=Outcome.DENY, code=ReasonCode.ACTOR_TRAINING_DUE)
    known = purpose in snapshot.purposes
    if known and principal.kind is PrincipalKind.SYSTEM and purpose not in principal.purposes:
        return ActorDecision(outcome=Outcome.DENY, code=ReasonCode.ACTOR_PURPOSE_NOT_GRANTED)
    return None


def decide_actor(
    principal: Principal,
    snapshot: PolicySnapshot,
    *,
    field: str,
    action: str,
    purpose: PurposeId,
    resource: Mapping[str, object] | None = None,
) -> ActorDecision:
    """The ACTOR gate for one principal and one field, with the record's facts."""
    refusal = refuse_actor(principal, snapshot, purpose)
    if refusal is not None:
        return refusal
    return snapshot.decide(
        roles_of(principal, snapshot),
        field=field,
        action=action,
        purpose=purpose,
        attributes=attributes_of_actor(principal, resource),
    )


def decide_actor_on_record(
    principal: Principal,
    snapshot: PolicySnapshot,
    *,
    kind: str,
    action: str,
    purpose: PurposeId,
    resource: Mapping[str, object] | None = None,
) -> ActorDecision:
    """The ACTOR gate for one principal and a whole record of this kind: is any field open."""
    refusal = refuse_actor(principal, snapshot, purpose)
    if refusal is not None:
        return refusal
    return snapshot.decide_record(
        roles_of(principal, snapshot),
        resource=kind,
        action=action,
        purpose=purpose,
        attributes=attributes_of_actor(principal, resource),
    )
