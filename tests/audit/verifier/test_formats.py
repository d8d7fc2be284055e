"""The verifier's second implementation of the log's formats gives the log's outcomes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import audit.actions
import audit.leaf
import audit.proofs
import audit.review
import audit.types
from audit import bundle as export
from audit.verifier import bundle, leaf, merkle, package, statement
from audit.verifier.findings import FormError, FoundError, Verdict
from audit.verifier.note import parse_note, parse_vkey, verified_by
from dsar import package as dsar_package

VECTORS = Path(__file__).parents[2] / "vectors" / "audit"
hexed = bytes.fromhex


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    found = merkle.root_from(
        hexed(case["leaf"]),
        index=case["index"],
        size=case["size"],
        path=[hexed(step) for step in case["proof"]],
    )
    assert (found == hexed(case["root"])) == (case["outcome"] == "valid")


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    held = merkle.consistent(
        old=case["old"],
        size=case["size"],
        old_root=hexed(case["old_root"]),
        root=hexed(case["root"]),
        path=[hexed(step) for step in case["proof"]],
    )
    assert held == (case["outcome"] == "valid")


def leaf_outcome(case: dict[str, Any]) -> str:
    columns = {name: value for name, value in case["columns"].items() if value is not None}
    columns.pop("parts_digest", None)  # the verifier computes it
    parts = tuple(
        leaf.Part(
            id=part["id"],
            subject=part["subject"],
            commitment=hexed(part["commitment"]),
            sealed_hash=hexed(part["sealed_hash"]),
            state=leaf.PartState.OPENED,
            salt=hexed(part["salt"]),
            payload=hexed(part["payload"]),
        )
        for part in case["parts"]
    )
    event = leaf.Event(seq=0, version=case["version"], columns=columns, parts=parts, path=())
    try:
        found = leaf.leaf_of(event)
    except FormError:
        return "malformed"
    return "valid" if found.hex() == case["leaf"] else "invalid"


@pytest.mark.parametrize("case", cases("leaf"))
def test_leaf_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert leaf_outcome(case) == case["outcome"]


@pytest.mark.parametrize("case", cases("destroyed"))
def test_a_destroyed_set_has_one_digest(case: dict[str, Any]) -> None:
    same = leaf.destroyed_digest(case["part_ids"]) == case["digest"]
    assert same == (case["outcome"] == "valid")


def note_outcome(case: dict[str, Any]) -> tuple[str, int | None]:
    try:
        note = parse_note(case["note"])
        return "valid", len(verified_by(note, [parse_vkey(key) for key in case["keys"]]))
    except FormError:
        return "malformed", None
    except FoundError:
        return "invalid", None


@pytest.mark.parametrize("case", cases("note"))
def test_note_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert note_outcome(case) == (case["outcome"], case.get("verified"))


def decision_outcome(case: dict[str, Any]) -> str:
    try:
        encoding = statement._encoded(case["record"])
    except FormError:
        return "malformed"
    same = encoding.hex() == case["encoding"]
    assert same == (merkle.leaf_hash(encoding).hex() == case["leaf"])
    return "valid" if same else "invalid"


@pytest.mark.parametrize("case", cases("decision"))
def test_decision_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    assert decision_outcome(case) == case["outcome"]


def test_both_sides_know_the_same_words() -> None:
    assert leaf.COLUMNS == audit.leaf.COLUMNS
    assert {code.value for code in audit.actions.ERASING} == leaf.ERASING
    assert [one.value for one in Verdict] == [one.value for one in audit.types.Verdict]
    assert set(bundle.FILTERS) == set(audit.review.EventFilter.__dataclass_fields__)
    assert bundle.SCHEMA == export.SCHEMA
    assert [one.value for one in leaf.PartState] == [one.value for one in export.PartState]


def test_packages_have_one_format_on_both_sides() -> None:
    for name in ("MANIFEST", "SIGNATURE", "MANIFEST_SCHEMA", "SIGNATURE_SCHEMA", "TAG"):
        assert getattr(package, name) == getattr(dsar_package, name)


@given(micros=st.integers(-(10**15), 10**16))
def test_a_time_has_one_spelling(micros: int) -> None:
    moment = audit.leaf.EPOCH + micros * audit.leaf.MICROSECOND
    text = export._time(moment)
    assert bundle.micros_of(text, "at") == micros


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01T09:00:00Z",
        "2026-04-01T09:00:00.000000+00:00",
        "2026-04-01 09:00:00.000000Z",
        "2026-02-30T09:00:00.000000Z",
        "2026-04-01T24:00:00.000000Z",
        "２026-04-01T09:00:00.000000Z",
    ],
)
def test_another_spelling_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        bundle.micros_of(text, "at")
