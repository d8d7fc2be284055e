"""What every page is made of: cells, tables, the mark, a text in both languages."""

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = "<!-- Made by scripts/generate_docs.py. Change the code, then run it again. -->"

Row = Sequence[str]


def cell(words: str) -> str:
    """The words as one cell of a table."""
    return " ".join(words.replace("|", "\\|").replace("<", "&lt;").split()) or " "


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(words) for words in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def page(title: str, *parts: str) -> str:
    """A whole page with its mark."""
    return "\n".join([f"# {title}\n", MADE + "\n", *parts])


def both(key: str) -> tuple[str, str]:
    """The raw text of a key in Japanese and English, placeholders left open."""
    from governance.core.terms import Lang  # noqa: PLC0415 # a command tree needs none of it
    from governance.i18n.catalogue import domain  # noqa: PLC0415 # the same

    name = key.partition(".")[0]
    return domain(name, Lang.JA)[key], domain(name, Lang.EN)[key]
