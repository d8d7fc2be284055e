"""The client's source is its own distribution: it imports nothing of ours but itself."""

import ast
import sys
from pathlib import Path

import consent.client.client

FOLDER = Path(consent.client.client.__file__).parent
OUTSIDE = {"httpx", "opentelemetry"}
ROOT = Path(__file__).parents[3]


def test_the_client_imports_nothing_of_ours_outside_itself() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                if node.level == 1:
                    assert node.module is not None
                    assert (FOLDER / f"{node.module}.py").is_file()
                    continue
                names = {(node.module or "").partition(".")[0]}
            else:
                continue
            assert names <= OUTSIDE | set(sys.stdlib_module_names), (path.name, names)


def test_the_distribution_names_every_module_of_the_client() -> None:
    named = (ROOT / "clients/python/pyproject.toml").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.py"):
        assert path.name == "__init__.py" or f'"sekisho_client/{path.name}"' in named
