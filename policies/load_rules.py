"""Reading of rules: who, what, on which fields, for which purposes, under which duties."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from governance.core.terms import FieldId, PurposeId
from policies.conditions import Condition, attributes_of, parse_condition
from policies.document import Category, PolicyField, ResourceType, Role, Rule, SubjectType
from policies.load_entity_rules import read_entity_rule, subjects_in
from policies.masking import KEEP, Masking, MaskMethod
from policies.purposes import PurposeRecord
from policies.reader import RULE_NAME, Cursor
from policies.types import Effect, Obligation, ObligationKind

EVERY = "*"
MARKETING = "flag:direct_marketing"
_CATEGORY = "category:"
SENSITIVE = "category:sensitive"  # every category that is marked sensitive

_REQUIRED = frozenset({"id", "to", "on", "because"})
_ALLOWED = _REQUIRED | {"allow", "deny", "for", "fields", "except", "obligations", "when"}
_MASK = frozenset({"fields", "method", "keep"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything that rules, tests and properties may name, under its id or either label."""

    categories: Mapping[str, Category]
    resources: Mapping[str, ResourceType]
    roles: Mapping[str, Role]
    role_ids: Mapping[str, str]
    purposes: Mapping[str, PurposeRecord]
    purpose_ids: Mapping[str, PurposeId]
    subjects: Mapping[str, SubjectType]  # by id and by either label
    resource_ids: Mapping[str, str]

    def field(self, word: str) -> FieldId:
        """The field of this id or of ``resource.field`` by their labels; else the word itself."""
        kind, _, name = word.partition(".")
        resource = self.resources.get(self.resource_ids.get(kind, ""))
        for field in () if resource is None else resource.fields:
            if name in {field.label.ja, field.label.en}:
                return field.id
        return FieldId(word)  # a test may try an unknown one

    def fields(self) -> tuple[PolicyField, ...]:
        """Every field of every resource type."""
        return tuple(field for kind in self.resources.values() for field in kind.fields)


def read_roles(cursor: Cursor, names: Names) -> tuple[str, ...]:
    """Roles by id or label; ``*`` is every role."""
    words = cursor.words()
    if [word for _, word in words] == [EVERY]:
        return tuple(names.roles)
    return tuple(item.one_of(names.role_ids, "unknown_role") for item, _ in words)


def read_purposes(cursor: Cursor, names: Names) -> tuple[PurposeId, ...]:
    """Purposes by id or label; ``*`` is every declared purpose, never an undeclared one."""
    found: list[PurposeId] = []
    for item, word in cursor.words():
        if word == EVERY:
            found.extend(record.id for record in names.purposes.values())
        elif word == MARKETING:
            found.extend(record.id for record in names.purposes.values() if record.direct_marketing)
        else:
            found.append(item.one_of(names.purpose_ids, "unknown_purpose"))
    return tuple(dict.fromkeys(found))


def _chosen(pattern: str, fields: Iterable[PolicyField], names: Names) -> tuple[FieldId, ...]:
    if pattern == SENSITIVE:
        marked = {category.id for category in names.categories.values() if category.sensitive}
        return tuple(field.id for field in fields if field.category in marked)
    if pattern.startswith(_CATEGORY):
        wanted = pattern.removeprefix(_CATEGORY)
        meant = {
            one.id
            for one in names.categories.values()
            if wanted in {one.id, one.label.ja, one.label.en}
        }
        return tuple(field.id for field in fields if field.category in meant)
    return tuple(
        field.id
        for field in fields
        if fnmatchcase(field.id.partition(".")[2], pattern)
        or fnmatchcase(field.id, pattern)
        or pattern in {field.label.ja, field.label.en}
    )


def read_fields(
    cursor: Cursor, among: tuple[PolicyField, ...], names: Names
) -> tuple[FieldId, ...]:
    """Fields by id, label, wildcard or category; a pattern that finds nothing is a fault."""
    found: list[FieldId] = []
    for item, word in cursor.words():
        chosen = _chosen(item.written(), among, names) or _chosen(word, among, names)
        if not chosen:
            raise item.refuse("pattern_without_field", word)
        found.extend(chosen)
    return tuple(dict.fromkeys(found))


def read_rule(cursor: Cursor, names: Names) -> Rule:
    """One rule with every wildcard resolved."""
    parts = cursor.table(_ALLOWED, required=_REQUIRED)
    effect = _read_effect(cursor, parts)
    on = tuple(
        names.resources[item.one_of(names.resource_ids, "unknown_resource")]
        for item, _ in parts["on"].words()
    )
    obligations = parts["obligations"].items() if "obligations" in parts else ()
    if effect is Effect.DENY and "obligations" in parts:
        raise parts["obligations"].refuse("deny_with_obligation")
    if subjects := subjects_in(parts[effect.value].words(), names.subjects):
        return read_entity_rule(
            parts,
            effect=effect,
            subjects=subjects,
            on=on,
            actions=_read_actions(parts["to"], on),
            obligations=tuple(_read_obligation(item, (), names) for item in obligations),
        )
    if "for" not in parts:
        raise cursor.refuse("missing_key", "for")
    fields = _read_covered(parts, on, names)
    return Rule(
        id=parts["id"].name(RULE_NAME),
        effect=effect,
        roles=read_roles(parts[effect.value], names),
        actions=_read_actions(parts["to"], on),
        fields=fields,
        purposes=read_purposes(parts["for"], names),
        because=parts["because"].label(),
        obligations=tuple(_read_obligation(item, fields, names) for item in obligations),
        when=_read_when(parts["when"], on) if "when" in parts else (),
    )


def _read_effect(cursor: Cursor, parts: Mapping[str, Cursor]) -> Effect:
    if ("allow" in parts) == ("deny" in parts):
        raise cursor.refuse("allow_or_deny")
    return Effect.ALLOW if "allow" in parts else Effect.DENY


def _read_actions(cursor: Cursor, on: tuple[ResourceType, ...]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(action for resource in on for action in resource.actions))
    words = cursor.words()
    if [word for _, word in words] == [EVERY]:
        return known
    for item, word in words:
        if word not in known:
            raise item.refuse("unknown_word", word, allowed=", ".join(known))
    return tuple(word for _, word in words)


def _read_covered(
    parts: Mapping[str, Cursor], on: tuple[ResourceType, ...], names: Names
) -> tuple[FieldId, ...]:
    among = tuple(field for resource in on for field in resource.fields)
    if "fields" in parts:
        covered = read_fields(parts["fields"], among, names)
    else:
        covered = tuple(field.id for field in among)
    left_out = read_fields(parts["except"], among, names) if "except" in parts else ()
    kept = tuple(field for field in covered if field not in left_out)
    if not kept:
        raise parts["on"].refuse("rule_without_field")
    return kept


def _read_when(cursor: Cursor, on: tuple[ResourceType, ...]) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for item in cursor.items():
        condition = parse_condition(item.written())
        if condition is None:
            raise item.refuse("bad_condition", item.written())
        for owner, name in attributes_of(condition):
            declared = all(name in resource.attributes for resource in on)
            if owner == "action" or (owner == "resource" and not declared):
                raise item.refuse("unknown_attribute", name)
        found.append(condition)
    return tuple(found)


def _read_obligation(cursor: Cursor, among: tuple[FieldId, ...], names: Names) -> Obligation:
    named = _kind_and_detail(cursor)
    if named is None:
        return _plain_obligation(cursor, cursor.choice(ObligationKind))
    kind, detail = named
    match kind:
        case ObligationKind.MASK | ObligationKind.REDACT:
            return _masking_obligation(detail, kind, among, names)
        case ObligationKind.LOG | ObligationKind.NOTIFY:
            return Obligation(kind=kind, detail=detail.name())
        case ObligationKind.EXPIRE | ObligationKind.RATE:
            return Obligation(kind=kind, limit=detail.number(least=1, most=1_000_000))
        case ObligationKind.PURPOSE_TAG | ObligationKind.NO_ONWARD_TRANSFER:
            raise detail.refuse("obligation_takes_nothing", kind.value)


def _plain_obligation(cursor: Cursor, kind: ObligationKind) -> Obligation:
    if kind in {ObligationKind.PURPOSE_TAG, ObligationKind.NO_ONWARD_TRANSFER}:
        return Obligation(kind=kind)
    if kind is ObligationKind.REDACT:
        return Obligation(kind=kind, masking=Masking(method=MaskMethod.REDACT))
    raise cursor.refuse("obligation_needs_more", kind.value)


def _kind_and_detail(cursor: Cursor) -> tuple[ObligationKind, Cursor] | None:
    """Kind and detail of an obligation written as ``kind: detail``, or None for a bare word."""
    if not cursor.is_table:
        return None
    kinds = frozenset(kind.value for kind in ObligationKind)
    entries = cursor.table(kinds, required=frozenset())
    if len(entries) != 1:
        raise cursor.refuse("one_obligation")
    ((kind, detail),) = entries.items()
    return ObligationKind(kind), detail


def _masking_obligation(
    cursor: Cursor, kind: ObligationKind, among: tuple[FieldId, ...], names: Names
) -> Obligation:
    redacting = kind is ObligationKind.REDACT
    allowed = frozenset({"fields"}) if redacting else _MASK
    parts = cursor.table(allowed, required=allowed - {"keep"})
    fields = read_fields(parts["fields"], names.fields(), names)
    inside = tuple(field for field in fields if field in among)
    if not inside:
        raise parts["fields"].refuse("mask_outside_rule")
    method = MaskMethod.REDACT if redacting else parts["method"].choice(MaskMethod)
    keep = parts["keep"].number(least=1, most=8) if "keep" in parts else KEEP
    return Obligation(kind=kind, fields=inside, masking=Masking(method=method, keep=keep))
