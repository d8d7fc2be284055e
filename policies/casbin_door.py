"""The only door to Casbin: a policy set as Casbin model and lines, and the reference answer.

The exported text is the definition. The runtime table is compiled from the same rules and must
agree with `Reference.enforce`. Every name carries a prefix, so that no field, role or user can be
taken for another kind of thing: ``u:`` actor, ``r:`` role (``r:type:`` a kind of subject),
``d:`` field, ``a:`` action, ``w:`` purpose.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

import casbin
from casbin.persist.adapters import StringAdapter

from policies.conditions import all_hold, as_text, from_text
from policies.document import PolicySet, Role, Rule
from policies.types import NO_ATTRIBUTES, Attributes, Effect

ROUTE = "route"
ROUTE_FIELD = "route.action"
ROUTE_PURPOSE = "route"

MODEL = """\
[request_definition]
r = sub, field, act, pur, facts

[policy_definition]
p = sub, fields, actions, purposes, eft, cond, id

[role_definition]
g = _, _
g2 = _, _
g3 = _, _
g4 = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = g3(r.pur, p.purposes) && g4(r.act, p.actions) && g2(r.field, p.fields) && g(r.sub, p.sub) \
&& (p.cond == "-" || holds(r.facts, p.cond, p.eft))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A policy set in Casbin's own form: what administrators export and other engines load."""

    model: str  # model.conf
    lines: str  # policy.csv


class _Groups:
    """Names of sets of fields, actions and purposes; equal sets share the name of the first.

    Casbin looks through every group of a name for every line: a group for each rule would make
    its answer quadratic in the rules.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, frozenset[str]], str] = {}
        self.lines: list[str] = []

    def name(self, link: str, prefix: str, members: Iterable[str], rule: str) -> str:
        """The group that holds exactly these members."""
        key = (link, frozenset(members))
        if key not in self._names:
            kind = {"g2": "fields", "g3": "purposes", "g4": "actions"}[link]
            self._names[key] = f"{kind}:{rule}"
            ordered = dict.fromkeys(members)
            self.lines += [f"{link}, {prefix}:{member}, {kind}:{rule}" for member in ordered]
        return self._names[key]


def _rule_lines(rule: Rule, groups: _Groups) -> Iterator[str]:
    fields = groups.name("g2", "d", rule.fields, rule.id)
    purposes = groups.name("g3", "w", rule.purposes, rule.id)
    actions = groups.name("g4", "a", rule.actions, rule.id)
    condition = as_text(rule.when)
    for role in rule.roles:
        yield (
            f"p, r:{role}, {fields}, {actions}, {purposes}, "
            f"{rule.effect.value}, {condition}, {rule.id}"
        )


def _role_lines(role: Role, groups: _Groups) -> Iterator[str]:
    yield from (f"g, r:{role.id}, r:{parent}" for parent in role.inherits)
    if role.may:
        name = may_id(role.id)
        members = sorted(action.value for action in role.may)
        actions = groups.name("g4", "a", members, name)
        yield (
            f"p, r:{role.id}, fields:{ROUTE}, {actions}, purposes:{ROUTE}, "
            f"{Effect.ALLOW.value}, -, {name}"
        )


def may_id(role: str) -> str:
    """The rule id of what a role may do by its own list."""
    return f"may:{role}"


def define(policy: PolicySet) -> Definition:
    """The policy set as Casbin model and policy lines."""
    groups = _Groups()
    lines = [f"g2, d:{ROUTE_FIELD}, fields:{ROUTE}", f"g3, w:{ROUTE_PURPOSE}, purposes:{ROUTE}"]
    for role in policy.roles:
        lines.extend(_role_lines(role, groups))
    for rule in policy.every_rule():
        lines.extend(_rule_lines(rule, groups))
    return Definition(model=MODEL, lines="\n".join([*lines, *groups.lines]) + "\n")


def _holds(facts: Attributes, line: str, effect: str) -> bool:
    conditions = from_text(line)
    if conditions is None:
        return effect == Effect.DENY.value  # fails closed: an unreadable condition opens nothing
    return all_hold(conditions, facts, effect=Effect(effect))


def _silence() -> None:
    """Casbin logs every request with its subject at warning level; nothing of it is kept."""
    for name in ("casbin.enforcer", "casbin.policy", "casbin.role", "casbin.model", "casbin"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        logger.disabled = True


class Reference:
    """Casbin's own answer; slow, serialised, used to prove the table and never per request."""

    def __init__(self, definition: Definition) -> None:
        _silence()
        model = casbin.Enforcer.new_model(text=definition.model)
        self._enforcer = casbin.Enforcer(model, StringAdapter(definition.lines), enable_log=False)
        self._enforcer.add_function("holds", _holds)
        self._empty = not any(line.startswith("p,") for line in definition.lines.splitlines())
        self._actors: dict[frozenset[str], str] = {}
        self._lock = Lock()
        _silence()

    def _actor(self, roles: frozenset[str]) -> str:
        name = self._actors.get(roles)
        if name is None:
            name = f"u:{len(self._actors)}"
            links = self._enforcer.get_role_manager()
            for role in sorted(roles):
                links.add_link(name, f"r:{role}")
            self._actors[roles] = name
        return name

    def enforce(
        self,
        roles: Iterable[str],
        *,
        field: str,
        action: str,
        purpose: str,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> bool:
        """Whether Casbin lets an actor with exactly these roles pass."""
        if self._empty:
            return False  # fails closed: Casbin permits everything when it holds no line
        with self._lock:
            answer = self._enforcer.enforce(
                self._actor(frozenset(roles)),
                f"d:{field}",
                f"a:{action}",
                f"w:{purpose}",
                attributes,
            )
        return answer is True
