"""A file that the form of the imports brings: sealed while it comes, gone after its step."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from fastapi import Request

from governance.console.import_facts import HOME
from governance.core.errors import WrongUseError
from governance.core.settings import Settings
from governance.crypto.seeking import SealedFile
from governance.customers.types import SourceKind
from governance.customers.uploads import Place, scanned
from governance.gateway.intake.types import ImportRequest
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.http.sealed_form import SealedForm
from governance.http.threads import OwnThreads

FILE_STEPS: Final = (f"{HOME}/look", f"{HOME}/take")
MEGABYTE: Final = 1024 * 1024
AT_ONCE: Final = 9 * MEGABYTE  # octets of a file that is tried while the page waits
MOST_FIELDS: Final = 400
NAME: Final = re.compile(r"[^\w.()\- ]")  # signs of a file's name that are not taken over
MAPPED: Final = "column."
COMING: Final = OwnThreads("coming", 4)  # files that come at a time in a process


class ImportFileError(WrongUseError):
    """No file was chosen, or it is empty. Nothing was taken in."""

    code = "import_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The parts of a form with a file."""

    words: Mapping[str, str] = field(repr=False)
    file: SealedFile = field(repr=False)

    @property
    def name(self) -> str:
        """What its sender calls it, without signs that name a place."""
        return self.file.name

    @property
    def digest(self) -> str:
        """What names the file between two steps."""
        return self.file.digest


def most_of(settings: Settings) -> int:
    """Octets of a file that is taken in at most."""
    return settings.import_megabytes * MEGABYTE


@asynccontextmanager
async def sent_file(request: Request) -> AsyncIterator[tuple[Sent, SealedForm]]:
    """The file of the form; gone afterwards, unless the form is told to keep it."""
    settings = wiring_of(request).settings
    coming = SealedForm(
        request,
        settings.data_dir,
        most=most_of(settings),
        fields=MOST_FIELDS,
        permitted=lambda words: check_csrf(request, words.get("csrf", "")),
        name=plain_name,
    )
    async with COMING.limiter(), coming as form:
        if form.file is None or not form.file.size:
            raise ImportFileError
        yield Sent(words=form.words, file=form.file), form


def plain_name(name: str) -> str:
    """A file's name as runs bear it."""
    return NAME.sub("_", PurePath(name).name)[-100:] or "file.csv"


def unharmed(wiring: Any, principal: Principal, sent: Sent) -> None:
    """The scanner knows no harm of the file; asked before anything of it is read."""
    with sent.file.open() as content:
        scanned(wiring.ports, principal, content, place=Place.IMPORT, at=wiring.clock())


def asked_of(sent: Sent, *, dry_run: bool = False) -> ImportRequest:
    """The file as a question."""
    kind, source = sent.words.get("kind", ""), sent.words.get("source", "").strip()
    return ImportRequest(
        path=sent.file,
        kind=SourceKind(kind) if kind in set(SourceKind) else None,
        source=source or None,
        columns=_columns(sent.words),
        confirmed=sent.words.get("confirmed") == "yes",
        dry_run=dry_run,
    )


def _columns(words: Mapping[str, str]) -> dict[str, str]:
    """Header to field, as the form says; its headers stand in fields of their own."""
    return {
        words[f"header.{name.removeprefix(MAPPED)}"]: field
        for name, field in words.items()
        if name.startswith(MAPPED) and f"header.{name.removeprefix(MAPPED)}" in words
    }
