"""The files of a receipt: JSON-LD, Kantara JSON, pages in both languages, the proof, all in one.

Files that stand beside the statement are bound to it: the proven content names the SHA-256 of
each under `forms`.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from audit.types import canonical_json
from consent.receipts.iso27560 import iso27560
from consent.receipts.kantara import kantara
from consent.types import EVERY
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import text

STATEMENT: Final = "receipt.statement"
ISO: Final = "receipt.iso27560.jsonld"
KANTARA: Final = "receipt.kantara.json"
ACTS: Final = frozenset(
    {
        *("unticked_box", "answered_question", "switch", "signature", "spoken"),
        *("card_handed", "double_opt_in"),
    }
)
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time; ours names none at all


class ReceiptForm(StrEnum):
    """In what form a receipt is given."""

    STATEMENT = "statement"  # proves itself
    ISO27560 = "iso27560"
    KANTARA = "kantara"
    HTML = "html"  # in the language of the asker
    ZIP = "zip"  # all of them


MEDIA: Final[Mapping[ReceiptForm, str]] = {
    ReceiptForm.STATEMENT: "application/x-ndjson",
    ReceiptForm.ISO27560: "application/ld+json",
    ReceiptForm.KANTARA: "application/json",
    ReceiptForm.HTML: "text/html; charset=utf-8",
    ReceiptForm.ZIP: "application/zip",
}

FILE_NAMES: Final[Mapping[ReceiptForm, str]] = {
    ReceiptForm.STATEMENT: STATEMENT,
    ReceiptForm.ISO27560: ISO,
    ReceiptForm.KANTARA: KANTARA,
    ReceiptForm.HTML: "receipt.html",
    ReceiptForm.ZIP: "receipt.zip",
}


class ReceiptFormAbsentError(GovernanceError):
    """This choice is no consent, so that it has no Kantara receipt; the other forms state it."""

    code, status, exit_code = "receipt_form_absent", 409, 1


def files_of(content: Mapping[str, Any]) -> dict[str, bytes]:
    """Every form that is derived from the content, by its file name."""
    found = {page_name(lang): page(content, lang).encode() for lang in Lang}
    found[ISO] = canonical_json(iso27560(content))
    if (consent := kantara(content)) is not None:
        found[KANTARA] = canonical_json(consent)
    return found


def page_name(lang: Lang) -> str:
    """The file name of the page in one language."""
    return f"receipt.{lang.value}.html"


def chosen(form: ReceiptForm, files: Mapping[str, bytes], statement: bytes, lang: Lang) -> bytes:
    """The form that was asked for; raises ReceiptFormAbsentError."""
    match form:
        case ReceiptForm.STATEMENT:
            return statement
        case ReceiptForm.ZIP:
            return zipped({**files, STATEMENT: statement})
        case ReceiptForm.ISO27560:
            name = ISO
        case ReceiptForm.KANTARA:
            name = KANTARA
        case ReceiptForm.HTML:
            name = page_name(lang)
    if name not in files:
        raise ReceiptFormAbsentError
    return files[name]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """All files in one, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            packed.writestr(zipfile.ZipInfo(name, EARLIEST), files[name])
    return out.getvalue()


def page(content: Mapping[str, Any], lang: Lang) -> str:
    """The receipt as one page that needs nothing else and runs nothing."""
    return (
        _environment()
        .get_template("receipt.html.j2")
        .render(
            content=content,
            lang=lang,
            every=EVERY,
            t=lambda key, **params: text(f"consent.{key}", lang, **params),
            p=lambda key: text(f"policies.{key}", lang),
            how=lambda action: text(f"consent.action.{action}", lang) if action in ACTS else action,
            moment=lambda at: spoken(at, lang),
        )
    )


def spoken(at: str, lang: Lang) -> str:
    """A moment of the content in Japanese time, in words."""
    there = datetime.fromisoformat(at).astimezone(JST)
    if lang is Lang.JA:
        return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}（日本時間）"
    return f"{there.day} {there:%B %Y, %H:%M} (Japan)"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("consent", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
