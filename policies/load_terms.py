"""Reading of the terms of a policy: categories, resource types with fields, roles."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from governance.core.terms import FieldId
from policies.actions import Action, action_words
from policies.document import WHOLE, Category, PolicyField, ResourceType, Role
from policies.load_attributes import read_actions, read_attributes
from policies.reader import NAME, RULE_NAME, Cursor
from policies.types import RoleKind, Verb

RESERVED = frozenset({"route", "category", "flag"})
MAX_INHERITANCE = 8  # Casbin's role links are followed ten steps deep and then end silently
_CATEGORY = frozenset({"label", "sensitive"})
_RESOURCE = frozenset({"label", "fields", "actions", "attributes", "listed_only"})
_FIELD = frozenset({"label", "category"})
_ROLE = frozenset({"label", "kind", "inherits", "may", "break_glass"})
_LABEL = frozenset({"label"})
_VERBS = tuple(verb.value for verb in Verb)


def _id(
    name: str,
    cursor: Cursor,
    *,
    reserved: frozenset[str] = frozenset(),
    form: re.Pattern[str] = NAME,
) -> str:
    if not form.fullmatch(name) or name in reserved:
        raise cursor.refuse("bad_name", name)
    return name


def read_category(name: str, cursor: Cursor) -> Category:
    """One kind of data."""
    parts = cursor.table(_CATEGORY, required=_LABEL)
    sensitive = parts["sensitive"].flag() if "sensitive" in parts else False
    return Category(id=_id(name, cursor), label=parts["label"].label(), sensitive=sensitive)


def read_resource(name: str, cursor: Cursor, *, categories: Mapping[str, str]) -> ResourceType:
    """One kind of record with its fields; without fields it is one whole."""
    parts = cursor.table(_RESOURCE, required=_LABEL)
    if "fields" in parts:
        resource = _id(name, cursor, reserved=RESERVED)
    else:
        resource = _id(name, cursor, form=RULE_NAME)  # another system's word, its case included
    label = parts["label"].label()
    fields: tuple[PolicyField, ...]
    if "fields" in parts:
        listed = parts["fields"].named().items()
        fields = tuple(
            _read_field(resource, key, entry, categories=categories) for key, entry in listed
        )
    else:
        whole = FieldId(f"{resource}.{WHOLE}")
        fields = (PolicyField(id=whole, label=label, category=WHOLE),)
    told = read_actions(parts["actions"]) if "actions" in parts else {verb: {} for verb in _VERBS}
    return ResourceType(
        id=resource,
        label=label,
        fields=fields,
        actions=tuple(told),
        attributes=read_attributes(parts.get("attributes")),
        action_attributes=MappingProxyType({verb: held for verb, held in told.items() if held}),
        listed_only=parts["listed_only"].flag() if "listed_only" in parts else True,
    )


def _read_field(
    resource: str, name: str, cursor: Cursor, *, categories: Mapping[str, str]
) -> PolicyField:
    parts = cursor.table(_FIELD, required=_FIELD)
    return PolicyField(
        id=FieldId(f"{resource}.{_id(name, cursor)}"),
        label=parts["label"].label(),
        category=parts["category"].one_of(categories, "unknown_category"),
    )


def read_role(name: str, cursor: Cursor) -> Role:
    """One role; the roles that it contains are resolved when all are known."""
    parts = cursor.table(_ROLE, required=_LABEL)
    inherits = parts["inherits"].words() if "inherits" in parts else ()
    may = parts["may"].choices(Action, also=action_words()) if "may" in parts else ()
    return Role(
        id=_id(name, cursor),
        label=parts["label"].label(),
        kind=parts["kind"].choice(RoleKind) if "kind" in parts else RoleKind.STAFF,
        inherits=tuple(item.written() for item, _ in inherits),
        may=frozenset(may),
        break_glass=parts["break_glass"].flag() if "break_glass" in parts else False,
    )


def closure(roles: Mapping[str, Role], start: str) -> frozenset[str]:
    """This role and every role that it contains, however deep; unknown names are left out."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in roles and name not in found:
            found.add(name)
            ahead.extend(roles[name].inherits)
    return frozenset(found)


def inheritance_fault(roles: Mapping[str, Role], name: str) -> str | None:
    """Code of what is wrong with the inheritance of this role, or None."""
    role = roles[name]
    for parent in role.inherits:
        if parent not in roles:
            return "unknown_role"
        if roles[parent].kind is not role.kind:
            return "role_kind_differs"
    if any(name in closure(roles, parent) for parent in role.inherits):
        return "role_inherits_itself"
    return "inheritance_too_deep" if _depth(roles, name) > MAX_INHERITANCE else None


def _depth(roles: Mapping[str, Role], name: str) -> int:
    level, depth = {name}, 0
    while level and depth <= MAX_INHERITANCE:
        level = {parent for role in level if role in roles for parent in roles[role].inherits}
        depth += bool(level)
    return depth
