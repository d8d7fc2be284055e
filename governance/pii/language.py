"""In which language a text is analysed."""

import re
from typing import Final

from governance.core.terms import Lang

JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")


def language_of(text: str) -> Lang:
    """Japanese when any sign of it stands in the text, else English."""
    return Lang.JA if JAPANESE.search(text) else Lang.EN
