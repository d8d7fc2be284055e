"""The officers' pages of imports: a file looked at, its columns said, tried, taken in, mended.

No uploaded file is kept: each step reads it in a folder of its own that is gone after the step, and
proves by its digest that it is the file that was looked at. A run goes on behind the answer; its
page is left and found again, and the same file once more goes on where a dead process stopped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.import_facts import (
    HOME,
    ColumnLine,
    column_lines,
    field_choices,
    kind_choices,
    problem_words,
    run_shown,
)
from governance.console.lists.imports import IMPORTS
from governance.console.lists.source import demand, listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError, NotFoundError, WrongUseError
from governance.core.logging import logger
from governance.core.terms import Lang
from governance.customers import imports
from governance.customers.types import SourceKind
from governance.gateway.intake.errors_file import write_errors
from governance.gateway.intake.opening import open_source
from governance.gateway.intake.preview import Preview, preview
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportOutcome, ImportRequest
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.http.threads import OwnThreads
from governance.reports.rendering import MEDIA, ReportFormat
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

TITLE: Final = "upkeep.import.title"
LARGEST: Final = 9 * 1024 * 1024  # octets of a file; larger ones by the command line
NAME: Final = re.compile(r"[^\w.()\- ]")  # signs of a file's name that are not taken over
MAPPED: Final = "column."
READING: Final = OwnThreads("imports", 1)  # one file at a time in a process
router = APIRouter(prefix=HOME, include_in_schema=False)
Importer = Annotated[Principal, Depends(require(Action.PERSON_IMPORT))]
Reader = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
log = logger()


class ImportFileError(WrongUseError):
    """No file was chosen, or it is larger than a form takes. Nothing was taken in."""

    code = "import_file"


class ImportOtherFileError(GovernanceError):
    """This is not the file that was looked at. Nothing was taken in."""

    code, status = "import_other_file", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The parts of a form with a file."""

    words: Mapping[str, str] = field(repr=False)
    name: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """What names the file between two steps."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the page of a file shows that was looked at."""

    name: str
    digest: str
    preview: Preview
    columns: tuple[ColumnLine, ...] = field(repr=False)
    fields: tuple[Choice, ...]
    words: Mapping[str, str] = field(repr=False)
    tried: ImportOutcome | None = None
    problems: tuple[tuple[str, int], ...] = ()


def _way(lang: Lang, *further: str) -> tuple[Crumb, ...]:
    return way(lang, (TITLE, HOME), *((key, "") for key in further))


@router.get("", response_class=HTMLResponse)
async def history(request: Request, principal: Reader) -> str:
    """Every file that came in, and the form for one more."""
    demand(request, principal, IMPORTS)
    return await _history(request, principal)


async def _history(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, TITLE, principal), HOME, mistakes)
    return templates_of(request).render(
        "console/imports.html",
        page,
        found=await run_in_threadpool(listed, request, principal, IMPORTS),
        kinds=kind_choices(page.lang),
        largest=LARGEST // (1024 * 1024),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        may_import=may(request, principal, Action.PERSON_IMPORT),
        way=_way(page.lang),
    )


@router.post("/look")
async def look(request: Request, principal: Importer) -> Response:
    """How the file would be read; with `step=try` also what would become of its rows."""
    return await _step(request, principal, _looked)


@router.post("/take")
async def take(request: Request, principal: Importer, later: BackgroundTasks) -> Response:
    """The file comes in behind the answer; the way to its run."""
    sent = await _sent(request)

    def begun() -> str:
        with _placed(sent) as asked:
            opened = open_source(wiring_of(request).ports, asked)
            return f"{HOME}/find?kind={opened.layout.kind.value}&digest={opened.digest}"

    def work() -> str:
        if sent.words.get("digest") != sent.digest:
            raise ImportOtherFileError
        return begun()

    try:
        place = await run_in_threadpool(work)
    except GovernanceError as error:
        return await _refused(request, principal, error)
    later.add_task(_take, wiring_of(request), principal, sent)
    return RedirectResponse(place, status_code=303, background=later)


def _take(wiring: Any, principal: Principal, sent: Sent) -> None:
    """The file is wholly in, or as far as it came; what stopped it is logged by its code."""
    try:
        with _placed(sent) as asked:
            take_in(wiring.ports, principal, asked, at=wiring.clock())
    except GovernanceError as error:
        log.warning("import.stopped", code=error.code)


@router.get("/find", response_class=HTMLResponse)
async def find(request: Request, principal: Importer, kind: str = "", digest: str = "") -> Response:
    """The way to the run of a file that was just sent; while it is not begun, a page that waits."""
    wiring = wiring_of(request)
    if kind not in set(SourceKind) or not re.fullmatch(r"[0-9a-f]{16,128}", digest):
        raise NotFoundError

    def known() -> str:
        with wiring.database.read() as tx:
            run = imports.run_of(tx, kind, digest)
        return "" if run is None else f"{HOME}/runs/{run.id}"

    place = await run_in_threadpool(known)
    if place:
        return RedirectResponse(place, status_code=303)
    page = console_page(request, TITLE, principal)
    here = f"{HOME}/find?kind={kind}&digest={digest}"
    body = templates_of(request).render(
        "console/import_waits.html", page, here=here, way=_way(page.lang, "upkeep.import.one")
    )
    return HTMLResponse(body)


@router.get("/runs/{run}", response_class=HTMLResponse)
async def one_run(request: Request, principal: Importer, run: str) -> str:
    """One file: how far it is, what became of its rows, what is wrong with the others."""
    return await _run(request, principal, run)


async def _run(
    request: Request, principal: Principal, run: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(
        console_page(request, "upkeep.import.one", principal), f"{HOME}/runs/{run}", mistakes
    )
    wiring = wiring_of(request)

    def read() -> object:
        with wiring.database.read() as tx:
            return run_shown(tx, run, page.lang)

    return templates_of(request).render(
        "console/import_run.html",
        page,
        shown=await run_in_threadpool(read),
        mistakes=mistakes,
        may_export=may(request, principal, Action.PERSON_EXPORT),
        way=_way(page.lang, "upkeep.import.one"),
    )


@router.post("/runs/{run}/errors")
async def errors(request: Request, principal: Importer, run: str, csrf: Csrf = "") -> Response:
    """Rows that wait, as a file to be mended and sent again; who took it out is on record."""
    check_csrf(request, csrf)
    wiring, lang = wiring_of(request), console_page(request, TITLE, principal).lang

    def work() -> bytes:
        with TemporaryDirectory(prefix="sekisho-errors-") as folder:
            path = Path(folder) / "errors.xlsx"
            write_errors(wiring.ports, principal, run, path, lang=lang, at=wiring.clock())
            return path.read_bytes()

    try:
        content = await run_in_threadpool(work)
    except GovernanceError as error:
        told = mistakes_of(error, lang, field_id="errors")
        body = await _run(request, principal, run, told)
        return HTMLResponse(body, status_code=error.status)
    headers = {
        "content-disposition": f'attachment; filename="errors-{run}.xlsx"',
        "cache-control": "no-store",
    }
    return Response(content, media_type=MEDIA[ReportFormat.XLSX], headers=headers)


# One step with a file


async def _sent(request: Request) -> Sent:
    async with request.form(max_files=1, max_fields=400) as parts:
        words = {name: value for name, value in parts.items() if isinstance(value, str)}
        file = parts.get("file")
        content, name = b"", ""
        if isinstance(file, UploadFile):
            content, name = await file.read(LARGEST + 1), file.filename or ""
    check_csrf(request, words.get("csrf", ""))
    return Sent(words=words, name=NAME.sub("_", Path(name).name)[-100:], content=content)


@contextmanager
def _placed(sent: Sent) -> Iterator[ImportRequest]:
    """The file in a folder that nobody else opens and that is gone afterwards, as a question."""
    if not sent.content or len(sent.content) > LARGEST:
        raise ImportFileError
    kind, source = sent.words.get("kind", ""), sent.words.get("source", "").strip()
    with TemporaryDirectory(prefix="sekisho-import-") as folder:  # 0700
        path = Path(folder) / (sent.name or "file.csv")
        path.write_bytes(sent.content)
        yield ImportRequest(
            path=path,
            kind=SourceKind(kind) if kind in set(SourceKind) else None,
            source=source or None,
            columns=_columns(sent.words),
            confirmed=sent.words.get("confirmed") == "yes",
        )


def _columns(words: Mapping[str, str]) -> dict[str, str]:
    """Header to field, as the form says; its headers stand in fields of their own."""
    return {
        words[f"header.{name.removeprefix(MAPPED)}"]: field
        for name, field in words.items()
        if name.startswith(MAPPED) and f"header.{name.removeprefix(MAPPED)}" in words
    }


async def _step(
    request: Request, principal: Principal, work: Callable[[Request, Principal, Sent], Looked]
) -> Response:
    sent = await _sent(request)
    limiter = READING.limiter()
    try:
        async with limiter:
            shown = await run_in_threadpool(work, request, principal, sent)
    except GovernanceError as error:
        return await _refused(request, principal, error)
    page = again(console_page(request, "upkeep.import.look", principal), HOME, ())
    body = templates_of(request).render(
        "console/import_look.html",
        page,
        looked=shown,
        largest=LARGEST // (1024 * 1024),
        way=_way(page.lang, "upkeep.import.look"),
    )
    return HTMLResponse(body)


def _looked(request: Request, principal: Principal, sent: Sent) -> Looked:
    wiring, lang = wiring_of(request), console_page(request, TITLE, principal).lang
    at, tried = wiring.clock(), None
    with _placed(sent) as asked:
        found = preview(wiring.ports, principal, asked, at=at)
        if sent.words.get("step") == "try":
            if sent.words.get("digest", sent.digest) != sent.digest:
                raise ImportOtherFileError
            trial = ImportRequest(
                path=asked.path,
                kind=found.kind,
                source=asked.source,
                columns=asked.columns,
                confirmed=asked.confirmed,
                dry_run=True,
            )
            tried = take_in(wiring.ports, principal, trial, at=at)
    return Looked(
        name=sent.name,
        digest=sent.digest,
        preview=found,
        columns=column_lines(found, lang),
        fields=field_choices(found.kind, lang),
        words=sent.words,
        tried=tried,
        problems=problem_words(sorted(tried.problems.items(), key=lambda one: -one[1]), lang)
        if tried
        else (),
    )


async def _refused(request: Request, principal: Principal, error: GovernanceError) -> Response:
    lang = console_page(request, TITLE, principal).lang
    told = mistakes_of(error, lang, field_id="file")
    return HTMLResponse(await _history(request, principal, told), status_code=error.status)
