"""Reading of rules on subjects of the policy: kinds of subjects, actions, kinds of resources.

Such a rule names no purpose and no field, and it may not be on a kind that holds persons' fields:
what is about persons passes the gates by role, purpose and the person's own choice.
"""

from collections.abc import Iterable, Mapping

from policies.attributes import AttributeKind
from policies.conditions import Comparison, Condition, fact_of, literal_of, parse_condition
from policies.document import NO_PURPOSE, ResourceType, Rule, SubjectType
from policies.reader import RULE_NAME, Cursor
from policies.types import Effect, Obligation

_OTHER = frozenset({"fields", "except", "for"})
BUILT_IN = (
    *(("subject", "id"), ("subject", "type"), ("action", "name")),
    *(("resource", "id"), ("resource", "type")),
)
Kinds = Mapping[tuple[str, str], AttributeKind]


def read_entity_rule(
    parts: Mapping[str, Cursor],
    *,
    effect: Effect,
    subjects: tuple[SubjectType, ...],
    on: tuple[ResourceType, ...],
    actions: tuple[str, ...],
    obligations: tuple[Obligation, ...],
) -> Rule:
    """One rule on subjects of the policy, its conditions checked against what is declared."""
    for key in sorted(_OTHER & parts.keys()):
        raise parts[key].refuse("not_for_subjects", key)
    fields = tuple(kind.whole for kind in on if kind.whole is not None)
    if len(fields) != len(on):
        raise parts["on"].refuse("subject_on_person_data")
    if any(duty.masking is not None for duty in obligations):
        raise parts["obligations"].refuse("mask_outside_rule")
    kinds = _kinds(subjects, on, actions)
    when = parts["when"].items() if "when" in parts else ()
    return Rule(
        id=parts["id"].name(RULE_NAME),
        effect=effect,
        roles=tuple(subject.holder for subject in subjects),
        actions=actions,
        fields=fields,
        purposes=(NO_PURPOSE,),
        because=parts["because"].label(),
        obligations=obligations,
        when=tuple(_condition(item, kinds) for item in when),
    )


def _kinds(
    subjects: tuple[SubjectType, ...], on: tuple[ResourceType, ...], actions: tuple[str, ...]
) -> Kinds:
    """The facts that every subject, resource and action of the rule has, with their kinds."""
    declared = {
        "subject": [subject.attributes for subject in subjects],
        "resource": [kind.attributes for kind in on],
        "action": [kind.action_attributes.get(verb, {}) for kind in on for verb in actions],
    }
    found = dict.fromkeys(BUILT_IN, AttributeKind.STRING)
    for owner, several in declared.items():
        for name, attribute in (several[0] if several else {}).items():
            if all(name in one and one[name].kind is attribute.kind for one in several):
                found[(owner, name)] = attribute.kind
    return found


def _condition(cursor: Cursor, kinds: Kinds) -> Condition:
    condition = parse_condition(cursor.written())
    if condition is None:
        raise cursor.refuse("bad_condition", cursor.written())
    left, right = (_kind(side, kinds, cursor) for side in (condition.left, condition.right))
    if not _comparable(condition.comparison, left, right):
        raise cursor.refuse("kinds_differ", cursor.written())
    return condition


def _kind(side: str, kinds: Kinds, cursor: Cursor) -> AttributeKind:
    fact = fact_of(side)
    if fact is not None:
        if fact not in kinds:
            raise cursor.refuse("unknown_attribute", side)
        return kinds[fact]
    match literal_of(side):
        case bool():
            return AttributeKind.BOOLEAN
        case int():
            return AttributeKind.INTEGER
        case str():
            return AttributeKind.STRING
        case tuple():
            return AttributeKind.LIST


def _comparable(comparison: Comparison, left: AttributeKind, right: AttributeKind) -> bool:
    if AttributeKind.ANY in {left, right}:
        return False  # fails closed: nobody fills it in when a caller asks
    match comparison:
        case Comparison.EQUAL | Comparison.NOT_EQUAL:
            return left is right and left is not AttributeKind.LIST
        case Comparison.IN | Comparison.NOT_IN:
            return left is AttributeKind.STRING and right is AttributeKind.LIST


def subjects_in(
    words: Iterable[tuple[Cursor, str]], subjects: Mapping[str, SubjectType]
) -> tuple[SubjectType, ...]:
    """The kinds of subjects that a rule names by id or label; none when it names roles."""
    named = [(item, subjects.get(item.written())) for item, _ in words]
    found = tuple(subject for _, subject in named if subject is not None)
    if found and len(found) != len(named):
        raise next(item for item, subject in named if subject is None).refuse("mixed_subjects")
    return found
