"""A difference of two policies in words: which role gains or loses what, for which purpose."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.core.terms import FieldId, Lang, PurposeId
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from policies.actions import action_label
from policies.admin.diff import (
    Answer,
    CellChange,
    PolicyDiff,
    PurposeChange,
    RoleChange,
    Shown,
    TermChange,
)
from policies.masking import MILDNESS
from policies.snapshot import PolicySnapshot
from policies.types import Label, Obligation, ObligationKind, Verb

LabelsOf = Callable[[PolicySnapshot], Mapping[str, Label]]
ALWAYS = "-"
LISTED = {"channels": "channel", "signals": "signal", "provisions": "provision"}
ONE_WORD = frozenset({"minors", "signal_override"})
VERBS = frozenset(Verb)
LOG_LEVELS = frozenset({"normal", "detailed"})


class Turn(StrEnum):
    """What a change means for the role."""

    GAINS = "gains"
    LOSES = "loses"
    MORE = "more"  # shown more of than before
    LESS = "less"
    OTHERWISE = "otherwise"  # other conditions or obligations


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cells that change in one way: these roles, these fields, one action, one purpose."""

    turn: Turn
    roles: tuple[str, ...]
    fields: tuple[FieldId, ...]
    action: str
    purpose: PurposeId
    before: Answer
    after: Answer

    @property
    def cells(self) -> int:
        """How many cells of the policy these are."""
        return len(self.roles) * len(self.fields)

    def as_json(self) -> dict[str, object]:
        """The group for programs."""
        return {
            "turn": self.turn.value,
            "roles": list(self.roles),
            "fields": list(self.fields),
            "action": self.action,
            "cells": self.cells,
        }


def grouped(changes: Iterable[CellChange]) -> tuple[Group, ...]:
    """The changed cells, those together that change alike; what opens most stands first."""
    fields: dict[tuple[str, str, PurposeId, Answer, Answer], list[FieldId]] = {}
    for one in changes:
        key = (one.role, one.action, one.purpose, one.before, one.after)
        fields.setdefault(key, []).append(FieldId(one.field))
    roles: dict[tuple[tuple[FieldId, ...], str, PurposeId, Answer, Answer], list[str]] = {}
    for (role, action, purpose, before, after), found in fields.items():
        roles.setdefault((tuple(found), action, purpose, before, after), []).append(role)
    groups = [
        Group(
            turn=turn_of(before, after),
            roles=tuple(held),
            fields=found,
            action=action,
            purpose=purpose,
            before=before,
            after=after,
        )
        for (found, action, purpose, before, after), held in roles.items()
    ]
    order = list(Turn)
    return tuple(sorted(groups, key=lambda group: (order.index(group.turn), group.purpose)))


def turn_of(before: Answer, after: Answer) -> Turn:
    """What the change of an answer means."""
    if not before or not after:
        return Turn.GAINS if after else Turn.LOSES
    hidden, hides = _hiding(before), _hiding(after)
    if hidden == hides:
        return Turn.OTHERWISE
    return Turn.MORE if hides < hidden else Turn.LESS


def _hiding(answer: Answer) -> int:
    """How much the mildest way hides: 0 is clear."""
    masks = (next((d.masking for d in way.obligations if d.masking), None) for way in answer.ways)
    return min(0 if mask is None else MILDNESS[mask.method] for mask in masks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One change in words, with what programs need of it."""

    kind: str  # cells, role, purpose, term
    text: str
    purpose: PurposeId | None = None
    group: Group | None = None


def sentences(diff: PolicyDiff, lang: Lang) -> Iterator[Sentence]:
    """Every change in words: cells first, then roles, purposes and terms."""
    names = Names(lang, diff.before, diff.after)
    for group in grouped(diff.changes):
        yield Sentence(kind="cells", text=names.group(group), purpose=group.purpose, group=group)
    for role in diff.roles:
        for words in names.role_change(role):
            yield Sentence(kind="role", text=words)
    for purpose in diff.purposes:
        yield Sentence(kind="purpose", text=names.purpose_change(purpose), purpose=purpose.purpose)
    for term in diff.terms:
        yield Sentence(kind="term", text=names.term_change(term))


class Names:
    """Names and words of policies in one language; the last policy's name is preferred."""

    def __init__(self, lang: Lang, *policies: PolicySnapshot) -> None:
        self._lang = lang
        self._roles = _labels(policies, lambda s: {r.id: r.label for r in s.roles.values()})
        self._purposes = _labels(policies, lambda s: {p.id: p.label for p in s.purposes.values()})
        self._fields = _labels(policies, _field_labels)
        self._categories = _labels(policies, _category_labels)

    def roles(self, roles: Iterable[str]) -> str:
        """The roles by their names."""
        return self._joined(self._named(self._roles, role) for role in roles)

    def purposes(self, purposes: Iterable[str]) -> str:
        """The purposes by their names."""
        return self._joined(self._named(self._purposes, purpose) for purpose in purposes)

    def fields(self, fields: Sequence[FieldId], *, most: int) -> str:
        """The first fields by their names, and how many more there are."""
        words = self._joined(self._field(field) for field in fields[:most])
        more = len(fields) - most
        return words if more <= 0 else self._say("diff.more_fields", words=words, count=more)

    def actions(self, actions: Iterable[str]) -> str:
        """The actions by their names."""
        return self._joined(self.action(action) for action in actions)

    def action(self, action: str) -> str:
        """The action by its name; one that other systems brought has none."""
        return self._say(f"verb.{action}") if action in VERBS else action

    def duty(self, duty: Obligation) -> str:
        """The obligation in words."""
        return self._duty(duty)

    def _say(self, key: str, **params: object) -> str:
        return text(f"policies.{key}", self._lang, **params)

    def _joined(self, words: Iterable[str]) -> str:
        return self._say("diff.comma").join(words)

    def _named(self, labels: Mapping[str, Label], name: str) -> str:
        return labels[name][self._lang] if name in labels else name

    def group(self, group: Group) -> str:
        """The sentence of cells that change alike."""
        return self._say(
            f"diff.{group.turn.value}",
            roles=self._joined(self._named(self._roles, role) for role in group.roles),
            purpose=self._named(self._purposes, group.purpose),
            action=self.action(group.action),
            fields=self._joined(self._field(field) for field in group.fields),
            before=self.answer(group.before),
            after=self.answer(group.after),
        )

    def _field(self, field: FieldId) -> str:
        return field_name(field, self._named(self._fields, field), self._lang)

    def answer(self, answer: Answer) -> str:
        """What a cell shows, with conditions and obligations."""
        if not answer:
            return self._say("treatment.withheld")
        words = self._say("diff.or").join(self._way(way) for way in answer.ways)
        for barred in answer.barred_when:
            words += self._say("diff.barred", when=barred)
        return words

    def _way(self, way: Shown) -> str:
        masking = next((duty.masking for duty in way.obligations if duty.masking), None)
        words = (
            self._say("treatment.clear")
            if masking is None
            else self._say(f"mask.{masking.method.value}")
        )
        duties = [self._duty(duty) for duty in way.obligations if duty.masking is None]
        if way.when != ALWAYS:
            duties.append(self._say("diff.when", when=way.when))
        return f"{words} ({self._joined(duties)})" if duties else words

    def _duty(self, duty: Obligation) -> str:
        key = f"obligation.{duty.kind.value}"
        if duty.limit is not None:
            return self._say(f"{key}.limit", n=duty.limit)
        if duty.detail in LOG_LEVELS and duty.kind is ObligationKind.LOG:
            return self._say(f"{key}.{duty.detail}")
        return f"{self._say(key)} {duty.detail}" if duty.detail else self._say(key)

    def role_change(self, change: RoleChange) -> Iterator[str]:
        """The sentences of one role."""
        role = self._named(self._roles, change.role)
        if change.added or change.removed:
            yield self._say(f"diff.role_{'added' if change.added else 'removed'}", role=role)
        for turn, actions in (("may_gains", change.gains), ("may_loses", change.loses)):
            if actions:
                listed = self._joined(action_label(action, self._lang) for action in actions)
                yield self._say(f"diff.{turn}", role=role, actions=listed)
        if change.break_glass is not None:
            turn = "glass_gains" if change.break_glass else "glass_loses"
            yield self._say(f"diff.{turn}", role=role)
        if change.kind is not None:
            yield self._say("diff.role_kind", role=role, kind=self._say(f"role_kind.{change.kind}"))

    def purpose_change(self, change: PurposeChange) -> str:
        """The sentence of one attribute of a purpose."""
        purpose = self._named(self._purposes, change.purpose)
        if change.attribute is None:
            turn = "purpose_added" if change.before is None else "purpose_removed"
            return self._say(f"diff.{turn}", purpose=purpose)
        return self._say(
            "diff.purpose",
            purpose=purpose,
            attribute=self._say(f"diff.attribute.{change.attribute}"),
            before=self._value(change.attribute, change.before),
            after=self._value(change.attribute, change.after),
        )

    def _value(self, attribute: str, value: object) -> str:
        if value is None or value in (frozenset(), ()):
            return self._say("diff.nothing")
        if isinstance(value, bool):
            return self._say("diff.yes" if value else "diff.no")
        if isinstance(value, Label):
            return value[self._lang]
        if isinstance(value, Mapping):
            return self._joined(self._by_law(attribute, value)) or self._say("diff.nothing")
        if isinstance(value, frozenset | tuple):
            return self._joined(sorted(self._member(attribute, str(one)) for one in value))
        if attribute in ONE_WORD:
            return self._say(f"{attribute}.{value}")
        return self._say("diff.months", count=value) if attribute.endswith("months") else str(value)

    def _by_law(self, attribute: str, value: Mapping[str, object]) -> Iterator[str]:
        for law, given in sorted(value.items()):
            words = self._say(f"basis.{given}") if attribute == "basis" else str(given)
            yield f"{self._say(f'diff.law.{law}')} {words}"

    def _member(self, attribute: str, member: str) -> str:
        if attribute == "categories":
            return self._named(self._categories, member)
        kind = LISTED.get(attribute)
        return member if kind is None else self._say(f"{kind}.{member}")

    def term_change(self, change: TermChange) -> str:
        """The sentence of a term that opens no cell by itself."""
        return self._say(
            f"diff.term_{change.change}",
            section=self._say(f"diff.section.{change.section}"),
            name=change.name,
        )


def field_name(field: str, label: str, lang: Lang) -> str:
    """A field by its label; with its table where it is not one of the person themselves.

    What the catalogue does not know (another system's) keeps its code beside it.
    """
    resource = field.partition(".")[0]
    if resource == "person" and label != field:
        return label
    table = catalogue().tables.get(resource)
    if table is None or label == field:
        return f"{label} ({field})"
    return text("policies.field_of", lang, table=table.label(lang), field=label)


def _labels(policies: Iterable[PolicySnapshot], of: LabelsOf) -> Mapping[str, Label]:
    return {name: label for policy in policies for name, label in of(policy).items()}


def _field_labels(snapshot: PolicySnapshot) -> Mapping[str, Label]:
    fields = () if snapshot.policy is None else snapshot.policy.fields()
    return {str(field.id): field.label for field in fields}


def _category_labels(snapshot: PolicySnapshot) -> Mapping[str, Label]:
    found = () if snapshot.policy is None else snapshot.policy.categories
    return {category.id: category.label for category in found}
