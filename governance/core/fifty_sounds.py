"""The order of the fifty sounds: voiced after unvoiced (JIS X 4061). Pure."""

import unicodedata
from typing import Final

MARKS: Final = frozenset("\u3099\u309a")  # dakuten and handakuten, once taken apart
KANA: Final = range(0x3041, 0x3100)  # hiragana and katakana
_UNVOICED: Final = {
    kana: parts[0]
    for kana in KANA
    if len(parts := unicodedata.normalize("NFD", chr(kana))) > 1 and parts[1] in MARKS
}


def unvoiced(reading: str) -> str:
    """Each composed kana without its mark: what a reading is compared by first."""
    return reading.translate(_UNVOICED)
