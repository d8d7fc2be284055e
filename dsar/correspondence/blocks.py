"""A letter's plain text as headings, paragraphs and lists, for pages and paper; pure."""

from dataclasses import dataclass, field
from typing import Final

HEAD: Final = ("■", "◆")
ITEM: Final = "- "


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One heading with what stands under it; the first may have no heading."""

    head: str = field(default="", repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)
    items: tuple[str, ...] = field(default=(), repr=False)


def blocks_of(body: str) -> tuple[Block, ...]:
    """The text in order. A line that begins with a mark is a heading or an item, and text still."""
    found: list[Block] = []
    head, lines, items = "", list[str](), list[str]()

    def close() -> None:
        if head or lines or items:
            found.append(Block(head=head, lines=tuple(lines), items=tuple(items)))
        lines.clear()
        items.clear()

    for line in body.split("\n"):
        words = line.strip()
        if words.startswith(HEAD):
            close()
            head = words[1:].strip()
        elif words.startswith(ITEM):
            items.append(words[len(ITEM) :])
        elif words:
            if items:  # what follows a list stands after it
                close()
                head = ""
            lines.append(words)
    close()
    return tuple(found)


def lead_of(body: str) -> tuple[str, ...]:
    """What stands before the first heading or list, a paragraph an empty line, its lines kept."""
    before: list[str] = []
    for line in body.split("\n"):
        if line.strip().startswith((*HEAD, ITEM)):
            break
        before.append(line.strip())
    paragraphs = "\n".join(before).split("\n\n")
    return tuple(one.strip() for one in paragraphs if one.strip())
