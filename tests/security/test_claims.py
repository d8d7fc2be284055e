"""Every claim of docs/asvs.yaml is shown by tests that exist and run on every commit."""

import ast
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
LEVEL_2: Final = 253  # of ASVS 5.0.0: 70 of level 1 and 183 of level 2
LEVEL_3: Final = frozenset(
    {
        "V2.3.5", "V8.3.2", "V11.1.3", "V11.1.4", "V13.3.3", "V13.3.4", "V14.2.6", "V14.2.7",
        "V14.2.8", "V15.4.1", "V15.4.2", "V15.4.3", "V16.5.4",
    }
)  # fmt: skip
STATUS: Final = frozenset({"met", "not_applicable", "open"})
UNPLAYED: Final = frozenset({"skip", "skipif", "xfail"})
FEWEST_WORDS: Final = 2


@cache
def file() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs/asvs.yaml").read_text(encoding="utf-8"))
    return found


@cache
def played(path: Path) -> frozenset[str]:
    """Tests of the file that run on every commit; none where the whole file waits for something."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        marks = isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0])
        if marks and isinstance(node, ast.Assign) and _unplayed(node.value):
            return frozenset()
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(_unplayed(one) for one in node.decorator_list)
    )


def _unplayed(mark: ast.expr) -> bool:
    names = {node.attr for node in ast.walk(mark) if isinstance(node, ast.Attribute)}
    return not UNPLAYED.isdisjoint(names)


def fault(test: str) -> str | None:
    """Why this is no test that runs; None for one that does."""
    name, _, function = test.partition("::")
    path = ROOT / name
    if not path.is_file():
        return f"{test}: no such file"
    return None if function in played(path) else f"{test}: no such test, or it is skipped"


def test_every_claim_names_tests_that_run() -> None:
    claims = file()["requirements"] | file()["advisories"]
    wrong = [problem for line in claims.values() for problem in map(fault, line.get("tests", ()))]
    assert not [one for one in wrong if one], "\n".join(one for one in wrong if one)


def test_every_line_says_what_it_must() -> None:
    for name, line in file()["requirements"].items():
        assert line["status"] in STATUS, name
        said = line["does" if line["status"] == "met" else "because"]
        assert len(str(said).split()) >= FEWEST_WORDS, name
        assert bool(line.get("tests")) is (line["status"] == "met"), name
    for name, line in file()["advisories"].items():
        assert line["does"], name
        assert line["tests"], name


def test_no_requirement_of_level_two_is_left_out() -> None:
    names = set(file()["requirements"])
    assert names >= LEVEL_3
    assert len(names - LEVEL_3) == LEVEL_2


@pytest.mark.parametrize(
    ("test", "fine"),
    [
        ("tests/security/test_claims.py::test_every_claim_names_tests_that_run", True),
        ("tests/security/test_claims.py::test_that_nobody_wrote", False),
        ("tests/nowhere.py::test_a", False),
        ("tests/security/test_claims.py", False),
    ],
)
def test_a_claim_on_a_test_that_is_none_is_found(
    test: str,
    fine: bool,  # noqa: FBT001 # as the table says
) -> None:
    assert (fault(test) is None) is fine


def test_the_count_is_printed() -> None:
    statuses = [line["status"] for line in file()["requirements"].values()]
    counted = {status: statuses.count(status) for status in sorted(STATUS)}
    print(f"\nOWASP ASVS {file()['version']}: {counted} of {len(statuses)}")  # noqa: T201 # on record
    assert sum(counted.values()) == len(statuses)
