"""The published and our own vectors give the recorded outcomes."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.decisions import types as recorded
from audit.errors import NoteFormError, NoteSignatureError, UnknownLeafVersionError
from audit.leaf import COLUMNS, HEADER, destroyed_digest, encode, leaf_of, leaves_of, parts_digest
from audit.note import keys_from, parse_checkpoint, parse_note, verify_note
from audit.proofs import verify_consistency, verify_inclusion
from audit.tree import leaf_hash, root_of
from audit.types import Column, PartCover
from governance.core.terms import RowId, SubjectId

VECTORS = Path(__file__).parents[1] / "vectors" / "audit"
OUTCOMES = {"valid", "invalid", "malformed"}
hexed = bytes.fromhex


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.name)
def test_outcomes_are_a_closed_vocabulary(path: Path) -> None:
    assert {case["outcome"] for case in json.loads(path.read_text("utf-8"))["cases"]} <= OUTCOMES


@pytest.mark.parametrize("case", cases("tree"))
def test_roots_match_the_published_ones(case: dict[str, Any]) -> None:
    root = root_of([leaf_hash(hexed(entry)) for entry in case["entries"]])
    assert (root.hex() == case["root"]) == (case["outcome"] == "valid")


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    held = verify_inclusion(
        hexed(case["leaf"]),
        index=case["index"],
        size=case["size"],
        proof=[hexed(step) for step in case["proof"]],
        root=hexed(case["root"]),
    )
    assert held == (case["outcome"] == "valid")


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    held = verify_consistency(
        old=case["old"],
        size=case["size"],
        old_root=hexed(case["old_root"]),
        root=hexed(case["root"]),
        proof=[hexed(step) for step in case["proof"]],
    )
    assert held == (case["outcome"] == "valid")


COLUMN = st.one_of(
    st.none(), st.text(max_size=9), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=9)
)


@given(rows=st.lists(st.lists(COLUMN, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=5))
def test_leaves_of_many_rows_are_those_of_each(rows: list[list[Column]]) -> None:
    for row in rows:  # every column as its own encoding says it, whatever was encoded before
        body = b"".join(encode([value], version=1)[len(HEADER) + 2 :] for value in row)
        assert encode(row, version=1) == HEADER + b"\x00\x01" + body
    assert leaves_of([(1, *row) for row in rows]) == [leaf_of(row) for row in rows]


def test_a_row_of_another_version_is_refused() -> None:
    with pytest.raises(UnknownLeafVersionError):
        leaves_of([(2, *("x" for _ in COLUMNS))])


def leaf_outcome(case: dict[str, Any]) -> str:
    covers = [
        PartCover(
            id=RowId(part["id"]),
            subject=SubjectId(part["subject"]),
            commitment=hexed(part["commitment"]),
            sealed_hash=hexed(part["sealed_hash"]),
        )
        for part in case["parts"]
    ]
    columns = [case["columns"][name] for name in COLUMNS]
    columns[-1] = parts_digest(covers)
    try:
        encoding = encode(columns, version=case["version"])
    except UnknownLeafVersionError:
        return "malformed"
    same = encoding.hex() == case["encoding"] and leaf_of(columns).hex() == case["leaf"]
    return "valid" if same else "invalid"


@pytest.mark.parametrize("case", cases("leaf"))
def test_leaf_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert leaf_outcome(case) == case["outcome"]


def decision_outcome(case: dict[str, Any]) -> str:
    record = dict(case["record"])
    if not record.keys() <= set(recorded.COLUMNS):
        return "malformed"
    record["occurred_at"] = datetime.fromisoformat(record["occurred_at"])
    if "about" in record:
        record["about"] = hexed(record["about"])
    columns = [record.get(name) for name in recorded.COLUMNS]
    same = leaf_hash(hexed(case["encoding"])) == hexed(case["leaf"]) == recorded.leaf_of(columns)
    return "valid" if same else "invalid"


@pytest.mark.parametrize("case", cases("decision"))
def test_decision_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert decision_outcome(case) == case["outcome"]


@pytest.mark.parametrize("case", cases("destroyed"))
def test_a_destroyed_set_has_one_digest(case: dict[str, Any]) -> None:
    same = destroyed_digest(case["part_ids"]) == case["digest"]
    assert same == (case["outcome"] == "valid")


def note_outcome(case: dict[str, Any]) -> tuple[str, int | None]:
    try:
        note = parse_note(case["note"])
        parse_checkpoint(note.text)
        return "valid", len(verify_note(note, keys_from(case["keys"])))
    except NoteFormError:
        return "malformed", None
    except NoteSignatureError:
        return "invalid", None


@pytest.mark.parametrize("case", cases("note"))
def test_note_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert note_outcome(case) == (case["outcome"], case.get("verified"))
