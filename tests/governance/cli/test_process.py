"""`sekisho` as a process: quick help that loads nothing heavy, folders that refuse, old Pythons."""

import json
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from governance.cli.invocation import VALUED, language, split
from governance.core.terms import Lang

ROOT = Path(__file__).parents[3]
HEAVY = (
    "sqlalchemy", "sqlmodel", "fastapi", "starlette", "uvicorn", "casbin", "presidio_analyzer",
    "spacy", "sudachipy", "openpyxl", "cryptography", "alembic", "pydantic", "httpx", "apscheduler",
)  # fmt: skip
HELP = """
import json, sys
from governance.cli.main import main
code = main(["--help"])
loaded = sorted(set(sys.modules) & set(sys.argv[1:]))
main(["hold", "place", "--help"])
print(json.dumps([code, loaded]))
"""
TREE = """
import json, sys
from governance.cli.invocation import Invocation, begin
from governance.core.terms import Lang
begin(Invocation(lang=Lang(sys.argv[1])))
from governance.cli.commands import application_
import typer
def walk(command, path):
    found = {" ".join(path): [command.help or "",
             {p.name: p.help or "" for p in command.params if p.name != "help"}]}
    for name, inner in getattr(command, "commands", {}).items():
        found |= walk(inner, (*path, name))
    return found
print(json.dumps(walk(typer.main.get_command(application_), ())))
"""


def python(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SEKISHO_")} | more
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
        timeout=60,
    )


def test_help_loads_nothing_heavy() -> None:
    done = python("-c", HELP, *HEAVY)
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert loaded == []
    assert done.stdout.startswith("使い方: sekisho ")
    assert "[必須]" in done.stdout
    for english in ("Usage", "Options:", "Arguments", "Commands", "Show this", "required"):
        assert english not in done.stdout


def test_every_command_and_option_has_help_in_both_languages() -> None:
    trees = {lang: json.loads(python("-c", TREE, lang.value).stdout) for lang in Lang}
    assert trees[Lang.JA].keys() == trees[Lang.EN].keys()
    assert len(trees[Lang.JA]) > 20
    for path, (japanese, options) in trees[Lang.JA].items():
        english, english_options = trees[Lang.EN][path]
        assert japanese, path
        assert english, path
        assert english.isascii(), path
        assert japanese != english, path
        for name, words in options.items():
            assert words, (path, name)
            assert english_options[name], (path, name)


def test_the_console_script_and_the_module_answer_alike() -> None:
    done = python("-m", "governance", "--lang", "en", "law", "show", "nope")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")


OLD = """
import sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = ["environment.py", "--venv", sys.argv[2], "--lock", "requirements.lock",
            "--stamp", sys.argv[2] + "/stamp"]
import runpy
runpy.run_path("scripts/environment.py", run_name="__main__")
"""


def test_an_old_python_is_told_before_anything_is_made(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    done = python("-c", OLD, "-", str(place))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    japanese, english = done.stderr.splitlines()[:2]
    assert japanese.startswith("エラー: ")
    assert english.startswith("Error: ")
    assert "3.11" in japanese
    assert "3.11" in english
    assert "3.9" in english
    assert not place.exists()


def test_environment_is_written_for_pythons_that_are_too_old() -> None:
    source = (ROOT / "scripts" / "environment.py").read_text(encoding="utf-8")
    compile(source, "environment.py", "exec", flags=0)
    for newer in ("match ", ":=", 'f"', "f'", " -> "):
        assert newer not in source


AS_NOBODY = """
import contextlib, io, os, sys
from governance.cli.main import main
import governance.app.demo.run
with contextlib.redirect_stdout(io.StringIO()):  # loads what another user may not be able to read
    assert main(["--data", sys.argv[2], "init"]) == 0
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
raise SystemExit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize(
    ("command", "lang"),
    [(("init",), Lang.JA), (("demo", "--no-serve"), Lang.EN)],
    ids=["init", "demo"],
)
def test_a_folder_that_may_not_be_written_is_named(
    tmp_path: Path, lang: Lang, command: tuple[str, ...]
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-closed-"))  # others may reach it
    folder.chmod(0o555)
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    try:
        done = python(
            *("-c", AS_NOBODY, nobody, str(tmp_path / "open")),
            *("--lang", lang.value, "--data", str(folder / "data"), *command),
        )
        assert done.returncode in (2, 3), done.stderr
        assert str(folder) in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert list(folder.iterdir()) == []
    finally:
        folder.rmdir()


def test_shared_options_stand_anywhere_on_the_line() -> None:
    for place in range(3):
        line = ["dsar", "list"]
        line[place:place] = ["--data", "d", "--json", "--lang=en", "--as", "x", "--config=c"]
        invocation, rest = split(line, {})
        assert rest == ["dsar", "list"]
        assert (invocation.json, invocation.lang, invocation.acting) == (True, Lang.EN, "x")
        assert (str(invocation.data), str(invocation.config)) == ("d", "c")
    assert set(VALUED) == {"--data", "--config", "--lang", "--as"}


def test_after_two_dashes_everything_belongs_to_the_command() -> None:
    invocation, rest = split(["import", "--", "--json"], {})
    assert rest == ["import", "--", "--json"]
    assert invocation.json is False


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Lang.JA),
        ({"LANG": "en_GB.UTF-8"}, Lang.EN),
        ({"LANG": "ja_JP.UTF-8"}, Lang.JA),
        ({"LANG": "C.UTF-8"}, Lang.JA),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_US.UTF-8"}, Lang.EN),
        ({"LANG": "en_US.UTF-8", "SEKISHO_LANG": "ja"}, Lang.JA),
    ],
)
def test_the_language_is_the_terminals(environment: dict[str, str], expected: Lang) -> None:
    assert language(environment) is expected
