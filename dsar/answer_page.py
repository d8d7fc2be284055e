"""The answer as one page that needs nothing else, runs nothing and holds its files as downloads."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dsar.answer_words import in_words
from dsar.report import Answer
from governance.core.terms import Lang
from governance.documents.neutralise import visible
from governance.i18n.catalogue import text
from governance.pii.redaction import Placeholders

JAPANESE: Final = re.compile("[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9d]")
MEDIA: Final = {".json": "application/json", ".csv": "text/csv;charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file inside the page; a phone saves it without any request."""

    name: str
    content: bytes = field(repr=False)

    @property
    def media(self) -> str:
        """What kind of file it is."""
        return MEDIA.get(PurePosixPath(self.name).suffix, "application/octet-stream")

    @property
    def base64(self) -> str:
        """The file as it stands in a data: address."""
        return b64encode(self.content).decode()

    @property
    def size(self) -> str:
        """How large it is, for people."""
        return f"{max(1, len(self.content) // 1024):,} KB"


def page(answer: Answer, lang: Lang, downloads: Iterable[Download] = ()) -> str:
    """The page in one language (WCAG 2.2 AA); every value is text and shows what hides in it."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            answer=answer,
            lang=lang,
            downloads=tuple(downloads),
            style=Markup(_style()),  # noqa: S704 # our own file
            style_hash=f"sha256-{b64encode(sha256(_style().encode()).digest()).decode()}",
            comma="、" if lang is Lang.JA else ", ",
            placeholders=Placeholders(lang),
            t=lambda key: text(f"dsar.package.{key}", lang),
            words=lambda key: text(f"dsar.{key}", lang),
            read=partial(in_words, lang=lang),
        )
    )


def spoken(value: str, lang: Lang) -> Markup:
    """The attribute by which a screen reader reads Japanese in an English page (WCAG 3.1.2)."""
    foreign = lang is Lang.EN and JAPANESE.search(value) is not None
    return Markup(' lang="ja"') if foreign else Markup("")


@cache
def _style() -> str:
    return files("dsar.data").joinpath("report.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dsar", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters |= {"visible": visible, "spoken": spoken}
    return made
