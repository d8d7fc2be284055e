"""Every wrong input: one clear sentence in each language, the right exit code, nothing changed."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from governance.core.terms import Lang
from governance.db.engine import Database, sqlite_url
from tests.governance.cli.conftest import Home, Run

PREFIX = {Lang.JA: "エラー: ", Lang.EN: "Error: "}
NOBODY = "00000000-0000-4000-8000-000000000000"
LINES: dict[str, tuple[int, tuple[str, ...]]] = {
    "unknown option": (2, ("--nope",)),
    "unknown option of a command": (2, ("import", "a.csv", "--nope")),
    "unknown command": (2, ("frob",)),
    "too many arguments": (2, ("import", "a.csv", "b.csv")),
    "argument missing": (2, ("import",)),
    "option missing": (2, ("check", "--subject", "x")),
    "option without value": (2, ("import", "a.csv", "--kind")),
    "value of another type": (2, ("check", "--subject", "x", "--purpose", "y", "--min-seq", "q")),
    "day not a day": (2, ("retention", "plan", "--at", "yesterday")),
    "time not a time": (2, ("check", "--subject", "x", "--purpose", "y", "--at", "now")),
    "port not a number": (2, ("serve", "--port", "abc")),
    "language unknown": (2, ("--lang", "xx", "doctor")),
    "data without value": (2, ("doctor", "--data")),
    "file missing": (2, ("import", "missing.csv")),
    "file a folder": (2, ("import", "{files}")),
    "file empty": (2, ("import", "{empty}")),
    "file binary": (2, ("import", "{binary}")),
    "file of no kind": (2, ("import", "{odd}")),
    "file of another kind": (2, ("import", "{odd}", "--kind", "customers")),
    "kind unknown": (2, ("import", "{odd}", "--kind", "frogs")),
    "encoding unknown": (2, ("import", "{odd}", "--encoding", "klingon")),
    "encoding wrong": (2, ("import", "{japanese}", "--kind", "customers", "--encoding", "ascii")),
    "workbook broken": (2, ("import", "{workbook}")),
    "duplicates: file missing": (2, ("duplicates", "missing.csv")),
    "duplicates: folder": (2, ("duplicates", "{files}")),
    "duplicates: empty": (2, ("duplicates", "{empty}")),
    "duplicates: kind": (2, ("duplicates", "{odd}", "--kind", "purchases")),
    "quality duplicates: file missing": (2, ("quality", "duplicates", "missing.csv")),
    "scan: file missing": (2, ("pii", "scan", "missing.txt")),
    "scan: no database": (2, ("pii", "scan", "frog://x/y")),
    "scan: report of no form": (2, ("pii", "scan", "{files}", "--report", "x.pdf")),
    "policy: neither folder nor version": (1, ("policy", "check", "missing")),
    "policy: a file": (2, ("policy", "check", "{odd}")),
    "schedule missing": (2, ("retention", "plan", "--schedule", "missing.yaml")),
    "schedule a folder": (2, ("retention", "plan", "--schedule", "{files}")),
    "schedule binary": (3, ("retention", "plan", "--schedule", "{binary}")),
    "plan unknown": (1, ("retention", "run", NOBODY)),
    "no plan yet": (1, ("retention", "run")),
    "erase: unknown person": (1, ("erase", "--subject", NOBODY, "--plan")),
    "approve: unknown id": (1, ("approve", NOBODY)),
    "request unknown": (1, ("dsar", "show", NOBODY)),
    "advance: request unknown": (1, ("dsar", "advance", NOBODY, "start")),
    "advance: step unknown": (2, ("dsar", "advance", NOBODY, "fly")),
    "event unknown": (1, ("audit", "prove", NOBODY)),
    "key of a verifier broken": (2, ("audit", "verify", "--key", "garbage")),
    "output in no folder": (3, ("audit", "checkpoint", "--output", "/nonexistent/x")),
    "caller unknown": (1, ("check", "--as", "svc:ghost", "--subject", "x", "--purpose", "y")),
    "login unknown": (1, ("--as", "ghost", "dsar", "list")),
    "sign-in code wrong": (1, ("login", "--code", "nope")),
    "officer's name wrong": (2, ("init", "--officer", "Bad Name")),
    "law: entry unknown": (2, ("law", "show", "nope")),
    "law: rule unknown": (2, ("law", "due", "--rule", "nope")),
    "law: event without a date": (2, ("law", "due", "--rule", "{rule}", "--event", "received")),
    "law: event of another name": (
        2, ("law", "due", "--rule", "{rule}", "--event", "eaten=2026-03-05"),
    ),
    "law: impossible day": (
        2, ("law", "due", "--rule", "{rule}", "--event", "received=2026-02-30"),
    ),
    "law: calendar unknown": (
        2,
        ("law", "due", "--rule", "{rule}", "--event", "received=2026-03-05", "--calendar", "Mars"),
    ),
    "role without the right": (1, ("--as", "support", "keys", "rotate")),
    "keys: two of one": (2, ("keys", "rotate", "--subject", NOBODY, "--all-subjects")),
    "keys: index and subject": (2, ("keys", "rotate", "--subject", NOBODY, "--index", "x")),
    "keys: index without the right": (1, ("keys", "rotate", "--index", "person.name")),
    "keys: class alone": (2, ("keys", "rotate", "--class", "active")),
    "keys: class unknown": (2, ("keys", "rotate", "--subject", NOBODY, "--class", "gold")),
    "keys: days not a number": (2, ("keys", "rotate", "--all-subjects", "--keep-old", "x")),
    "keys: days below nought": (2, ("keys", "rotate", "--all-subjects", "--keep-old", "-1")),
    "keys: nothing to destroy": (2, ("keys", "destroy")),
    "keys: subject without class": (2, ("keys", "destroy", "--subject", NOBODY)),
    "keys: epoch and subject": (2, ("keys", "destroy", "--epoch", "x", "--subject", NOBODY)),
    "keys: epoch unknown": (1, ("--as", "sasaki", "keys", "destroy", "--epoch", "2001-01-01")),
    "keys: person unknown": (1, ("keys", "destroy", "--subject", NOBODY, "--class", "record")),
    "keys: not by a reader": (1, ("--as", "auditor", "keys", "rotate", "--all-subjects")),
    "keys: seal without the right": (1, ("keys", "seal")),
    "import without the right": (1, ("--as", "auditor", "import", "{customers}")),
    "settings missing": (2, ("--config", "missing.toml", "doctor")),
    "settings broken": (2, ("--config", "{broken}", "doctor")),
    "settings unknown": (2, ("--config", "{unknown}", "doctor")),
    "settings of the wrong type": (2, ("--config", "{wrong}", "doctor")),
    "settings not text": (2, ("--config", "{binary}", "doctor")),
    "production, unsafe": (3, ("--config", "{production}", "doctor")),
    "production, serve": (3, ("--config", "{production}", "serve")),
    "production, demo": (2, ("--config", "{production}", "demo", "--no-serve")),
    "no workers": (2, ("serve", "--workers", "0")),
    "port out of range": (3, ("serve", "--port", "99999")),
}  # fmt: skip
RULE = "gdpr_1m"


@pytest.fixture(scope="module")
def places(home: Home) -> dict[str, str]:
    """Odd files, made once."""
    made = {
        "empty": b"",
        "binary": bytes(range(256)) * 20,
        "odd": b"a,b\r\n1,2\r\n",
        "japanese": "顧客ID,氏名\r\nC000001,架空　花子\r\n".encode(),
        "broken": b"mode = [",
        "unknown": b"nonsense = 1\n",
        "wrong": b'port = "many"\n',
        "production": b'mode = "production"\n',
    }
    found = {"files": str(home.files), "customers": str(home.files / "customers.csv")}
    for name, content in made.items():
        path = home.files / f"{name}.csv"
        path.write_bytes(content)
        found[name] = str(path)
    workbook = home.files / "broken.xlsx"
    workbook.write_bytes(b"PK\x03\x04" + bytes(200))
    return found | {"workbook": str(workbook), "rule": RULE}


def one_sentence(said: str, lang: Lang) -> bool:
    """Whether it is one line that begins as an error of this language and names no class."""
    lines = said.rstrip("\n").split("\n")
    return (
        len(lines) == 1
        and lines[0].startswith(PREFIX[lang])
        and "Traceback" not in said
        and len(lines[0]) > len(PREFIX[lang]) + 8
    )


@pytest.mark.parametrize("name", LINES)
def test_a_wrong_line_is_told_in_each_language_and_changes_nothing(
    home: Home, places: dict[str, str], run: Run, name: str
) -> None:
    expected, words = LINES[name]
    line = [word.format(**places) for word in words]
    if "--data" not in line:
        line = ["--data", str(home.data), *line]
    if "--as" not in line:
        line = ["--as", "tanaka", *line]
    before = home.state()
    for lang in Lang:
        told = run(*line) if name == "language unknown" else run("--lang", lang.value, *line)
        spoken = Lang.JA if name == "language unknown" else lang
        assert told.code == expected, told
        assert told.out == ""
        assert one_sentence(told.err, spoken), told.err
    as_json = run("--json", *line)
    assert as_json.code == expected
    assert as_json.out == ""
    assert set(as_json.problem) >= {"code", "status", "detail"}
    records = RECORDS.get(as_json.problem["code"], {})
    assert unrecorded(home.state(), records) == unrecorded(before, {})


EACH: Final = {"audit_event": 3, "audit_pending": 3}
RECORDS: Final = {  # what three refusals leave behind
    "action_forbidden": {**EACH, "audit_decision": 3},
    "sign_in_refused": {**EACH, "sign_in_failure": 1},  # a count of the network
}


def unrecorded(state: tuple[Any, ...], records: Mapping[str, int]) -> tuple[Any, ...]:
    """The state without the records of three refusals."""
    counts, names = dict(state[0]), state[1]
    for table, rows in records.items():
        counts[table] -= rows
    return counts, names


def test_the_two_languages_are_two(home: Home, run: Run) -> None:
    japanese, english = (run("--lang", lang.value, "import", "missing.csv") for lang in Lang)
    assert japanese.err.isascii() is False
    assert english.err.isascii()


def test_a_folder_without_an_installation(tmp_path: Path, run: Run) -> None:
    missing = tmp_path / "nothing"
    for command in (
        ("doctor",), ("serve",), ("dsar", "list"), ("audit", "verify"), ("keys", "status"),
        ("retention", "status"), ("quality", "report"), ("login", "--code", "x"),
    ):  # fmt: skip
        told = run("--json", "--data", missing, *command)
        assert (told.code, told.problem["code"]) == (3, "not_initialised")
    assert not missing.exists()


def test_a_data_folder_that_is_a_file(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert run("--json", "--data", file, "init").problem["code"] == "folder_unwritable"
    assert run("--json", "--data", file, "doctor").problem["code"] == "not_initialised"
    assert run("--json", "--data", file, "demo", "--no-serve").problem["code"] == "demo_folder"
    assert file.read_text() == "mine"


def test_who_did_not_sign_in_is_told_how(home: Home, run: Run) -> None:
    kept = home.data / "cli"
    hidden = kept.rename(home.data / "cli-hidden")
    try:
        for command in (("dsar", "list"), ("import", home.files / "customers.csv")):
            told = run("--json", "--data", home.data, *command)
            assert (told.code, told.problem["code"]) == (1, "not_signed_in")
    finally:
        hidden.rename(kept)


def test_a_token_that_opens_nothing(home: Home, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("sk_nothing", "nothing"):
        monkeypatch.setenv("SEKISHO_TOKEN", token)
        told = run("--json", "--data", home.data, "dsar", "list")
        assert (told.code, told.problem["code"]) == (1, "not_signed_in")


def test_a_port_in_use_is_named(home: Home, run: Run) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for lang in Lang:
            told = run("--lang", lang.value, "--data", home.data, "serve", "--port", str(port))
            assert told.code == 3
            assert str(port) in told.err
            assert one_sentence(told.err, lang)


@pytest.fixture
def newer(home: Home) -> Iterator[None]:
    """The database says it was written by a newer release."""
    path = sqlite_url(home.data / "sekisho.db")

    def mark(revision: str) -> str:
        database = Database.open(path)
        with database.writer_engine.begin() as tx:
            before = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
        database.close()
        return str(before)

    before = mark("9999")
    yield
    mark(before)


@pytest.mark.usefixtures("newer")
def test_a_database_of_a_newer_release_is_not_touched(home: Home, run: Run) -> None:
    before = home.state()
    for command in (("doctor",), ("serve",), ("init",), ("dsar", "list")):
        told = run("--json", "--data", home.data, *command)
        assert (told.code, told.problem["code"]) == (3, "schema_newer"), told
    assert home.state() == before


def test_a_wrong_name_of_an_officer_makes_no_installation(tmp_path: Path, run: Run) -> None:
    assert run("--data", tmp_path / "new", "init", "--officer", "Bad Name").code == 2
    assert not (tmp_path / "new").exists()
