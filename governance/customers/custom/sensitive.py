"""Whether a label tells of 要配慮個人情報 by its words: 糖尿病 is no ordinary tag (APPI 2(3))."""

from governance.pii.lexicon import lexicon


def special_care_in(words: str) -> bool:
    """Whether the lexicon of the text search knows these words as special-care data."""
    known = lexicon()
    traps = [found.span() for found in known.traps.finditer(words)]
    for mention in known.mentions:
        for found in mention.pattern.finditer(words):
            start, end = found.span()
            inside = any(a < end and start < b for a, b in traps)
            if end > start and not inside:
                return True
    return False
