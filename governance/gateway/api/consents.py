"""`/v1/consents` and `/v1/purposes`: choices of persons, read and made through the gate.

An acknowledged choice holds for every process: the answer waits behind the write barrier.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from consent import ledger
from consent.choices import Choice
from consent.proofs import proof_view
from consent.service import choose, choose_many
from consent.signals import note_gpc, sent
from consent.standing import PAGE, tallies
from consent.types import EVERY, EventKind, EvidenceGrade
from governance.core.terms import Lang, RowId, SubjectId
from governance.gateway.api.asking import Asking, asking, in_thread, person_id
from governance.gateway.api.bodies import body_of, etag, once_of, parsed, read_as, tags_in
from governance.gateway.api.shapes import (
    ID,
    MAX_ITEMS,
    Identifier,
    Moment,
    Strict,
    of_words,
    taking,
)
from governance.gateway.choices import (
    Choices,
    chosen_among,
    history,
    look,
    permitted,
    purposes_for,
    shown_code,
)
from governance.gateway.writing.once import carried_out
from governance.gateway.writing.types import Written
from governance.http.numbers import LARGEST_NUMBER
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require
from policies.purposes import PurposeRecord
from policies.reasons import Audience, reason_text

router = APIRouter(prefix="/v1", tags=["consents"])
Reader = Annotated[Principal, Depends(require(Action.CONSENT_READ))]
Writer = Annotated[Principal, Depends(require(Action.CONSENT_WRITE))]
Checker = Annotated[Principal, Depends(require(Action.CONSENT_CHECK))]
Person = Annotated[str, Path(pattern=ID, description="本人の識別子 / The person's pseudonym")]
Event = Annotated[str, Path(pattern=ID, description="同意記録のID / Id of the entry")]
About = Annotated[
    str | None, Query(max_length=64, description="利用目的（省略: 全部） / Purpose; all without")
]
After = Annotated[
    int,
    Query(ge=0, le=LARGEST_NUMBER, description="続きの位置（前の頁の next） / `next` of the page"),
]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="1 頁の件数 / Rows of a page")]
Monthly = Annotated[bool, Query(description="月ごと / By month")]
EXAMPLE: Final = {
    "person": "5b2dfcbe-50e4-401e-a516-68f7ce20cf98",
    "purpose": "mail_marketing",
    "kind": "given",
    "channel": "email",
    "method": "form",
    "place": "member_page",
    "notice_version": "3.1",
    "shown": "メールマガジンを受け取る",
}
WITHDRAWALS: Final = {
    "items": [{"person": "5b2dfcbe-50e4-401e-a516-68f7ce20cf98", "purpose": "mail_marketing"}]
}


Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:*/-]+$")]
Said = Annotated[str, Field(min_length=1, max_length=2_000)]


class ChoiceIn(Strict):
    """One act of a person, or on behalf of one."""

    person: Identifier
    purpose: Word
    kind: Annotated[EventKind, of_words(EventKind)]
    channel: Word = EVERY
    recipient_class: Word = EVERY
    method: Word = "form"
    place: Word = "api"
    action: Word | None = None
    lang: Annotated[Lang, of_words(Lang)] = Lang.JA
    notice_version: Word | None = None
    shown: Said | None = None
    statement: Said | None = None
    guardian: bool = False
    evidence: Annotated[EvidenceGrade, of_words(EvidenceGrade)] = EvidenceGrade.ACTIVE
    occurred_at: Moment | None = None
    valid_until: Moment | None = None
    user_agent: Word | None = None


class WithdrawalIn(Strict):
    """One withdrawal among many."""

    person: Identifier
    purpose: Word
    channel: Word = EVERY
    recipient_class: Word = EVERY
    occurred_at: Moment | None = None


class WithdrawalsIn(Strict):
    """Withdrawals that hold together or not at all."""

    items: Annotated[list[WithdrawalIn], Field(min_length=1, max_length=MAX_ITEMS)]
    method: Word = "list"
    place: Word = "api"


@router.get("/purposes")
async def purposes(request: Request, principal: Checker) -> JSONResponse:
    """The purposes of use that the caller deals with: basis, channels, notice, ends."""
    asked = asking(request, principal)
    policy = asked.ports.policies.current
    items = [_purpose(purpose) for purpose in purposes_for(policy, principal)]
    return JSONResponse({"items": items, "policy_version": policy.version})


@router.get("/consents/{person}")
async def choices(
    request: Request, principal: Reader, person: Person, purpose: About = None
) -> Response:
    """Each cell of the person's choices with its answer now and why; the reading is recorded."""
    asked = asking(request, principal)

    def work() -> Response:
        found = look(asked.ports, principal, person_id(person), purpose, at=asked.at)
        tag = etag(found.subject, found.seq)
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return JSONResponse(_choices(asked, found), headers={"etag": tag})

    return await in_thread(work)


@router.get("/consents/{person}/history")
async def entries(
    request: Request,
    principal: Reader,
    person: Person,
    purpose: About = None,
    after: After = 0,
    limit: Limit = PAGE,
) -> JSONResponse:
    """Everything that the ledger holds of the person about the caller's purposes, in its order."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        found = history(
            asked.ports,
            principal,
            person_id(person),
            purpose,
            after=after,
            limit=limit,
            at=asked.at,
        )
        following = found[-1].event.seq if len(found) == limit else None
        return JSONResponse({"items": [one.as_json() for one in found], "next": following})

    return await in_thread(work)


@router.post("/consents", status_code=201, openapi_extra=taking(ChoiceIn, EXAMPLE))
async def choosing(request: Request, principal: Writer) -> JSONResponse:
    """The choice holds everywhere when this answers. Repeated with its Idempotency-Key, once."""
    asked = asking(request, principal)
    body = await body_of(request)
    once = once_of(request, principal, body)

    def work() -> JSONResponse:
        said = read_as(ChoiceIn, parsed(body))
        seq = _expected(request, said.person)
        choice = permitted(asked.ports, principal, _choice(said, seq))
        _note_signal(request, asked, said.person)

        def told(position: int) -> Written:
            return _written(choice, position)

        done, repeated = carried_out(
            asked.ports,
            once,
            lambda ports: choose(ports, principal, choice, at=asked.at),
            told,
            at=asked.at,
        )
        shape = {"id": done.row, "person": choice.subject, "seq": done.version}
        headers = {"etag": etag(choice.subject, done.version or 0)}
        if repeated:
            headers["idempotent-replayed"] = "true"
        return JSONResponse(shape, 200 if repeated else 201, headers=headers)

    return await in_thread(work)


@router.post("/consents/withdrawals", openapi_extra=taking(WithdrawalsIn, WITHDRAWALS))
async def withdrawals(request: Request, principal: Writer) -> JSONResponse:
    """All withdrawals of the list hold everywhere, or none does; it can be sent again."""
    asked = asking(request, principal)
    body = await body_of(request)
    once = once_of(request, principal, body, needed=True)

    def work() -> JSONResponse:
        said = read_as(WithdrawalsIn, parsed(body))
        listed = [permitted(asked.ports, principal, _withdrawal(said, one)) for one in said.items]

        def told(positions: tuple[int, ...]) -> Written:
            return _written(listed[-1], positions[-1])

        done, repeated = carried_out(
            asked.ports,
            once,
            lambda ports: choose_many(ports, principal, listed, at=asked.at),
            told,
            at=asked.at,
        )
        headers = {"idempotent-replayed": "true"} if repeated else {}
        shape = {"withdrawn": len(listed), "seq": done.version}
        return JSONResponse(shape, headers=headers)

    return await in_thread(work)


@router.get("/consents/events/{event}/proof")
async def proof(request: Request, principal: Reader, event: Event) -> JSONResponse:
    """What the person saw and did, with the text of the notice; the reading is recorded."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            purpose = ledger.purpose_of(tx, RowId(event))
        if purpose != EVERY:
            chosen_among(asked.ports.policies.current, principal, purpose)
        view = proof_view(asked.ports, principal, RowId(event), at=asked.at)
        return JSONResponse(view.as_json())

    return await in_thread(work)


@router.get("/consent-counts")
async def counts(
    request: Request, principal: Reader, purpose: About = None, *, monthly: Monthly = False
) -> JSONResponse:
    """Events and persons per purpose, kind and notice version, by month on demand."""
    asked = asking(request, principal)
    wanted = chosen_among(asked.ports.policies.current, principal, purpose)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = tallies(tx, purposes=[one.id for one in wanted], monthly=monthly)
        return JSONResponse({"items": [one.as_json() for one in found]})

    return await in_thread(work)


def _note_signal(request: Request, asked: Asking, person: str) -> None:
    """A browser signal that the caller passes on is kept before the choice that it came with."""
    if sent(request.headers):
        source = f"api:{asked.principal.id}"
        note_gpc(asked.ports, asked.principal, SubjectId(person), source=source, at=asked.at)


def _expected(request: Request, person: str) -> int | None:
    """The person's last event that the caller read, from If-Match; none without one."""
    header = request.headers.get("if-match")
    if header is None:
        return None
    return next((version for row, version in tags_in(header) if row == person), -1)


def _choice(said: ChoiceIn, seq: int | None) -> Choice:
    members = said.model_dump(exclude={"person"})
    return Choice(
        subject=SubjectId(said.person), id=ledger.new_event_id(), expected_seq=seq, **members
    )


def _withdrawal(said: WithdrawalsIn, one: WithdrawalIn) -> Choice:
    plain = Choice(
        subject=SubjectId(one.person),
        purpose=one.purpose,
        kind=EventKind.WITHDRAWN,
        id=ledger.new_event_id(),
        method=said.method,
        place=said.place,
    )
    return replace(
        plain,
        channel=one.channel,
        recipient_class=one.recipient_class,
        occurred_at=one.occurred_at,
    )


def _written(choice: Choice, position: int) -> Written:
    return Written(
        created=True,
        subject=choice.subject,
        row=choice.id or RowId(""),
        version=position,
        fields=(),
        masked=(),
    )


def _purpose(purpose: PurposeRecord) -> dict[str, Any]:
    return {
        "id": purpose.id,
        "code": purpose.code,
        "label": {"ja": purpose.label.ja, "en": purpose.label.en},
        "basis": {law.value: basis.value for law, basis in sorted(purpose.basis.items())},
        "categories": sorted(purpose.categories),
        "recipients": list(purpose.recipients),
        "channels": sorted(channel.value for channel in purpose.channels),
        "countries": sorted(purpose.countries),
        "notice": purpose.notice,
        "notice_version": purpose.notice_version,
        "expires_months": purpose.expires_months,
        "inactivity_months": purpose.inactivity_months,
        "signals": sorted(signal.value for signal in purpose.signals),
        "signal_override": purpose.signal_override.value,
        "minors": purpose.minors.value,
    }


def _choices(asked: Asking, found: Choices) -> dict[str, Any]:
    cells = []
    for one in found.cells:
        code = shown_code(found, one)
        shape: dict[str, Any] = {
            "purpose": one.cell.purpose,
            "channel": one.cell.channel,
            "recipient_class": one.cell.recipient_class,
            "decision": bool(one.decision),
            "code": code.value,
            "reason": reason_text(code, Audience.DEVELOPER, asked.lang),
            "valid_until": _text(one.decision.valid_until),
        }
        if found.explained and one.word is not None:
            shape["word"] = {
                "kind": one.word.kind.value,
                "seq": one.word.seq,
                "occurred_at": _text(one.word.occurred_at),
                "notice_version": one.word.notice_version,
                "evidence": one.word.evidence.value,
            }
        cells.append(shape)
    snapshot = {
        "policy_version": asked.ports.policies.current.version,
        "consent_seq": found.head,
    }
    return {
        "person": found.subject,
        "etag": etag(found.subject, found.seq),
        "cells": cells,
        "snapshot": snapshot,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
