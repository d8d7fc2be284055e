"""Typed plaintexts of a frame: eight kinds of value, their bytes, and padding.

Kinds and their bytes are part of the stored format and never change:
0 str (UTF-8), 1 bytes, 2 int (zigzag, LEB128), 3 decimal (ASCII), 4 date (ISO 8601),
5 datetime (signed 64-bit big-endian microseconds since 1970 UTC), 6 JSON (sorted keys, no
spaces, UTF-8), 7 bool (one byte). Bit 7 of the kind byte says that the plaintext is padded
to a multiple of 16 with 0x80 00* (ISO/IEC 7816-4), so that lengths of short values say less.

Lone surrogates: text is encoded with `surrogatepass`, so that a damaged name from an old
file is kept exactly as it came and can be corrected later, instead of losing its row.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import Final, TypeAlias

from governance.core.errors import GovernanceError

JsonValue: TypeAlias = "str | int | float | bool | dict[str, JsonValue] | list[JsonValue] | None"
Plain: TypeAlias = (
    str | bytes | int | Decimal | date | bool | dict[str, JsonValue] | list[JsonValue]
)

PADDED: Final = 0x80
BLOCK: Final = 16  # bytes
PAD_BELOW: Final = 256  # bytes; the length of a longer text says little about its content
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
PADS: Final = tuple(b"\x80" + bytes(BLOCK - 1 - short) for short in range(BLOCK))
PAD_MARK: Final = b"\x80"
PAD_ZEROS: Final = tuple(pad[1:] for pad in PADS)  # what stands behind the mark


class Kind(IntEnum):
    """The kind byte of a frame, without the padding bit."""

    TEXT = 0
    BYTES = 1
    INT = 2
    DECIMAL = 3
    DATE = 4
    DATETIME = 5
    JSON = 6
    BOOL = 7


class UnsealableValueError(GovernanceError):
    """A value is of no kind that a frame can hold; only the type is named."""

    code, status = "unsealable_value", 422


class BadPlaintextError(GovernanceError):
    """An authentic frame holds bytes that its kind cannot have."""

    code, status = "frame_bad_plaintext", 500


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _untext(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _int(value: int) -> bytes:
    rest = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while rest > 0x7F:  # noqa: PLR2004 # seven bits per byte
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def _unint(data: bytes) -> int:
    if not data or data[-1] & 0x80 or not all(byte & 0x80 for byte in data[:-1]):
        raise ValueError
    rest = 0
    for byte in reversed(data):
        rest = rest << 7 | byte & 0x7F
    return -(rest + 1 >> 1) if rest & 1 else rest >> 1


def _decimal(value: Decimal) -> bytes:
    if not value.is_finite():
        raise UnsealableValueError(type="Decimal", reason="not_finite")
    return str(value).encode("ascii")


def _undecimal(data: bytes) -> Decimal:
    return Decimal(data.decode("ascii"))


def _date(value: date) -> bytes:
    return value.isoformat().encode("ascii")


def _undate(data: bytes) -> date:
    return date.fromisoformat(data.decode("ascii"))


def _datetime(value: datetime) -> bytes:
    if value.tzinfo is None or value.utcoffset() is None:
        raise UnsealableValueError(type="datetime", reason="naive")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise UnsealableValueError(type="datetime", reason="out_of_range") from None
    return ((instant - EPOCH) // MICROSECOND).to_bytes(8, "big", signed=True)


def _undatetime(data: bytes) -> datetime:
    if len(data) != 8:  # noqa: PLR2004 # a 64-bit count
        raise ValueError
    return EPOCH + int.from_bytes(data, "big", signed=True) * MICROSECOND


def _plain_json(value: object) -> bool:
    """True if JSON gives this value back as it is: text keys only, no tuples, no subclasses."""
    if isinstance(value, dict):
        return all(type(key) is str and _plain_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_plain_json(item) for item in value)
    return value is None or type(value) in {str, int, float, bool}


def _json(value: object) -> bytes:
    try:
        if _plain_json(value):
            form = json.dumps(
                value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
            )
            return form.encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        pass  # fails closed: refused below, and the message of json would quote the value
    raise UnsealableValueError(type="json", reason="not_canonical")


def _unjson(data: bytes) -> Plain:
    value = json.loads(data.decode("utf-8", "surrogatepass"))
    if isinstance(value, (dict, list)):
        return value
    raise ValueError


def _bool(value: bool) -> bytes:  # noqa: FBT001 # the value itself
    return b"\x01" if value else b"\x00"


def _unbool(data: bytes) -> bool:
    return {b"\x00": False, b"\x01": True}[data]


Encoder: TypeAlias = Callable[..., bytes]
ENCODERS: Final[dict[type, tuple[Kind, Encoder]]] = {
    str: (Kind.TEXT, _text),
    bytes: (Kind.BYTES, bytes),
    bool: (Kind.BOOL, _bool),
    int: (Kind.INT, _int),
    Decimal: (Kind.DECIMAL, _decimal),
    datetime: (Kind.DATETIME, _datetime),
    date: (Kind.DATE, _date),
    dict: (Kind.JSON, _json),
    list: (Kind.JSON, _json),
}
DECODERS: Final[dict[Kind, Callable[[bytes], Plain]]] = {
    Kind.TEXT: _untext,
    Kind.BYTES: bytes,
    Kind.INT: _unint,
    Kind.DECIMAL: _undecimal,
    Kind.DATE: _undate,
    Kind.DATETIME: _undatetime,
    Kind.JSON: _unjson,
    Kind.BOOL: _unbool,
}
FIXED: Final = frozenset({Kind.DATE, Kind.DATETIME, Kind.BOOL})  # lengths that say nothing


def _encoder(value: object) -> tuple[Kind, Encoder]:
    """Kind and encoder of a value; subclasses such as a StrEnum count as their base."""
    found = ENCODERS.get(type(value))
    if found is not None:
        return found
    for base, entry in ENCODERS.items():  # bool stands before int, datetime before date
        if isinstance(value, base):
            return entry
    raise UnsealableValueError(type=type(value).__name__, reason="no_kind")


def encode(value: Plain) -> tuple[int, bytes]:
    """The kind byte and the plaintext bytes of a value, padded where its length would speak."""
    kind, encoder = _encoder(value)
    data = encoder(value)
    if kind in FIXED or len(data) >= PAD_BELOW:
        return int(kind), data
    return kind | PADDED, data + PADS[len(data) & 15]


def unpad(data: bytes) -> bytes:
    """The plaintext without its padding."""
    bare = data.rstrip(b"\x00")
    if not bare or bare[-1] != 0x80 or len(data) & 15 or len(data) - len(bare) >= BLOCK:  # noqa: PLR2004
        raise BadPlaintextError(kind="padding")
    return bare[:-1]


def decode(kind_byte: int, data: bytes) -> Plain:
    """The value under these plaintext bytes; the kind byte must be a known one."""
    kind = Kind(kind_byte & 0x7F)
    bare = unpad(data) if kind_byte & PADDED else data
    try:
        return DECODERS[kind](bare)
    except (ValueError, KeyError, OverflowError, InvalidOperation, RecursionError):
        raise BadPlaintextError(kind=kind.name.lower()) from None
