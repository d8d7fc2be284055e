"""`/v1/recipients`: the register of recipients and processors, with what is missing about each."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, etag, parsed, read_as, tags_in
from governance.gateway.api.shapes import Day, Strict, of_words, taking
from governance.http.principal import Principal
from governance.registers import service
from governance.registers.errors import RecipientChangedError, RecipientFieldError
from governance.registers.reading import members
from governance.registers.service import Listed, NewCheck, Shown
from governance.registers.store import facts_of
from governance.registers.types import (
    Check,
    CheckKind,
    CheckMethod,
    CheckOutcome,
    Recipient,
    Subprocessor,
)
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
Looker = Annotated[Principal, Depends(require(Action.REGISTER_READ))]
Keeper = Annotated[Principal, Depends(require(Action.REGISTER_WRITE))]
Name = Annotated[str, Field(min_length=1, max_length=200)]
FACTS: Final = {
    "name": "架空配送株式会社",
    "role": "processor",
    "country": "JP",
    "contracted_on": "2026-04-01",
    "purposes": ["order_fulfilment"],
}
CHECK: Final = {
    "kind": "supervision",
    "method": "on_site",
    "outcome": "sound",
    "checked_on": "2026-11-20",
    "next_due": "2027-11-20",
}
WORKS_FOR: Final = {"name": "架空便", "country": "JP", "approved_on": "2026-11-20"}


def _members(example: dict[str, object], *needed: str) -> dict[str, Any]:
    """The members of a recipient as its part of the OpenAPI document."""
    schema = {
        "type": "object",
        "required": list(needed),
        "additionalProperties": False,
        "properties": {name: {} for name in (*(("key",) if needed else ()), *members())},
    }
    content = {"schema": schema, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


class CheckIn(Strict):
    """One look at a recipient (APPI 25, 28(3))."""

    kind: Annotated[CheckKind, of_words(CheckKind)]
    method: Annotated[CheckMethod, of_words(CheckMethod)]
    outcome: Annotated[CheckOutcome, of_words(CheckOutcome)]
    checked_on: Day
    next_due: Day | None = None
    findings: Annotated[str, Field(max_length=4_000)] = ""


class SubprocessorIn(Strict):
    """Who works for a recipient in turn; with `ended_on` nobody of this name does so any more."""

    name: Name
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    service: Name | None = None
    approved_on: Day | None = None
    ended_on: Day | None = None


@router.get("")
async def recipients(request: Request, principal: Looker) -> JSONResponse:
    """Every recipient with the codes of what is missing about it."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.listing(tx, asked.ports, principal, at=asked.at)
        return JSONResponse({"items": [listed_json(one) for one in found]})

    return await in_thread(work)


@router.get("/{key}")
async def recipient(request: Request, principal: Looker, key: str) -> JSONResponse:
    """One recipient with contacts, checks and every version of its entry."""
    asked = asking(request, principal)
    return await in_thread(partial(_shown, asked, key))


def _shown(asked: Asking, key: str) -> JSONResponse:
    with asked.ports.database.read() as tx:
        found = service.show(tx, asked.ports, asked.principal, key, at=asked.at)
    return JSONResponse(shown_json(found), headers={"etag": _tag(found.listed.recipient)})


@router.post(
    "",
    status_code=201,
    openapi_extra=_members({"key": "V100", **FACTS}, "key", "name", "role"),
)
async def register_recipient(request: Request, principal: Keeper) -> JSONResponse:
    """The recipient is in the register."""
    asked, given = asking(request, principal), parsed(await body_of(request))
    key = given.pop("key", None)
    if not isinstance(key, str):
        raise RecipientFieldError(field="key")

    def enter(tx: Connection) -> Recipient:
        return service.enter(tx, asked.ports, principal, key, given, at=asked.at)

    return await in_thread(partial(_written, asked, enter, status=201))


@router.patch("/{key}", openapi_extra=_members({"safeguards": "暗号化"}))
async def change_recipient(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The recipient has the new members; If-Match names the version that was read."""
    asked, given = asking(request, principal), parsed(await body_of(request))
    tags = tags_in(request.headers.get("if-match"))

    def change(tx: Connection) -> Recipient:
        now = service.known(tx, key)
        if (now.id, now.version) not in tags:
            raise RecipientChangedError(key=now.source_key, version=now.version)
        return service.change(
            tx, asked.ports, principal, key, given, version=now.version, at=asked.at
        )

    return await in_thread(partial(_written, asked, change))


@router.post("/{key}/checks", openapi_extra=taking(CheckIn, CHECK))
async def check_recipient(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The look is on file; after `stop` nothing goes to the recipient any more."""
    asked, raw = asking(request, principal), await body_of(request)
    new = NewCheck(**dict(read_as(CheckIn, parsed(raw))))

    def note(tx: Connection) -> Recipient:
        return service.note_check(tx, asked.ports, principal, key, new, at=asked.at)

    return await in_thread(partial(_written, asked, note))


@router.post("/{key}/subprocessors", openapi_extra=taking(SubprocessorIn, WORKS_FOR))
async def name_subprocessor(request: Request, principal: Keeper, key: str) -> JSONResponse:
    """The recipient's own processor is on file (再委託先), or is none any more."""
    asked, raw = asking(request, principal), await body_of(request)
    new = Subprocessor(id=new_row_id(), **dict(read_as(SubprocessorIn, parsed(raw))))

    def name(tx: Connection) -> Recipient:
        service.name_subprocessor(tx, asked.ports, principal, key, new, at=asked.at)
        return service.known(tx, key)

    return await in_thread(partial(_written, asked, name))


def _written(
    asked: Asking, work: Callable[[Connection], Recipient], *, status: int = 200
) -> JSONResponse:
    made = asked.ports.database.write(work)
    return JSONResponse(
        {"recipient": made.reference, "version": made.version, "etag": _tag(made)},
        status_code=status,
        headers={"etag": _tag(made)},
    )


def _tag(recipient: Recipient) -> str:
    return etag(recipient.id, recipient.version)


def listed_json(one: Listed) -> dict[str, Any]:
    """A recipient for programs."""
    return {
        "recipient": one.recipient.reference,
        **facts_of(one.recipient),
        "subprocessors": [_dated(asdict(sub)) for sub in one.subprocessors],
        "missing": list(one.missing),
    }


def shown_json(found: Shown) -> dict[str, Any]:
    """A recipient with everything on file, for programs."""
    return {
        **listed_json(found.listed),
        "contact": asdict(found.contact),
        "checks": [_check(check, said) for check, said in found.checks],
        "versions": [
            {
                "version": one.version,
                "changed_by": one.changed_by,
                "changed_at": one.changed_at.isoformat(),
            }
            for one in found.versions
        ],
    }


def _check(check: Check, findings: str) -> dict[str, Any]:
    return _dated(asdict(check) | {"findings": findings})


def _dated(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in facts.items()
    }
