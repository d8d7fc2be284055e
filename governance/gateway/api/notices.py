"""`/v1/notices`: versions in force, drafts, what a version changes, and its announcement."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from consent.notices import present, service
from consent.notices.reading import edition_of_document
from governance.core.terms import Lang
from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, parsed
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/notices", tags=["notices"])
Reader = Annotated[Principal, Depends(require(Action.NOTICE_READ))]
Writer = Annotated[Principal, Depends(require(Action.NOTICE_WRITE))]
Notice = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Version = Annotated[str, Path(pattern=r"^[0-9.]{1,15}$")]
Old = Annotated[str, Query(pattern=r"^[0-9.]{1,15}$", description="前の版 / Older version")]
New = Annotated[str, Query(pattern=r"^[0-9.]{1,15}$", description="後の版 / Newer version")]
EXAMPLE = {
    "effective_on": "2026-12-01",
    "change": "material",
    "title": {"ja": "購買履歴の分析", "en": "Analysis of purchases"},
    "body": {"ja": "当社は…", "en": "We ..."},
    "summary": {"ja": "店舗の記録を加えました。", "en": "Shop records were added."},
    "predecessor": "3.1",
    "purposes": ["purchase_analysis"],
    "relatedness": {"ja": "同じ目的のための資料です。", "en": "Records for the same aim."},
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}},
    }
}


@router.get("")
async def overview(request: Request, principal: Reader) -> JSONResponse:
    """Every notice with the version in force and its purposes; drafts and announced versions."""
    asked = asking(request, principal)
    return await _read(asked, lambda tx: present.overview(tx, asked.ports.policies.current))


@router.get("/{notice}")
async def versions(request: Request, principal: Reader, notice: Notice) -> JSONResponse:
    """Every version of a notice that is or was in force, oldest first, with its hash."""
    asked = asking(request, principal)
    return await _read(asked, lambda tx: {"items": present.versions(tx, notice)})


@router.get("/{notice}/versions/{version}")
async def version(
    request: Request, principal: Reader, notice: Notice, version: Version
) -> JSONResponse:
    """One version with its texts, what it tells of recipients abroad, and who approved it."""
    asked = asking(request, principal)
    return await _read(asked, lambda tx: present.whole(tx, notice, version))


@router.get("/{notice}/diff")
async def difference(
    request: Request, principal: Reader, notice: Notice, old: Old, new: New
) -> JSONResponse:
    """The sentences that went and came between two versions, in both languages."""
    asked = asking(request, principal)

    def compared(tx: Connection) -> dict[str, Any]:
        return {
            lang.value: present.marked(service.difference(tx, notice, old, new, lang))
            for lang in Lang
        }

    return await _read(asked, compared)


@router.put("/{notice}/versions/{version}", openapi_extra=BODY)
async def draft(
    request: Request, principal: Writer, notice: Notice, version: Version
) -> JSONResponse:
    """The draft is kept; the answer says what it lacks, and how many persons it asks again."""
    asked = asking(request, principal)
    document = parsed(await body_of(request))
    edition = edition_of_document(document, notice=notice, version=version)

    def work(tx: Connection) -> JSONResponse:
        found = service.draft(tx, asked.ports, asked.principal, edition, at=asked.at)
        return JSONResponse(present.reviewed(found, asked.lang))

    return await in_thread(lambda: asked.ports.database.write(work))


@router.delete("/{notice}/versions/{version}")
async def drop(
    request: Request, principal: Writer, notice: Notice, version: Version
) -> JSONResponse:
    """The draft is given up; an announced version is not."""
    asked = asking(request, principal)

    def work(tx: Connection) -> JSONResponse:
        service.drop(tx, asked.ports, asked.principal, notice, version, at=asked.at)
        return JSONResponse(present.whole(tx, notice, version))

    return await in_thread(lambda: asked.ports.database.write(work))


@router.post("/{notice}/versions/{version}/announcement", status_code=202)
async def announcement(
    request: Request, principal: Writer, notice: Notice, version: Version
) -> JSONResponse:
    """The draft waits for a second person under the approval that the answer names."""
    asked = asking(request, principal)

    def work(tx: Connection) -> JSONResponse:
        approval, found = service.propose(
            tx, asked.ports, asked.principal, notice, version, at=asked.at
        )
        shape = {"approval": approval.id, **present.reviewed(found, asked.lang)}
        return JSONResponse(shape, status_code=202)

    return await in_thread(lambda: asked.ports.database.write(work))


async def _read(asked: Asking, work: Callable[[Connection], Any]) -> JSONResponse:
    def look() -> JSONResponse:
        with asked.ports.database.read() as tx:
            return JSONResponse(work(tx))

    return await in_thread(look)
