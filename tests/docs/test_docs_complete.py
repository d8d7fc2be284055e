import ast
import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from audit.actions import EventCode
from governance.core.errors import GovernanceError
from governance.core.settings import Settings
from governance.core.settings_reading import PREFIX
from policies.masking import MaskMethod
from policies.reasons import ReasonCode

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WRITTEN = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
PLACE = re.compile(
    r"((?:governance|policies|consent|retention|audit|dsar|tests|scripts|docs)/[\w./-]*)"
    r"(?::([A-Za-z_][\w.]*))?"
)
DOTTED = re.compile(r"(?:governance|policies|consent|retention|audit|dsar)(?:\.[A-Za-z_]\w*)+")
WORD = r"[a-z]+(?:-[a-z]+)*"
COMMAND = re.compile(rf"(?:^|[\s`/])sekisho((?: --\w+ \S+)*) ({WORD})(?: ({WORD}))?")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def scripted(name: str) -> ModuleType:
    """A module of scripts/, found as the script itself finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module(name)


def generator() -> ModuleType:
    return scripted("generate_docs")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names that a module defines at top level, and its classes' members."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for name in defined(node):
            found.add(name)
            if isinstance(node, ast.ClassDef):
                found.update(f"{name}.{inner}" for item in node.body for inner in defined(item))
    return frozenset(found)


def defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


@cache
def error_codes() -> tuple[str, ...]:
    """Codes of our own errors, not of those that other tests define."""
    generator().import_errors()
    owners = GovernanceError.registry.items()
    return tuple(code for code, error in owners if error.__module__.startswith(PACKAGES))


def words_of(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def test_generated_pages_are_up_to_date() -> None:
    late = generator().out_of_date(generator().pages())
    assert late == [], f"run: python scripts/generate_docs.py (out of date: {late})"


def test_every_setting_stands_in_the_docs() -> None:
    listed = page("settings.md")
    missing = [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in listed]
    assert missing == []


def test_every_event_code_stands_in_the_docs() -> None:
    listed = page("event-codes.md")
    assert [code for code in EventCode if f"| `{code.value}` |" not in listed] == []


def test_every_reason_code_stands_in_the_docs() -> None:
    listed = page("reason-codes.md")
    assert [code for code in ReasonCode if listed.count(f"| `{code.value}` |") != 3] == []


def test_every_error_code_stands_in_the_docs_and_in_the_troubleshooting() -> None:
    listed, table = page("error-codes.md"), page("operations.md")
    codes = error_codes()
    assert [code for code in codes if f"| `{code}` |" not in listed] == []
    assert [code for code in codes if f"`{code}`" not in table] == []


def test_every_masking_method_stands_in_the_docs() -> None:
    listed = page("masking.md")
    assert [method for method in MaskMethod if f"| `{method.value}` |" not in listed] == []


def test_every_command_with_every_option_stands_in_the_docs_in_both_languages() -> None:
    listed = page("commands.md")
    for lang in ("ja", "en"):
        for command in scripted("doc_pages.commands").tree_in(lang):
            assert f"## `{command['name']}" in listed
            assert command["help"] in listed
            for parameter in command["params"]:
                assert f"`{parameter['name']}`" in listed
                assert parameter["help"], f"{command['name']} {parameter['name']} has no words"


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_relative_link_resolves(path: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(words_of(path))]
    near = [target for target in targets if target and "://" not in target]
    assert [target for target in near if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_named_file_and_function_exists(path: Path) -> None:
    missing = []
    for code in CODE.findall(words_of(path)):
        found = PLACE.fullmatch(code)
        if found is None:
            continue
        target = ROOT / found[1]
        known = target.exists() and (found[2] is None or found[2] in names_in(target))
        missing += [] if known else [code]
    assert missing == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_dotted_name_exists(path: Path) -> None:
    events = {code.value for code in EventCode}
    named = [code for code in CODE.findall(words_of(path)) if DOTTED.fullmatch(code)]
    assert [code for code in named if code not in events and not resolves(code)] == []


def resolves(dotted: str) -> bool:
    parts = dotted.split(".")
    for at in range(len(parts), 0, -1):
        module = ROOT.joinpath(*parts[:at])
        rest = ".".join(parts[at:])
        if not rest and module.is_dir():
            return True
        if module.with_suffix(".py").is_file():
            return not rest or rest in names_in(module.with_suffix(".py"))
    return False


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_command_that_the_docs_tell_to_run_exists(path: Path) -> None:
    whole = {
        tuple(command["name"].split()[1:])
        for command in scripted("doc_pages.commands").tree_in("en")
    }
    names = whole | {name[:2] for name in whole}
    groups = {name[0] for name in names if len(name) > 1}
    text = path.read_text(encoding="utf-8")
    spoken = [*CODE.findall(words_of(path)), *FENCE.findall(text)]
    missing = []
    for line in "\n".join(spoken).splitlines():
        for _, first, second in COMMAND.findall(line):
            known = (first, second) in names if first in groups else (first,) in names
            missing += [] if known else [f"{first} {second}"]
    assert missing == []


def test_every_layer_stands_in_the_architecture() -> None:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = tables["importlinter"]["contracts"][0]["layers"]
    names = [name.strip() for layer in layers for name in layer.split("|")]
    folders = [name for name in names if not name.startswith("(") and "__" not in name]
    listed = page("architecture.md")
    built = [name for name in folders if any((ROOT / name.replace(".", "/")).glob("[a-z]*.py"))]
    assert [name for name in built if f"| `{name.replace('.', '/')}/` |" not in listed] == []


def test_the_apt_list_is_read_as_the_integration_reads_it() -> None:
    text = page("operations.md")
    found = re.search(r"^<!-- apt -->$(.*?)^<!-- /apt -->$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    lines = found[1].split()
    assert {"make", "python3", "python3-venv", "chromium", "fonts-noto-cjk"} <= set(lines)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", line) for line in lines)


def test_codes_of_the_troubleshooting_are_codes() -> None:
    text = page("operations.md").partition("## Troubleshooting")[2]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = [code for cell in rows for code in CODE.findall(cell)]
    assert named
    assert [code for code in named if code not in error_codes()] == []


def test_decisions_name_the_locked_versions() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    row = re.compile(r"^\| ([a-z0-9-]+) \| ([\d.]+) \|", re.MULTILINE)
    for path in sorted((DOCS / "decisions").glob("0*.md")):
        for name, version in row.findall(path.read_text(encoding="utf-8")):
            assert re.search(rf"^{name}=={re.escape(version)}\b", lock, re.MULTILINE), (
                name,
                version,
            )


def test_json_of_the_docs_is_json() -> None:
    for path in WRITTEN:
        for body in re.findall(
            r"^```json\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            json.loads(body)
