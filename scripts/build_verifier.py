"""Builds verifier.pyz: the offline verifier as one file that Python 3.11 or later runs alone.

The same sources give the same bytes on every machine: members in name order, stored, with one
fixed time. The layout is that of the standard library's zipapp, which copies file times.

    python scripts/build_verifier.py [--output dist/verifier.pyz]
"""

import argparse
import io
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("audit/verifier")
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # a ZIP has no earlier time
UNIX, FILE_MODE, PROGRAM_MODE = 3, 0o100644, 0o755
MAIN = b'''"""Verifies a Sekisho bundle or package; nothing but Python is needed."""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write("verifier.pyz needs Python 3.11 or later\\n")
    raise SystemExit(2)

from audit.verifier.main import run

raise SystemExit(run())
'''


def built(root: Path = ROOT) -> bytes:
    """The archive of the verifier under this source folder."""
    members = {"__main__.py": MAIN, "audit/__init__.py": b""}
    members["LICENSE"] = (root / "LICENSE").read_bytes()
    for source in (root / PACKAGE).glob("*.py"):
        members[source.relative_to(root).as_posix()] = source.read_bytes()
    stream = io.BytesIO()
    stream.write(SHEBANG)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, FILE_MODE << 16
            archive.writestr(entry, members[name])
    return stream.getvalue()


def main() -> int:
    """The file stands at its place; its digest is printed, to be published beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / "verifier.pyz")
    output: Path = parser.parse_args().output
    content = built()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(content)
    output.chmod(PROGRAM_MODE)
    print(f"{sha256(content).hexdigest()}  {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
