"""Both signature algorithms accept what the standards and OpenSSL accept, and nothing else."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.verifier import ed25519, mldsa44
from governance.crypto.signing import (
    Ed25519Signer,
    MlDsa44Signer,
    verify_ed25519,
    verify_mldsa44,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "verifier"
OUTCOMES = {"valid", "invalid", "acceptable", "malformed"}
ORDER_BITS = 253
SEEDS = st.binary(min_size=32, max_size=32)
hexed = bytes.fromhex


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


def flipped(raw: bytes, bit: int) -> bytes:
    at = bit // 8 % len(raw)
    return raw[:at] + bytes([raw[at] ^ 1 << bit % 8]) + raw[at + 1 :]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.name)
def test_outcomes_are_a_closed_vocabulary(path: Path) -> None:
    assert {case["outcome"] for case in json.loads(path.read_text("utf-8"))["cases"]} <= OUTCOMES


@pytest.mark.parametrize("case", cases("ed25519"))
def test_ed25519_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    public, message, signature = (hexed(case[k]) for k in ("public", "message", "signature"))
    assert ed25519.verify(public, message, signature) == (case["outcome"] == "valid")


@pytest.mark.parametrize("case", cases("mldsa44"))
def test_mldsa44_vectors_give_their_outcome(case: dict[str, Any]) -> None:
    public, message, signature = (hexed(case[k]) for k in ("public", "message", "signature"))
    held = mldsa44.verify(public, message, signature, context=hexed(case["context"]))
    assert held == (case["outcome"] == "valid")


@given(seed=SEEDS, message=st.binary(max_size=300), other=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_ed25519_holds_for_its_message_alone(seed: bytes, message: bytes, other: bytes) -> None:
    signer = Ed25519Signer.from_seed(seed)
    signature = signer.sign(message)
    assert ed25519.verify(signer.public_key, message, signature)
    assert ed25519.verify(signer.public_key, other, signature) == (other == message)


@given(seed=SEEDS, message=st.binary(max_size=300), other=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_mldsa44_holds_for_its_message_alone(seed: bytes, message: bytes, other: bytes) -> None:
    signer = MlDsa44Signer.from_seed(seed)
    signature = signer.sign(message)
    assert mldsa44.verify(signer.public_key, message, signature)
    assert mldsa44.verify(signer.public_key, other, signature) == (other == message)


@given(bit=st.integers(0, 64 * 8 - 1), in_key=st.booleans())
@settings(max_examples=150, deadline=None)
def test_ed25519_refuses_every_flipped_bit(bit: int, in_key: bool) -> None:  # noqa: FBT001 # drawn
    signer = Ed25519Signer.from_seed(bytes(32))
    public, signature = signer.public_key, signer.sign(b"checkpoint")
    if in_key:
        public = flipped(public, bit)
    else:
        signature = flipped(signature, bit)
    assert not ed25519.verify(public, b"checkpoint", signature)
    assert not verify_ed25519(public, b"checkpoint", signature)


@given(bit=st.integers(0, 2420 * 8 - 1), in_key=st.booleans())
@settings(max_examples=150, deadline=None)
def test_mldsa44_refuses_every_flipped_bit(bit: int, in_key: bool) -> None:  # noqa: FBT001 # drawn
    signer = MlDsa44Signer.from_seed(bytes(32))
    public, signature = signer.public_key, signer.sign(b"checkpoint")
    if in_key:
        public = flipped(public, bit)
    else:
        signature = flipped(signature, bit)
    assert not mldsa44.verify(public, b"checkpoint", signature)
    assert not verify_mldsa44(public, b"checkpoint", signature)


@given(raw=st.binary(min_size=32, max_size=32))
@settings(max_examples=200, deadline=None)
def test_a_decoded_point_has_one_encoding(raw: bytes) -> None:
    point = ed25519.decode(raw)
    assert point is None or ed25519.encode(point) == raw


def test_what_is_not_of_the_algorithms_size_is_refused() -> None:
    signer = MlDsa44Signer.from_seed(bytes(32))
    signature = signer.sign(b"m")
    assert not mldsa44.verify(signer.public_key[:-1], b"m", signature)
    assert not mldsa44.verify(signer.public_key, b"m", signature, context=bytes(256))
    assert not mldsa44.verify(b"", b"m", b"")
    assert not ed25519.verify(b"", b"m", b"")


def counted(patch: pytest.MonkeyPatch, module: Any, *names: str) -> Counter[str]:
    """How often these functions of the module are called from now on."""
    calls: Counter[str] = Counter()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def one(*given: Any) -> Any:
            calls[name] += 1
            return call(*given)

        return one

    for name in names:
        patch.setattr(module, name, counting(name, getattr(module, name)))
    return calls


def test_ed25519_reads_both_factors_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Ed25519Signer.from_seed(bytes(32))
    signature = signer.sign(b"m")
    calls = counted(monkeypatch, ed25519, "_double", "_add")
    assert ed25519.verify(signer.public_key, b"m", signature)
    assert calls["_double"] <= ORDER_BITS
    assert calls["_add"] <= ORDER_BITS + 1  # one a bit, and the sum of both points


def test_mldsa44_transforms_each_polynomial_once(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = MlDsa44Signer.from_seed(bytes(32))
    signature = signer.sign(b"m")
    calls = counted(monkeypatch, mldsa44, "_ntt", "_inverse_ntt")
    assert mldsa44.verify(signer.public_key, b"m", signature)
    assert calls == {"_ntt": 1 + 4 + 4, "_inverse_ntt": 4}  # c, z, t1; w (FIPS 204, algorithm 8)
