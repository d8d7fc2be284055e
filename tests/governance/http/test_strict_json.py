"""Strict reading of bodies: both ways of reading agree, whatever the octets are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.http.strict_json import NotStrictError, object_of


def slow(body: bytes) -> dict[str, Any] | None:
    """What a plain reading says, key by key; None where it finds two meanings or none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(_: str) -> None:
        raise ValueError

    try:
        found = json.loads(body.decode(), object_pairs_hook=once, parse_constant=refuse)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


PIECES = st.sampled_from(
    ['"a"', '"b"', '"a:b"', '":a"', '" :"', ":", " :", ",", "{", "}", "[", "]", "1", "-0", "1e2",
     "true", "null", " ", '{"a":1}', '{"a":1,"a":2}', '{"a" :1,"a":2}', '"a":{"b":1}', "あ"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_pieces_of_json_are_read_as_a_plain_reading_reads_them(text: str) -> None:
    body = ("{" + text + "}").encode()
    expected = slow(body)
    if expected is None:
        with pytest.raises(NotStrictError):
            object_of(body, depth=32)
    else:
        assert object_of(body, depth=32) == expected


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('ab:"\\ あ', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:", max_size=2), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text("ab:", max_size=2), TREES), st.sampled_from([None, 1]))
def test_a_sound_object_comes_back(tree: dict[str, Any], indent: int | None) -> None:
    for plain in (True, False):
        body = json.dumps(tree, ensure_ascii=plain, indent=indent).encode()
        assert object_of(body, depth=32) == tree


@given(st.dictionaries(st.text("ab", min_size=1, max_size=2), TREES, min_size=1))
def test_a_member_told_twice_is_refused(tree: dict[str, Any]) -> None:
    name = next(iter(tree))
    body = json.dumps(tree, ensure_ascii=False)[:-1] + f', "{name}": 1}}'
    with pytest.raises(NotStrictError):
        object_of(body.encode(), depth=32)


@pytest.mark.parametrize("levels", [1, 2, 31, 32, 33, 5_000])
def test_depth_is_counted_in_containers(levels: int) -> None:
    body = ('{"a":' * levels + "1" + "}" * levels).encode()
    if levels <= 32:
        assert object_of(body, depth=32)
    else:
        with pytest.raises(NotStrictError):
            object_of(body, depth=32)
