"""Vocabularies of tags and topics of preferences: the words that may be said of a person."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from governance.core.terms import PurposeId
from governance.customers.catalogue import Sensitivity
from governance.customers.custom.sensitive import special_care_in
from governance.customers.custom.types import NAME, Topic, Vocabulary
from policies.reader import NAME as WORD
from policies.reader import Cursor
from policies.types import Label
from policies.yaml_tree import read_tree

_VOCABULARY = frozenset({"label", "purposes", "sensitivity", "owner", "labels"})
_TOPIC_NEEDS = frozenset({"label", "purposes", "owner"})
_TOPIC = _TOPIC_NEEDS | {"choices"}


def read_vocabulary(name: str, cursor: Cursor) -> Vocabulary:
    """One vocabulary; a label that tells of 要配慮個人情報 needs a special-care one."""
    parts = cursor.table(_VOCABULARY, required=_VOCABULARY)
    sensitivity = parts["sensitivity"].choice(Sensitivity)
    special = sensitivity in {Sensitivity.SPECIAL_CARE, Sensitivity.GDPR_9}
    labels = _labels(parts["labels"])
    for key, label in labels.items():
        if not special and (special_care_in(label.ja) or special_care_in(label.en)):
            raise parts["labels"].named()[key].refuse("special_care_as_ordinary", label.ja)
    return Vocabulary(
        name=_name(name, cursor),
        label=parts["label"].label(),
        purposes=frozenset(PurposeId(word) for _, word in parts["purposes"].words()),
        special=special,
        owner=parts["owner"].name(WORD),
        labels=labels,
    )


def read_topic(name: str, cursor: Cursor) -> Topic:
    """One topic of preferences."""
    parts = cursor.table(_TOPIC, required=_TOPIC_NEEDS)
    return Topic(
        name=_name(name, cursor),
        label=parts["label"].label(),
        purposes=frozenset(PurposeId(word) for _, word in parts["purposes"].words()),
        owner=parts["owner"].name(WORD),
        choices=_labels(parts["choices"]) if "choices" in parts else MappingProxyType({}),
    )


@cache
def shipped_words() -> tuple[Mapping[str, Vocabulary], Mapping[str, Topic]]:
    """The vocabularies and topics that ship with the product."""
    source = files("governance.customers.data").joinpath("vocabularies.yaml")
    top = Cursor(tree=read_tree(source.read_text("utf-8")), file=source.name).named()
    return (
        {name: read_vocabulary(name, entry) for name, entry in top["vocabularies"].named().items()},
        {name: read_topic(name, entry) for name, entry in top["topics"].named().items()},
    )


def _labels(cursor: Cursor) -> Mapping[str, Label]:
    entries = cursor.named()
    if not entries:
        raise cursor.refuse("empty_list")
    return MappingProxyType({_name(key, entry): entry.label() for key, entry in entries.items()})


def _name(name: str, cursor: Cursor) -> str:
    if not NAME.fullmatch(name):
        raise cursor.refuse("bad_name", name)
    return name
