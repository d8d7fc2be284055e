"""The demo files as shipped, read once; the gold answers beside the tests."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import governance
from governance.customers.normalise.files import RegisterFile, read_register
from governance.customers.types import SourceKind

AT = date(2026, 10, 1)
GOLD = Path(__file__).parents[2] / "data" / "gold"


@cache
def demo_folder() -> Path:
    """Where the package ships its demo files."""
    found = next(Path(governance.__file__).parent.rglob("customers_branch.xlsx"), None)
    assert found is not None, "the package ships no demo files"
    return found.parent


@cache
def read_demo(name: str, kind: SourceKind) -> RegisterFile:
    """One demo file, normalised on the reference date."""
    return read_register(demo_folder() / name, kind, at=AT)


@pytest.fixture(scope="session")
def demo() -> Callable[[str, SourceKind], RegisterFile]:
    return read_demo


@pytest.fixture(scope="session")
def demo_path() -> Path:
    return demo_folder()


@pytest.fixture(scope="session")
def gold() -> Callable[[str], list[dict[str, Any]]]:
    def read(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (GOLD / name).read_text("utf-8").splitlines()]

    return read
