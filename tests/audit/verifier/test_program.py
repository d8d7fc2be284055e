"""verifier.pyz runs on Python alone, says how far it got, and answers with its exit status."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import SQLModel

from audit.note import KeyType, VerifierKey
from audit.review import EventFilter
from audit.verifier.findings import Completeness, Finding, Verdict
from audit.verifier.words import TEXTS, shown, text
from dsar.package import pack
from governance.crypto.signing import Ed25519Signer
from governance.db.engine import Database
from tests.audit.bench import NOW, OTHER, Bench
from tests.audit.verifier.exports import (
    WITNESS_KEY,
    cosigned,
    export,
    forged,
    newest_note,
)

ROOT = Path(__file__).parents[3]
SOURCES = sorted((ROOT / "audit" / "verifier").glob("*.py"))
WATCHED = """
import os, runpy, sys
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "urllib.", "ctypes.")):
        os._exit(99)
sys.addaudithook(watch)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "build_verifier", ROOT / "scripts" / "build_verifier.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "verifier.pyz"
    path.write_bytes(builder().built())
    return path


@pytest.fixture
def database(new_database: Callable[..., str]) -> Iterator[Database]:
    """One engine is enough here: the bundle is the same."""
    opened = Database.open(new_database("sqlite"))
    SQLModel.metadata.create_all(opened.writer_engine)
    yield opened
    opened.close()


@pytest.fixture
def run(program: Path, tmp_path: Path) -> Run:
    """Runs the program in an empty environment and folder, without site packages."""
    empty = tmp_path / "empty"
    empty.mkdir()

    def call(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-I", "-S", "-W", "error", program, *map(str, arguments)],
            env={},
            cwd=empty,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return call


def key_options(bench: Bench) -> list[str]:
    return [option for key in bench.keys.verifier_keys for option in ("--key", key.vkey)]


def test_only_the_standard_library_is_imported() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                named = [node.module or ""]
            else:
                continue
            for name in named:
                ours = name.startswith("audit.verifier")
                assert ours or name.partition(".")[0] in sys.stdlib_module_names, (source, name)
                assert name.partition(".")[0] not in {"socket", "ssl", "urllib", "http", "random"}


def test_the_same_sources_build_the_same_bytes() -> None:
    module = builder()
    assert module.built() == module.built()
    assert module.built().startswith(b"#!/usr/bin/env python3\n")


def test_a_verified_bundle_ends_with_zero(filled: Bench, run: Run, tmp_path: Path) -> None:
    export(filled, tmp_path / "b")
    done = run(tmp_path / "b", *key_options(filled))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[verified_self_signed]" in done.stdout
    assert text("proven.whole_log", "ja") in done.stdout
    assert text("open.self_signed", "ja") in done.stdout
    assert "架空太郎" not in done.stdout


def test_a_witness_is_named(filled: Bench, run: Run, tmp_path: Path) -> None:
    export(filled, tmp_path / "b", note=cosigned(newest_note(filled)))
    done = run(
        *(tmp_path / "b", *key_options(filled)), "--witness", WITNESS_KEY.vkey, "--lang", "en"
    )
    assert done.returncode == 0
    assert "[verified_witnessed]" in done.stdout
    assert "the witness witness.example.com/w1 cosigned the tree up to 7 entries" in done.stdout


def test_a_named_witness_that_did_not_sign_is_said(filled: Bench, run: Run, tmp_path: Path) -> None:
    export(filled, tmp_path / "b")
    options = (*key_options(filled), "--witness", WITNESS_KEY.vkey, "--lang=en")
    done = run(tmp_path / "b", *options)
    assert done.returncode == 0
    assert "[verified_self_signed]" in done.stdout
    assert text("open.witness_absent", "en") in done.stdout


def test_without_a_key_a_bundle_is_not_verified(filled: Bench, run: Run, tmp_path: Path) -> None:
    export(filled, tmp_path / "b")
    done = run(tmp_path / "b", "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (1, "unpinned")


def test_a_selection_is_not_said_to_be_complete(filled: Bench, run: Run, tmp_path: Path) -> None:
    filled.add()
    filled.add(subject=OTHER)
    filled.sequence(2)
    export(filled, tmp_path / "b", EventFilter(subject=OTHER))
    done = run(tmp_path / "b", *key_options(filled), "--lang", "en")
    assert done.returncode == 0
    assert text("open.selection", "en") in done.stdout
    assert "is missing" not in done.stdout


def test_a_forged_bundle_ends_with_one(filled: Bench, run: Run, tmp_path: Path) -> None:
    _, content = export(filled, tmp_path / "b")
    changed = forged(content, lambda f: f.line("event", 1)["columns"].update(actor="u:x"))
    (tmp_path / "b").write_bytes(changed)
    done = run(tmp_path / "b", *key_options(filled), "--json")
    shape = json.loads(done.stdout)
    assert (done.returncode, shape["verdict"], shape["at_seq"]) == (1, "tampered", 1)
    assert shape["finding"] == "leaf"
    said = run(tmp_path / "b", *key_options(filled), "--lang", "en").stdout
    assert "Proven" not in said


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04broken", b"{}\n", bytes(1000)])
def test_what_cannot_be_read_ends_with_three(
    content: bytes | None, run: Run, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "b").write_bytes(content)
    done = run(tmp_path / "b", "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "unreadable")
    assert run(tmp_path / "b").returncode == 3


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["b", "--key", "no key"],
        ["b", "--witness", "@absent"],
        ["b", "--checkpoint", "absent"],
        ["b", "--lang", "fr"],
        ["b", "--unknown"],
    ],
)
def test_wrong_use_ends_with_two(options: list[str], run: Run) -> None:
    done = run(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr != ""


def test_keys_and_checkpoints_can_stand_in_files(filled: Bench, run: Run, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("\n".join(key.vkey for key in filled.keys.verifier_keys) + "\n", "utf-8")
    held = tmp_path / "held"
    held.write_text(cosigned(newest_note(filled)), "utf-8")
    export(filled, tmp_path / "b")
    options = ("--key", f"@{keys}", "--witness", WITNESS_KEY.vkey, "--checkpoint", held)
    done = run(tmp_path / "b", *options, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] == "verified_witnessed"


def test_no_socket_and_no_process_is_opened(filled: Bench, program: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "b")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", WATCHED, program, tmp_path / "b", *key_options(filled)],
        env={},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_package_of_an_answer_is_verified_too(run: Run, tmp_path: Path) -> None:
    signer = Ed25519Signer.from_seed(b"\5" * 32)
    files = {"report.html": b"<p>report</p>", "data.json": b"{}"}
    path = tmp_path / "package.zip"
    path.write_bytes(pack(files, reference="R-1", created_at=NOW, signer=signer).content)
    done = run(path, "--key", vkey("dsar-package", signer), "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the 2 files of R-1 are those signed under the key dsar-package" in done.stdout
    assert json.loads(run(path, "--json").stdout)["verdict"] == "unpinned"
    stranger = vkey("dsar-package", Ed25519Signer.from_seed(b"\6" * 32))
    done = run(path, "--key", stranger, "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (1, "tampered")


def vkey(name: str, signer: Ed25519Signer) -> str:
    return VerifierKey(name=name, kind=KeyType.ED25519, public=signer.public_key).vkey


def test_every_word_is_there_in_both_languages() -> None:
    needed = [f"verdict.{one.value}" for one in Verdict]
    needed += [f"finding.{one.value}" for one in Finding]
    assert set(needed) <= set(TEXTS)
    for japanese, english in TEXTS.values():
        assert japanese
        assert english
        names = [sorted(re.findall(r"\{(\w+)\}", one)) for one in (japanese, english)]
        assert names[0] == names[1]
        assert english.isascii()
    used = "".join(source.read_text("utf-8") for source in SOURCES if source.name != "words.py")
    for key in TEXTS:
        head = key.partition(".")[0]
        assert f'"{key}"' in used or head in {"verdict", "finding", "cli"}, key
    assert {one.value for one in Completeness} == {
        "whole_log",
        "whole_range",
        "selection",
        "empty",
    }


def test_what_is_shown_cannot_forge_a_line() -> None:
    assert shown("a\nb\x1b[2J\u202e\u2028") == "a\\u000ab\\u001b[2J\\u202e\\u2028"
    assert shown("関所 log") == "関所 log"
