"""Marks of the reader on Japanese texts: which have been read by a person, and which have not.

    python scripts/review_texts.py list [DOMAIN ...]
    python scripts/review_texts.py mark --by INITIALS [--on DAY] DOMAIN [KEY ...]

A mark stands as a comment before its entry: the day, who read it, and a digest of the text. A text
that changed has no valid mark any more: tests/governance/i18n/test_reviewed.py fails.
What to look at: the words of the statutes, です・ます, no code or path, and what to do next.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

MESSAGES: Final = Path(__file__).resolve().parent.parent / "governance/i18n/messages/ja"
MARK: Final = "reviewed:"
DIGITS: Final = 8  # of the digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text with the mark before it, if it has one."""

    key: str
    words: str
    mark: str

    @property
    def reviewed(self) -> bool:
        """Whether somebody has read just this text."""
        return self.mark.endswith(f" {digest_of(self.words)}")


def digest_of(words: str) -> str:
    """The digest that a mark carries."""
    return sha256(words.encode()).hexdigest()[:DIGITS]


def texts(domain: str, folder: Path = MESSAGES) -> Iterator[Text]:
    """Every text of a domain."""
    with (folder / f"{domain}.po").open("rb") as stream:
        for entry in read_po(stream, locale="ja"):
            if entry.id:
                marks = [one for one in entry.auto_comments if one.startswith(MARK)]
                yield Text(key=str(entry.id), words=str(entry.string), mark="".join(marks[-1:]))


def mark(domain: str, keys: frozenset[str], *, by: str, on: date, folder: Path = MESSAGES) -> int:
    """The texts of these keys, of all where none is named, carry the mark; how many are new."""
    path = folder / f"{domain}.po"
    found = {one.key: one for one in texts(domain, folder)}
    blocks, new = path.read_text("utf-8").rstrip("\n").split("\n\n"), 0
    for at, block in enumerate(blocks):
        lines = [line for line in block.split("\n") if not line.startswith(f"#. {MARK}")]
        key = next((line[7:-1] for line in lines if line.startswith('msgid "')), "")
        one = found.get(key)
        if one is None or one.reviewed or (keys and key not in keys):
            continue
        told = f"#. {MARK} {on.isoformat()} {by} {digest_of(one.words)}"
        blocks[at], new = "\n".join([told, *lines]), new + 1
    path.write_text("\n\n".join(blocks) + "\n", "utf-8")
    return new


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="texts that nobody has read")
    listing.add_argument("domains", nargs="*")
    marking = commands.add_parser("mark", help="note that they were read")
    marking.add_argument("--by", required=True, help="initials of the reader")
    marking.add_argument("--on", type=date.fromisoformat, default=date.today())  # noqa: DTZ011 # the reader's day
    marking.add_argument("domain")
    marking.add_argument("keys", nargs="*")
    given = parser.parse_args(arguments)
    if given.command == "mark":
        done = mark(given.domain, frozenset(given.keys), by=given.by, on=given.on)
        print(f"{given.domain}: {done} marked")
        return 0
    open_ = 0
    for domain in given.domains or sorted(path.stem for path in MESSAGES.glob("*.po")):
        for one in texts(domain):
            if not one.reviewed:
                open_ += 1
                print(f"{one.key}\t{one.words}")
    print(f"{open_} not read", file=sys.stderr)
    return 1 if open_ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
