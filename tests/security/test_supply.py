"""The bill of materials names every locked package once, is of its schema and always the same."""

import importlib.util
import json
import re
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


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", ROOT / "scripts/sbom.py")
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
