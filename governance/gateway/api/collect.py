"""`/v1/collect`: what a point asks and shows, and what comes in there from another system."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import Connection

from consent import ledger
from consent.collecting import store
from consent.collecting.rules import Answers, in_force, needed_notices
from consent.signals import sent
from governance.core.clock import JST
from governance.core.terms import Lang, PurposeId, SubjectId
from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, once_of, parsed, read_as
from governance.gateway.api.shapes import Identifier, Moment, Strict
from governance.gateway.collecting.service import collect
from governance.gateway.collecting.types import Received, Submission
from governance.gateway.writing.types import Once
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/collect", tags=["collect"])
Writer = Annotated[Principal, Depends(require(Action.PERSON_WRITE))]
Point = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Version = Annotated[str, Field(pattern=r"^[0-9.]{1,15}$")]


class CollectIn(Strict):
    """One coming in at a point."""

    point: Name
    lang: Annotated[str, Field(pattern="^(ja|en)$")] = "ja"
    fields: Annotated[dict[str, Annotated[str, Field(max_length=2_000)]], Field(max_length=40)]
    consents: Annotated[dict[Name, bool], Field(default_factory=dict, max_length=20)]
    notices: Annotated[dict[Name, Version], Field(max_length=20)]
    adult: bool = False
    shown_at: Moment | None = None
    person: Identifier | None = None
    device: Annotated[str, Field(pattern="^(phone|desktop|app|unknown)$")] | None = None


EXAMPLE = {
    "point": "newsletter",
    "lang": "ja",
    "fields": {"name": "架空 花子", "email": "hanako@example.com"},
    "consents": {"mail_marketing": True},
    "notices": {"marketing": "3.1"},
    "adult": True,
    "device": "phone",
}
SCHEMA = {
    "type": "object",
    "required": ["point", "fields", "notices"],
    "properties": {
        "point": {"type": "string"},
        "lang": {"type": "string", "enum": ["ja", "en"]},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        "consents": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "notices": {"type": "object", "additionalProperties": {"type": "string"}},
        "adult": {"type": "boolean"},
        "shown_at": {"type": ["string", "null"], "format": "date-time"},
        "person": {"type": ["string", "null"]},
        "device": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SCHEMA, "example": EXAMPLE}},
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
        }
    ],
}


@router.get("/{point}")
async def declared(request: Request, principal: Writer, point: Point) -> JSONResponse:
    """What the open point asks, for which purposes, and the notices that must be shown now."""
    asked = asking(request, principal)

    def look() -> JSONResponse:
        with asked.ports.database.read() as tx:
            return JSONResponse(_declared(tx, asked, point))

    return await in_thread(look)


def _declared(tx: Connection, asked: Asking, name: str) -> dict[str, Any]:
    day = asked.at.astimezone(JST).date()
    point = store.open_point(tx, name, on=day).point
    notices = ledger.notices(tx)
    shown = []
    for notice in needed_notices(point, asked.ports.policies.current.purposes):
        current = in_force(notices, notice, on=day)
        if current is not None:
            texts = {
                lang.value: ledger.notice_text(tx, current.notice, current.version, lang)
                for lang in Lang
            }
            shown.append(
                {
                    "notice": current.notice,
                    "version": current.version,
                    "sha256": current.text_hash,
                    "text": texts,
                }
            )
    return {**point.as_json(), "notices": shown}


@router.post("", status_code=201, openapi_extra=BODY)
async def collected(request: Request, principal: Writer) -> JSONResponse:
    """What came in is stored as the point declares it; the same key twice stores it once.

    An item that the point does not declare is refused, and so is a notice that was not in force
    when it was shown.
    """
    asked = asking(request, principal)
    raw = await body_of(request)
    body = read_as(CollectIn, parsed(raw))
    once, gpc = once_of(request, principal, raw, needed=True), sent(request.headers)

    def work() -> JSONResponse:
        found = received(asked, body, once=once, gpc=gpc)
        return JSONResponse(told(found), status_code=200 if found.repeated else 201)

    return await in_thread(work)


def received(asked: Asking, body: CollectIn, *, once: Once | None, gpc: bool = False) -> Received:
    """What the body brought is stored as its point declares it."""
    submission = Submission(
        point=body.point,
        answers=Answers(
            lang=Lang(body.lang),
            values=body.fields,
            consents={PurposeId(name): said for name, said in body.consents.items()},
            notices=body.notices,
            adult=body.adult,
        ),
        person=SubjectId(body.person) if body.person else None,
        shown_at=body.shown_at,
        once=once,
        user_agent=body.device,
        gpc=gpc,
        request_id=asked.request_id,
    )
    return collect(asked.ports, asked.principal, submission, at=asked.at)


def told(found: Received) -> dict[str, Any]:
    """What came in, by pseudonym."""
    return {
        "id": found.subject,
        "point": found.point.id,
        "version": found.point.version,
        "masked": list(found.masked),
    }
