"""Letters by commands: written from a file, sent once; texts of the company by two persons."""

from pathlib import Path

import pytest

from tests.governance.cli.line import Line
from tests.installation import customer, register, write_file


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("tanaka", "privacy_officer")
    made.hire("sato", "privacy_approver")
    made.hire("mori", "support")
    file = write_file(tmp_path, register([customer(1)]))
    made.hire("kondo", "data_manager")
    made.done("import", str(file), by="kondo")
    return made


def file_of(folder: Path, shown: dict[str, dict[str, str]], *, blank: str) -> str:
    path = folder / "letter.txt"
    source = shown["source"]
    body = source["body"].replace("＿＿＿", blank)
    path.write_text(f"{source['title']}\n\n{body}", encoding="utf-8")
    return str(path)


def test_a_letter_is_written_edited_and_sent_once(line: Line, tmp_path: Path) -> None:
    words = ("dsar", "receive", "--kind", "disclosure", "--channel", "counter")
    request = line.done(*words, by="mori")["reference"]
    letters = ("dsar", "letters")
    made = line.done(*letters, "write", request, "--letter", "method_impossible", by="tanaka")["id"]
    assert line.run(*letters, "send", made, by="tanaka").refusal == "letter_blank"
    shown = line.done(*letters, "show", made, by="tanaka")
    file = file_of(tmp_path, shown, blank="費用が多額であるため。<b>=1+1</b>")
    assert line.done(*letters, "edit", made, "--file", file, by="tanaka")["version"] == 2
    stale = line.run(*letters, "send", made, "--version", "1", by="tanaka")
    assert stale.refusal == "letter_changed"
    assert line.done(*letters, "send", made, by="tanaka")["state"] == "sent"
    assert line.run(*letters, "send", made, by="tanaka").refusal == "letter_closed"
    assert "費用が多額" in line.done(*letters, "show", made, by="tanaka")["text"]["body"]
    listed = line.done(*letters, "list", request, by="tanaka")
    assert [one["letter"] for one in listed] == ["received", "method_impossible"]
    assert "費用" not in str(listed)
    assert line.run(*letters, "write", request, "--letter", "x", by="tanaka").code == 2
    assert line.run(*letters, "show", "nothing", by="tanaka").refusal == "letter_unknown"
    bad = tmp_path / "bad.txt"
    bad.write_text("title\n\n{name}", encoding="utf-8")
    other = line.done(*letters, "write", request, "--letter", "transferred", by="tanaka")["id"]
    assert line.run(*letters, "edit", other, "--file", str(bad), by="tanaka").code == 2


def test_a_text_of_the_company_is_adopted_by_another(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("お知らせ {reference}\n\n{reference} {answer_by}\n", encoding="utf-8")
    words = ("dsar", "letters", "propose", "--letter", "received", "--file", str(file))
    made = line.done(*words, by="tanaka")["id"]
    adopt = ("dsar", "letters", "adopt", made)
    assert line.run(*adopt, by="tanaka").refusal == "edition_same_person"
    assert line.done(*adopt, by="sato")["state"] == "adopted"
    (own,) = line.done("dsar", "letters", "texts", by="tanaka")
    assert (own["letter"], own["state"], own["number"]) == ("received", "adopted", 1)
