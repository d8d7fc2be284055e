"""Ed25519 verification after RFC 8032 5.1.7, in plain Python; it never signs."""

from hashlib import sha512
from typing import Final, NamedTuple

FIELD: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
CURVE_D: Final = -121665 * pow(121666, -1, FIELD) % FIELD
ROOT_OF_MINUS_ONE: Final = pow(2, (FIELD - 1) // 4, FIELD)
KEY_BYTES, SIGNATURE_BYTES = 32, 64
SIGN_BIT: Final = 1 << 255


class Point(NamedTuple):
    """A point in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 5.1.4)."""

    x: int
    y: int
    z: int
    t: int


NEUTRAL: Final = Point(0, 1, 1, 0)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """True only if the signature is this key's over this message (without cofactor).

    S of the group order or more, and coordinates not below the field prime, are refused.
    """
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False  # fails closed: not of this algorithm
    key = decode(public)
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= ORDER:
        return False  # fails closed: no canonical spelling
    digest = sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    found = _two_products(s, BASE, k, _negative(key))
    return encode(found) == signature[:32]  # a non-canonical R equals no encoding


def decode(raw: bytes) -> Point | None:
    """The point with this encoding (RFC 8032 5.1.3), or None when there is none."""
    y = int.from_bytes(raw, "little")
    odd, y = bool(y & SIGN_BIT), y & (SIGN_BIT - 1)
    if y >= FIELD:
        return None
    x = _x_of(y)
    if x is None or (x == 0 and odd):
        return None
    if (x & 1) != odd:
        x = FIELD - x
    return Point(x, y, 1, x * y % FIELD)


def encode(point: Point) -> bytes:
    """The 32 bytes of a point (RFC 8032 5.1.2)."""
    inverse = pow(point.z, -1, FIELD)
    x, y = point.x * inverse % FIELD, point.y * inverse % FIELD
    return (y | (x & 1) << 255).to_bytes(KEY_BYTES, "little")


def _x_of(y: int) -> int | None:
    """A square root of (y^2 - 1) / (d y^2 + 1), if there is one."""
    u, v = (y * y - 1) % FIELD, (CURVE_D * y * y + 1) % FIELD
    x = u * pow(v, 3, FIELD) * pow(u * pow(v, 7, FIELD), (FIELD - 5) // 8, FIELD) % FIELD
    square = v * x * x % FIELD
    if square == u:
        return x
    if square == FIELD - u:
        return x * ROOT_OF_MINUS_ONE % FIELD
    return None


def _add(p: Point, q: Point) -> Point:
    a = (p.y - p.x) * (q.y - q.x) % FIELD
    b = (p.y + p.x) * (q.y + q.x) % FIELD
    c = 2 * p.t * q.t * CURVE_D % FIELD
    d = 2 * p.z * q.z % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def _double(p: Point) -> Point:
    a, b = p.x * p.x % FIELD, p.y * p.y % FIELD
    c = 2 * p.z * p.z % FIELD
    h = a + b
    e = h - (p.x + p.y) * (p.x + p.y)
    g = a - b
    f = c + g
    return Point(e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def _negative(p: Point) -> Point:
    return Point(FIELD - p.x, p.y, p.z, FIELD - p.t)


def _two_products(s: int, p: Point, k: int, q: Point) -> Point:
    """[s]p + [k]q, both read from the highest bit down at once."""
    either = (NEUTRAL, p, q, _add(p, q))
    found = NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        found = _double(found)
        choice = (s >> bit & 1) | (k >> bit & 1) << 1
        if choice:
            found = _add(found, either[choice])
    return found


def _base() -> Point:
    y = 4 * pow(5, -1, FIELD) % FIELD
    found = decode(y.to_bytes(KEY_BYTES, "little"))
    if found is None:
        raise AssertionError("the base point lies on the curve")
    return found


BASE: Final = _base()
