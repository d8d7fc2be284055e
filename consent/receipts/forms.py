"""The files of a receipt: JSON-LD, Kantara JSON, pages, PDF, the proof, all in one.

Files that stand beside the statement are bound to it: the proven content names the SHA-256 of
each under `forms`.
"""

import io
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from audit.types import canonical_json
from consent.receipts.iso27560 import iso27560
from consent.receipts.kantara import kantara
from consent.receipts.paper import receipt_paper
from governance.core.errors import GovernanceError, UnavailableError
from governance.core.terms import Lang
from governance.documents.typesetting import Template, can_typeset, pdf

STATEMENT: Final = "receipt.statement"
ISO: Final = "receipt.iso27560.jsonld"
KANTARA: Final = "receipt.kantara.json"
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time; ours names none at all


class ReceiptForm(StrEnum):
    """In what form a receipt is given."""

    STATEMENT = "statement"  # proves itself
    ISO27560 = "iso27560"
    KANTARA = "kantara"
    HTML = "html"  # in the language of the asker
    PDF = "pdf"  # in the language of the asker; tagged (PDF/UA-1)
    ZIP = "zip"  # all of them


MEDIA: Final[Mapping[ReceiptForm, str]] = {
    ReceiptForm.STATEMENT: "application/x-ndjson",
    ReceiptForm.ISO27560: "application/ld+json",
    ReceiptForm.KANTARA: "application/json",
    ReceiptForm.HTML: "text/html; charset=utf-8",
    ReceiptForm.PDF: "application/pdf",
    ReceiptForm.ZIP: "application/zip",
}

FILE_NAMES: Final[Mapping[ReceiptForm, str]] = {
    ReceiptForm.STATEMENT: STATEMENT,
    ReceiptForm.ISO27560: ISO,
    ReceiptForm.KANTARA: KANTARA,
    ReceiptForm.HTML: "receipt.html",
    ReceiptForm.PDF: "receipt.pdf",
    ReceiptForm.ZIP: "receipt.zip",
}


class ReceiptFormAbsentError(GovernanceError):
    """This choice is no consent, so that it has no Kantara receipt; the other forms state it."""

    code, status, exit_code = "receipt_form_absent", 409, 1


def files_of(
    content: Mapping[str, Any], *, form: ReceiptForm = ReceiptForm.ZIP, lang: Lang = Lang.JA
) -> dict[str, bytes]:
    """The forms that are derived from the content, by file name; PDFs where they are asked for.

    Raises what `pdf` raises where a PDF alone is asked for and cannot be made; all forms at once
    go without it.
    """
    found = {page_name(one): page(content, one).encode() for one in Lang}
    if form is ReceiptForm.PDF:
        found[pdf_name(lang)] = printed(content, lang)
    elif form is ReceiptForm.ZIP and can_typeset():
        with suppress(UnavailableError):
            found[pdf_name(lang)] = printed(content, lang)
    found[ISO] = canonical_json(iso27560(content))
    if (consent := kantara(content)) is not None:
        found[KANTARA] = canonical_json(consent)
    return found


def page_name(lang: Lang) -> str:
    """The file name of the page in one language."""
    return f"receipt.{lang.value}.html"


def pdf_name(lang: Lang) -> str:
    """The file name of the PDF in one language."""
    return f"receipt.{lang.value}.pdf"


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
        case ReceiptForm.PDF:
            name = pdf_name(lang)
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
    template = _environment().get_template("receipt.html.j2")
    return template.render(paper=receipt_paper(content, lang), lang=lang)


def printed(content: Mapping[str, Any], lang: Lang) -> bytes:
    """The receipt as a tagged PDF; raises PdfMissingError without the extra `pdf`."""
    at = datetime.fromisoformat(content["issued_at"])
    return pdf(Template.PAPER, receipt_paper(content, lang).as_json(), lang, at=at)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("consent", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
