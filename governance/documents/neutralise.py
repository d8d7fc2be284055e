"""Texts that no spreadsheet executes, and that can be told from the original again.

A text is dangerous if a spreadsheet may take it for a formula: it begins, after any quotes
and blanks, with = + - @, their full-width forms, TAB, CR or LF. In CSV it gains one leading
apostrophe; a text that has apostrophes before such a start gains one more, so `restored`
gives every original back exactly. An honest value (+81 90 ..., @handle) thus keeps its
characters and is only marked. In XLSX a text is stored as a string with quotePrefix, and
its characters stay as they are. (CWE-1236)
"""

import re

MARK = "'"
BLANK = r"[\s\x00\u200b\u200e\u200f\u2060\ufeff]"  # what an importer may skip
START = r"[=+\-@＝＋－＠\u2212\ufe62\ufe63\ufe66\ufe6b\t\r\n]"  # with full-width and small forms
DANGEROUS = re.compile(rf"'*{BLANK}*{START}")


UNSEEN = re.compile(  # controls, marks of direction, what joins without a trace, lone surrogates
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with each character that is not seen, or turns others around, named by its number.

    CR LF and CR are line ends like LF. (Trojan Source, CVE-2021-42574.)
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", lines)


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might execute this text, or it already looks marked."""
    return DANGEROUS.match(text) is not None


def neutralised(text: str) -> str:
    """The text as a CSV cell that is no formula."""
    return MARK + text if is_dangerous(text) else text


def restored(cell: str) -> str:
    """The original of a neutralised cell; any other cell as it is."""
    return cell[1:] if cell.startswith(MARK) and is_dangerous(cell[1:]) else cell
