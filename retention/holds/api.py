"""`/v1/holds`: legal holds as the pages of officers place, show and release them."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from governance.approvals.errors import ApprovalRequiredError
from governance.approvals.service import Approvals
from governance.core.terms import SubjectId
from governance.http.principal import Principal
from governance.http.request import wiring_of
from policies.actions import Action
from policies.api import require
from retention.holds import releasing, service, store
from retention.holds.asked import wanted_of, word_of
from retention.holds.deferring import waiting
from retention.holds.types import Matter, Particulars, Placing

router = APIRouter(tags=["holds"], prefix="/v1/holds")
Reader = Annotated[Principal, Depends(require(Action.HOLD_READ))]
Placer = Annotated[Principal, Depends(require(Action.HOLD_PLACE))]
Long = Annotated[str, Field(max_length=4_000)]
Word = Annotated[str, Field(max_length=200)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
PAGE = 200  # persons of one answer


class HoldAsked(BaseModel):
    """A hold to be placed."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=60, description="The matter's number.")]
    name: Long = Field("", description="The case; needed for a new matter. Sealed.")
    counsel: Long = ""
    notes: Long = ""
    reason: Long
    expected_end: date | None = None
    persons: Annotated[list[Id], Field(max_length=10_000)] = []
    everyone: bool = False
    conditions: Annotated[list[Word], Field(max_length=10)] = []
    what: Annotated[list[Word], Field(max_length=50)] = []


class ReleaseAsked(BaseModel):
    """A release to be agreed to by a second person."""

    model_config = ConfigDict(extra="forbid")

    reason: Long
    persons: Annotated[list[Id], Field(max_length=10_000)] = []


class Previewed(BaseModel):
    """Whom and what the hold would cover."""

    persons: int
    already_held: int
    erased: int
    rows: dict[str, int]


class MatterShown(BaseModel):
    """A matter as it stands."""

    number: str
    placed_by: str
    placed_at: datetime
    expected_end: date | None
    reviewed_at: datetime
    closed_at: datetime | None
    persons: int
    standing_scopes: int
    deferred_erasures: int


class PersonShown(BaseModel):
    """One person of a matter."""

    id: str
    what: list[str]
    since: datetime
    released_at: datetime | None


class MatterPage(MatterShown):
    """A matter with its persons, a page of them, and the erasures that wait."""

    held: list[PersonShown]
    next: str | None
    deferred: list[str]


@router.get("")
def matters(request: Request, _principal: Reader) -> list[MatterShown]:
    """Every matter, newest first."""
    with wiring_of(request).database.read() as tx:
        return [MatterShown.model_validate(_shape(one)) for one in store.matters(tx)]


@router.post("/preview")
def preview(request: Request, body: HoldAsked, principal: Placer) -> Previewed:
    """Whom and what this hold would cover; nothing is placed."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        found = service.preview(tx, wiring.ports, principal, _placing(body))
    return Previewed(
        persons=found.persons, already_held=found.held, erased=found.erased, rows=dict(found.rows)
    )


@router.post("", status_code=201)
def place(request: Request, body: HoldAsked, principal: Placer) -> MatterShown:
    """The hold stands when this is answered; the same body again changes nothing."""
    wiring = wiring_of(request)
    done = service.place(wiring.ports, principal, _placing(body), at=wiring.clock())
    with wiring.database.read() as tx:
        return MatterShown.model_validate(_shape(store.matter_of(tx, done.number)))


@router.get("/{number}")
def matter(request: Request, number: str, _principal: Reader, after: str = "") -> MatterPage:
    """One matter with a page of its persons."""
    with wiring_of(request).database.read() as tx:
        found = store.matter_of(tx, number)
        persons = store.persons_of(tx, number, limit=PAGE, after=after)
        deferred = waiting(tx, matter=number)
    shown = {
        **_shape(found),
        "held": [
            PersonShown(
                id=one.subject,
                what=[word_of(what) for what in one.what],
                since=one.since,
                released_at=one.released_at,
            )
            for one in persons
        ],
        "next": persons[-1].subject if len(persons) == PAGE else None,
        "deferred": [one.subject for one in deferred],
    }
    return MatterPage.model_validate(shown)


@router.post("/{number}/release")
def release(request: Request, number: str, body: ReleaseAsked, principal: Placer) -> MatterShown:
    """The release waits for a second person: always answered with the approval that it needs."""
    wiring = wiring_of(request)
    desk = Approvals(audit=wiring.audit, executors={})
    persons = [SubjectId(one) for one in body.persons]
    asked = wiring.database.write(
        lambda tx: releasing.ask_release(
            tx,
            wiring.ports,
            desk,
            principal,
            number,
            reason=body.reason,
            persons=persons,
            at=wiring.clock(),
        )
    )
    raise ApprovalRequiredError(approval=asked.id)


def _shape(one: Matter) -> dict[str, object]:
    return {
        "number": one.number,
        "placed_by": one.placed_by,
        "placed_at": one.placed_at,
        "expected_end": one.expected_end,
        "reviewed_at": one.reviewed_at,
        "closed_at": one.closed_at,
        "persons": one.persons,
        "standing_scopes": one.standing,
        "deferred_erasures": one.deferred,
    }


def _placing(body: HoldAsked) -> Placing:
    said = Particulars(name=body.name, counsel=body.counsel, notes=body.notes)
    return Placing(
        number=body.number,
        wanted=wanted_of(
            persons=body.persons,
            everyone=body.everyone,
            conditions=body.conditions,
            what=body.what,
        ),
        reason=body.reason,
        particulars=said if body.name else None,
        expected_end=body.expected_end,
    )
