"""Index tokens keep their format, and leaking indexes are refused with the reason."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.crypto.index import (
    IndexKey,
    exact_terms,
    gram_terms,
    prefix_query,
    prefix_terms,
)
from governance.crypto.index_plan import (
    DISTINCT_LEAST,
    IndexPlanned,
    IndexRefusal,
    IndexRefused,
    ValueShape,
    plan_bits,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "token" / "tokens.json").read_text("utf-8")
)
KEY = bytes.fromhex(VECTORS["key"])
BUILD: dict[str, Callable[[str], tuple[bytes, ...]]] = {
    "exact": exact_terms,
    "prefix": prefix_terms,
    "prefix_query": prefix_query,
    "gram": gram_terms,
}


@pytest.mark.parametrize("vector", VECTORS["vectors"])
def test_token_vectors_hold_to_the_byte(vector: dict[str, Any]) -> None:
    terms = BUILD[vector["build"]](vector["value"])
    assert [term.hex() for term in terms] == vector["terms"]
    tokens = IndexKey(KEY, version=1, bits=vector["bits"]).tokens(terms)
    assert [token.hex() for token in tokens] == vector["tokens"]


@given(bits=st.integers(1, 63), term=st.binary())
def test_a_token_has_k_bits(bits: int, term: bytes) -> None:
    token = IndexKey(KEY, version=1, bits=bits).token(term)
    assert len(token) == (bits + 7) // 8
    assert int.from_bytes(token, "big") & ((1 << -bits % 8) - 1) == 0
    longer = IndexKey(KEY, version=2, bits=64).token(term)
    assert int.from_bytes(token, "big") >> (-bits % 8) == int.from_bytes(longer, "big") >> 64 - bits


@given(value=st.text(min_size=1))
def test_kinds_of_terms_never_meet(value: str) -> None:
    assert not set(exact_terms(value)) & set(prefix_terms(value))
    assert not set(gram_terms(value)) & set(prefix_terms(value) + exact_terms(value))


@given(value=st.text(min_size=1), cut=st.integers(1, 20))
def test_a_row_is_found_by_each_of_its_prefixes(value: str, cut: int) -> None:
    assert set(prefix_query(value[:cut])) <= set(prefix_terms(value))


@given(value=st.text(min_size=2), start=st.integers(0, 20), size=st.integers(2, 20))
def test_a_row_has_all_grams_of_each_longer_part(value: str, start: int, size: int) -> None:
    part = value[start : start + size]
    if len(part) >= 2:
        assert set(gram_terms(part)) <= set(gram_terms(value))


@given(distinct=st.integers(DISTINCT_LEAST, 10**10))
def test_planned_bits_keep_the_rule(distinct: int) -> None:
    plan = plan_bits(ValueShape.FREE, distinct=distinct)
    assert isinstance(plan, IndexPlanned)
    assert math.sqrt(distinct) < 2**plan.bits < distinct / 2
    assert plan.bits <= 32


def test_the_default_is_thirty_two_bits() -> None:
    assert plan_bits(ValueShape.FREE) == IndexPlanned(bits=32, expected_rows=0.0)


@pytest.mark.parametrize("shape", [shape for shape in ValueShape if shape is not ValueShape.FREE])
def test_leaking_shapes_are_refused_with_their_reason(shape: ValueShape) -> None:
    assert plan_bits(shape, distinct=10**6) == IndexRefused(reason=IndexRefusal(shape.value))


def test_a_field_of_few_values_is_refused() -> None:
    assert plan_bits(ValueShape.FREE, distinct=47) == IndexRefused(reason=IndexRefusal.FEW_VALUES)


def test_an_index_key_shows_nothing() -> None:
    assert KEY.hex() not in repr(IndexKey(KEY, version=1, bits=32))
