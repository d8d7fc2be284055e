"""Writes the bill of materials (CycloneDX 1.6) of a lock file: what is installed, by which hash.

`python scripts/sbom.py [requirements.lock] > sekisho.cdx.json`. The same lock file gives the same
octets: no time, no serial number. Licences come from the metadata of what is installed here.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(lock: str) -> dict[str, Any]:
    """The document; components in the order of their names."""
    found = [_component(name, version, rest) for name, version, rest in PINNED.findall(lock)]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "sekisho", "name": "sekisho"}},
        "components": sorted(found, key=lambda one: str(one["bom-ref"])),
    }


def _component(name: str, version: str, rest: str) -> dict[str, Any]:
    plain = re.sub(r"[-_.]+", "-", name).lower()
    purl = f"pkg:pypi/{plain}@{version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": plain,
        "version": version,
        "purl": purl,
    }
    if licence := _licence(plain):
        made["licenses"] = [{"license": {"name": licence}}]
    if hashes := sorted(set(HASH.findall(rest))):
        made["properties"] = [{"name": "sekisho:sha256", "value": one} for one in hashes]
    return made


def _licence(name: str) -> str:
    """What the package says of itself, on one line; empty where it is not installed here."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classifiers = said.get_all("Classifier") or []
    marks = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
    given = said.get("License-Expression") or "; ".join(marks) or said.get("License") or ""
    return str(given).strip().splitlines()[0][:200] if str(given).strip() else ""


def main() -> None:
    """The bill of the named lock file is on standard output."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "requirements.lock"
    print(json.dumps(bill(path.read_text(encoding="utf-8")), indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
