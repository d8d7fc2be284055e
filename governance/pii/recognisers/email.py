"""E-mail addresses, ASCII look-arounds so that kana may touch them."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.lexicon import lines_at
from governance.pii.types import Entity, Reason, Span

_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-@])(?:[A-Za-z0-9_][A-Za-z0-9._%+'\-]{0,63}|\"[^\"\s@]{1,62}\")"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-"
    r"9\-]|\.[A-Za-z])"
)

# What people and scanners make of the sign: taro [at] example.com, taro @ example . co . jp
_AT: Final = r"(?: ?[\[(<{] ?(?:at|AT|アット|@) ?[\])>}] ?| at (?=[a-z0-9.\-]+ ?(?:\.|dot)))"
_DOT: Final = r"(?:\.| ?[\[(<{] ?(?:dot|DOT) ?[\])>}] ?| dot )"
_WRITTEN_OUT: Final = re.compile(
    rf"(?<![A-Za-z0-9._%+\-@])[A-Za-z0-9_][A-Za-z0-9._%+\-]{{0,63}}{_AT}"
    rf"(?:[A-Za-z0-9\-]{{1,63}}{_DOT}){{1,4}}[A-Za-z]{{2,24}}(?![A-Za-z0-9\-])"
)
_TOP: Final = r"(?:jp|com|net|org|info|biz|edu|io|me|de|fr|uk|us)"
_SPACED: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-@])[A-Za-z0-9_][A-Za-z0-9._%+\-]{0,63} ?@ ?[A-Za-z0-9\-]{1,63}"
    rf"(?: ?\. ?[A-Za-z0-9\-]{{1,63}}){{0,4}} ?\. ?{_TOP}(?![A-Za-z0-9\-])"
)
_SIGN: Final = re.compile("@")
_MARK: Final = re.compile(r"[\[(<{ ](?:at|AT|アット)[\])>} ]")


def _of(found: re.Match[str], score: float) -> Span:
    return Span(
        start=found.start(),
        end=found.end(),
        entity=Entity.EMAIL,
        score=score,
        reason=Reason.SHAPE,
    )


def find(document: Document) -> Iterator[Span]:
    """E-mail addresses of the text, full-width ＠ included."""
    shadow = document.shadow
    signs = [found.start() for found in _SIGN.finditer(shadow)]
    if signs:
        lines = tuple(lines_at(shadow, signs))
        for pattern, score in ((_ADDRESS, 0.98), (_SPACED, 0.9)):
            for start, end in lines:
                for found in pattern.finditer(shadow, start, end):
                    yield _of(found, score)
    marks = {found.start() for found in _MARK.finditer(shadow)} if document.has_latin else set()
    if marks:
        for start, end in lines_at(shadow, sorted(marks.union(signs))):
            for found in _WRITTEN_OUT.finditer(shadow, start, end):
                yield _of(found, 0.85)
