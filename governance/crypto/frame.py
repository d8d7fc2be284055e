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
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Final, Protocol, TypeAlias, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId
from governance.crypto.revealed import Ciphertext, Revealed
from governance.crypto.values import (
    PAD_BELOW,
    PAD_MARK,
    PAD_ZEROS,
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
UUID_TEXT: Final = 36  # bytes; nearly every row id
UUID_LENGTH: Final = UUID_TEXT.to_bytes(4, "big")
KINDS: Final = frozenset(int(kind) | bit for kind in Kind for bit in (0, PADDED))
PADDED_TEXT: Final = Kind.TEXT | PADDED
NULL: Final = Revealed(None)
Opened: TypeAlias = bytes | tuple[int, bytes]  # padded text bare, other kinds behind their byte
Decrypt: TypeAlias = Callable[[bytes, bytes, bytes], Opened]
Join: TypeAlias = Callable[[tuple[bytes, bytes]], bytes]
Cut: TypeAlias = Callable[[bytes], tuple[Any, ...]]
CUT_BELOW: Final = 1_024  # bytes of a cell; longer ones are few, and of any length


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
    row = row_id.encode()
    return UUID_LENGTH + row if len(row) == UUID_TEXT else lp(row)


class FieldBindings(dict[FieldId, bytes]):
    """The middle part of the AAD of every field, made when first asked for."""

    def __init__(self, installation: str) -> None:
        super().__init__()
        self._prefix = lp(b"sekisho/field/1") + lp(installation.encode())
        self.joins: dict[FieldId, Join] = {}

    def __missing__(self, field: FieldId) -> bytes:
        made = self[field] = self._prefix + lp(field.encode())
        return made

    def join(self, field: FieldId) -> Join:
        """The call that makes a cell's whole AAD from its header and its row."""
        made = self.joins.get(field)
        if made is None:
            made = self.joins[field] = self[field].join
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
        join = bindings.join
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
            cells[field] = header + nonce + encrypt(nonce, data, join(field)((header, row)))
        return cast("dict[FieldId, Ciphertext | None]", cells)

    def opener(self, header: bytes) -> Decrypt:
        """The call that opens frames with this header, which must be one of this key's."""
        if header[:3] not in HEAD_SETS[self.alg]:
            parse_header(header)
            raise BadAlgError(found=header[1])  # fails closed: a key serves one algorithm
        kind, decrypt = header[2], self._aead.decrypt
        if kind == PADDED_TEXT:
            return decrypt
        return lambda nonce, data, associated: (kind, decrypt(nonce, data, associated))


class Openers:
    """The calls that open frames, by their whole header; found when first asked for."""

    __slots__ = ("_key_of", "known")

    def __init__(
        self, key_of: Callable[[int], CellKey], known: dict[bytes, Decrypt] | None = None
    ) -> None:
        """`known` may outlive this call; then its owner drops it when a key ends."""
        self._key_of = key_of
        self.known = {} if known is None else known

    def opener(self, header: bytes) -> Decrypt:
        """The call that opens frames with this header: that of the one key it names."""
        found = self.known.get(header)
        if found is None:
            found = self.known[header] = self._key_of(parse_header(header)).opener(header)
        return found


class OpenedRow(Mapping[FieldId, Revealed[Plain | None]]):
    """The opened cells of a row; authentic when made, decoded when asked for, silent in repr."""

    __slots__ = ("_cells",)

    def __init__(self, cells: dict[FieldId, Opened | None]) -> None:
        """Plaintext bytes by field, as the openers gave them."""
        self._cells = cells

    def __getitem__(self, field: FieldId) -> Revealed[Plain | None]:
        data = self._cells[field]
        return NULL if data is None else Revealed(_decoded(data))

    def __iter__(self) -> Iterator[FieldId]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def reveal(self) -> dict[FieldId, Plain | None]:
        """All plain values at once, for the smallest scope that needs them."""
        plain: dict[FieldId, Plain | None] = {}
        for field, data in self._cells.items():
            if type(data) is bytes:  # the usual kind, without a call
                text, mark, zeros = data.rpartition(PAD_MARK)
                if zeros == PAD_ZEROS[len(text) & 15] and mark:
                    try:
                        plain[field] = text.decode()
                        continue
                    except UnicodeDecodeError:
                        pass  # lone surrogates: the slow way keeps them
            plain[field] = None if data is None else _decoded(data)
        return plain

    def __repr__(self) -> str:
        return f"OpenedRow({len(self._cells)} cells)"

    def __reduce__(self) -> str:
        raise TypeError("opened values are never pickled")


def _decoded(data: Opened) -> Plain:
    return decode(PADDED_TEXT, data) if isinstance(data, bytes) else decode(*data)


def _cut(cell: bytes) -> tuple[bytes, bytes, bytes]:
    return cell[: HEADER.size], cell[HEADER.size : BODY], cell[BODY:]


_CUTS: Final[dict[int, Cut]] = {}  # by length of the cell


def _cut_of(length: int) -> Cut:
    """The call that cuts a frame of this length into header, nonce and body."""
    if length >= CUT_BELOW:
        return _cut
    made = _CUTS[length] = struct.Struct(f"{HEADER.size}s{NONCE}s{length - BODY}s").unpack
    return made


def open_rows(
    rows: Iterable[tuple[str, Mapping[FieldId, bytes | None]]],
    *,
    openers: Openers,
    bindings: FieldBindings,
) -> tuple[OpenedRow, ...]:
    """All cells of these rows, each opened by the one key that it names; None stays None.

    Each cell's own eleven header bytes choose its key and are authenticated with its place.
    What was met before is found in three plain dicts; all else goes the slow way, which refuses.
    """
    cuts, known, joins = _CUTS, openers.known, bindings.joins
    found: list[OpenedRow] = []
    for row_id, cells in rows:
        row = row_binding(row_id)
        opened: dict[FieldId, Opened | None] = {}
        for field, cell in cells.items():
            if cell is None:
                opened[field] = None
                continue
            try:
                header, nonce, body = cuts[len(cell)](cell)
                opened[field] = known[header](nonce, body, joins[field]((header, row)))
            except KeyError:
                opened[field] = _open_slowly(cell, field, row, openers=openers, bindings=bindings)
            except InvalidTag:
                raise BadTagError(dek_id=dek_id_of(cell), field=field) from None
        found.append(OpenedRow(opened))
    return tuple(found)


def _open_slowly(
    cell: bytes, field: FieldId, row: bytes, *, openers: Openers, bindings: FieldBindings
) -> Opened:
    """The cell's plaintext; the three dicts know its like from now on."""
    dek_id = dek_id_of(cell)  # refuses what is no frame
    header, nonce, body = _cut_of(len(cell))(cell)
    decrypt = openers.opener(header)
    try:
        return decrypt(nonce, body, bindings.join(field)((header, row)))
    except InvalidTag:
        raise BadTagError(dek_id=dek_id, field=field) from None
