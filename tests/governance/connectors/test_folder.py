"""A folder of files about persons: only theirs, never through a link, gone for good."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from governance.connectors.erasing import Memory
from governance.connectors.folder import FolderConnector
from governance.connectors.patterns import fits, pattern_of, step_of
from governance.connectors.specs import FolderSpec, Keeping, Limits, OnErase
from governance.connectors.types import Erased, Failed, Found, Kept, KeyKind, PersonKeys, Reason
from policies.types import Label
from tests.outside import NOW, TARO, asking

PAPERS = Label(ja="契約書", en="Contracts")
LAW = Label(ja="商法19条", en="Commercial Code Art. 19")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "papers"
    made.mkdir()
    for name, content in (
        ("C00042_2025.txt", "契約 佐藤花子".encode()),
        ("C00042_メモ.csv", "備考\r\n要確認".encode("cp932")),
        ("C00042_scan.pdf", b"%PDF-1.7\x00\xff"),
        ("C000421_2025.txt", b"another"),
        ("C00043_2025.txt", b"another"),
        ("C00042.txt", b"not of the pattern"),
    ):
        (made / name).write_bytes(content)
    return made


def connector(folder: Path, memory: Memory, **more: Any) -> FolderConnector:
    words = {"pattern": ("{customer}_*",), "on_erase": OnErase.DELETE} | more
    spec = FolderSpec(name="papers", label=PAPERS, path=folder, **words)
    return FolderConnector(spec=spec, memory=memory)


def texts(answer: object) -> list[dict[str, str]]:
    assert isinstance(answer, Found), answer
    return [{value.name: value.text for value in one.values} for one in answer.records]


def test_files_of_the_person_are_found_and_no_others(folder: Path, memory: Memory) -> None:
    found = texts(connector(folder, memory).find(TARO, asking()))
    assert [one["file.name"] for one in found] == [
        "C00042_2025.txt", "C00042_scan.pdf", "C00042_メモ.csv",
    ]  # fmt: skip
    assert found[0]["file.content"] == "契約 佐藤花子"
    assert found[2]["file.content"] == "備考\r\n要確認"
    assert "写しを添付します" in found[1]["file.content"]
    assert len(found[1]["file.sha256"]) == 64


def test_what_is_no_text_comes_as_a_file_and_a_text_does_not(folder: Path, memory: Memory) -> None:
    (folder / "C00042_強制.<b>x").write_bytes(b"\x00")
    answer = connector(folder, memory).find(TARO, asking())
    assert isinstance(answer, Found)
    found = [(one.file.suffix, one.file.content) if one.file else None for one in answer.records]
    assert found == [None, ("pdf", b"%PDF-1.7\x00\xff"), None, ("bin", b"\x00")]


def test_text_is_searched_for_third_persons(folder: Path, memory: Memory) -> None:
    answer = connector(folder, memory).find(TARO, asking())
    assert isinstance(answer, Found)
    free = [value.free_text for one in answer.records for value in one.values
            if value.name == "file.content"]  # fmt: skip
    assert free == [True, False, True]


@pytest.mark.parametrize(
    "number",
    ["../C00042", "C00042/../C00043", "*", "C0004?", "..", "", "C00042\x00", "C_42", "/"],
)
def test_number_that_could_lead_elsewhere_fails_closed(
    folder: Path, memory: Memory, number: str
) -> None:
    keys = PersonKeys(subject=TARO.subject, customers=(number,))
    assert connector(folder, memory).find(keys, asking()) == Failed(reason=Reason.KEY_FORM)
    assert connector(folder, memory).erase(keys, asking()) == Failed(reason=Reason.KEY_FORM)
    assert len(list(folder.iterdir())) == 6


def test_number_that_two_persons_have_is_ambiguous(folder: Path, memory: Memory) -> None:
    keys = PersonKeys(
        subject=TARO.subject, customers=("C00042",), shared=frozenset({KeyKind.CUSTOMER})
    )
    assert connector(folder, memory).erase(keys, asking()) == Failed(reason=Reason.AMBIGUOUS)


def test_link_is_refused_and_what_it_leads_to_stays(
    folder: Path, memory: Memory, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("another")
    (folder / "C00042_link.txt").symlink_to(secret)
    one = connector(folder, memory)
    assert one.find(TARO, asking()) == Failed(reason=Reason.UNSAFE)
    assert one.erase(TARO, asking()) == Failed(reason=Reason.UNSAFE)
    assert secret.read_text() == "another"
    assert (folder / "C00042_2025.txt").exists()


def test_folder_that_is_itself_a_link_is_refused(
    folder: Path, memory: Memory, tmp_path: Path
) -> None:
    (tmp_path / "way").symlink_to(folder)
    one = connector(tmp_path / "way", memory)
    assert isinstance(one.find(TARO, asking()), Failed)


def test_pipe_is_not_read(folder: Path, memory: Memory) -> None:
    os.mkfifo(folder / "C00042_pipe.txt")
    assert len(texts(connector(folder, memory).find(TARO, asking()))) == 3


def test_limits_fail_and_cut_nothing_off(folder: Path, memory: Memory) -> None:
    few = connector(folder, memory, limits=Limits(records=2))
    assert few.find(TARO, asking()) == Failed(reason=Reason.TOO_MANY)
    (folder / "C00042_big.txt").write_bytes(b"x" * 1_100_000)
    small = connector(folder, memory, limits=Limits(megabytes=1))
    assert small.find(TARO, asking()) == Failed(reason=Reason.TOO_LARGE)
    late = connector(folder, memory, limits=Limits(seconds=0))
    assert late.find(TARO, asking()) == Failed(reason=Reason.TIMEOUT)


def test_erasing_removes_the_persons_files_once(folder: Path, memory: Memory) -> None:
    one = connector(folder, memory)
    assert one.erase(TARO, asking()) == Erased(records=3)
    assert sorted(path.name for path in folder.iterdir()) == [
        "C00042.txt", "C000421_2025.txt", "C00043_2025.txt",
    ]  # fmt: skip
    assert one.erase(TARO, asking()) == Erased(records=3)
    assert one.erase(TARO, asking("another")) == Erased(records=0)


def test_death_in_the_middle_tells_the_whole_afterwards(
    folder: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real, count = connector(folder, memory), os.unlink, 0

    def dies(*args: Any, **kwargs: Any) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise MemoryError
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("governance.connectors.folder.os.unlink", dies)
        with pytest.raises(MemoryError):
            one.erase(TARO, asking())
    assert one.erase(TARO, asking()) == Erased(records=3)
    assert not list(folder.glob("C00042_*"))


def test_folder_of_one_person_goes_with_its_files(tmp_path: Path, memory: Memory) -> None:
    for number in ("C00042", "C00043"):
        (tmp_path / "p" / number / "2025").mkdir(parents=True)
        (tmp_path / "p" / number / "a.txt").write_text(number)
    one = connector(tmp_path / "p", memory, pattern=("{customer}", "*.txt"))
    (tmp_path / "p" / "C00042" / "2025").rmdir()
    assert texts(one.find(TARO, asking()))[0]["file.name"] == "C00042/a.txt"
    assert one.erase(TARO, asking()) == Erased(records=1)
    assert not (tmp_path / "p" / "C00042").exists()
    assert (tmp_path / "p" / "C00043" / "a.txt").exists()


def test_what_a_law_keeps_stays_until_its_day(folder: Path, memory: Memory) -> None:
    for name, day in (("C00042_2025.txt", (2025, 3, 1)), ("C00042_scan.pdf", (2010, 3, 1)),
                      ("C00042_メモ.csv", (2026, 2, 28))):  # fmt: skip
        moment = datetime(*day, tzinfo=NOW.tzinfo).timestamp()
        os.utime(folder / name, (moment, moment))
    one = connector(folder, memory, on_erase=OnErase.KEEP, keeping=Keeping(ground=LAW, years=10))
    done = one.erase(TARO, asking())
    assert isinstance(done, Kept)
    assert (done.erased, done.items[0].records, done.items[0].until) == (1, 2, date(2036, 2, 28))
    assert not (folder / "C00042_scan.pdf").exists()
    assert (folder / "C00042_2025.txt").exists()


def test_health_tells_what_is_wrong(folder: Path, memory: Memory) -> None:
    assert connector(folder, memory).health(at=NOW)
    gone = connector(folder / "none", memory).health(at=NOW)
    assert gone.reason is Reason.SHAPE
    assert connector(folder / "none", memory).find(TARO, asking()) == Failed(reason=Reason.SHAPE)


@pytest.mark.parametrize(
    "written",
    [
        "{customer}*.txt", "a{customer}.txt", "*.txt", "{customer}/{customer}.txt", "../{customer}",
        "/{customer}.txt", "{customer}_[0-9].txt", "{customer}_?.txt", "a/./{customer}",
        "{customer}_{x}",
    ],
)  # fmt: skip
def test_pattern_that_could_take_anothers_files_is_refused(written: str) -> None:
    assert pattern_of(written) is None


def test_number_with_the_mark_of_the_pattern_cannot_be_told_apart() -> None:
    pattern = pattern_of("{customer}-*.txt")
    assert pattern is not None
    assert fits(pattern, "C1")
    assert not fits(pattern, "C-1")
    assert not step_of(pattern[0], "C1").fullmatch("C12-a.txt")
