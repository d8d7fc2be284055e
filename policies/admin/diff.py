"""What changes from one policy to another, cell by cell, whatever the rules are called; pure.

Every cell of role x field x action x purpose is compared, those of no rule included: a cell that
no rule names is refused in both. Cells that share their grants are worked out once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from governance.core.terms import PurposeId
from policies.actions import Action
from policies.casbin_door import ROUTE_FIELD
from policies.conditions import as_text
from policies.document import PolicySet, Role
from policies.duties import granted
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot
from policies.table import Cell, Grant
from policies.types import Label, Obligation

CellKey = tuple[str, str, str]  # field, action, purpose


@dataclass(frozen=True, slots=True)
class Shown:
    """One way in which a cell is open: under these conditions, with these obligations."""

    when: str  # "-" for always
    obligations: tuple[Obligation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a cell answers to holders of one role; no ways means refused."""

    ways: tuple[Shown, ...] = ()
    barred_when: tuple[str, ...] = ()  # conditions under which a prohibition holds

    def __bool__(self) -> bool:
        return bool(self.ways)


REFUSED = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell whose answer differs."""

    role: str
    field: str
    action: str
    purpose: PurposeId
    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """What a role may otherwise do than before: registered actions, whom it is for, its power."""

    role: str
    gains: tuple[Action, ...] = ()
    loses: tuple[Action, ...] = ()
    added: bool = False
    removed: bool = False
    break_glass: bool | None = None  # the new value, where it changes
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeChange:
    """One attribute of a purpose that differs; None for the whole purpose added or removed."""

    purpose: PurposeId
    attribute: str | None
    before: object = None
    after: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """A term that differs and stands in no cell of roles: fields, subjects, their rules, tests."""

    section: str
    name: str
    change: str  # added, removed, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDiff:
    """Everything that differs between two policies."""

    before: PolicySnapshot
    after: PolicySnapshot
    compared: int  # cells of role x field x action x purpose
    changes: tuple[CellChange, ...]
    roles: tuple[RoleChange, ...]
    purposes: tuple[PurposeChange, ...]
    terms: tuple[TermChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes or self.roles or self.purposes or self.terms)

    def touched(self) -> frozenset[PurposeId]:
        """Purposes of which some answer may come out otherwise."""
        named = {change.purpose for change in self.changes}
        return frozenset(named | {c.purpose for c in self.purposes if c.attribute not in WORDS})


SECTIONS = (
    "categories",
    "fields",
    "subjects",
    "entities",
    "entity_rules",
    "separations",
    "properties",
    "tests",
)
WORDS = frozenset({"label", "law_refs", "code"})  # attributes that decide nothing


def compare_policies(before: PolicySnapshot, after: PolicySnapshot) -> PolicyDiff:
    """Every difference between two compiled policies."""
    old, new = _policy(before), _policy(after)
    return PolicyDiff(
        before=before,
        after=after,
        compared=_size(old, new),
        changes=tuple(_cell_changes(before, after)),
        roles=tuple(_role_changes(before.roles, after.roles)),
        purposes=tuple(_purpose_changes(before.purposes, after.purposes)),
        terms=tuple(_term_changes(old, new)),
    )


def _policy(snapshot: PolicySnapshot) -> PolicySet:
    if snapshot.policy is None:
        raise ValueError("no policy is loaded")
    return snapshot.policy


def _size(old: PolicySet, new: PolicySet) -> int:
    roles = {role.id for role in (*old.roles, *new.roles)}
    names = {name.id for name in (*old.fields(), *new.fields())}
    actions = {a for kind in (*old.resources, *new.resources) for a in kind.actions}
    purposes = {purpose.id for purpose in (*old.purposes, *new.purposes)}
    return len(roles) * len(names) * len(actions) * len(purposes)


class _Side:
    """The answers of one policy, by cell and role; equal cells are worked out once."""

    def __init__(self, snapshot: PolicySnapshot, roles: tuple[str, ...]) -> None:
        self._snapshot = snapshot
        table = snapshot.table
        self.cells: Mapping[CellKey, Cell] = {} if table is None else table.cells
        self._held = [0 if table is None else table.mask_of(frozenset({role})) for role in roles]
        self._none = (REFUSED,) * len(roles)
        self._known: dict[int, tuple[Answer, ...]] = {}

    def answers(self, key: CellKey) -> tuple[Answer, ...]:
        """What the cell answers to each role, through the first two gates."""
        cell = self.cells.get(key)
        if cell is None or not self._covers(key):
            return self._none
        found = self._known.get(id(cell))
        if found is None:
            found = tuple(_answer(cell, held) for held in self._held)
            self._known[id(cell)] = found
        return found

    def _covers(self, key: CellKey) -> bool:
        purpose = self._snapshot.purposes.get(PurposeId(key[2]))
        return purpose is not None and self._snapshot.categories.get(key[0]) in purpose.categories  # type: ignore[call-overload] # a field of the table is a field id


def _answer(cell: Cell, held: int) -> Answer:
    denies = [grant for grant in cell.denies if grant.mask & held]
    if not held or any(not grant.when for grant in denies):
        return REFUSED
    ways: list[Shown] = []
    for grant in cell.allows:
        if not grant.mask & held:
            continue
        way = _way(grant)
        if way not in ways:
            ways.append(way)
        if not grant.when:
            break  # what stands behind an unconditional grant is never reached
    return Answer(tuple(ways), tuple(sorted({as_text(grant.when) for grant in denies})))


def _way(grant: Grant) -> Shown:
    duties = sorted(grant.decision.obligations, key=repr)
    return Shown(as_text(grant.when), tuple(duties))


def _cell_changes(before: PolicySnapshot, after: PolicySnapshot) -> Iterator[CellChange]:
    roles = tuple(dict.fromkeys([*before.roles, *after.roles]))
    old, new = _Side(before, roles), _Side(after, roles)
    for key in dict.fromkeys([*old.cells, *new.cells]):
        field, action, purpose = key
        was, now = old.answers(key), new.answers(key)
        if field == ROUTE_FIELD or was == now:
            continue
        for role, left, right in zip(roles, was, now, strict=True):
            if left != right:
                yield CellChange(
                    role=role,
                    field=field,
                    action=action,
                    purpose=PurposeId(purpose),
                    before=left,
                    after=right,
                )


def _role_changes(old: Mapping[str, Role], new: Mapping[str, Role]) -> Iterator[RoleChange]:
    for name in dict.fromkeys([*old, *new]):
        was = granted(old, name) if name in old else frozenset()
        now = granted(new, name) if name in new else frozenset()
        left, right = old.get(name), new.get(name)
        both = left is not None and right is not None
        change = RoleChange(
            role=name,
            gains=tuple(sorted(now - was)),
            loses=tuple(sorted(was - now)),
            added=left is None,
            removed=right is None,
            break_glass=(
                right.break_glass if both and left.break_glass is not right.break_glass else None  # type: ignore[union-attr] # both are there
            ),
            kind=right.kind.value if both and left.kind is not right.kind else None,  # type: ignore[union-attr] # the same
        )
        if change != RoleChange(role=name):
            yield change


def _purpose_changes(
    old: Mapping[PurposeId, PurposeRecord], new: Mapping[PurposeId, PurposeRecord]
) -> Iterator[PurposeChange]:
    for name in dict.fromkeys([*old, *new]):
        if name not in old or name not in new:
            yield PurposeChange(
                purpose=name, attribute=None, before=old.get(name), after=new.get(name)
            )
            continue
        for attribute in fields(PurposeRecord):
            left, right = getattr(old[name], attribute.name), getattr(new[name], attribute.name)
            if left != right:
                yield PurposeChange(
                    purpose=name, attribute=attribute.name, before=left, after=right
                )


def _term_changes(old: PolicySet, new: PolicySet) -> Iterator[TermChange]:
    for section in SECTIONS:
        was, now = _terms(old, section), _terms(new, section)
        for name in dict.fromkeys([*was, *now]):
            if name not in was:
                yield TermChange(section=section, name=name, change="added")
            elif name not in now:
                yield TermChange(section=section, name=name, change="removed")
            elif was[name] != now[name]:
                yield TermChange(section=section, name=name, change="changed")


def _terms(policy: PolicySet, section: str) -> dict[str, object]:
    if section == "fields":
        return {str(field.id): field for field in policy.fields()}
    if section == "entities":
        return {
            f"{kind}/{name}": dict(facts)
            for kind, found in policy.entities.items()
            for name, facts in found.items()
        }
    return {term.id: term for term in getattr(policy, section)}


def label_of(snapshot: PolicySnapshot, other: PolicySnapshot, role: str) -> Label | None:
    """The role's name in whichever of two policies knows it, the first preferred."""
    found = snapshot.roles.get(role) or other.roles.get(role)
    return None if found is None else found.label
