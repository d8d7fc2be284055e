"""A reader as a function of octets, and the words that such octets are made of."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

AT: Final = date(2026, 10, 1)
JSON: Final = (b'{"a":', b"\\ud800", b"1e999", b"NaN", b"[[[[", b"null", b'"', b"-0", b"\x00")
CELLS: Final = (b'"', b"\r\n", b",", b"=1+1", b"\x00", "令和8年".encode(), "１".encode(), b"\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reader, what it is fed first, and what it finds in it."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    slow: bool = False


def text_of(octets: bytes) -> str:
    """As a reader of text gets it: what is no UTF-8 was refused before."""
    return octets.decode("utf-8", "replace")


def on_disk(read: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    """A reader of a file as one of octets."""

    def fed(octets: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(octets)
            return read(path)

    return fed
