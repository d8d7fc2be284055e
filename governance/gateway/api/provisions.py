"""`/v1/provisions`: records of what third parties got from us, and we from them (APPI 29-31)."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import Connection

from governance.core.terms import RowId
from governance.gateway.api.asking import Asking, asking, in_thread, person_id, row_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.queries import After, Limit
from governance.gateway.api.shapes import Day, Strict, Words, of_words, taking
from governance.http.principal import Principal
from governance.registers.provisions import service
from governance.registers.provisions.service import PERSONS_MOST, ReceivedRecord, ShownPerson
from governance.registers.provisions.types import Provision, ProvisionGround
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/provisions", tags=["provisions"])
Looker = Annotated[Principal, Depends(require(Action.REGISTER_READ))]
Keeper = Annotated[Principal, Depends(require(Action.REGISTER_WRITE))]
FirstDay = Annotated[date | None, Query(alias="from", description="この日から / From this day on")]
LastDay = Annotated[date | None, Query(alias="to", description="この日まで / Until this day")]
WithWhom = Annotated[str | None, Query(max_length=64, description="取引先ID / Key")]


class ReceivedIn(Strict):
    """What was confirmed when data came from a third party (APPI 30)."""

    recipient: Words
    received_on: Day
    acquisition: Annotated[str, Field(min_length=1, max_length=2_000)]
    ground: Annotated[ProvisionGround, of_words(ProvisionGround)]
    categories: Annotated[list[Words], Field(min_length=1, max_length=50)]
    fields: Annotated[list[Words], Field(min_length=1, max_length=200)]
    subjects: Annotated[list[Words], Field(min_length=1, max_length=PERSONS_MOST)]


RECEIVED: Final = {
    "recipient": "V025",
    "received_on": "2026-11-20",
    "acquisition": "提供元の会員登録画面で本人の同意を得て取得（架空）",
    "ground": "consent",
    "categories": ["name", "contact"],
    "fields": ["person.name", "person.email"],
    "subjects": ["00000000-0000-4000-8000-000000000001"],
}


@router.get("")
async def provisions(
    request: Request,
    principal: Looker,
    recipient: WithWhom = None,
    first: FirstDay = None,
    last: LastDay = None,
    after: After = None,
    limit: Limit = 50,
) -> JSONResponse:
    """A page of records, the newest first; nobody in them is named."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.listing(
                tx,
                asked.ports,
                principal,
                recipient=recipient,
                since=first,
                until=last,
                before=row_id(after) if after else None,
                limit=limit,
            )
        return JSONResponse(
            {
                "items": [provision_json(one) for one in found],
                "next": found[-1].id if len(found) == limit else None,
            }
        )

    return await in_thread(work)


@router.get("/{provision}")
async def provision(request: Request, principal: Looker, provision: str) -> JSONResponse:
    """One record with name, address and representative of the other side as they were."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.show(tx, asked.ports, principal, provision)
        party = found.party
        return JSONResponse(
            {
                **provision_json(found.provision),
                "party": {
                    "name": party.name,
                    "address": party.address,
                    "representative": party.representative,
                },
                "acquisition": found.acquisition or None,
            }
        )

    return await in_thread(work)


@router.get("/{provision}/persons")
async def persons_of_provision(
    request: Request, principal: Looker, provision: str, after: After = None, limit: Limit = 50
) -> JSONResponse:
    """A page of the persons of a record, named; that they were shown is on record."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        page = partial(
            service.people,
            ports=asked.ports,
            principal=principal,
            provision=provision,
            after=row_id(after) if after else None,
            limit=limit,
            at=asked.at,
        )
        found = asked.ports.database.write(page)
        following = found[-1].person.id if len(found) == limit else None
        return JSONResponse({"items": [_person(one) for one in found], "next": following})

    return await in_thread(work)


@router.post("", status_code=201, openapi_extra=taking(ReceivedIn, RECEIVED))
async def note_received(request: Request, principal: Keeper) -> JSONResponse:
    """The confirmation of a receipt is on record (APPI 30(3))."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(ReceivedIn, parsed(raw))
    return await in_thread(partial(_received, asked, given))


def _received(asked: Asking, given: ReceivedIn) -> JSONResponse:
    new = ReceivedRecord(
        recipient=given.recipient,
        received_on=given.received_on,
        acquisition=given.acquisition,
        ground=given.ground,
        categories=tuple(given.categories),
        fields=tuple(given.fields),
        subjects=tuple(person_id(name) for name in given.subjects),
    )

    def note(tx: Connection) -> RowId:
        return service.note_received(tx, asked.ports, asked.principal, new, at=asked.at)

    return JSONResponse({"provision": asked.ports.database.write(note)}, status_code=201)


def provision_json(one: Provision) -> dict[str, Any]:
    """A record for programs, without what is sealed in it."""
    return {
        "provision": one.id,
        "direction": one.direction.value,
        "recipient": one.recipient,
        "duty": one.recorded.duty,
        "ground": one.recorded.ground.value,
        "batch": one.batch,
        "first_on": one.first_on.isoformat(),
        "last_on": one.last_on.isoformat(),
        "purpose": one.purpose,
        "categories": list(one.categories),
        "fields": list(one.fields),
        "country": one.country,
        "persons": one.persons,
        "decision_id": one.event_id,
        "policy_version": one.policy_version,
        "keep_rule": one.keeping.rule,
        "keep_until": one.keeping.until.isoformat(),
        "purge_from": one.keeping.purge_from.isoformat(),
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at.isoformat(),
    }


def _person(one: ShownPerson) -> dict[str, Any]:
    return {
        "person": one.person.subject,
        "provided_on": one.person.provided_on.isoformat(),
        "consent_seq": one.person.consent_seq,
        "identity": dict(one.identity),
    }
