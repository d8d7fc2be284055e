"""The officers' and analysts' pages of processed data sets (仮名加工情報, 匿名加工情報)."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.console.dataset_facts import Given, labels_of, offered, written
from governance.console.frame import Csrf, again, answered, may, today, way
from governance.console.lists.discovery import DATASETS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.customers.catalogue import catalogue
from governance.gateway.bulk.types import ExportFormat
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import lang_of, templates_of
from policies.actions import Action
from policies.api import require, snapshot_of
from retention.datasets import service
from retention.datasets.building import make
from retention.datasets.reading import read_request
from retention.datasets.types import Dataset, DatasetId, DatasetKind

router = APIRouter(prefix="/console/datasets", include_in_schema=False)
HOME: Final = "/console/datasets"
TITLE: Final = "console.datasets.title"
Reader = Annotated[Principal, Depends(require(Action.DATASET_READ))]
Maker = Annotated[Principal, Depends(require(Action.DATASET_MAKE))]
Releaser = Annotated[Principal, Depends(require(Action.DATASET_RELEASE))]
Taker = Annotated[Principal, Depends(require(Action.DATASET_TAKE))]
Knower = Annotated[Principal, Depends(require(Action.DATASET_METHOD))]
Words = Annotated[str, Form()]
BEFORE: Final = "way-"  # of the form's fields that name a column
MOST_FIELDS: Final = 200  # of one form


@router.get("", response_class=HTMLResponse)
def datasets(request: Request, principal: Reader) -> str:
    """Every data set, the newest first."""
    page = again(console_page(request, TITLE, principal), HOME, ())
    return templates_of(request).render(
        "console/datasets.html",
        page,
        found=listed(request, principal, DATASETS),
        may_make=may(request, principal, Action.DATASET_MAKE),
        may_report=may(request, principal, Action.REPORT_READ),
        today=today(request),
        way=way(page.lang, (TITLE, HOME)),
    )


@router.get("/new", response_class=HTMLResponse)
def form(
    request: Request,
    principal: Maker,
    table: str = "person",
    kind: str = DatasetKind.ANONYMISED.value,
    purpose: str = "",
) -> str:
    """The form, with the columns that the kind and the purpose allow."""
    return _form(request, principal, Given(table=table, kind=kind, purpose=purpose, ways={}))


@router.post("/new")
async def make_one(request: Request, principal: Maker) -> Response:
    """The data set is made and waits for a second person; or what was wrong, beside the form."""
    given, csrf, step = await _given(request)
    check_csrf(request, csrf)
    if step == "columns":
        return HTMLResponse(await run_in_threadpool(_form, request, principal, given))
    wiring = wiring_of(request)

    def work() -> str:
        asked = read_request(written(given), file=text("console.datasets.form", lang_of(request)))
        return f"{HOME}/{make(wiring.ports, principal, asked, at=wiring.clock()).id}"

    async def told(mistakes: tuple[Mistake, ...]) -> str:
        return await run_in_threadpool(_form, request, principal, given, mistakes)

    return await answered(request, work, told, field=_place)


def _place(error: GovernanceError) -> str:
    """The field of the form that an error is about."""
    path = str(error.params.get("path", ""))
    return path if path in ("name", "kind", "purpose", "table", "expires_on", "k") else "columns"


async def _given(request: Request) -> tuple[Given, str, str]:
    sent = await request.form(max_files=0, max_fields=MOST_FIELDS)
    said = {name: str(value) for name, value in sent.items()}
    names = ("name", "kind", "purpose", "table", "expires_on", "k")
    plain = {name: said[name].strip() for name in names if name in said}
    ways = {
        name.removeprefix(BEFORE): value
        for name, value in said.items()
        if name.startswith(BEFORE) and value
    }
    return Given(**plain, ways=ways), said.get("csrf", ""), said.get("step", "")


def _form(
    request: Request, principal: Principal, given: Given, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "console.datasets.new", principal), HOME + "/new", mistakes)
    lang, policy = page.lang, snapshot_of(request)
    table = given.table if given.table in catalogue().tables else "person"
    kinds = {one.value: one for one in DatasetKind}
    kind = kinds.get(given.kind, DatasetKind.ANONYMISED)
    return templates_of(request).render(
        "console/dataset_new.html",
        page,
        given=given,
        offered=offered(table, kind, policy.purpose(given.purpose), lang),
        kinds=[
            Choice(value=one.value, label=text(f"retention.dataset.kind.{one.value}", lang))
            for one in DatasetKind
        ],
        tables=[
            Choice(value=one.name, label=one.label(lang)) for one in catalogue().tables.values()
        ],
        purposes=[
            Choice(value=str(one.id), label=one.label[lang]) for one in policy.purposes.values()
        ],
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=way(lang, (TITLE, HOME), ("console.datasets.new", "")),
    )


@router.get("/{dataset}", response_class=HTMLResponse)
def one(request: Request, dataset: str, principal: Reader) -> str:
    """One data set: what it holds in numbers, who made and released it, to whom it went."""
    return _one(request, dataset, principal)


def _one(
    request: Request,
    dataset: str,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    method: tuple[str, str] | None = None,
) -> str:
    wiring = wiring_of(request)
    page = again(console_page(request, TITLE, principal), f"{HOME}/{dataset}", mistakes)
    with wiring.database.read() as tx:
        known = service.shown(tx, wiring.ports, principal, DatasetId(dataset))
    mine = known.made_by == principal.id
    return templates_of(request).render(
        "console/dataset.html",
        page,
        one=known,
        items=labels_of(known.fields, page.lang),
        method=None if method is None else (method[0], json.loads(method[1])),
        mine=mine,
        may={
            action.value: may(request, principal, action)
            for action in (
                *(Action.DATASET_RELEASE, Action.DATASET_TAKE),
                *(Action.DATASET_METHOD, Action.DATASET_MAKE),
            )
        },
        mistakes=mistakes,
        done=request.query_params.get("done", ""),
        way=(*way(page.lang, (TITLE, HOME), (TITLE, ""))[:-1], Crumb(label=known.name)),
    )


@router.post("/{dataset}/method")
async def method(request: Request, dataset: str, principal: Knower, csrf: Csrf = "") -> Response:
    """How it was made; the look is on record."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def look() -> str:
        found = wiring.database.write(
            lambda tx: service.method(
                tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()
            )
        )
        return _one(request, dataset, principal, method=found)

    return HTMLResponse(await run_in_threadpool(look))


@router.post("/{dataset}/rows")
async def rows(
    request: Request, dataset: str, principal: Taker, form: Words = "csv", csrf: Csrf = ""
) -> Response:
    """The rows as a file; that they were taken is on record."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    wanted = ExportFormat.XLSX if form == ExportFormat.XLSX.value else ExportFormat.CSV

    def take() -> bytes:
        with TemporaryDirectory(prefix="sekisho-dataset-") as folder:  # for its owner alone
            path = Path(folder) / f"rows.{wanted.value}"
            service.take(
                wiring.ports,
                principal,
                DatasetId(dataset),
                path,
                form=wanted,
                at=wiring.clock(),
            )
            return path.read_bytes()

    try:
        content = await run_in_threadpool(take)
    except GovernanceError as error:
        mistake = Mistake(field_id="take", sentence=error_text(error, lang_of(request)))
        html = await run_in_threadpool(_one, request, dataset, principal, (mistake,))
        return HTMLResponse(html, status_code=error.status)
    name = f'attachment; filename="dataset-{dataset}.{wanted.value}"'
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"content-disposition": name, "cache-control": "no-store"},
    )


@router.post("/{dataset}/release")
async def release(request: Request, dataset: str, principal: Releaser, csrf: Csrf = "") -> Response:
    """A second person has released it."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    return await _acted(
        request,
        dataset,
        principal,
        "released",
        lambda tx: service.release(
            tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()
        ),
    )


@router.post("/{dataset}/provisions")
async def provide(
    request: Request, dataset: str, principal: Releaser, recipient: Words = "", csrf: Csrf = ""
) -> Response:
    """It was given to a recipient, who was told that it is anonymised data."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    return await _acted(
        request,
        dataset,
        principal,
        "provided",
        lambda tx: service.provide(
            tx,
            wiring.ports,
            principal,
            DatasetId(dataset),
            recipient=recipient,
            at=wiring.clock(),
        ),
    )


@router.post("/{dataset}/end")
async def end(request: Request, dataset: str, principal: Reader, csrf: Csrf = "") -> Response:
    """Its rows are gone."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    return await _acted(
        request,
        dataset,
        principal,
        "ended",
        lambda tx: service.end(tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()),
    )


async def _acted(
    request: Request,
    dataset: str,
    principal: Principal,
    done: str,
    act: Callable[..., Dataset],
) -> Response:
    def work() -> str:
        wiring_of(request).database.write(act)
        return f"{HOME}/{dataset}?done={done}"

    async def told(mistakes: tuple[Mistake, ...]) -> str:
        return await run_in_threadpool(_one, request, dataset, principal, mistakes)

    return await answered(request, work, told, field="act")
