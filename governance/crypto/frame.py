"""The frame of one sealed value, version 1, and the keys that seal and open it.

    offset  length
    0       1       0xE1: magic and version
    1       1       algorithm: 1 AES-256-GCM, 2 AES-256-GCM-SIV (data without a subject)
    2       1       kind of value (`values.py`); bit 7: padded
    3       8       dek_id: the one key that opens it, unsigned, big-endian
    11      12      nonce
    23      n       ciphertext
    23+n    16      tag

    AAD = header (bytes 0..10) || lp("sekisho/field/1") || lp(installation id)
          || lp(field id) || lp(row id)          lp = 32-bit big-endian length, then the bytes

A frame names exactly one key and no other is ever tried. The binding makes a frame open only
in its own field of its own row of its own installation.
"""

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Final, Protocol, TypeAlias, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId
from governance.crypto.revealed import Ciphertext, Revealed
from governance.crypto.values import (
    PAD_BELOW,
    PADDED,
    PADS,
    Kind,
    Plain,
    decode,
    encode,
)

MAGIC: Final = 0xE1
HEADER: Final = struct.Struct(">BBBQ")
NONCE: Final = 12  # bytes
TAG: Final = 16  # bytes
OVERHEAD: Final = HEADER.size + NONCE + TAG  # 39 bytes
BODY: Final = HEADER.size + NONCE
KEY_BYTES: Final = 32
KINDS: Final = frozenset(int(kind) | bit for kind in Kind for bit in (0, PADDED))
PADDED_TEXT: Final = Kind.TEXT | PADDED
NULL: Final = Revealed(None)
Decrypt: TypeAlias = Callable[[bytes, bytes, bytes], bytes]


class Alg(IntEnum):
    """The algorithm byte of a frame."""

    GCM = 1
    GCM_SIV = 2


ALGS: Final = frozenset(int(alg) for alg in Alg)
HEAD_SETS: Final = {alg: frozenset(bytes((MAGIC, alg, kind)) for kind in KINDS) for alg in Alg}
HEADS: Final = {alg: {kind: bytes((MAGIC, alg, kind)) for kind in KINDS} for alg in Alg}


class FrameError(GovernanceError):
    """A stored value is not a frame that this key opens here."""

    code, status = "frame", 500


class ShortFrameError(FrameError):
    """Fewer bytes than header, nonce and tag need."""

    code = "frame_short"


class BadMagicError(FrameError):
    """The first byte is not that of a version 1 frame; plaintext looks like this, too."""

    code = "frame_bad_magic"


class BadAlgError(FrameError):
    """The algorithm is unknown, or not the one of the named key."""

    code = "frame_bad_alg"


class BadKindError(FrameError):
    """The kind of value is unknown."""

    code = "frame_bad_kind"


class BadTagError(FrameError):
    """The frame was altered, or stands in another field, row or installation."""

    code = "frame_bad_tag"


class Aead(Protocol):
    """The two calls of the cipher library that a frame needs."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Ciphertext and tag."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Plaintext, if the tag is right."""
        ...


def aead(alg: Alg, key: bytes) -> Aead:
    """The cipher of this algorithm under this key."""
    return AESGCM(key) if alg is Alg.GCM else AESGCMSIV(key)


def lp(part: bytes) -> bytes:
    """The part behind its length, so that no two lists of parts give the same bytes."""
    return len(part).to_bytes(4, "big") + part


def row_binding(row_id: str) -> bytes:
    """The last part of the AAD, made once per row."""
    return lp(row_id.encode())


class FieldBindings(dict[FieldId, bytes]):
    """The middle part of the AAD of every field, made when first asked for."""

    def __init__(self, installation: str) -> None:
        super().__init__()
        self._prefix = lp(b"sekisho/field/1") + lp(installation.encode())

    def __missing__(self, field: FieldId) -> bytes:
        made = self[field] = self._prefix + lp(field.encode())
        return made


def parse_header(header: bytes) -> int:
    """The id of the one key that a frame with this header names; refuses an unknown header."""
    if header and header[0] != MAGIC:
        raise BadMagicError(found=header[0])
    if len(header) < HEADER.size:
        raise ShortFrameError(length=len(header))
    _, alg, kind, dek_id = HEADER.unpack_from(header)
    if alg not in ALGS:
        raise BadAlgError(found=alg)
    if kind not in KINDS:
        raise BadKindError(found=kind)
    return cast("int", dek_id)


def dek_id_of(cell: bytes) -> int:
    """The id of the one key that can open this frame; refuses what is no frame of version 1."""
    dek_id = parse_header(cell)
    if len(cell) < OVERHEAD:
        raise ShortFrameError(length=len(cell))
    return dek_id


class CellKey:
    """One data key, ready to seal and open cells; its repr shows only the id."""

    __slots__ = ("_aead", "alg", "dek_id", "id8")

    def __init__(self, dek_id: int, key: bytes, alg: Alg) -> None:
        self.dek_id = dek_id
        self.alg = alg
        self._aead = aead(alg, key)
        self.id8 = dek_id.to_bytes(8, "big")

    def __repr__(self) -> str:
        return f"CellKey(dek_id={self.dek_id}, alg={self.alg.name})"

    def __reduce__(self) -> str:
        raise TypeError("a data key is never pickled")

    def seal_raw(self, kind: int, data: bytes, binding: bytes, nonce: bytes) -> Ciphertext:
        """The frame of plaintext bytes that are encoded already."""
        header = HEADS[self.alg][kind] + self.id8
        body = self._aead.encrypt(nonce, data, header + binding)
        return Ciphertext(header + nonce + body)

    def open_raw(self, cell: bytes, binding: bytes) -> tuple[int, bytes]:
        """Kind byte and plaintext bytes of a frame that names this key."""
        if dek_id_of(cell) != self.dek_id or cell[1] != self.alg:
            raise BadAlgError(found=cell[1])  # fails closed: a key serves one algorithm
        try:
            data = self._aead.decrypt(cell[11:23], cell[23:], cell[:11] + binding)
        except InvalidTag:
            raise BadTagError(dek_id=self.dek_id) from None
        return cell[2], data

    def seal(self, value: Plain, binding: bytes) -> Ciphertext:
        """The frame of one value under a fresh random nonce."""
        kind, data = encode(value)
        return self.seal_raw(kind, data, binding, os.urandom(NONCE))

    def open(self, cell: bytes, binding: bytes) -> Plain:
        """The value of one frame that names this key."""
        return decode(*self.open_raw(cell, binding))

    def seal_cells(
        self, values: Mapping[FieldId, Plain | None], *, bindings: FieldBindings, row: bytes
    ) -> dict[FieldId, Ciphertext | None]:
        """Frames of a whole row, with one draw of randomness; None stays None."""
        heads, end, encrypt = HEADS[self.alg], self.id8, self._aead.encrypt
        nonces, at = os.urandom(NONCE * len(values)), 0
        cells: dict[FieldId, bytes | None] = {}
        for field, value in values.items():
            if value is None:
                cells[field] = None
                continue
            if type(value) is str and len(data := value.encode("utf-8", "surrogatepass")) < (
                PAD_BELOW
            ):  # the usual kind, without a call
                kind, data = PADDED_TEXT, data + PADS[len(data) & 15]
            else:
                kind, data = encode(value)
            header, nonce = heads[kind] + end, nonces[at : at + NONCE]
            at += NONCE
            cells[field] = header + nonce + encrypt(nonce, data, header + bindings[field] + row)
        return cast("dict[FieldId, Ciphertext | None]", cells)

    def opener(self, header: bytes) -> Decrypt:
        """The call that opens frames with this header, which must be one of this key's."""
        if header[:3] not in HEAD_SETS[self.alg]:
            parse_header(header)
            raise BadAlgError(found=header[1])  # fails closed: a key serves one algorithm
        return self._aead.decrypt


class Openers(dict[bytes, CellKey]):
    """Keys by the eight bytes of their id, found when first asked for; made for one call."""

    def __init__(self, key_of: Callable[[int], CellKey]) -> None:
        super().__init__()
        self._key_of = key_of

    def opener(self, header: bytes) -> Decrypt:
        """The call that opens frames with this header: that of the one key it names."""
        key = self.get(header[3:])
        if key is None:
            key = self[header[3:]] = self._key_of(parse_header(header))
        return key.opener(header)


class OpenedRow(Mapping[FieldId, Revealed[Plain | None]]):
    """The opened cells of a row; authentic when made, decoded when asked for, silent in repr."""

    __slots__ = ("_cells", "_kinds")

    def __init__(self, cells: dict[FieldId, bytes | None], kinds: dict[FieldId, int]) -> None:
        """Plaintext bytes by field, and the kinds of those that are not padded text."""
        self._cells = cells
        self._kinds = kinds

    def __getitem__(self, field: FieldId) -> Revealed[Plain | None]:
        data = self._cells[field]
        return NULL if data is None else Revealed(decode(self._kinds.get(field, PADDED_TEXT), data))

    def __iter__(self) -> Iterator[FieldId]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def __repr__(self) -> str:
        return f"OpenedRow({len(self._cells)} cells)"

    def __reduce__(self) -> str:
        raise TypeError("opened values are never pickled")


def _no_key(_nonce: bytes, _data: bytes, _associated: bytes, /) -> bytes:
    raise InvalidTag  # fails closed: never reached, since the first header differs from none


def open_cells(
    cells: Mapping[FieldId, bytes | None], *, openers: Openers, bindings: FieldBindings, row: bytes
) -> OpenedRow:
    """All cells of a row, each opened by the one key that it names; None stays None."""
    opened: dict[FieldId, bytes | None] = {}
    kinds: dict[FieldId, int] = {}
    last, decrypt = b"", _no_key
    for field, cell in cells.items():
        if cell is None:
            opened[field] = None
            continue
        header = cell[:11]
        if header != last or not header:
            last, decrypt = header, openers.opener(header)
        try:
            data = decrypt(cell[11:23], cell[23:], header + bindings[field] + row)
        except (InvalidTag, ValueError):
            dek_id = dek_id_of(cell)  # a frame cut short is named as such
            raise BadTagError(dek_id=dek_id, field=field) from None
        if header[2] != PADDED_TEXT:
            kinds[field] = header[2]
        opened[field] = data
    return OpenedRow(opened, kinds)
