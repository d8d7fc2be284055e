"""How much room words take on a sheet or a page, in half-width characters."""

from unicodedata import east_asian_width


def width(words: str) -> int:
    """Half-width characters of the longest line; a kanji or a full-width sign counts two."""
    return max(
        sum(1 + (east_asian_width(sign) in "WF") for sign in line) for line in words.split("\n")
    )
