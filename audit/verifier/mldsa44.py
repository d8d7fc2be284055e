"""ML-DSA-44 verification after FIPS 204, in plain Python; it never signs.

Algorithms 3, 8, 14, 16, 18, 19, 21, 23, 27-30, 36, 40-42, 44; SHAKE comes from hashlib.
"""

from collections.abc import Iterable, Sequence
from hashlib import shake_128, shake_256
from itertools import pairwise
from typing import Final, NamedTuple

Q: Final = 8_380_417
N: Final = 256  # coefficients of a polynomial
K, L = 4, 4  # rows and columns of the matrix
D: Final = 13  # bits dropped from t
TAU: Final = 39  # nonzero coefficients of the challenge
GAMMA1: Final = 1 << 17
GAMMA2: Final = (Q - 1) // 88
BETA: Final = 78  # tau * eta
OMEGA: Final = 80  # hints at most
HIGH_VALUES: Final = (Q - 1) // (2 * GAMMA2)
T1_BITS, Z_BITS, W1_BITS = 10, 18, 6
SEED_BYTES, HASH_BYTES, CHALLENGE_BYTES = 32, 64, 32
T1_BYTES, Z_BYTES = N * T1_BITS // 8, N * Z_BITS // 8
KEY_BYTES: Final = SEED_BYTES + K * T1_BYTES  # 1,312
SIGNATURE_BYTES: Final = CHALLENGE_BYTES + L * Z_BYTES + OMEGA + K  # 2,420
CONTEXT_LIMIT: Final = 255
CANDIDATES: Final = 894  # bytes that give 256 coefficients in all but rare cases
ROOT: Final = 1753  # a 512th root of unity

Poly = list[int]


class Signature(NamedTuple):
    """A signature taken apart (FIPS 204 algorithm 27)."""

    challenge: bytes
    z: list[Poly]
    hints: list[frozenset[int]]


def verify(public: bytes, message: bytes, signature: bytes, *, context: bytes = b"") -> bool:
    """True only if the signature is this key's over this message (algorithms 3 and 8)."""
    sized = len(public) == KEY_BYTES and len(signature) == SIGNATURE_BYTES
    if not sized or len(context) > CONTEXT_LIMIT:
        return False  # fails closed: not of this algorithm
    read = _read_signature(signature)
    if read is None or any(abs(c) >= GAMMA1 - BETA for poly in read.z for c in poly):
        return False  # fails closed: no canonical spelling, or out of bounds
    framed = bytes((0, len(context))) + context + message
    mu = shake_256(shake_256(public).digest(HASH_BYTES) + framed).digest(HASH_BYTES)
    seen = b"".join(
        _packed(_hinted(w, hints))
        for w, hints in zip(_approximate(public, read), read.hints, strict=True)
    )
    return shake_256(mu + seen).digest(CHALLENGE_BYTES) == read.challenge


def _approximate(public: bytes, read: Signature) -> list[Poly]:
    """A z - c t1 2^d, row by row."""
    seed = public[:SEED_BYTES]
    challenge = _ntt(_sample_in_ball(read.challenge))
    z = [_ntt(poly) for poly in read.z]
    rows = []
    for row in range(K):
        start = SEED_BYTES + row * T1_BYTES
        t1 = _unpacked(public[start : start + T1_BYTES], T1_BITS)
        t = _ntt([c << D for c in t1])
        a = [_uniform(seed + bytes((column, row))) for column in range(L)]
        rows.append(
            _inverse_ntt(
                [
                    (sum(a[s][i] * z[s][i] for s in range(L)) - challenge[i] * t[i]) % Q
                    for i in range(N)
                ]
            )
        )
    return rows


def _read_signature(raw: bytes) -> Signature | None:
    end = CHALLENGE_BYTES + L * Z_BYTES
    hints = _read_hints(raw[end:])
    if hints is None:
        return None
    z = [
        [GAMMA1 - c for c in _unpacked(raw[start : start + Z_BYTES], Z_BITS)]
        for start in range(CHALLENGE_BYTES, end, Z_BYTES)
    ]
    return Signature(challenge=raw[:CHALLENGE_BYTES], z=z, hints=hints)


def _read_hints(raw: bytes) -> list[frozenset[int]] | None:
    """The hinted places of each row (algorithm 21): rising, and zeros after the last."""
    places, ends = raw[:OMEGA], raw[OMEGA:]
    found, start = [], 0
    for end in ends:
        row = places[start:end]
        rising = all(one < other for one, other in pairwise(row))
        if not start <= end <= OMEGA or not rising:
            return None
        found.append(frozenset(row))
        start = end
    return None if any(places[start:]) else found


def _unpacked(raw: bytes, bits: int) -> Poly:
    """Coefficients of so many bits each, the lowest first (algorithms 18 and 19)."""
    whole, mask = int.from_bytes(raw, "little"), (1 << bits) - 1
    return [whole >> shift & mask for shift in range(0, N * bits, bits)]


def _packed(coefficients: Iterable[int]) -> bytes:
    """Coefficients of W1_BITS each, the lowest first (algorithm 28)."""
    whole = 0
    for place, coefficient in enumerate(coefficients):
        whole |= coefficient << place * W1_BITS
    return whole.to_bytes(N * W1_BITS // 8, "little")


def _uniform(seed: bytes) -> Poly:
    """A polynomial of the matrix in the transformed domain (algorithm 30)."""
    size = CANDIDATES
    while True:
        raw = shake_128(seed).digest(size)
        found = [
            c
            for at in range(0, size, 3)
            if (c := raw[at] | raw[at + 1] << 8 | (raw[at + 2] & 0x7F) << 16) < Q
        ]
        if len(found) >= N:
            return found[:N]
        size *= 2


def _sample_in_ball(seed: bytes) -> Poly:
    """The challenge: TAU coefficients of 1 or -1, else 0 (algorithm 29)."""
    size = 2 * N
    while (found := _challenge(shake_256(seed).digest(size))) is None:
        size *= 2
    return found


def _challenge(raw: bytes) -> Poly | None:
    """The challenge in these bytes, or None when they do not reach."""
    signs, stream = int.from_bytes(raw[:8], "little"), iter(raw[8:])
    found = [0] * N
    for i in range(N - TAU, N):
        j = next((byte for byte in stream if byte <= i), None)
        if j is None:
            return None
        found[i] = found[j]
        found[j] = -1 if signs >> (i + TAU - N) & 1 else 1
    return found


def _hinted(poly: Sequence[int], hints: frozenset[int]) -> Iterable[int]:
    """The high bits, corrected where a hint stands (algorithms 36 and 40)."""
    for place, coefficient in enumerate(poly):
        low = coefficient % (2 * GAMMA2)
        if low > GAMMA2:
            low -= 2 * GAMMA2
        if coefficient - low == Q - 1:
            high, low = 0, low - 1
        else:
            high = (coefficient - low) // (2 * GAMMA2)
        if place in hints:
            high = (high + (1 if low > 0 else -1)) % HIGH_VALUES
        yield high


def _ntt(poly: Sequence[int]) -> Poly:
    """The number-theoretic transform (algorithm 41)."""
    w, m, length = list(poly), 0, N // 2
    while length:
        for start in range(0, N, 2 * length):
            m += 1
            zeta = ZETAS[m]
            for j in range(start, start + length):
                t = zeta * w[j + length] % Q
                w[j + length] = w[j] - t
                w[j] += t
        length //= 2
    return w


def _inverse_ntt(poly: Sequence[int]) -> Poly:
    """The inverse transform, reduced to 0..Q-1 (algorithm 42)."""
    w, m, length = list(poly), N, 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            zeta = -ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j] = t + w[j + length]
                w[j + length] = zeta * (t - w[j + length]) % Q
        length *= 2
    return [c * INVERSE_N % Q for c in w]


INVERSE_N: Final = pow(N, -1, Q)
ZETAS: Final = tuple(pow(ROOT, int(f"{k:08b}"[::-1], 2), Q) for k in range(N))
