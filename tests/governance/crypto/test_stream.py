"""Sealed files: whole or refused, whatever is done to a byte of them."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.crypto import stream
from governance.crypto.stream import FileDamagedError, StreamReader, StreamWriter

KEY, OTHER = b"\1" * 32, b"\2" * 32
SMALL = 64  # bytes of a chunk here, so that a file has many


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", SMALL)


def sealed(data: bytes, *, head: bytes = b"head", ending: bytes = b"ending") -> bytes:
    out = BytesIO()
    writer = StreamWriter(out, KEY, head)
    writer.write(data)
    writer.end(ending)
    return out.getvalue()


def opened(file: bytes, key: bytes = KEY) -> tuple[bytes, bytes, bytes]:
    reader = StreamReader(BytesIO(file))
    data = b"".join(reader.chunks(key))
    assert reader.ending is not None
    return reader.head, data, reader.ending


@given(data=st.binary(max_size=5 * SMALL), head=st.binary(max_size=80), ending=st.binary())
def test_what_was_sealed_opens(data: bytes, head: bytes, ending: bytes) -> None:
    ending = ending[:SMALL]
    assert opened(sealed(data, head=head, ending=ending)) == (head, data, ending)


@given(pieces=st.lists(st.binary(max_size=3 * SMALL), max_size=6))
def test_the_file_does_not_depend_on_the_pieces_it_came_in(pieces: list[bytes]) -> None:
    out = BytesIO()
    writer = StreamWriter(out, KEY, b"head")
    for piece in pieces:
        writer.write(piece)
    writer.end(b"ending")
    assert out.getvalue() == sealed(b"".join(pieces))


WHOLE = bytes(range(256))


@given(at=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_one_changed_byte_is_refused(at: int, flip: int) -> None:
    file = bytearray(sealed(WHOLE))
    file[at % len(file)] ^= flip
    with pytest.raises(FileDamagedError):
        opened(bytes(file))


@given(length=st.integers(0, 10**6))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    file = sealed(WHOLE)
    with pytest.raises(FileDamagedError):
        opened(file[: length % len(file)])


def test_whole_chunks_cut_moved_doubled_or_added_are_refused() -> None:
    file = sealed(WHOLE)
    step = stream.WORD + SMALL + stream.TAG
    front = len(stream.MAGIC) + stream.WORD + len(b"head")
    parts = [file[front + n * step : front + (n + 1) * step] for n in range(4)]
    end = file[front + 4 * step :]
    for wrong in (
        [*parts[:3], end],
        [parts[1], parts[0], *parts[2:], end],
        [*parts, parts[3], end],
        [*parts, end, end],
        [*parts, end, b"\0"],
        parts,
    ):
        with pytest.raises(FileDamagedError):
            opened(file[:front] + b"".join(wrong))


def test_a_chunk_of_another_file_is_refused() -> None:
    mine, other = sealed(WHOLE), sealed(WHOLE, head=b"HEAD")
    front = len(stream.MAGIC) + stream.WORD + len(b"head")
    with pytest.raises(FileDamagedError):
        opened(mine[:front] + other[front:])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(FileDamagedError):
        opened(sealed(WHOLE), OTHER)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"SQLite format 3\0",
        stream.MAGIC,
        stream.MAGIC + b"\xff\xff\xff\xff",
        stream.MAGIC + b"\0\0\0\0\x7f\xff\xff\xff",
    ],
)
def test_what_is_no_such_file_is_refused_before_it_is_read_into_memory(file: bytes) -> None:
    with pytest.raises(FileDamagedError):
        opened(file)


def test_nothing_is_whole_before_its_end() -> None:
    out = BytesIO()
    writer = StreamWriter(out, KEY, b"head")
    writer.write(WHOLE)
    with pytest.raises(FileDamagedError):
        opened(out.getvalue())


def test_neither_shows_what_it_holds() -> None:
    writer = StreamWriter(BytesIO(), KEY, b"head")
    assert repr(writer) == "StreamWriter(...)"
    assert repr(StreamReader(BytesIO(sealed(b"secret")))) == "StreamReader(...)"
