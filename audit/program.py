"""The offline verifier as one file that Python 3.11 or later runs alone, from our own sources.

The same sources give the same bytes on every machine: members in name order, stored, with one
fixed time. The layout is that of the standard library's zipapp, which copies file times.
"""

import io
import zipfile
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).with_name("verifier")
SHEBANG: Final = b"#!/usr/bin/env python3\n"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # a ZIP has no earlier time
UNIX, FILE_MODE, PROGRAM_MODE = 3, 0o100644, 0o755
MAIN: Final = b'''"""Verifies a Sekisho bundle or package; nothing but Python is needed."""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write("verifier.pyz needs Python 3.11 or later\\n")
    raise SystemExit(2)

from audit.verifier.main import run

raise SystemExit(run())
'''


def built() -> bytes:
    """The archive of the verifier that this installation ships."""
    members = {"__main__.py": MAIN, "audit/__init__.py": b""}
    members["LICENSE"] = (SOURCES / "LICENSE").read_bytes()
    for source in SOURCES.glob("*.py"):
        members[f"audit/verifier/{source.name}"] = source.read_bytes()
    stream = io.BytesIO()
    stream.write(SHEBANG)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, FILE_MODE << 16
            archive.writestr(entry, members[name])
    return stream.getvalue()
