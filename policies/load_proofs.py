"""Reading of what a policy must show: its tests, separations of duties and properties."""

from collections.abc import Mapping
from types import MappingProxyType

from governance.core.terms import PurposeId, Treatment
from policies.actions import Action, action_words
from policies.attributes import Attribute, AttributeKind
from policies.document import (
    EntityPair,
    PolicyTest,
    Property,
    ResourceType,
    Separation,
    SubjectType,
)
from policies.load_attributes import read_value
from policies.load_rules import EVERY, Names, read_fields, read_purposes, read_roles
from policies.reader import RULE_NAME, Cursor
from policies.reasons import ReasonCode
from policies.types import Outcome

_PAIR = 2
_FACTS = frozenset({"subject", "resource", "action"})
_TEST_REQUIRED = frozenset({"who", "does", "expect"})
_TEST = _TEST_REQUIRED | {"id", "on", "for", "by", "code", "treatment", *_FACTS}
_SEPARATION_REQUIRED = frozenset({"id", "because"})
_SEPARATION = _SEPARATION_REQUIRED | {"roles_apart", "actions_apart"}
_NEVER_REQUIRED = frozenset({"who", "does", "fields", "for"})
_NEVER = _NEVER_REQUIRED | {"except", "but_for"}
_MAY = frozenset({"who", "may"})
_FORMS = ("never", "never_clear", "never_both", "never_may")
_PROPERTY = _SEPARATION_REQUIRED | frozenset(_FORMS)


def read_test(cursor: Cursor, names: Names, *, number: int) -> PolicyTest:
    """One example; ``does`` is a verb on a field, or a registered action when ``on`` is absent.

    ``type/id`` on ``type/id`` is about a subject and a resource of the policy.
    """
    parts = cursor.table(_TEST, required=_TEST_REQUIRED)
    pair = _pair(parts)
    if pair is None and ("on" in parts) != ("for" in parts):
        raise cursor.refuse("on_and_for")
    if "on" not in parts:
        parts["does"].choice(Action, also=action_words())
    return PolicyTest(
        id=parts["id"].name(RULE_NAME) if "id" in parts else f"T-{number:03d}",
        who=tuple(
            names.role_ids.get(word, word)
            for word in (item.written() for item, _ in parts["who"].words())
        ),
        does=_verb(parts["does"]),
        on=names.field(parts["on"].written()) if "on" in parts and pair is None else None,
        purpose=_purpose(parts["for"], names) if "for" in parts else None,
        expect=parts["expect"].choice(Outcome),
        by=parts["by"].written() if "by" in parts else None,
        code=parts["code"].choice(ReasonCode) if "code" in parts else None,
        treatment=parts["treatment"].choice(Treatment) if "treatment" in parts else None,
        subject=_facts(
            parts.get("subject"), _declared(names.subjects, None if pair is None else pair.subject)
        ),
        resource=_facts(
            parts.get("resource"),
            _declared(names.resources, None if pair is None else pair.resource),
        ),
        action=_facts(parts.get("action"), _told(names, pair, parts["does"].word())),
        entities=pair,
    )


def _pair(parts: Mapping[str, Cursor]) -> EntityPair | None:
    """Subject and resource of a test that writes both as ``type/id``."""
    subject, slash, name = parts["who"].plain().partition("/")
    if not slash or "for" in parts:
        return None
    if "on" not in parts:
        raise parts["who"].refuse("missing_key", "on")
    resource, _, of_resource = parts["on"].written().partition("/")
    return EntityPair(subject=(subject, name), resource=(resource, of_resource))


def _declared(
    kinds: Mapping[str, SubjectType] | Mapping[str, ResourceType], named: tuple[str, str] | None
) -> Mapping[str, Attribute]:
    kind = kinds.get(named[0]) if named else None
    return {} if kind is None else kind.attributes


def _told(names: Names, pair: EntityPair | None, verb: str) -> Mapping[str, Attribute]:
    kind = names.resources.get(pair.resource[0]) if pair else None
    return {} if kind is None else kind.action_attributes.get(verb, {})


def _verb(cursor: Cursor) -> str:
    word = cursor.word()
    named = action_words().get(word)
    return word if named is None else named.value


def _purpose(cursor: Cursor, names: Names) -> PurposeId:
    written = cursor.written()
    return names.purpose_ids.get(written, PurposeId(written))  # a test may try an unknown one


def _facts(cursor: Cursor | None, declared: Mapping[str, Attribute]) -> Mapping[str, object]:
    """What the test tells: of the declared kind, or a text of what the gate would know."""
    if cursor is None:
        return MappingProxyType({})
    found: dict[str, object] = {}
    for name, entry in cursor.named().items():
        attribute = declared.get(name)
        kind = AttributeKind.ANY if attribute is None else attribute.kind
        plain = kind is AttributeKind.ANY
        found[name] = entry.written() if plain else read_value(entry, kind)
    return MappingProxyType(found)


def read_separation(cursor: Cursor, names: Names) -> Separation:
    """Two roles that no person joins, or two actions that no person joins on one case."""
    parts = cursor.table(_SEPARATION, required=_SEPARATION_REQUIRED)
    if ("roles_apart" in parts) == ("actions_apart" in parts):
        raise cursor.refuse("roles_or_actions_apart")
    roles = read_roles(parts["roles_apart"], names) if "roles_apart" in parts else None
    actions = (
        parts["actions_apart"].choices(Action, also=action_words())
        if "actions_apart" in parts
        else None
    )
    if len(roles or actions or ()) != _PAIR:
        raise cursor.refuse("pair_expected")
    return Separation(
        id=parts["id"].name(RULE_NAME),
        because=parts["because"].label(),
        roles=None if roles is None else (roles[0], roles[1]),
        actions=None if actions is None else (actions[0], actions[1]),
    )


def read_property(cursor: Cursor, names: Names) -> Property:
    """One sentence of the form never, never_clear, never_both or never_may."""
    parts = cursor.table(_PROPERTY, required=_SEPARATION_REQUIRED)
    forms = [form for form in _FORMS if form in parts]
    if len(forms) != 1:
        raise cursor.refuse("one_property")
    name, because = parts["id"].name(RULE_NAME), parts["because"].label()
    form, body = forms[0], parts[forms[0]]
    if form == "never_both":
        both = body.choices(Action, also=action_words())
        return Property(id=name, because=because, roles=tuple(names.roles), never_both=both)
    if form == "never_may":
        held = body.table(_MAY, required=_MAY)
        may = held["may"].choices(Action, also=action_words())
        return Property(
            id=name, because=because, roles=read_roles(held["who"], names), never_may=may
        )
    cells = body.table(_NEVER, required=_NEVER_REQUIRED)
    among = names.fields()
    left_out = read_fields(cells["except"], among, names) if "except" in cells else ()
    spared = read_purposes(cells["but_for"], names) if "but_for" in cells else ()
    return Property(
        id=name,
        because=because,
        roles=read_roles(cells["who"], names),
        actions=_actions(cells["does"], names),
        fields=tuple(f for f in read_fields(cells["fields"], among, names) if f not in left_out),
        purposes=tuple(p for p in read_purposes(cells["for"], names) if p not in spared),
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
