"""The bill of materials names every locked package once, is of its schema and always the same."""

import importlib.util
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import cyclonedx.schema
import jsonschema_rs
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]


def _schema(name: str) -> Any:
    """A schema of the standard, as the library ships it."""
    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))


def _beside(address: str) -> Any:
    """A schema that another one refers to; nothing is fetched."""
    return _schema(address.rpartition("/")[2].removesuffix(".SNAPSHOT.schema.json"))


SAID = {"id": "A-1", "published": "2026-11-01T00:00:00Z"}


def _load(name: str = "sbom") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-keys.lock"])
def test_the_bill_is_whole_and_of_its_schema(lock: str) -> None:
    sbom = _load()
    text = (ROOT / lock).read_text(encoding="utf-8")
    made = sbom.bill(text)
    written = json.dumps(made)
    jsonschema_rs.validate(_schema("bom-1.6"), made, retriever=_beside)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(_schema("bom-1.6"), made | {"version": "one"}, retriever=_beside)
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))
    named = [one["name"] for one in made["components"]]
    assert len(named) == len(set(named)) == len(locked)
    assert all(one["properties"] for one in made["components"]), "each with its hashes"
    licensed = [one for one in made["components"] if "licenses" in one]
    assert len(licensed) > len(named) // 2
    assert json.dumps(sbom.bill(text)) == written


LOCK: Final = "some.thing==1.2.0 \\\n    --hash=sha256:00\nother==3.0 ; python_version < '4'\n"


@pytest.mark.parametrize(
    ("affected", "expected"),
    [
        ({"versions": ["1.2.0"]}, True),
        ({"versions": ["1.2.1"]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}, True),
        (
            {
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "1.0"}, {"fixed": "1.2.0"}],
                    }
                ]
            },
            False,
        ),
        (
            {
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "1.0"}, {"last_affected": "1.2.0"}],
                    }
                ]
            },
            True,
        ),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
    ],
)
def test_a_locked_package_that_an_advisory_names_is_found(
    tmp_path: Path,
    affected: dict[str, Any],
    expected: bool,  # noqa: FBT001 # as the table says
) -> None:
    part = {"package": {"ecosystem": "PyPI", "name": "Some_Thing"}} | affected
    (tmp_path / "a.json").write_text(json.dumps(SAID | {"affected": [part]}), "utf-8")
    found = list(_load("advisories").found(LOCK, tmp_path))
    assert found == ([("some-thing", "1.2.0", "A-1", "HIGH", "2026-11-15")] if expected else [])


@pytest.mark.parametrize(
    ("rated", "severity", "last"),
    [
        ("CRITICAL", "CRITICAL", "2026-11-04"),
        ("moderate", "MODERATE", "2026-12-01"),
        ("LOW", "LOW", "2027-01-30"),
        ("harmless", "HIGH", "2026-11-15"),  # fails closed: of no scale that we know
    ],
)
def test_the_last_day_for_a_remedy_follows_from_the_severity(
    rated: str, severity: str, last: str
) -> None:
    said = SAID | {"database_specific": {"severity": rated}}
    assert _load("advisories").due(said) == (severity, last)


def test_a_folder_without_advisories_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=tmp_path.name):
        list(_load("advisories").found(LOCK, tmp_path))


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (6, 0), (8, 3)])
def test_an_old_copy_of_the_advisories_proves_nothing(
    tmp_path: Path, days: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    (tmp_path / "a.json").write_text(json.dumps(SAID | {"affected": [], "modified": heard}))
    lock = tmp_path / "some.lock"
    lock.write_text(LOCK)
    monkeypatch.setattr(sys, "argv", ["advisories.py", str(tmp_path), str(lock)])
    with pytest.raises(SystemExit) as ended:
        _load("advisories").main()
    assert ended.value.code == expected
