"""Reading of what a policy must show: its tests, separations of duties and properties."""

from collections.abc import Mapping
from types import MappingProxyType

from governance.core.terms import FieldId, PurposeId, Treatment
from policies.actions import Action
from policies.document import PolicyTest, Property, Separation
from policies.load_rules import EVERY, Names, read_fields, read_purposes, read_roles
from policies.reader import RULE_NAME, Cursor
from policies.reasons import ReasonCode
from policies.types import Outcome

_PAIR = 2
_TEST_REQUIRED = frozenset({"who", "does", "expect"})
_TEST = _TEST_REQUIRED | {"id", "on", "for", "by", "code", "treatment", "subject", "resource"}
_SEPARATION_REQUIRED = frozenset({"id", "because"})
_SEPARATION = _SEPARATION_REQUIRED | {"roles_apart", "actions_apart"}
_NEVER = frozenset({"who", "does", "fields", "for"})
_PROPERTY = _SEPARATION_REQUIRED | {"never", "never_clear", "never_both"}


def read_test(cursor: Cursor, names: Names, *, number: int) -> PolicyTest:
    """One example; ``does`` is a verb on a field, or a registered action when ``on`` is absent."""
    parts = cursor.table(_TEST, required=_TEST_REQUIRED)
    if ("on" in parts) != ("for" in parts):
        raise cursor.refuse("on_and_for")
    if "on" not in parts:
        parts["does"].choice(Action)
    return PolicyTest(
        id=parts["id"].name(RULE_NAME) if "id" in parts else f"T-{number:03d}",
        who=tuple(item.written() for item, _ in parts["who"].words()),
        does=parts["does"].word(),
        on=FieldId(parts["on"].written()) if "on" in parts else None,
        purpose=_purpose(parts["for"], names) if "for" in parts else None,
        expect=parts["expect"].choice(Outcome),
        by=parts["by"].written() if "by" in parts else None,
        code=parts["code"].choice(ReasonCode) if "code" in parts else None,
        treatment=parts["treatment"].choice(Treatment) if "treatment" in parts else None,
        subject=_facts(parts.get("subject")),
        resource=_facts(parts.get("resource")),
    )


def _purpose(cursor: Cursor, names: Names) -> PurposeId:
    written = cursor.written()
    return names.purpose_ids.get(written, PurposeId(written))  # a test may try an unknown one


def _facts(cursor: Cursor | None) -> Mapping[str, str]:
    if cursor is None:
        return MappingProxyType({})
    return MappingProxyType({key: entry.written() for key, entry in cursor.named().items()})


def read_separation(cursor: Cursor, names: Names) -> Separation:
    """Two roles that no person joins, or two actions that no person joins on one case."""
    parts = cursor.table(_SEPARATION, required=_SEPARATION_REQUIRED)
    if ("roles_apart" in parts) == ("actions_apart" in parts):
        raise cursor.refuse("roles_or_actions_apart")
    roles = read_roles(parts["roles_apart"], names) if "roles_apart" in parts else None
    actions = parts["actions_apart"].choices(Action) if "actions_apart" in parts else None
    if len(roles or actions or ()) != _PAIR:
        raise cursor.refuse("pair_expected")
    return Separation(
        id=parts["id"].name(RULE_NAME),
        because=parts["because"].label(),
        roles=None if roles is None else (roles[0], roles[1]),
        actions=None if actions is None else (actions[0], actions[1]),
    )


def read_property(cursor: Cursor, names: Names) -> Property:
    """One sentence of the form never, never_clear or never_both."""
    parts = cursor.table(_PROPERTY, required=_SEPARATION_REQUIRED)
    forms = [form for form in ("never", "never_clear", "never_both") if form in parts]
    if len(forms) != 1:
        raise cursor.refuse("one_property")
    name, because = parts["id"].name(RULE_NAME), parts["because"].label()
    form, body = forms[0], parts[forms[0]]
    if form == "never_both":
        both = body.choices(Action)
        return Property(id=name, because=because, roles=tuple(names.roles), never_both=both)
    cells = body.table(_NEVER, required=_NEVER)
    return Property(
        id=name,
        because=because,
        roles=read_roles(cells["who"], names),
        actions=_actions(cells["does"], names),
        fields=read_fields(cells["fields"], names.fields(), names),
        purposes=read_purposes(cells["for"], names),
        never_clear=form == "never_clear",
    )


def _actions(cursor: Cursor, names: Names) -> tuple[str, ...]:
    known = {action for resource in names.resources.values() for action in resource.actions}
    words = cursor.words()
    if [word for _, word in words] == [EVERY]:
        return tuple(sorted(known))
    for item, word in words:
        if word not in known:
            raise item.refuse("unknown_word", word, allowed=", ".join(sorted(known)))
    return tuple(word for _, word in words)
