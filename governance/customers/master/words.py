"""Words for the codes around a person: what a tag, a topic or a closed list means to people."""

from collections.abc import Iterable, Mapping

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import Catalogue
from governance.customers.master.types import FORMS
from governance.i18n.catalogue import text
from policies.types import Label

CODED = frozenset(
    {
        *("person.status", "person.contact_permission", "person.preferred_channel", "person.sex"),
        *("purchase.type", "purchase.payment_status", "purchase.contract_status"),
    }
)
CODES = frozenset(
    {
        *("active", "dormant", "withdrawn", "prospect", "unknown"),
        *("yes", "no", "ask", "email", "phone", "post", "sms"),
        *("male", "female", "other", "single", "subscription"),
        *("paid", "unpaid", "refunded", "running", "cancelled"),
    }
)  # what the words of register files are stored as
ACQUIRED = {
    "person.acquired_from": frozenset(
        {"person", "representative", "third_party", "public", "joint_user"}
    ),
    "person.acquisition_method": frozenset(
        {"web_form", "paper", "phone", "card", "file", "provision"}
    ),
}  # who gave the data, and how; another system may write a word of its own
LABELS = frozenset({"person_tag.label", "person_tag.special_label"})


def said(declared: Catalogue, field: FieldId, value: str, lang: Lang) -> str:
    """The value in words; a value that is no code stays as it is."""
    table, _, column = field.partition(".")
    if field in LABELS:
        known = (words.labels for words in declared.vocabularies.values())
        return _label(known, value, lang)
    if field == "preference.value":
        return _label((topic.choices for topic in declared.topics.values()), value, lang)
    if field == "preference.topic" and value in declared.topics:
        return _of(declared.topics[value].label, lang)
    if field == "person_tag.vocabulary" and value in declared.vocabularies:
        return _of(declared.vocabularies[value].label, lang)
    if field in CODED:
        return text(f"customers.code.{value}", lang) if value in CODES else value
    if field in ACQUIRED:
        return text(f"customers.acquired.{value}", lang) if value in ACQUIRED[field] else value
    form = FORMS.get(table, {}).get(column)
    if form is None or form.codes is None or value not in {*form.codes}:
        return value
    return text(f"customers.said.{table}.{column}.{value}", lang)


def _label(lists: Iterable[Mapping[str, Label]], value: str, lang: Lang) -> str:
    """The label of the first list that has this word."""
    return next((_of(known[value], lang) for known in lists if value in known), value)


def _of(label: Label, lang: Lang) -> str:
    return label.ja if lang is Lang.JA else label.en
