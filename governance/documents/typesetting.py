"""PDF from a template and data: tagged (PDF/UA-1), made by a child that ends with each paper.

The child keeps nothing of the person, costs the server no memory afterwards, and may be stopped.
Data goes to the template as JSON and is never markup; templates are ours and import no packages.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from threading import BoundedSemaphore
from typing import Any, Final

from governance.core.terms import Lang
from governance.documents.errors import PdfFontError, PdfMissingError, PdfStoppedError
from governance.documents.typesetter_main import MISSING, NO_FONT
from governance.i18n.catalogue import text

SECONDS: Final = 60.0  # a paper takes well under one; whoever waits gets an answer
AT_ONCE: Final = max(1, (os.cpu_count() or 1) // 2)  # papers in the making; decisions go before
_TURN: Final = BoundedSemaphore(AT_ONCE)


class Template(StrEnum):
    """The shipped templates."""

    PAPER = "paper"  # data: `papers.Paper.as_json`


@cache
def can_typeset() -> bool:
    """Whether the extra `pdf` is installed."""
    return find_spec("typst") is not None


def pdf(template: Template, data: Mapping[str, Any], lang: Lang, *, at: datetime) -> bytes:
    """The tagged PDF of these data, the same bytes each time on one machine.

    Raises PdfMissingError without the extra, PdfFontError without a Japanese font.
    """
    if not can_typeset():
        raise PdfMissingError
    columns = [text(f"documents.pdf.{name}", lang) for name in ("term", "text")]
    asked = {
        "template": template.value,
        "data": {**data, "lost": "", "columns": columns},
        "lang": lang.value,
        "at": int(at.timestamp()),
        "lost": text("documents.pdf.lost", lang),
    }
    if not _TURN.acquire(timeout=SECONDS):
        raise PdfStoppedError
    try:
        return _answer(json.dumps(asked).encode())
    finally:
        _TURN.release()


def _answer(asked: bytes) -> bytes:
    try:
        # -P: the working folder must not shadow our packages; what the child says may be personal
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "governance.documents.typesetter_main"],
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise PdfStoppedError from None
    match ended.returncode:
        case 0:
            return ended.stdout
        case code if code == MISSING:
            raise PdfMissingError
        case code if code == NO_FONT:
            raise PdfFontError
        case _:
            raise PdfStoppedError
