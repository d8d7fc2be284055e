"""The code keeps the house rules, and each rule finds what it is for."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


house = _load("house_rules")


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def module_of(path: Path) -> object:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return house.Module(name.removesuffix(".__init__"), path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def findings() -> dict[str, list[str]]:
    """What each rule finds; every module is read once for all of them."""
    found: dict[str, list[str]] = {rule: [] for rule in house.RULES}
    for path in sources():
        module = module_of(path)
        for rule, look in house.RULES.items():
            found[rule] += [f"{path.relative_to(ROOT)}:{n} {words}" for n, words in look(module)]
    return found


@pytest.mark.parametrize("rule", house.RULES)
def test_the_code_keeps_the_rule(rule: str, findings: dict[str, list[str]]) -> None:
    assert findings[rule] == []


BAD = {
    "naive_clock": "from datetime import datetime\nx = datetime.now()\n",
    "commit_in_service": "def f(tx):\n    tx.commit()\n",
    "values_in_logs": "log.info(f'read {name}')\n",
    "values_in_reprs": "@dataclass(frozen=True)\nclass A:\n    value: str\n",
    "orm_session": "from sqlmodel import Session\n",
    "web_outside_edges": "from fastapi import APIRouter\n",
    "http_elsewhere": "import httpx\nhttpx.AsyncClient()\n",
    "sizes": "def f():\n" + "    x = 1\n" * 60,
    "unfinished": "def f():\n    raise NotImplemented" + "Error\n",
    "pages_on_the_loop": "def g(): return t.render('x')\nasync def f():\n    return g()\n",
}
GOOD = {
    "naive_clock": "from governance.core.clock import utc_now\nx = utc_now()\n",
    "commit_in_service": "def f(tx):\n    tx.execute(1)\n",
    "values_in_logs": "log.info('person.read', subject=subject, count=3)\n",
    "values_in_reprs": "@dataclass\nclass A:\n    value: str = field(repr=False)\n",
    "orm_session": "from sqlalchemy import select\n",
    "web_outside_edges": "import json\n",
    "http_elsewhere": "import httpx\nx = httpx.URL('https://example.com/')\n",
    "sizes": "def f():\n    return 1\n",
    "unfinished": "x = 1\n",
    "pages_on_the_loop": "def g(): return t.render('x')\nasync def f():\n    return await run(g)\n",
}


@pytest.mark.parametrize("rule", house.RULES)
def test_the_rule_finds_the_fault(rule: str) -> None:
    assert list(house.RULES[rule](house.Module("consent.service", BAD[rule])))


@pytest.mark.parametrize("rule", house.RULES)
def test_the_rule_lets_the_right_way_pass(rule: str) -> None:
    assert list(house.RULES[rule](house.Module("consent.service", GOOD[rule]))) == []


@pytest.mark.parametrize("call", ["log.info('a', name=x)", "log.info('a', x)", "log.error(text)"])
def test_log_calls_take_permitted_keys_only(call: str) -> None:
    assert list(house.RULES["values_in_logs"](house.Module("consent.service", call)))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_init_files_are_empty_and_none_stands_under_tests() -> None:
    for path in tracked():
        if path.name == "__init__.py":
            assert path.read_bytes() == b"", path
            assert "tests" not in path.relative_to(ROOT).parts, path


def test_the_lock_files_name_no_package_index() -> None:
    for path in ROOT.glob("requirements*.lock"):
        body = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", body)
        assert body.count("--hash=sha256:") > 100


def test_no_package_requires_a_placeholder_model() -> None:
    for path in ROOT.glob("requirements*.lock"):
        body = path.read_text(encoding="utf-8").lower()
        for name in ("ja-core-news", "en-core-web", "ja_core_news", "en_core_web"):
            assert name not in body


def test_whoever_takes_a_file_asks_the_scanner() -> None:
    """ASVS V5.4.3: no door for files beside those that look through them first."""
    below = {  # these hand what they take to another module, which asks before it stores or reads
        "governance/console/import_pages.py": "governance/console/import_files.py",
        "governance/portal/requests/exchange.py": "dsar/messages/service.py",
        "governance/portal/requests/pages.py": "dsar/identity/documents.py",
        "governance/console/message_pages.py": "dsar/messages/service.py",
    }
    mechanisms = {"governance/http/files.py", "governance/http/sealed_form.py"}
    door = re.compile(r"UploadFile|SealedForm|MultiPartParser|sent_file\(|max_files=[1-9]")
    takers = [
        name
        for path in sources()
        if door.search(path.read_text(encoding="utf-8"))
        and (name := str(path.relative_to(ROOT))) not in mechanisms
    ]
    assert len(takers) >= 10
    for name in takers:
        asks = (ROOT / below.get(name, name)).read_text(encoding="utf-8")
        assert re.search(r"\bscanned\(", asks), name
