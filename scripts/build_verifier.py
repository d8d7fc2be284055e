"""Builds verifier.pyz from the sources beside this script; `sekisho audit verifier` does the same.

python scripts/build_verifier.py [--output dist/verifier.pyz]
"""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # these sources, not an installed copy

from audit.program import PROGRAM_MODE, built  # noqa: E402 # the path first


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
