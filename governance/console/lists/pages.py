"""What every list can do beside being shown: become a file, have its chosen rows in one, be kept.

A file is on record by the list, its form and the number of its rows; so is a kept view.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.console.frame import Csrf
from governance.console.lists.registry import source_of, viewed
from governance.console.lists.source import (
    Asked,
    Source,
    asked_by,
    demand,
    in_tx,
    rows_of,
    saved_place,
)
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RowId
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.identity.views import service
from governance.ui.lists.arranging import arranged, in_order
from governance.ui.lists.exporting import MEDIA, FileForm, file_of
from governance.ui.lists.listing import listing_of
from governance.ui.lists.types import MOST, Found, ListOf, Pairs, Row, View
from governance.ui.lists.views import has_words, names_persons, others, spelled, view_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/console", include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Word = Annotated[str, Form()]


class ViewOfPersonsError(GovernanceError):
    """Words that somebody typed into a list about customers are not kept; nothing was saved."""

    code, status = "view_of_persons", 422


class ListPlaceError(NotFoundError):
    """There is no such list, or it has no such form."""

    code = "list_unknown"


@router.get("/lists/{name}/{form}")
async def file(request: Request, name: str, form: str, principal: Officer) -> Response:
    """The rows and columns of the view as a file, on all its pages."""
    source, kind = _source(request, principal, name), _form(form)
    pairs = request.query_params.multi_items()
    return await run_in_threadpool(_file, request, principal, source, kind, pairs, None)


@router.post("/lists/{name}/chosen")
async def chosen(request: Request, name: str, principal: Officer) -> Response:
    """The chosen rows alone, in the columns and the order of the view."""
    async with request.form(max_files=0, max_fields=300) as parts:
        sent = [(key, value) for key, value in parts.multi_items() if isinstance(value, str)]
    given = dict(sent)
    check_csrf(request, given.get("csrf", ""))
    source, kind = _source(request, principal, name), _form(given.get("form", ""))
    keys = frozenset(value for key, value in sent if key == "key")
    pairs = parse_qsl(given.get("query", ""))
    return await run_in_threadpool(_file, request, principal, source, kind, pairs, keys)


def _source(
    request: Request,
    principal: Principal,
    name: str,
    *,
    among: Callable[[str], Source | None] = source_of,
) -> Source:
    source = among(name)
    if source is None:
        raise ListPlaceError
    demand(request, principal, source)
    return source


def _form(form: str) -> FileForm:
    if form not in set(FileForm):
        raise ListPlaceError
    return FileForm(form)


def _file(
    request: Request,
    principal: Principal,
    source: Source,
    form: FileForm,
    pairs: Pairs,
    keys: frozenset[str] | None,
) -> Response:
    wiring, asked = wiring_of(request), asked_by(request, principal, source, pairs)
    found = in_tx(wiring, source, lambda tx: _found(tx, source, asked))
    rows, cut = _rows(source.declared, asked.view, found), keys is None and _cut(found)
    bounds = _bounds(source.declared, found, asked.lang) if keys is None else ()
    rows = rows if keys is None else [row for row in rows if row.key in keys]
    columns = listing_of(source.declared, asked.view, Found(rows=())).columns
    content = file_of(source.declared, columns, rows, form=form, lang=asked.lang, bounds=bounds)
    wiring.database.write(partial(_record, asked=asked, source=source, form=form, rows=len(rows)))
    ends = f"_first-{MOST}" if cut else ""  # a file that ends before the list says so
    name = f"{source.declared.id}_{asked.today.isoformat()}{ends}.{form.value}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(content, media_type=MEDIA[form], headers=headers)


def _found(tx: Connection, source: Source, asked: Asked) -> Found:
    """What the source has; of a list with a cursor no more than `MOST`."""
    if source.declared.cursor:
        asked = replace(asked, view=replace(asked.view, size=MOST))
    return rows_of(tx, source, asked)


def _rows(declared: ListOf, view: View, found: Found) -> Sequence[Row]:
    """Every row of the view in its order."""
    if not declared.cursor:
        return arranged(declared, view, found.rows).rows
    return in_order(declared, view, found.rows) if found.whole else found.rows


def _cut(found: Found) -> bool:
    """Whether there is more than was read."""
    return bool(found.next) or (found.more and found.total is None)


def _bounds(declared: ListOf, found: Found, lang: Lang) -> tuple[str, ...]:
    """What the file leaves out, in sentences for its end."""
    if not _cut(found):
        return found.bounds
    key = "ui.list.file_newest" if declared.reaches else "ui.list.file_first"
    return (*found.bounds, text(key, lang, n=f"{MOST:,}"))


def _record(tx: Connection, *, asked: Asked, source: Source, form: FileForm, rows: int) -> None:
    asked.wiring.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.LIST_EXPORTED,
            occurred_at=asked.at,
            actor=asked.principal.id,
            actor_os=asked.principal.os_user,
            object_type="list",
            object_id=source.declared.id,
            outcome=Outcome.DONE,
            reasons=(f"form.{form.value}",),
            counts=(("rows", rows),),
        ),
    )


@router.post("/views")
async def keep(
    request: Request,
    principal: Officer,
    listed: Annotated[str, Form(alias="list")] = "",
    name: Word = "",
    query: Word = "",
    shared: Word = "",
    preferred: Word = "",
    rest: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The view stands under its name, and the reader looks at it."""
    check_csrf(request, csrf)
    if principal.kind is not PrincipalKind.STAFF:
        raise NotFoundError
    source = _source(request, principal, listed, among=viewed)
    view = _keepable(source.declared, parse_qsl(query))
    wiring = wiring_of(request)
    work = partial(
        service.keep,
        ports=wiring.ports,
        principal=principal,
        listed=listed,
        name=name,
        query=urlencode(spelled(source.declared, view)),
        shared=shared == "yes",
        preferred=preferred == "yes",
        at=wiring.clock(),
    )
    done = await run_in_threadpool(wiring.database.write, work)
    place = saved_place(source.declared, done.id, _rest(source.declared, rest))
    return RedirectResponse(place, status_code=303)


def _keepable(declared: ListOf, pairs: Pairs) -> View:
    """What may be kept of a view: no page, nothing unknown, no words about customers."""
    view = view_of(declared, pairs)
    if names_persons(declared) and has_words(declared, view):
        raise ViewOfPersonsError  # fails closed: a typed word may be a name
    return replace(view.first_page(), saved="", dropped=())


@router.post("/views/{row}")
async def change(
    request: Request,
    row: str,
    principal: Officer,
    act: Word = "",
    rest: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The view opens its list from now on, no longer does, or is gone."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    by = {"ports": wiring.ports, "principal": principal, "row": RowId(row), "at": wiring.clock()}
    works = {
        "prefer": partial(service.prefer, **by, opens=True),
        "unprefer": partial(service.prefer, **by, opens=False),
        "drop": partial(service.drop, **by),
    }
    if act not in works:
        raise NotFoundError
    view = await run_in_threadpool(wiring.database.write, works[act])
    source = viewed(view.list)
    if source is None:
        return RedirectResponse("/console", status_code=303)
    shown = "" if act == "drop" else view.id
    place = saved_place(source.declared, shown, _rest(source.declared, rest))
    return RedirectResponse(place, status_code=303)


def _rest(declared: ListOf, said: str) -> Pairs:
    """What the page itself was asked for, as its form carried it; anything else is left out."""
    return others(declared, [one for one in parse_qsl(said) if one[0] in declared.keeps])
