"""Prints how many requirements of OWASP ASVS 5.0.0 are met, by docs/asvs.yaml, and what is open."""

from collections import Counter
from pathlib import Path

import yaml


def main() -> None:
    """The count by chapter, then every open requirement with its reason."""
    path = Path(__file__).resolve().parents[1] / "docs" / "asvs.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = found["requirements"]
    whole = Counter(line["status"] for line in lines.values())
    print(f"OWASP ASVS {found['version']}: {dict(whole)} of {len(lines)}")
    for chapter in dict.fromkeys(name.split(".")[0] for name in lines):
        mine = [line["status"] for name, line in lines.items() if name.split(".")[0] == chapter]
        print(f"  {chapter}: {dict(Counter(mine))}")
    for name, line in lines.items():
        if line["status"] == "open":
            print(f"open {name}: {line['because']}")


if __name__ == "__main__":
    main()
