"""Strict YAML: words stay words, faults name their line."""

import pytest

from policies.yaml_tree import Scalar, Table, TreeFault, read_tree


def test_words_that_yaml_reads_as_truth_stay_words() -> None:
    tree = read_tree("on: no\nto: 2026-10-01\n")
    assert isinstance(tree, Table)
    assert tree.entries["on"] == Scalar(text="no", line=1)
    assert tree.entries["to"] == Scalar(text="2026-10-01", line=2)


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate_key", 3),
        ("a: &x 1\nb: *x\n", "alias_refused", 1),
        ("a: 1\nb: [\n", "not_yaml", 3),
        ("", "empty_file", 1),
        ("? [a]\n: 1\n", "key_not_a_word", 1),
        ("a: 1\n---\nb: 2\n", "not_yaml", 2),
        ("[" * 40 + "]" * 40, "too_deep", 1),
        ("a: \x00", "not_yaml", 1),
    ],
)
def test_fault_names_its_line(source: str, code: str, line: int) -> None:
    with pytest.raises(TreeFault) as caught:
        read_tree(source)
    assert (caught.value.code, caught.value.line) == (code, line)


def test_tag_builds_no_object() -> None:
    tree = read_tree("a: !!python/object/apply:os.getcwd []\n")
    assert isinstance(tree, Table)
