"""Who was found by a search, as a file: the rows, columns and order that its page shows.

The gate decides again and puts it on record (governance/gateway/search_file.py). The words of the
search stand in no address: a form names the random id under which they are sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.frame import Csrf, mistakes_of
from governance.console.lists.persons import FIELDS, KANA, PERSONS_FOUND, fields_of, person_row
from governance.console.person_results import hit_lines
from governance.console.person_search_pages import HOME, results_page
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Lang, RowId, SubjectId
from governance.gateway.api.asking import row_id
from governance.gateway.bulk.exporting import refused
from governance.gateway.bulk.types import BulkRequest, ExportGuardError, ExportRefusedError
from governance.gateway.search_file import SearchFile, take_out
from governance.gateway.search_registers import PERSONS
from governance.gateway.search_saved import saved_search
from governance.gateway.search_types import Hit, Order, SearchRefusedError, SearchRequest
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.lists.exporting import MEDIA, FileForm, file_of
from governance.ui.lists.listing import listing_of
from governance.ui.lists.types import Found, ListColumn, View
from governance.ui.lists.views import view_of
from governance.ui.parts import Mistake
from governance.ui.surfaces import lang_of
from policies.actions import Action
from policies.api import StepUpNeededError, require
from policies.reasons import Audience, ReasonCode, reason_text

router = APIRouter(prefix=HOME, include_in_schema=False)
Taker = Annotated[Principal, Depends(require(Action.PERSON_TAKE))]
NAME: Final = (FieldId("person.name"),)  # decided on where the chosen columns show no field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The file that somebody asks for: of which search, in which view and form."""

    key: RowId
    view: View
    form: FileForm
    only: frozenset[SubjectId] | None = None  # the chosen ones; None: everybody

    @property
    def columns(self) -> tuple[ListColumn, ...]:
        """The columns as the page shows them."""
        return listing_of(PERSONS_FOUND.declared, self.view, Found(rows=())).columns


@router.post("/searches/{name}/file")
async def file(
    request: Request,
    principal: Taker,
    name: str,
    form: Annotated[str, Form()] = FileForm.CSV.value,
    query: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The file of everybody whom the search finds, as this officer sees them; it is on record."""
    check_csrf(request, csrf)
    return await _answered(request, principal, name, form, query)


@router.post("/searches/{name}/chosen")
async def chosen(
    request: Request,
    principal: Taker,
    name: str,
    form: Annotated[str, Form()] = FileForm.CSV.value,
    query: Annotated[str, Form()] = "",
    key: Annotated[list[str] | None, Form()] = None,
    csrf: Csrf = "",
) -> Response:
    """The same of those alone whom the officer chose on the page; of nobody there is no file."""
    check_csrf(request, csrf)
    only = frozenset(SubjectId(one) for one in key or ())
    return await _answered(request, principal, name, form, query, only=only)


async def _answered(
    request: Request,
    principal: Principal,
    name: str,
    form: str,
    query: str,
    *,
    only: frozenset[SubjectId] | None = None,
) -> Response:
    """The file, or the results again with what refused it."""
    pairs = parse_qsl(query)
    wanted = Wanted(
        key=row_id(name),
        view=view_of(PERSONS_FOUND.declared, pairs),
        form=FileForm.XLSX if form == FileForm.XLSX.value else FileForm.CSV,
        only=only,
    )
    lang = lang_of(request)
    try:
        made = await run_in_threadpool(_made, request, principal, wanted, lang)
    except StepUpNeededError:
        raise  # its own page leads to where the proof is made anew
    except GovernanceError as error:
        told = _told(error, lang)
        again = partial(results_page, pairs=pairs, mistakes=told, status=error.status)
        return await run_in_threadpool(again, request, principal, wanted.key)
    day = wiring_of(request).clock().astimezone(JST).date().isoformat()
    headers = {
        "content-disposition": f'attachment; filename="persons_{day}.{wanted.form.value}"',
        "cache-control": "no-store",
    }
    return Response(made.content, media_type=MEDIA[wanted.form], headers=headers)


def _made(request: Request, principal: Principal, wanted: Wanted, lang: Lang) -> SearchFile:
    wiring, at = wiring_of(request), wiring_of(request).clock()
    with wiring.database.read() as tx:
        kept = saved_search(tx, wiring.ports, principal, wanted.key, register=PERSONS, at=at)
    asked = replace(
        kept,
        show=fields_of(wanted.columns) or NAME,
        order=Order.KANA if wanted.view.sort_key == KANA else Order.BEST,
        request_id=str(getattr(request.state, "request_id", "")) or None,
    )
    reader = replace(principal, lang=lang)
    write = partial(_written, wanted=wanted, asked=asked, lang=lang)
    try:
        return take_out(
            wiring.ports, reader, asked, wanted.key, write,
            form=wanted.form.value, at=at, only=wanted.only,
        )  # fmt: skip
    except (ExportRefusedError, ExportGuardError) as error:
        bulk = BulkRequest(purpose=asked.purpose, request_id=asked.request_id)
        refused(wiring.ports, reader, bulk, error, at=at)
        raise


def _written(hits: Sequence[Hit], *, wanted: Wanted, asked: SearchRequest, lang: Lang) -> bytes:
    rows = (person_row(one, lang) for one in hit_lines(hits, asked.purpose, lang))
    return file_of(PERSONS_FOUND.declared, wanted.columns, rows, form=wanted.form, lang=lang)


def _told(error: GovernanceError, lang: Lang) -> tuple[Mistake, ...]:
    """Why there is no file; of a column that may not leave, which one and by what reason."""
    reason = str(error.params.get("reason", ""))
    if not isinstance(error, ExportRefusedError | SearchRefusedError) or not reason:
        return mistakes_of(error, lang, field_id="file")
    said = reason_text(ReasonCode(reason), Audience.OFFICER, lang)
    name = str(error.params.get("field", "")).partition(".")[2]
    labels = {column.key: column.label for column in PERSONS_FOUND.declared.columns}
    key = next((key for key, names in FIELDS.items() if name in names), "")
    if not key:
        return (Mistake(field_id="file", sentence=said),)
    column = text(labels[key], lang)
    told = text("persons.file.refused", lang, column=column, reason=said)
    return (Mistake(field_id="file", sentence=told),)
