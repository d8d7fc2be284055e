"""The officers' pages of notices: versions and their differences, drafts, approval by two."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from consent.notices.errors import NoticeFormError
from consent.notices.reading import read_edition
from consent.notices.service import draft, drop, notice_executor, propose
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console.frame import Csrf, again, answered, may, way
from governance.console.lists.notices import DRAFTS, NOTICES
from governance.console.lists.source import listed_all
from governance.console.notice_facts import edition_of, history_of
from governance.console.pages import console_page
from governance.core.terms import Lang
from governance.customers.uploads import Place, scanned
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Choice, Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/console/notices", include_in_schema=False)
HOME = "/console/notices"
Reader = Annotated[Principal, Depends(require(Action.NOTICE_READ))]
Writer = Annotated[Principal, Depends(require(Action.NOTICE_WRITE))]
Publisher = Annotated[Principal, Depends(require(Action.NOTICE_PUBLISH))]
Hidden = Annotated[str, Form()]


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("console.notices.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def notices(request: Request, principal: Reader) -> str:
    """Every notice in force, and the versions that wait."""
    return await _notices(request, principal)


async def _notices(
    request: Request, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "console.notices.title", principal), HOME, mistakes)
    sources = (NOTICES, DRAFTS)
    found, drafts = await run_in_threadpool(listed_all, request, principal, sources)
    return await rendered_page(
        request,
        "console/notices.html",
        page,
        found=found,
        drafts=drafts,
        mistakes=mistakes,
        may_write=may(request, principal, Action.NOTICE_WRITE),
        way=_way(page.lang),
    )


@router.post("/draft")
async def take_draft(
    request: Request, principal: Writer, file: Annotated[UploadFile, File()], csrf: Csrf = ""
) -> Response:
    """The file's version is kept as a draft; a file that is none comes back with its place."""
    check_csrf(request, csrf)
    wiring, raw = wiring_of(request), await file.read()

    def work() -> str:
        scanned(wiring.ports, principal, raw, place=Place.NOTICE, at=wiring.clock())
        try:
            edition = read_edition(raw.decode())
        except UnicodeDecodeError:
            raise NoticeFormError(path="/", problem="utf8") from None
        wiring.database.write(
            partial(
                draft, ports=wiring.ports, principal=principal, edition=edition, at=wiring.clock()
            )
        )
        return f"{HOME}/{edition.notice}/versions/{edition.version}"

    return await answered(request, work, partial(_notices, request, principal), field="file")


@router.get("/{notice}", response_class=HTMLResponse)
async def history(
    request: Request, principal: Reader, notice: str, old: str = "", new: str = ""
) -> str:
    """Every version of a notice, and what two of them say differently."""
    page = console_page(request, "console.notices.history", principal)
    found = await run_in_threadpool(history_of, wiring_of(request), notice, old, new, page.lang)
    return await rendered_page(
        request,
        "console/notice.html",
        page,
        found=found,
        choices=[
            Choice(
                value=one.version,
                label=text(
                    "console.notices.version_on",
                    page.lang,
                    version=one.version,
                    day=long_day(one.published_on, page.lang),
                ),
            )
            for one in found.versions
        ],
        way=_way(page.lang, ("console.notices.history", "")),
    )


@router.get("/{notice}/versions/{version}", response_class=HTMLResponse)
async def edition(request: Request, principal: Reader, notice: str, version: str) -> str:
    """One version: what it says and changes, whom it asks again, who drafted and who agreed."""
    return await _edition(request, principal, notice, version)


async def _edition(
    request: Request,
    principal: Principal,
    notice: str,
    version: str,
    mistakes: tuple[Mistake, ...] = (),
) -> str:
    href = f"{HOME}/{notice}/versions/{version}"
    page = again(console_page(request, "console.notices.version", principal), href, mistakes)
    found = await run_in_threadpool(edition_of, wiring_of(request), notice, version)
    asked = found.approval
    return await rendered_page(
        request,
        "console/notice_version.html",
        page,
        found=found,
        edition=found.review.kept.edition,
        href=href,
        faults=[
            f"{name}: {text(f'consent.fault.{code}', page.lang)}"
            for name, code in found.review.faults
        ],
        changes=found.review.changes[page.lang],
        purposes={
            name: record.label[page.lang]
            for name, record in wiring_of(request).policies.current.purposes.items()
        },
        mistakes=mistakes,
        may_write=may(request, principal, Action.NOTICE_WRITE),
        may_publish=may(request, principal, Action.NOTICE_PUBLISH),
        own=asked is not None and asked.requested_by == principal.id,
        way=_way(
            page.lang,
            ("console.notices.history", f"{HOME}/{notice}"),
            ("console.notices.version", ""),
        ),
    )


async def _done(
    request: Request,
    principal: Principal,
    place: tuple[str, str],
    field_id: str,
    act: Callable[[Any], object],
) -> Response:
    """Back to the version when the act is done; with the reason on it when it is refused."""
    notice, version = place

    def work() -> str:
        wiring_of(request).database.write(act)
        return f"{HOME}/{notice}/versions/{version}"

    page = partial(_edition, request, principal, notice, version)
    return await answered(request, work, page, field=field_id)


@router.post("/{notice}/versions/{version}/propose")
async def ask(
    request: Request, principal: Writer, notice: str, version: str, csrf: Csrf = ""
) -> Response:
    """The draft waits for a second person."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        propose,
        ports=wiring.ports,
        principal=principal,
        notice=notice,
        version=version,
        at=wiring.clock(),
    )
    return await _done(request, principal, (notice, version), "propose", work)


@router.post("/{notice}/versions/{version}/drop")
async def give_up(
    request: Request, principal: Writer, notice: str, version: str, csrf: Csrf = ""
) -> Response:
    """The draft is given up; it stays readable."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        drop,
        ports=wiring.ports,
        principal=principal,
        notice=notice,
        version=version,
        at=wiring.clock(),
    )
    return await _done(request, principal, (notice, version), "drop", work)


@router.post("/{notice}/versions/{version}/approve")
async def approve(
    request: Request,
    principal: Publisher,
    notice: str,
    version: str,
    approval: Hidden = "",
    digest: Hidden = "",
    csrf: Csrf = "",
) -> Response:
    """The version is announced exactly as the page showed it, by a second person."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    executors = {ApprovalKind.NOTICE: notice_executor(wiring.ports)}
    work = partial(
        Approvals(audit=wiring.audit, executors=executors).approve_and_execute,
        approval_id=ApprovalId(approval),
        digest=digest,
        by=principal,
        at=wiring.clock(),
    )
    return await _done(request, principal, (notice, version), "approve", work)
