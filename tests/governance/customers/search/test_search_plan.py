"""An index that would tell the values it hides is refused where the catalogue is read."""

import math
from typing import Any

import pytest

from governance.core.terms import FieldId, Lang
from governance.core.yamls import read_yaml
from governance.crypto.index import TermKind
from governance.crypto.index_plan import (
    PART_LEAST,
    IndexPlanned,
    IndexRefusal,
    IndexRefused,
    plan_part_bits,
)
from governance.customers.catalogue import IndexLeaksError, catalogue, parse
from governance.customers.search_plan import (
    KINDS,
    bits_of,
    field_of,
    index_name,
    index_names,
    planned,
    shape_of,
)
from governance.customers.search_terms import Form
from governance.i18n.catalogue import error_text


def document(**field: Any) -> dict[str, Any]:
    """A catalogue of one field."""
    name = field.pop("name", "value")
    text = """
    version: 1
    categories: {other: null}
    tables:
      person:
        label: {ja: 顧客, en: Customer}
        source: customers
        on_erase: delete
        fields: {}
    """
    made: dict[str, Any] = dict(read_yaml(text))
    spec = {
        "label": {"ja": "値", "en": "Value"}, "category": "other", "purposes": ["data_quality"],
        "sensitivity": "ordinary", "search": ["exact"], "retention": "customer_master",
        "owner": "customer_desk", "storage": "sealed",
    } | field  # fmt: skip
    tables = {"person": {**made["tables"]["person"], "fields": {name: spec}}}
    return {**made, "tables": tables}


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"name": "sex"}, "sex"),
        ({"name": "gender", "search": ["ngram"]}, "sex"),
        ({"name": "prefecture"}, "prefecture"),
        ({"name": "is_member"}, "boolean"),
        ({"name": "answer", "values": "boolean"}, "boolean"),
        ({"name": "kind", "values": "few_values"}, "few_values"),
        ({"name": "my_number"}, "my_number"),
        ({"name": "passport", "sensitivity": "identification_code"}, "my_number"),
        ({"name": "phone", "search": ["exact", "ngram"]}, "few_values"),
        ({"name": "postal_code", "search": ["ngram"]}, "few_values"),
        ({"name": "email", "search": ["suffix"]}, "few_values"),
    ],
)
def test_a_leaking_index_stops_the_start_with_its_reason_in_words(
    field: dict[str, Any], reason: str
) -> None:
    with pytest.raises(IndexLeaksError) as refused:
        parse(document(**field))
    assert refused.value.params == {"field": f"person.{field['name']}", "reason": reason}
    for lang in Lang:
        assert f"person.{field['name']}" in error_text(refused.value, lang)


def test_the_same_fields_without_an_index_are_fine() -> None:
    for name in ("sex", "prefecture", "is_member"):
        assert parse(document(name=name, search=["none"])).tables["person"].fields


def test_every_shipped_index_is_planned_and_none_is_of_few_values() -> None:
    for field in catalogue().fields.values():
        shape = shape_of(field.column, None, field.sensitivity.value)
        for word in field.search:
            assert shape.value == "free"
            assert bits_of(field.id, KINDS[word.value]) >= 8
        if field.column in {"sex", "birth_date"}:
            assert not field.search


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("kind", list(TermKind))
def test_parts_of_values_always_share_tokens(form: Form, kind: TermKind) -> None:
    plan = planned(form, kind)
    if isinstance(plan, IndexRefused):
        assert plan.reason is IndexRefusal.FEW_VALUES
    elif kind is not TermKind.EXACT and plan.bits < 32:
        assert plan.expected_rows >= 1  # at least two parts to a token, on average


@pytest.mark.parametrize("distinct", [PART_LEAST, 948, 6_000, 300_000])
def test_bits_of_parts_keep_the_rule(distinct: int) -> None:
    plan = plan_part_bits(distinct)
    assert isinstance(plan, IndexPlanned)
    assert math.sqrt(distinct) < 2**plan.bits < distinct / 2
    assert isinstance(plan_part_bits(PART_LEAST - 1), IndexRefused)


def test_every_kind_has_a_key_of_its_own() -> None:
    field = FieldId("person.name")
    assert len(set(index_names(field))) == len(TermKind)
    assert index_name(field, TermKind.EXACT) == field
    assert {field_of(name) for name in index_names(field)} == {field}
