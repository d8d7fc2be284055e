"""The runtime table: (field, action, purpose) to role masks, answered by look-ups alone.

Immutable once compiled; the answers are made at compile time and shared. A deny wins over every
allow. Of several grants the mildest applies, and its obligations in full: who holds two roles may
act in either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.casbin_door import ROUTE_FIELD, ROUTE_PURPOSE, may_id
from policies.conditions import Condition, all_hold
from policies.document import NO_PURPOSE, PolicySet, Role, Rule
from policies.load_terms import closure
from policies.masking import MILDNESS
from policies.reasons import ReasonCode
from policies.types import (
    NO_ATTRIBUTES,
    ActorDecision,
    Attributes,
    Effect,
    Label,
    Obligation,
    Outcome,
)

CellKey = tuple[str, str, str]  # field, action, purpose
MEMO_LIMIT = 4_096  # role sets remembered; more are computed each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One rule in one cell: the roles that it names and the answer that it gives."""

    mask: int
    decision: ActorDecision
    when: tuple[Condition, ...] = ()

    @property
    def rule_id(self) -> str:
        """Id of the rule behind this grant."""
        return self.decision.rule_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What all rules say on one field, action and purpose; the mildest allow stands first."""

    denied: int
    allowed: int
    denies: tuple[Grant, ...]
    allows: tuple[Grant, ...]


def _deny(code: ReasonCode) -> ActorDecision:
    return ActorDecision(outcome=Outcome.DENY, code=code)


_REFUSALS: Mapping[ReasonCode, ActorDecision] = MappingProxyType(
    {
        code: _deny(code)
        for code in (
            ReasonCode.ACTOR_UNKNOWN_ROLE,
            ReasonCode.ACTOR_UNKNOWN_FIELD,
            ReasonCode.ACTOR_UNKNOWN_ACTION,
            ReasonCode.ACTOR_NO_RULE,
            ReasonCode.PURPOSE_MISSING,
            ReasonCode.PURPOSE_UNKNOWN,
        )
    }
)


class DecisionTable:
    """The compiled rules of one policy set; nothing in it changes after it is built."""

    __slots__ = (
        "_actions",
        "_cells",
        "_fields",
        "_memo",
        "_of_resource",
        "_purposes",
        "_reach",
        "_records",
        "bits",
    )

    def __init__(
        self,
        *,
        cells: Mapping[CellKey, Cell],
        bits: Mapping[str, int],
        reach: Mapping[str, int],
        fields: frozenset[str],
        actions: frozenset[str],
        purposes: frozenset[str],
    ) -> None:
        self._cells = dict(cells)
        self.bits = MappingProxyType(dict(bits))  # role -> its own bit
        self._reach = dict(reach)  # role -> its bit and those of the roles it contains
        self._fields, self._actions, self._purposes = fields, actions, purposes
        self._memo: dict[frozenset[str], int] = {}
        self._records: dict[tuple[int, str, str, str], ActorDecision] = {}
        self._of_resource: dict[str, list[str]] = {}
        for field in sorted(fields):
            self._of_resource.setdefault(field.partition(".")[0], []).append(field)

    @property
    def cells(self) -> Mapping[CellKey, Cell]:
        """Every cell that some rule names."""
        return MappingProxyType(self._cells)

    def mask_of(self, roles: frozenset[str]) -> int:
        """The bits of these roles and of all that they contain; an unknown role adds nothing."""
        held = self._memo.get(roles)
        if held is None:
            held = 0
            for role in roles:
                held |= self._reach.get(role, 0)
            if len(self._memo) < MEMO_LIMIT:
                self._memo[roles] = held  # a pure function's answer; sharing it races with nothing
        return held

    def decide(
        self,
        roles: frozenset[str],
        *,
        field: str,
        action: str,
        purpose: str,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> ActorDecision:
        """The answer of the first gate with the rule that gave it; default deny."""
        cell = self._cells.get((field, action, purpose))
        held = self._memo.get(roles)
        if held is None:
            held = self.mask_of(roles)
        if cell is not None:
            if held & cell.denied:
                for grant in cell.denies:
                    if grant.mask & held and _applies(grant, attributes, Effect.DENY):
                        return grant.decision
            if held & cell.allowed:
                for grant in cell.allows:
                    if grant.mask & held and _applies(grant, attributes, Effect.ALLOW):
                        return grant.decision
        return _REFUSALS[self._why(held, field, action, purpose)]

    def decide_record(
        self,
        roles: frozenset[str],
        *,
        resource: str,
        action: str,
        purpose: str,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> ActorDecision:
        """Whether at least one field of this kind of record is open; a request names no field."""
        held = self.mask_of(roles)
        key = (held, resource, action, purpose)
        known = self._records.get(key) if attributes is NO_ATTRIBUTES else None
        if known is None:
            known = self._first_open(roles, resource, action, purpose, attributes)
            if attributes is NO_ATTRIBUTES and len(self._records) < MEMO_LIMIT:
                self._records[key] = known
        return known

    def _first_open(
        self,
        roles: frozenset[str],
        resource: str,
        action: str,
        purpose: str,
        attributes: Attributes,
    ) -> ActorDecision:
        answer = _REFUSALS[ReasonCode.ACTOR_UNKNOWN_FIELD]
        for field in self._of_resource.get(resource, ()):
            answer = self.decide(
                roles, field=field, action=action, purpose=purpose, attributes=attributes
            )
            if answer:
                return answer
        return answer

    def _why(self, held: int, field: str, action: str, purpose: str) -> ReasonCode:
        if not held:
            return ReasonCode.ACTOR_UNKNOWN_ROLE
        if field not in self._fields:
            return ReasonCode.ACTOR_UNKNOWN_FIELD
        if action not in self._actions:
            return ReasonCode.ACTOR_UNKNOWN_ACTION
        if not purpose:
            return ReasonCode.PURPOSE_MISSING
        if purpose not in self._purposes:
            return ReasonCode.PURPOSE_UNKNOWN
        return ReasonCode.ACTOR_NO_RULE


def _applies(grant: Grant, attributes: Attributes, effect: Effect) -> bool:
    return not grant.when or all_hold(grant.when, attributes, effect=effect)


def _own(obligations: Iterable[Obligation], field: str) -> tuple[Obligation, ...]:
    """Obligations that concern this field, without the list of the others."""
    return tuple(
        Obligation(kind=duty.kind, masking=duty.masking, detail=duty.detail, limit=duty.limit)
        for duty in obligations
        if not duty.fields or field in duty.fields
    )


def severity(grant: Grant) -> int:
    """How much the grant hides: nothing is 0, then the order of the masking methods."""
    masking = grant.decision.masking
    return 0 if masking is None else MILDNESS[masking.method]


def _grants(rule: Rule, mask: int) -> Iterable[tuple[CellKey, Grant]]:
    allow = rule.effect is Effect.ALLOW
    plain = not any(duty.fields for duty in rule.obligations)
    shared: Grant | None = None
    for field in rule.fields:
        if shared is None or not plain:
            decision = ActorDecision(
                outcome=Outcome.PERMIT if allow else Outcome.DENY,
                code=ReasonCode.PERMIT if allow else ReasonCode.ACTOR_FORBIDDEN,
                rule_id=rule.id,
                obligations=_own(rule.obligations, field),
                because=rule.because,
            )
            shared = Grant(mask=mask, decision=decision, when=rule.when)
        for action in rule.actions:
            for purpose in rule.purposes:
                yield (field, action, purpose), shared


def _role_grants(role: Role, bit: int) -> Iterable[tuple[CellKey, Grant]]:
    decision = ActorDecision(
        outcome=Outcome.PERMIT,
        code=ReasonCode.PERMIT,
        rule_id=may_id(role.id),
        obligations=(),
        because=Label(ja=f"役割「{role.label.ja}」", en=f'role "{role.label.en}"'),
    )
    for action in role.may:
        yield (ROUTE_FIELD, action.value, ROUTE_PURPOSE), Grant(mask=bit, decision=decision)


def _cell(denies: tuple[Grant, ...], allows: tuple[Grant, ...]) -> Cell:
    denied = allowed = 0
    for grant in denies:
        denied |= grant.mask
    for grant in allows:
        allowed |= grant.mask
    mildest_first = tuple(sorted(allows, key=severity))
    return Cell(denied=denied, allowed=allowed, denies=denies, allows=mildest_first)


def _cells(
    denies: Mapping[CellKey, list[Grant]], allows: Mapping[CellKey, list[Grant]]
) -> dict[CellKey, Cell]:
    """One cell per key; keys with the very same grants share one."""
    shared: dict[tuple[tuple[int, ...], tuple[int, ...]], Cell] = {}
    cells: dict[CellKey, Cell] = {}
    for key in dict.fromkeys([*allows, *denies]):
        no, yes = tuple(denies.get(key, ())), tuple(allows.get(key, ()))
        name = (tuple(map(id, no)), tuple(map(id, yes)))
        if name not in shared:
            shared[name] = _cell(no, yes)
        cells[key] = shared[name]
    return cells


def compile_table(policy: PolicySet) -> DecisionTable:
    """The runtime table of a policy set."""
    roles = {role.id: role for role in policy.roles}
    holders = (*roles, *(subject.holder for subject in policy.subjects))
    bits = {name: 1 << place for place, name in enumerate(holders)}
    reach = dict(bits) | {name: sum(bits[held] for held in closure(roles, name)) for name in roles}
    denies: dict[CellKey, list[Grant]] = {}
    allows: dict[CellKey, list[Grant]] = {}
    for rule in policy.every_rule():
        side = allows if rule.effect is Effect.ALLOW else denies
        for key, grant in _grants(rule, sum(bits[role] for role in dict.fromkeys(rule.roles))):
            side.setdefault(key, []).append(grant)
    for role in policy.roles:
        for key, grant in _role_grants(role, bits[role.id]):
            allows.setdefault(key, []).append(grant)
    routes = {action.value for role in policy.roles for action in role.may}
    verbs = {action for resource in policy.resources for action in resource.actions}
    return DecisionTable(
        cells=_cells(denies, allows),
        bits=bits,
        reach=reach,
        fields=frozenset({ROUTE_FIELD, *(field.id for field in policy.fields())}),
        actions=frozenset(routes | verbs),
        purposes=frozenset(
            {ROUTE_PURPOSE, NO_PURPOSE, *(purpose.id for purpose in policy.purposes)}
        ),
    )
