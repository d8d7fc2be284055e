"""A sealed file without a name: read at any place, gone with the process, refused when altered."""

import os
from io import SEEK_END
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.crypto import seeking, stream
from governance.crypto.seeking import SealedFile
from governance.crypto.stream import FileDamagedError

SMALL = 64  # octets of a chunk here, so that a file has many


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealed")


@pytest.fixture(scope="module", autouse=True)
def small_chunks(folder: Path) -> pytest.MonkeyPatch:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK", SMALL)
        patch.setattr(seeking, "CHUNK", SMALL)
        patch.setattr(seeking, "BUFFER", SMALL // 2)
        yield patch


def sealed(folder: Path, data: bytes) -> SealedFile:
    file = SealedFile(folder, "顧客.csv")
    for start in range(0, len(data), 50):
        file.write(data[start : start + 50])
    file.end()
    return file


@given(
    data=st.binary(max_size=5 * SMALL),
    places=st.lists(st.tuples(st.integers(0, 6 * SMALL), st.integers(0, 3 * SMALL)), max_size=5),
)
def test_every_place_reads_as_in_the_file_that_was_sealed(
    folder: Path, data: bytes, places: list[tuple[int, int]]
) -> None:
    file = sealed(folder, data)
    with file.open() as first, file.open() as second:
        for place, length in places:
            first.seek(place)
            assert first.read(length) == data[place : place + length]
        assert second.read() == data
        assert second.seek(0, SEEK_END) == len(data) == file.size
    file.close()


def test_it_has_no_name_in_the_folder_and_nothing_of_it_lies_there_in_clear(folder: Path) -> None:
    file = sealed(folder, b"Hanako" * 100)
    assert list(folder.iterdir()) == []
    assert b"Hanako" not in os.pread(file._out.fileno(), 10_000, 0)
    file.close()


def test_what_was_altered_is_refused(folder: Path) -> None:
    file = sealed(folder, b"a" * 3 * SMALL)
    place = os.pread(file._out.fileno(), 10_000, 0).__len__() // 2
    os.pwrite(file._out.fileno(), b"\x00\x01\x02\x03", place)
    with pytest.raises(FileDamagedError), file.open() as content:
        content.read()
    file.close()
