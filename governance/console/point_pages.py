"""The officers' pages of collection points: what is asked where, what for, open or closed."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from consent.collecting import service, store
from consent.collecting.errors import PointFormError
from consent.collecting.reading import read_points
from consent.collecting.types import KeptPoint
from governance.console.frame import Csrf, again, answered, may, today, way
from governance.console.lists.notices import POINTS
from governance.console.lists.source import listed
from governance.console.notice_facts import notice_title
from governance.console.pages import console_page
from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.customers.uploads import Place, scanned
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(prefix="/console/collect", include_in_schema=False)
HOME = "/console/collect"
PERSON = "person"  # the table that points write to
Reader = Annotated[Principal, Depends(require(Action.NOTICE_READ))]
Writer = Annotated[Principal, Depends(require(Action.NOTICE_WRITE))]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """One item of a point, and what for."""

    item: str
    purposes: str
    required: bool
    hint: str


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.points.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def points(request: Request, principal: Reader) -> str:
    """Every point, whether it takes anything in, and how much came in."""
    return await _points(request, principal)


async def _points(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "console.points.title", principal), HOME, mistakes)
    return await rendered_page(
        request,
        "console/points.html",
        page,
        found=await run_in_threadpool(listed, request, principal, POINTS),
        mistakes=mistakes,
        may_write=may(request, principal, Action.NOTICE_WRITE),
        way=_way(page.lang),
    )


@router.post("/declare")
async def declare(
    request: Request, principal: Writer, file: Annotated[UploadFile, File()], csrf: Csrf = ""
) -> Response:
    """Every point of the file is declared, closed; all of them or none."""
    check_csrf(request, csrf)
    wiring, raw = wiring_of(request), await file.read()

    def work() -> str:
        scanned(wiring.ports, principal, raw, place=Place.POINT, at=wiring.clock())
        try:
            found = read_points(raw.decode())
        except UnicodeDecodeError:
            raise PointFormError(path="/", problem="utf8") from None

        def store_all(tx: Any) -> None:
            for one in found:
                service.declare(tx, wiring.ports, principal, one, at=wiring.clock())

        wiring.database.write(store_all)
        return HOME

    return await answered(request, work, partial(_points, request, principal), field="file")


@router.get("/{name}", response_class=HTMLResponse)
async def point(request: Request, principal: Reader, name: str) -> str:
    """The newest version of a point: items with their purposes, consents, the notice shown."""
    return await _point(request, principal, name)


async def _point(
    request: Request, principal: Principal, name: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(
        console_page(request, "console.points.point", principal), f"{HOME}/{name}", mistakes
    )
    wiring, lang = wiring_of(request), page.lang

    def look() -> tuple[KeptPoint, str]:
        with wiring.database.read() as tx:
            found = store.newest(tx, name)
            return found, notice_title(tx, found.point.notice, lang)

    kept, notice = await run_in_threadpool(look)
    purposes = {one: record.label[lang] for one, record in snapshot_of(request).purposes.items()}
    return await rendered_page(
        request,
        "console/point.html",
        page,
        kept=kept,
        notice_title=notice,
        open=kept.is_open(on=today(request)),
        fields=[
            AskedLine(
                item=catalogue().fields[FieldId(f"{PERSON}.{one.name}")].label(lang),
                purposes=" / ".join(purposes.get(p, p) for p in one.purposes),
                required=one.required,
                hint=one.hint[lang] if one.hint else "",
            )
            for one in kept.point.fields
        ],
        purposes=purposes,
        mistakes=mistakes,
        may_write=may(request, principal, Action.NOTICE_WRITE),
        way=_way(lang, ("console.points.point", "")),
    )


@router.post("/{name}/state")
async def set_state(
    request: Request,
    principal: Writer,
    name: str,
    state: Annotated[str, Form()],
    csrf: Csrf = "",
) -> Response:
    """The point takes data in from now on, or no more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    act = partial(
        service.set_open,
        ports=wiring.ports,
        principal=principal,
        name=name,
        opened=state == "open",
        at=wiring.clock(),
    )

    def work() -> str:
        wiring.database.write(act)
        return f"{HOME}/{name}"

    return await answered(request, work, partial(_point, request, principal, name), field="state")
