"""Signers sign, verify and stay silent about their keys."""

import pickle
from collections.abc import Callable

import pytest

from governance.crypto.signing import (
    Ed25519Signer,
    MlDsa44Signer,
    Signer,
    SigningSeedError,
    verify_ed25519,
    verify_mldsa44,
)

SEED = bytes(range(32))
Verify = Callable[[bytes, bytes, bytes], bool]
PAIRS: list[tuple[Signer, Verify]] = [
    (Ed25519Signer.from_seed(SEED), verify_ed25519),
    (MlDsa44Signer.from_seed(SEED), verify_mldsa44),
]


@pytest.mark.parametrize(("signer", "verify"), PAIRS)
def test_a_signature_verifies_only_with_its_key_and_message(signer: Signer, verify: Verify) -> None:
    signature = signer.sign(b"message")
    assert verify(signer.public_key, b"message", signature)
    assert not verify(signer.public_key, b"another", signature)
    assert not verify(signer.public_key, b"message", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify(signer.public_key, b"message", b"")
    assert not verify(b"short", b"message", signature)
    other = type(signer).from_seed(bytes(32))  # type: ignore[attr-defined] # both classes have it
    assert not verify(other.public_key, b"message", signature)


@pytest.mark.parametrize(("signer", "verify"), PAIRS)
def test_the_secret_is_in_no_repr_and_no_pickle(signer: Signer, verify: Verify) -> None:
    assert SEED.hex() not in repr(signer)
    assert repr(SEED) not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_ed25519_is_rfc_8032() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signer = Ed25519Signer.from_seed(seed)
    assert signer.public_key.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert signer.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_sizes_are_those_of_the_standards() -> None:
    ed25519, mldsa = Ed25519Signer.generate(), MlDsa44Signer.generate()
    assert (len(ed25519.public_key), len(ed25519.sign(b"x"))) == (32, 64)
    assert (len(mldsa.public_key), len(mldsa.sign(b"x"))) == (1312, 2420)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    for signer in (Ed25519Signer, MlDsa44Signer):
        with pytest.raises(SigningSeedError):
            signer.from_seed(bytes(length))
