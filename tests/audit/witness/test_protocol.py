"""What a witness cosigns: only a tree that begins with the one it cosigned before."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import NoteFormError
from audit.note import sign_checkpoint
from audit.witness.protocol import (
    PROOF_LINES,
    Refusal,
    Refused,
    Submission,
    judge,
    parse_submission,
    request_body,
)
from tests.audit.bench import NOW
from tests.audit.witness.trees import LOGS, ORIGIN, SIGNER, STRANGER, tree


@given(old=st.integers(0, 60), more=st.integers(0, 60))
def test_a_tree_that_begins_with_the_known_one_is_cosigned(old: int, more: int) -> None:
    grown = tree(old + more)
    known = {ORIGIN: grown.head(old)} if old else {}
    assert judge(grown.asked(old, old + more), logs=LOGS, known=known) is None


@given(old=st.integers(1, 60), more=st.integers(0, 60), data=st.data())
def test_a_rewritten_history_is_never_cosigned(old: int, more: int, data: st.DataObject) -> None:
    rewritten = tree(old + more, other_from=data.draw(st.integers(0, old - 1)))
    known = {ORIGIN: tree(old).head(old)}
    refused = judge(rewritten.asked(old, old + more), logs=LOGS, known=known)
    assert refused is not None
    assert refused.refusal in {Refusal.PROOF, Refusal.CONFLICT}


@given(old=st.integers(0, 30), held=st.integers(0, 30), size=st.integers(0, 30))
def test_another_old_size_is_told_the_size_that_the_witness_holds(
    old: int, held: int, size: int
) -> None:
    whole = tree(60)
    known = {ORIGIN: whole.head(held)} if held else {}
    refused = judge(whole.asked(old, size), logs=LOGS, known=known)
    if old > size:
        assert refused == Refused(refusal=Refusal.FORM)
    elif old != held:
        assert refused == Refused(refusal=Refusal.CONFLICT, known_size=held)


def test_a_first_checkpoint_comes_without_proof() -> None:
    whole = tree(8)
    asked = whole.asked(0, 8)
    padded = Submission(old=0, proof=(bytes(32),), note=asked.note, checkpoint=asked.checkpoint)
    assert judge(asked, logs=LOGS, known={}) is None
    assert judge(padded, logs=LOGS, known={}) == Refused(refusal=Refusal.PROOF)


def test_an_unknown_log_and_an_unknown_key_are_told_apart() -> None:
    whole = tree(8)
    unknown = whole.asked(0, 8, origin="other.example.com/log")
    forged = whole.asked(0, 8, signer=STRANGER)
    assert judge(unknown, logs=LOGS, known={}) == Refused(refusal=Refusal.ORIGIN)
    assert judge(forged, logs=LOGS, known={}) == Refused(refusal=Refusal.SIGNATURE)


def test_a_broken_signature_of_the_log_is_no_signature() -> None:
    whole = tree(8)
    note = sign_checkpoint(whole.head(8), ed25519=SIGNER, mldsa44=None, at=NOW)
    body, _, line = note.rpartition(" ")
    raw = bytearray(base64.b64decode(line))
    raw[-1] ^= 1
    broken = f"{body} {base64.b64encode(bytes(raw)).decode()}\n"
    asked = parse_submission(request_body(0, (), broken))
    assert judge(asked, logs=LOGS, known={}) == Refused(refusal=Refusal.SIGNATURE)


NOTE = sign_checkpoint(tree(3).head(3), ed25519=SIGNER, mldsa44=None, at=NOW)
LINE = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0",
        f"old 00\n\n{NOTE}".encode(),
        f"old -1\n\n{NOTE}".encode(),
        f"old \u0661\n\n{NOTE}".encode(),
        f"new 0\n\n{NOTE}".encode(),
        f"old 0\n{NOTE}".encode(),
        f"old 0\nAA==\n\n{NOTE}".encode(),
        f"old 0\n{LINE} \n\n{NOTE}".encode(),
        ("old 0\n" + f"{LINE}\n" * (PROOF_LINES + 1) + f"\n{NOTE}").encode(),
        f"old 0\n\n{NOTE}".encode()[:-1],
        f"old 0\n\n{NOTE}".encode("utf-16"),
        b"old 0\n\n" + b"\xff" * 40,
        b"old 0\n\n" + b"x" * 2_000_000,
    ],
)
def test_what_is_no_request_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NoteFormError):
        parse_submission(body)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_request_or_are_refused(body: bytes) -> None:
    try:
        parse_submission(b"old 3\n" + body)
    except NoteFormError:
        return
