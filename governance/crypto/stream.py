"""A sealed file of any length, version 1, written and read in bounded memory.

    offset  length
    0       8       magic: 0x93 "SKF1" CR LF 0x1A
    8       4       length n of the head, big-endian
    12      n       the head: bytes in clear that whoever reads the file may know (a manifest)
    then any number of chunks
            4       length of the ciphertext, big-endian; the highest bit marks the last chunk
            m       ciphertext and tag, AES-256-GCM
    and nothing after the last chunk, which holds the ending and no data

    nonce = 7 zero bytes || number of the chunk, 32 bits big-endian || 1 for the last, else 0
    AAD   = lp("sekisho/file/1") || SHA-256(magic || length || head)

The key is fresh for each file, so that counted nonces never meet it twice. Each chunk is bound to
the head, its place and whether it is the last: nothing can be changed, moved, left out, put in,
cut off or added without the reader refusing. What was handed out before the ending was read is
authentic but perhaps not whole: nobody may rely on it before.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.core.errors import GovernanceError
from governance.crypto.frame import TAG, lp

MAGIC: Final = b"\x93SKF1\r\n\x1a"
WORD: Final = 4  # bytes of a length
CHUNK: Final = 1_048_576  # bytes of data in a chunk
MOST_HEAD: Final = 65_536  # bytes
LAST: Final = 0x8000_0000
MOST_CHUNKS: Final = 2**32  # 4 PiB


class FileDamagedError(GovernanceError):
    """A sealed file was altered, cut off, or is none of ours (`reason`); nothing of it counts."""

    code, status = "file_damaged", 422


class StreamWriter:
    """Seals what it is given into a file; only `end` makes it whole."""

    def __init__(self, out: BinaryIO, key: bytes, head: bytes) -> None:
        if len(head) > MOST_HEAD:
            raise FileDamagedError(reason="head")
        front = MAGIC + len(head).to_bytes(WORD, "big") + head
        out.write(front)
        self._out, self._aead, self._aad = out, AESGCM(key), _aad(front)
        self._count, self._waiting = 0, bytearray()

    def __repr__(self) -> str:
        return "StreamWriter(...)"

    def write(self, data: bytes) -> None:
        """The data is in the file or waits for its chunk to be full."""
        self._waiting += data
        start = 0
        while len(self._waiting) - start >= CHUNK:
            self._chunk(bytes(self._waiting[start : start + CHUNK]))
            start += CHUNK
        del self._waiting[:start]

    def end(self, ending: bytes) -> None:
        """The file is whole, with these bytes at its end."""
        if self._waiting:
            self._chunk(bytes(self._waiting))
            self._waiting.clear()
        self._chunk(ending, last=True)

    def _chunk(self, data: bytes, *, last: bool = False) -> None:
        sealed = self._aead.encrypt(_nonce(self._count, last=last), data, self._aad)
        self._out.write((len(sealed) | (LAST if last else 0)).to_bytes(WORD, "big") + sealed)
        self._count += 1


class StreamOpener:
    """Opens single chunks of a file whose head and key are known, in any order."""

    def __init__(self, key: bytes, head: bytes) -> None:
        front = MAGIC + len(head).to_bytes(WORD, "big") + head
        self.front: Final = len(front)  # octets before the first chunk
        self._aead, self._aad = AESGCM(key), _aad(front)

    def __repr__(self) -> str:
        return "StreamOpener(...)"

    def opened(self, number: int, sealed: bytes) -> bytes:
        """The data of a chunk that is not the last; raises FileDamagedError for any other."""
        try:
            return self._aead.decrypt(_nonce(number, last=False), sealed, self._aad)
        except InvalidTag:
            raise FileDamagedError(reason="altered") from None


class StreamReader:
    """Opens a sealed file chunk by chunk; `ending` is known once all chunks were taken."""

    def __init__(self, source: BinaryIO) -> None:
        """The head is read; it is authentic once a chunk has opened."""
        self._source = source
        magic = source.read(len(MAGIC))
        if magic != MAGIC:
            raise FileDamagedError(reason="foreign")
        length = _word(source)
        if length > MOST_HEAD:
            raise FileDamagedError(reason="head")
        self.head = _exactly(source, length)
        self._aad = _aad(magic + length.to_bytes(WORD, "big") + self.head)
        self.ending: bytes | None = None

    def __repr__(self) -> str:
        return "StreamReader(...)"

    def chunks(self, key: bytes) -> Iterator[bytes]:
        """The data in order; raises FileDamagedError at the first thing that is not as sealed."""
        aead = AESGCM(key)
        for count in range(MOST_CHUNKS):
            word = _word(self._source)
            last, length = bool(word & LAST), word & ~LAST
            if not TAG <= length <= CHUNK + TAG:
                raise FileDamagedError(reason="chunk")
            sealed = _exactly(self._source, length)
            try:
                data = aead.decrypt(_nonce(count, last=last), sealed, self._aad)
            except InvalidTag:
                raise FileDamagedError(reason="altered") from None
            if last:
                if self._source.read(1):
                    raise FileDamagedError(reason="trailing")
                self.ending = data
                return
            yield data
        raise FileDamagedError(reason="chunk")


def _aad(front: bytes) -> bytes:
    return lp(b"sekisho/file/1") + sha256(front).digest()


def _nonce(count: int, *, last: bool) -> bytes:
    return bytes(7) + count.to_bytes(WORD, "big") + (b"\x01" if last else b"\x00")


def _word(source: BinaryIO) -> int:
    return int.from_bytes(_exactly(source, WORD), "big")


def _exactly(source: BinaryIO, length: int) -> bytes:
    """So many bytes; raises where the file ends before."""
    found = source.read(length)
    if len(found) != length:
        raise FileDamagedError(reason="cut")
    return found
