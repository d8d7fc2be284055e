"""The officers' pages of imports: a file looked at, its columns said, tried, taken in, mended.

No uploaded file is kept: each step has it sealed and without a name on the disk until the step is
over, and proves by its digest that it is the file that was looked at. A run goes on behind the
answer; its page is left and found again, and the same file once more goes on where a dead process
stopped. Trying a long file would outlast the patience of a page: it is looked at, then taken in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, may, mistakes_of, way
from governance.console.import_facts import (
    HOME,
    ColumnLine,
    column_lines,
    field_choices,
    kind_choices,
    kind_name,
    problem_words,
    run_shown,
)
from governance.console.import_files import AT_ONCE, Sent, asked_of, sent_file, unharmed
from governance.console.lists.imports import IMPORTS
from governance.console.lists.source import demand, listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.logging import logger
from governance.core.terms import Lang
from governance.customers import imports
from governance.customers.types import SourceKind
from governance.gateway.intake.errors_file import write_errors
from governance.gateway.intake.opening import open_source
from governance.gateway.intake.preview import Preview, preview
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportOutcome
from governance.http.principal import Principal
from governance.http.request import StaleFormError, check_csrf, wiring_of
from governance.http.threads import OwnThreads
from governance.reports.rendering import MEDIA, ReportFormat
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

TITLE: Final = "upkeep.import.title"
READING: Final = OwnThreads("imports", 1)  # one file at a time in a process
router = APIRouter(prefix=HOME, include_in_schema=False)
Importer = Annotated[Principal, Depends(require(Action.PERSON_IMPORT))]
Reader = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
log = logger()


class ImportOtherFileError(GovernanceError):
    """This is not the file that was looked at. Nothing was taken in."""

    code, status = "import_other_file", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the page of a file shows that was looked at."""

    name: str
    digest: str
    size: int  # octets
    preview: Preview
    columns: tuple[ColumnLine, ...] = field(repr=False)
    fields: tuple[Choice, ...]
    kind: str  # in words
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
    return await rendered_page(
        request,
        "console/imports.html",
        page,
        found=await run_in_threadpool(listed, request, principal, IMPORTS),
        kinds=kind_choices(page.lang),
        largest=wiring_of(request).settings.import_megabytes,
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
    wiring = wiring_of(request)

    def work(sent: Sent) -> str:
        if sent.words.get("digest") != sent.digest:
            raise ImportOtherFileError
        unharmed(wiring, principal, sent)
        opened = open_source(wiring.ports, asked_of(sent))
        return f"{HOME}/find?kind={opened.layout.kind.value}&digest={opened.digest}"

    try:
        async with sent_file(request) as (sent, form):
            place = await run_in_threadpool(work, sent)
            form.keep()
    except StaleFormError:
        raise
    except GovernanceError as error:
        return await _refused(request, principal, error)
    later.add_task(_take, wiring, principal, sent)
    return RedirectResponse(place, status_code=303, background=later)


def _take(wiring: Any, principal: Principal, sent: Sent) -> None:
    """The file is wholly in, or as far as it came; what stopped it is logged by its code."""
    try:
        take_in(wiring.ports, principal, asked_of(sent), at=wiring.clock())
    except GovernanceError as error:
        log.warning("import.stopped", code=error.code)
    finally:
        sent.file.close()


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
    if request.headers.get("hx-request"):
        return Response(status_code=204)  # the page that waits stays as it is, and asks again
    page = console_page(request, TITLE, principal)
    here = f"{HOME}/find?kind={kind}&digest={digest}"
    body = await rendered_page(
        request,
        "console/import_waits.html",
        page,
        here=here,
        way=_way(page.lang, "upkeep.import.one"),
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

    return await rendered_page(
        request,
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


async def _step(
    request: Request, principal: Principal, work: Callable[[Request, Principal, Sent], Looked]
) -> Response:
    try:
        async with sent_file(request) as (sent, _), READING.limiter():
            shown = await run_in_threadpool(work, request, principal, sent)
    except StaleFormError:
        raise
    except GovernanceError as error:
        return await _refused(request, principal, error)
    page = again(console_page(request, "upkeep.import.look", principal), HOME, ())
    body = await rendered_page(
        request,
        "console/import_look.html",
        page,
        looked=shown,
        may_try=shown.size <= AT_ONCE,
        way=_way(page.lang, "upkeep.import.look"),
    )
    return HTMLResponse(body)


def _looked(request: Request, principal: Principal, sent: Sent) -> Looked:
    wiring, lang = wiring_of(request), console_page(request, TITLE, principal).lang
    at, tried = wiring.clock(), None
    unharmed(wiring, principal, sent)
    found = preview(wiring.ports, principal, asked_of(sent), at=at)
    if sent.words.get("step") == "try" and sent.file.size <= AT_ONCE:
        if sent.words.get("digest", sent.digest) != sent.digest:
            raise ImportOtherFileError
        trial = replace(asked_of(sent, dry_run=True), kind=found.kind)
        tried = take_in(wiring.ports, principal, trial, at=at)
    return Looked(
        name=sent.name,
        digest=sent.digest,
        size=sent.file.size,
        preview=found,
        columns=column_lines(found, lang),
        fields=field_choices(found.kind, lang),
        kind=kind_name(found.kind.value, lang),
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
