"""Names locked packages that an advisory of a folder speaks of (OSV format); no network.

`python scripts/advisories.py FOLDER [requirements.lock]`: 1 when there is one, 3 for a folder
without advisories, with one that cannot be read, or whose newest word is older than a week: an old
copy proves nothing about what was found since. The folder is a copy of the OSV data for PyPI. Each
line ends with the severity and the day by which a remedy is due. It is asked at each release; no
test of a commit asks it, for that would turn red by the calendar alone.
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

ROOT: Final = Path(__file__).resolve().parents[1]
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
UNREADABLE: Final = 3
# Days from the day an advisory was published until our release without it, by its severity
# (GitHub's words in OSV's `database_specific`); docs/operations.md says the same.
DAYS: Final = {"CRITICAL": 3, "HIGH": 14, "MODERATE": 30, "LOW": 90}
STALE: Final = timedelta(days=7)  # the whole database of PyPI has news on most days
UNRATED: Final = "HIGH"  # fails closed: nobody said that it is harmless


def found(lock: str, folder: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Package, version, advisory, severity, last day for a remedy.

    Raises ValueError for a folder that proves nothing.
    """
    locked = {plain(name): version for name, version in PINNED.findall(lock)}
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(str(folder))
    for path in files:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.get("withdrawn"):
            continue
        for part in said["affected"]:
            package = part.get("package", {})
            name = plain(str(package.get("name", "")))
            version = locked.get(name)
            if package.get("ecosystem") == "PyPI" and version and touches(part, version):
                yield name, version, str(said["id"]), *due(said)


def require_news(folder: Path, *, at: datetime) -> None:
    """Fails closed: raises ValueError where the copy has heard of nothing for a week."""
    told = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json"))
    if at - max(datetime.fromisoformat(str(one["modified"])) for one in told) > STALE:
        raise ValueError(str(folder))


def due(advisory: dict[str, Any]) -> tuple[str, str]:
    """Its severity and the last day for a remedy."""
    rated = str(advisory.get("database_specific", {}).get("severity", "")).upper()
    severity = rated if rated in DAYS else UNRATED
    published = datetime.fromisoformat(str(advisory.get("published", "1970-01-01T00:00:00Z")))
    return severity, (published + timedelta(days=DAYS[severity])).date().isoformat()


def plain(name: str) -> str:
    """The name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def touches(part: dict[str, Any], version: str) -> bool:
    """Whether the advisory names this version or a range around it."""
    if version in part.get("versions", ()):
        return True
    ranges = [one for one in part.get("ranges", ()) if one.get("type") == "ECOSYSTEM"]
    return any(_within(one["events"], Version(version)) for one in ranges)


def _within(events: list[dict[str, str]], version: Version) -> bool:
    inside = False
    for event in events:
        ((kind, at),) = event.items()
        bound = Version("0" if at == "0" else at)
        if kind == "introduced" and version >= bound:
            inside = True
        elif (kind == "fixed" and version >= bound) or (
            kind == "last_affected" and version > bound
        ):
            inside = False
    return inside


def main() -> None:
    """Each finding on a line; the code says whether there was one."""
    folder = Path(sys.argv[1])
    lock = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "requirements.lock"  # noqa: PLR2004 # the second
    try:
        lines = list(found(lock.read_text(encoding="utf-8"), folder))
        require_news(folder, at=datetime.now(UTC))
    except (ValueError, KeyError, TypeError, InvalidVersion, OSError) as error:
        print(f"not checked: {type(error).__name__}")  # fails closed: nothing was proved
        sys.exit(UNREADABLE)
    for line in lines:
        print(*line)
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
