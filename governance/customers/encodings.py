"""Encodings of source files: a ladder of proofs, charset-normalizer as second opinion.

BOM, then ISO-2022-JP escapes, then strict UTF-8, then CP932 against EUC-JP by how Japanese the
text looks. The whole file is decoded once in pieces, so that a wrong byte at the end is found
before the first row is stored.
"""

import codecs
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from charset_normalizer import from_bytes

from governance.core.errors import GovernanceError
from governance.customers.file_paths import FilePath

SAMPLE = 256 * 1024  # bytes; enough for any judgement, small enough to hold twice
OPINION_SAMPLE = 64 * 1024  # bytes; charset-normalizer takes 30 ms for them
PIECE = 1024 * 1024  # bytes decoded at a time
SHOWN_BY = 100  # bytes beyond ASCII that are read before a bad one: so it is this encoding
PREVIEW_LINES, PREVIEW_WIDTH = 5, 200  # lines, characters


class SourceMissingError(GovernanceError):
    """There is no file at this path."""

    code, status, exit_code = "source_missing", 404, 2


class SourceNotAFileError(GovernanceError):
    """The path is a directory or a device."""

    code, status, exit_code = "source_not_a_file", 400, 2


class SourceUnreadableError(GovernanceError):
    """This user may not read the file."""

    code, status, exit_code = "source_unreadable", 400, 2


class SourceEmptyError(GovernanceError):
    """The file holds nothing."""

    code, status, exit_code = "source_empty", 422, 2


class SourceBinaryError(GovernanceError):
    """The file is no text."""

    code, status, exit_code = "source_binary", 422, 2


class SourceEncodingUnknownError(GovernanceError):
    """No encoding of the ladder reads the file, or the named one does not exist."""

    code, status, exit_code = "source_encoding_unknown", 422, 2


class SourceTextUndecodableError(GovernanceError):
    """The encoding does not read the whole file; params: encoding, line, offset in bytes."""

    code, status, exit_code = "source_text_undecodable", 422, 2


class Encoding(StrEnum):
    """Encodings of Japanese business files, by their Python codec names."""

    CP932 = "cp932"
    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-sig"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    EUC_JP = "euc_jp"
    ISO_2022_JP = "iso2022_jp"
    ISO_2022_JP_EXT = "iso2022_jp_ext"  # with half-width kana


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """An encoding with what speaks for it; the preview is for eyes, never for logs."""

    encoding: str
    confidence: float  # 0 to 1
    bom: int  # bytes to skip
    second_opinion: str | None  # what charset-normalizer says of the same bytes
    preview: tuple[str, ...] = field(repr=False)


_BOMS = (
    (codecs.BOM_UTF8, Encoding.UTF_8_BOM),
    (codecs.BOM_UTF16_LE, Encoding.UTF_16_LE),
    (codecs.BOM_UTF16_BE, Encoding.UTF_16_BE),
)
_MAGIC = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"\x89PNG",
    b"\x1f\x8b",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BZh",
    b"7z\xbc\xaf",
    b"SQLite format 3\x00",
    b"\x7fELF",
    b"MZ\x90",
)
_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I", b"\x1b$(D")


def check_path(path: FilePath) -> None:
    """The path is a readable file with something in it, or the error says what it is not."""
    if not isinstance(path, Path):
        if path.size == 0:
            raise SourceEmptyError
        return
    if not path.exists():
        raise SourceMissingError
    if not path.is_file():
        raise SourceNotAFileError
    if not os.access(path, os.R_OK):
        raise SourceUnreadableError
    if path.stat().st_size == 0:
        raise SourceEmptyError


def head_of(path: FilePath, size: int = SAMPLE) -> bytes:
    """The first bytes of a file that is known to be one."""
    with path.open("rb") as stream:
        return stream.read(size)


def detect(path: FilePath, *, encoding: str | None = None) -> Detected:
    """The encoding that reads the whole file, or the one asked for when it does."""
    check_path(path)
    sample = head_of(path)
    if encoding is not None and encoding != "auto":
        return _asked(path, sample, encoding)
    for mark, found in _BOMS:
        if sample.startswith(mark):
            return _proved(path, sample, found, bom=len(mark), confidence=1.0)
    if sample.startswith(_MAGIC):
        raise SourceBinaryError
    for candidate, confidence in _candidates(sample):
        if first_undecodable(path, candidate, bom=0) is None:
            return _proved(path, sample, candidate, bom=0, confidence=confidence)
    raise _unread(path, sample)


def _unread(path: FilePath, sample: bytes) -> GovernanceError:
    """Where the encoding stops that reads the file furthest; that it is unknown when none does."""
    tried = (Encoding.UTF_8, Encoding.CP932, Encoding.EUC_JP)
    found = [(bad, e) for e in tried if (bad := first_undecodable(path, e, bom=0)) is not None]
    if not found:
        return SourceEncodingUnknownError()
    bad, encoding = max(found, key=lambda one: one[0].offset)
    if sum(byte > 0x7F for byte in sample[: bad.offset]) < SHOWN_BY:  # noqa: PLR2004 -- beyond ASCII
        return SourceEncodingUnknownError()
    return SourceTextUndecodableError(encoding=encoding.value, row=bad.line, offset=bad.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another encoding that reads the beginning of the file, and how it looks in it."""

    encoding: str
    score: float  # share of characters that text is made of
    preview: tuple[str, ...] = field(repr=False)


def alternatives(path: FilePath, detected: Detected) -> tuple[Alternative, ...]:
    """Every other encoding that reads the first bytes, likeliest first; for a person to choose."""
    sample = head_of(path)[detected.bom :]
    found = []
    for encoding in Encoding:
        if _family(encoding) == _family(detected.encoding):
            continue
        text, bad = _decode_sample(sample, encoding)
        if not bad and text:
            usual = sum(_is_usual(c) or c in "\r\n\t" or (" " <= c <= "~") for c in text)
            found.append(
                Alternative(
                    encoding=encoding.value,
                    score=round(usual / len(text), 3),
                    preview=_preview(sample, encoding),
                )
            )
    return tuple(sorted(found, key=lambda item: -item.score))


def _asked(path: FilePath, sample: bytes, encoding: str) -> Detected:
    """The encoding that a person named, when the file can be read with it."""
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
    except LookupError as error:
        raise SourceEncodingUnknownError(encoding=encoding[:40]) from error
    bom = next((len(m) for m, e in _BOMS if sample.startswith(m) and _same(e, info.name)), 0)
    if (bad := first_undecodable(path, info.name, bom=bom)) is not None:
        raise SourceTextUndecodableError(encoding=info.name, row=bad.line, offset=bad.offset)
    return Detected(
        encoding=info.name,
        confidence=1.0,
        bom=bom,
        second_opinion=second_opinion(sample),
        preview=_preview(sample[bom:], info.name),
    )


def _same(known: Encoding, name: str) -> bool:
    """True when a mark belongs to the named codec."""
    return codecs.lookup(known.value).name == name or (
        known is Encoding.UTF_8_BOM and name == "utf-8"
    )


def _proved(
    path: FilePath, sample: bytes, encoding: Encoding, *, bom: int, confidence: float
) -> Detected:
    """The detected encoding with the second opinion and the preview."""
    if bom and (bad := first_undecodable(path, encoding, bom=bom)) is not None:
        raise SourceTextUndecodableError(encoding=encoding.value, row=bad.line, offset=bad.offset)
    opinion = second_opinion(sample)
    agreed = opinion is not None and _family(opinion) == _family(encoding)
    return Detected(
        encoding=encoding.value,
        confidence=confidence if agreed or confidence == 1.0 else round(confidence * 0.9, 3),
        bom=bom,
        second_opinion=opinion,
        preview=_preview(sample[bom:], encoding),
    )


def _family(name: str) -> str:
    """Codecs that read the same bytes alike share a family."""
    plain = name.lower().replace("-", "_")
    for family in ("utf_16", "euc", "iso2022_jp", "utf_8"):
        if plain.startswith(family):
            return family
    if plain == "ascii":
        return "utf_8"
    return "sjis" if plain in {"cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213"} else plain


def second_opinion(sample: bytes) -> str | None:
    """What charset-normalizer takes the bytes for; none when it has no view."""
    piece = sample[:OPINION_SAMPLE]
    if len(sample) > OPINION_SAMPLE and b"\x00" not in piece:
        piece = piece[: piece.rfind(b"\n") + 1] or piece  # no character cut in half
    best = from_bytes(piece, cp_isolation=_OPINIONS).best()
    return None if best is None else str(best.encoding)


_OPINIONS = ["cp932", "shift_jis", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "euc_jp",
             "iso2022_jp", "iso2022_jp_ext", "ascii"]  # fmt: skip


def _candidates(sample: bytes) -> Iterator[tuple[Encoding, float]]:
    """Encodings to try on the whole file, likeliest first, with their confidence."""
    if b"\x00" in sample:
        if (wide := _utf16_without_bom(sample)) is None:
            raise SourceBinaryError
        yield wide, 0.9
        return
    if _binary_share(sample) > 0.05:  # noqa: PLR2004 -- share of control bytes that no text has
        raise SourceBinaryError
    if any(escape in sample for escape in _ESCAPES) and not any(byte > 0x7F for byte in sample):  # noqa: PLR2004 -- 7-bit code
        yield Encoding.ISO_2022_JP, 0.99
        yield Encoding.ISO_2022_JP_EXT, 0.95
    yield Encoding.UTF_8, 1.0 if sample.isascii() else 0.99
    scores = {e: _japanese_share(sample, e) for e in (Encoding.CP932, Encoding.EUC_JP)}
    for encoding in sorted(scores, key=lambda e: -scores[e]):
        if scores[encoding] > 0.3:  # noqa: PLR2004 -- below, the text is of no Japanese file
            margin = scores[encoding] - min(scores.values())
            yield encoding, round(min(0.99, 0.7 + margin / 2), 3)


def _binary_share(sample: bytes) -> float:
    """Share of bytes that no text file holds."""
    control = bytes(b for b in range(32) if b not in b"\t\n\r\x0b\x0c\x1b\x1a")
    return len(sample) - len(sample.translate(None, control)) and (
        (len(sample) - len(sample.translate(None, control))) / len(sample)
    )


def _utf16_without_bom(sample: bytes) -> Encoding | None:
    """UTF-16 in the order of bytes that makes it text; none for binary."""
    shares = {e: _text_share(sample, e) for e in (Encoding.UTF_16_LE, Encoding.UTF_16_BE)}
    best = max(shares, key=lambda e: shares[e])
    return best if shares[best] > 0.9 else None  # noqa: PLR2004 -- share of usual characters


def _text_share(sample: bytes, encoding: Encoding) -> float:
    """Share of characters that Japanese or plain text is made of."""
    text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
    usual = sum(c in "\r\n\t" or (c.isascii() and c.isprintable()) or _is_usual(c) for c in text)
    return usual / max(1, len(text))


def _japanese_share(sample: bytes, encoding: Encoding) -> float:
    """Share of non-ASCII characters that Japanese text is made of; -1 when it does not decode."""
    text, bad = _decode_sample(sample, encoding)
    wide = [c for c in text if ord(c) > 0x7F]  # noqa: PLR2004 -- beyond ASCII
    if bad or not wide:
        return -1.0
    usual = sum(_is_usual(c) for c in wide)
    half_kana = sum("\uff61" <= c <= "\uff9f" for c in wide)
    odd = sum(
        "\u2500" <= c <= "\u257f" or "\ue000" <= c <= "\uf8ff" or "\x80" <= c < "\xa0" for c in wide
    )
    return (usual + half_kana * 0.4 - odd) / len(wide)


def _is_usual(c: str) -> bool:
    """Kana, marks, full-width forms, and the kanji of level 1 that daily text uses."""
    if "\u3000" <= c <= "\u30ff" or "\uff01" <= c <= "\uff5e":
        return True
    if "\u4e00" <= c <= "\u9fff":
        pair = c.encode("shift_jis", errors="ignore")
        return bool(pair) and pair < b"\x98\x9f"
    return False


def _decode_sample(sample: bytes, encoding: Encoding) -> tuple[str, bool]:
    """The sample as text and whether a byte before its cut end was bad."""
    decoder = codecs.getincrementaldecoder(encoding.value)(errors="strict")
    try:
        return decoder.decode(sample), False
    except UnicodeDecodeError:
        return "", True


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """Where an encoding stops to read a file."""

    line: int
    offset: int  # bytes


def first_undecodable(path: FilePath, encoding: str, *, bom: int) -> Undecodable | None:
    """Where the first bytes are that the encoding does not read; none when it reads all."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    offset, line = bom, 1
    with path.open("rb") as stream:
        stream.seek(bom)
        while True:
            piece = stream.read(PIECE)
            try:
                line += decoder.decode(piece, final=not piece).count("\n")
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, errors="ignore")
                start = offset + len(piece) - len(error.object) + error.start
                return Undecodable(line=line + before.count("\n"), offset=start)
            if not piece:
                return None
            offset += len(piece)


def _preview(sample: bytes, encoding: str) -> tuple[str, ...]:
    """The first lines as this encoding shows them."""
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample[:16_384])
    return tuple(line[:PREVIEW_WIDTH] for line in text.splitlines()[:PREVIEW_LINES])


def open_text(path: FilePath, detected: Detected) -> TextIO:
    """A text stream past the BOM with line ends untouched, as the csv reader wants it."""
    encoding = (
        "utf-8-sig" if detected.bom and _family(detected.encoding) == "utf_8" else detected.encoding
    )
    octets = path.open("rb")
    stream = io.TextIOWrapper(octets, encoding=encoding, newline="", errors="strict")
    if detected.bom and _family(detected.encoding) == "utf_16":
        stream.read(1)
    return stream
