"""Every encoding of Japanese business files is told, and what is no text is refused."""

import codecs
from pathlib import Path
from typing import Any

import pytest

from governance.customers.encodings import (
    SourceBinaryError,
    SourceEmptyError,
    SourceEncodingUnknownError,
    SourceMissingError,
    SourceNotAFileError,
    SourceTextUndecodableError,
    detect,
    open_text,
)

HEADER = "氏名,フリガナ,住所\r\n"
ROW = "架空　花子,カクウ　ハナコ,東京都千代田区丸の内１丁目\r\n"
CASES = {
    "cp932": ("cp932", b""),
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8-sig", b""),
    "utf-16-le": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be": ("utf-16-be", codecs.BOM_UTF16_BE),
    "euc_jp": ("euc_jp", b""),
    "iso2022_jp": ("iso2022_jp", b""),
}


@pytest.mark.parametrize("rows", [1, 3, 1_500])
@pytest.mark.parametrize("encoding", CASES)
def test_encoding_is_detected_and_read_back(tmp_path: Path, encoding: str, rows: Any) -> None:
    codec, bom = CASES[encoding]
    path = tmp_path / "a.csv"
    path.write_bytes(bom + (HEADER + ROW * rows).encode(codec))
    found = detect(path)
    assert found.encoding == encoding
    assert found.confidence > 0.7
    assert found.preview[0] == HEADER.strip()
    with open_text(path, found) as stream:
        assert stream.read() == HEADER + ROW * rows


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_bom_is_detected(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW * 20).encode(codec))
    assert detect(path).encoding == codec


def test_half_width_kana_alone_is_cp932(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("ﾌﾘｶﾞﾅ,ﾅﾏｴ\r\nﾔﾏﾀﾞ ﾊﾅｺ,ﾊﾅｺ\r\n".encode("cp932") * 5)
    assert detect(path).encoding == "cp932"


def test_vendor_kanji_stay_cp932(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("氏名\r\n髙橋　﨑子\r\n㈱架空,①\r\n".encode("cp932") * 5)
    assert detect(path).encoding == "cp932"


def test_plain_ascii_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,email\na,b@example.com\n")
    assert detect(path).encoding == "utf-8"


def test_a_wrong_byte_behind_the_sample_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    whole = (HEADER + ROW * 8_000).encode()
    path.write_bytes(whole + b"\xff\xff\n")
    with pytest.raises(SourceTextUndecodableError) as error:
        detect(path)
    assert error.value.params == {"encoding": "utf-8", "row": 8_002, "offset": len(whole)}


def test_a_file_of_two_encodings_is_told_by_the_line_at_which_they_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW * 50).encode("cp932") + ROW.encode())
    with pytest.raises(SourceTextUndecodableError) as error:
        detect(path)
    assert (error.value.params["encoding"], error.value.params["row"]) == ("cp932", 52)


def test_a_file_that_was_cut_in_a_character_is_told_by_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW * 50).encode() + "架".encode()[:2])
    with pytest.raises(SourceTextUndecodableError) as error:
        detect(path)
    assert error.value.params["row"] == 52


def test_asked_encoding_is_used_or_refused_with_the_offset(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW).encode("cp932"))
    assert detect(path, encoding="shift_jis").encoding == "shift_jis"
    with pytest.raises(SourceTextUndecodableError) as error:
        detect(path, encoding="utf-8")
    assert error.value.params["offset"] == 0
    with pytest.raises(SourceEncodingUnknownError):
        detect(path, encoding="klingon")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + bytes(range(256)),
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        bytes(range(256)) * 40,
    ],
)
def test_binary_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceBinaryError):
        detect(path)


def test_absent_empty_and_folder_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(SourceEmptyError):
        detect(tmp_path / "empty.csv")
    with pytest.raises(SourceMissingError):
        detect(tmp_path / "none.csv")
    with pytest.raises(SourceNotAFileError):
        detect(tmp_path)


def test_the_preview_is_not_in_the_representation(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + ROW).encode("cp932"))
    assert "花子" not in repr(detect(path))
