"""The file of connected systems: read strictly, every fault with its line, no secret in it."""

from pathlib import Path

import pytest

from governance.connectors.errors import ConnectorsFileError, ConnectorsRefusedError
from governance.connectors.reading import read_connectors
from governance.connectors.specs import DatabaseSpec, FolderSpec, ManualSpec, OnErase
from governance.core.terms import Lang
from tests.outside import SHOP

HEAD = "connectors:\n  a:\n    label: 店 / Shop\n"
DATABASE = HEAD + "    kind: database\n    address: env:A\n    tables:\n"
TABLE = "      t: {label: 表 / Table, columns: {c: 列 / Column}, "
FOLDER = HEAD + '    kind: folder\n    path: /srv/x\n    pattern: "{customer}_*.txt"\n'


def read(tmp_path: Path, words: str) -> tuple[object, ...]:
    path = tmp_path / "connectors.yaml"
    path.write_text(words, encoding="utf-8")
    return read_connectors(path)


def test_every_kind_is_read(tmp_path: Path) -> None:
    folder = (
        FOLDER.replace("  a:", "  papers:").removeprefix("connectors:\n") + "    erase: delete\n"
    )
    manual = (
        "  archive:\n    label: 書庫 / Archive\n    kind: manual\n"
        "    mail: archive@example.com\n    days: 7\n"
    )
    shop, papers, archive = read(tmp_path, SHOP + folder + manual)
    assert isinstance(shop, DatabaseSpec)
    assert [t.name for t in shop.parents_first()] == ["members", "newsletter", "orders", "lines"]
    assert isinstance(papers, FolderSpec)
    assert papers.on_erase is OnErase.DELETE
    assert isinstance(archive, ManualSpec)
    assert (archive.remind, archive.lang) == (3, Lang.JA)
    assert "archive@" not in repr(archive)


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ("- x\n", "table_expected", 1),
        ("connectors: {}\nmore: x\n", "unknown_key", 2),
        ("connectors:\n  A-1: {kind: manual}\n", "bad_name", 2),
        (HEAD, "missing_key", 3),
        (HEAD + "    kind: telepathy\n", "unknown_word", 4),
        (HEAD + "    kind: manual\n    mail: nobody\n    days: 7\n", "bad_mail", 5),
        (HEAD + "    kind: manual\n    mail: a@example.com\n    days: 0\n", "not_a_number", 6),
        (FOLDER + "    erase: shred\n", "unknown_word", 7),
        (FOLDER + "    erase: empty\n", "unknown_word", 7),
        (FOLDER + "    erase: delete\n    ground: 法 / Law\n", "keeps_nothing", 8),
        (FOLDER + "    erase: keep\n", "missing_key", 3),
        (FOLDER.replace("/srv/x", "srv/x") + "    erase: delete\n", "path_not_absolute", 5),
        (FOLDER.replace("/srv/x", "/srv/../x") + "    erase: delete\n", "path_not_absolute", 5),
        (DATABASE + TABLE + "person: {customer: c}, erase: burn}\n", "unknown_word", 7),
        (DATABASE + TABLE + "erase: delete}\n", "owner_unclear", 7),
        (DATABASE + TABLE + "person: {shoe: c}, erase: delete}\n", "unknown_key", 7),
        (DATABASE + TABLE + "person: {customer: c}, erase: keep}\n", "missing_key", 7),
        (DATABASE + TABLE + "person: {customer: c}, erase: empty}\n", "nothing_to_empty", 7),
        (
            DATABASE + TABLE + "through: {table: x, columns: {c: id}}, erase: delete}\n",
            "table_unknown",
            7,
        ),
        (
            DATABASE + TABLE + "through: {table: t, columns: {c: id}}, erase: delete}\n",
            "table_circle",
            7,
        ),
        (
            DATABASE
            + "      t: {label: 表 / T, person: {customer: no}, erase: empty,\n"
            + "          columns: {c: {label: 列 / C, empty: true}}}\n",
            "link_stays",
            7,
        ),
        (
            DATABASE + TABLE + "person: {customer: c}, erase: keep, ground: 法 / Law, years: 7}\n",
            "missing_key",
            7,
        ),
        (
            DATABASE
            + TABLE
            + "person: {customer: c}, erase: delete}\n"
            + "      u: {label: 子 / Child, columns: {c: 列 / C}, erase: keep, ground: 法 / Law,\n"
            + "          through: {table: t, columns: {t_id: id}}}\n",
            "keeps_under_going",
            8,
        ),
    ],
)
def test_fault_is_told_with_its_line(tmp_path: Path, words: str, code: str, line: int) -> None:
    with pytest.raises(ConnectorsRefusedError) as refused:
        read(tmp_path, words)
    fault = refused.value.faults[0]
    assert (fault.code, fault.place.line, fault.place.file) == (code, line, "connectors.yaml")
    for lang in Lang:
        (sentence,) = refused.value.sentences(lang)
        assert f"{line}" in sentence


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://shop:hunter2@db.example.com/shop",
        "postgresql://hunter2@db.example.com/shop",
        "postgresql://db.example.com/shop?password=hunter2",
    ],
)
def test_secret_written_in_clear_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConnectorsRefusedError) as refused:
        read(tmp_path, DATABASE.replace("env:A", address) + TABLE + "erase: delete}\n")
    with pytest.raises(ConnectorsRefusedError) as refused:
        read(
            tmp_path,
            DATABASE.replace("env:A", address) + TABLE + "person: {customer: c}, erase: delete}\n",
        )
    assert refused.value.faults[0].code == "secret_in_clear"
    assert "hunter2" not in f"{refused.value!s}{refused.value.sentences(Lang.JA)}"


def test_every_faulty_system_is_told_at_once(tmp_path: Path) -> None:
    two = FOLDER + "    erase: x\n" + "  b:\n    kind: manual\n"
    with pytest.raises(ConnectorsRefusedError) as refused:
        read(tmp_path, two)
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"a: [", b"a: &x 1\nb: *x\n", "connectors: 顧客".encode("cp932")],
)
def test_file_of_any_bytes_is_refused_and_never_a_crash(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "connectors.yaml"
    path.write_bytes(content)
    with pytest.raises(ConnectorsRefusedError):
        read_connectors(path)


def test_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConnectorsFileError):
        read_connectors(tmp_path / "none.yaml")
    with pytest.raises(ConnectorsFileError):
        read_connectors(tmp_path)
