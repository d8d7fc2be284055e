"""`/v1/data-rights-requests`: requests that other systems file, as the Data Rights Protocol does.

The shape is DRP 0.9's: `exercise`, `regime`, identity attributes, and an answer with
`request_id`, `status`, `reason`, `expected_by`. What a system says of a person, a verified
address or a mandate among it, is a claim: nothing of it counts as a proof of identity.
"""

from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from dsar.case import Case
from dsar.clocks import answer_by
from dsar.intake.service import file_request
from dsar.intake.store import filing_of
from dsar.intake.types import Claim, Filing, Source, StopGround
from dsar.listing import id_of
from dsar.store import case_by_id
from dsar.types import Delivery, Intake, Outcome, Requester, RequestKind, Status
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import wiring_of
from policies.actions import Action
from policies.api import require

router = APIRouter(tags=["requests"])
PATH: Final = "/v1/data-rights-requests"
Exercise = Literal[
    "access", "deletion", "correction", "restriction", "portability", "objection",
    "sale:opt_out", "purpose_notice", "provision_records",
]  # fmt: skip
Regime = Literal["appi", "gdpr", "voluntary"]
APPI_KINDS: Final[dict[str, RequestKind]] = {
    "access": RequestKind.DISCLOSURE,
    "deletion": RequestKind.CESSATION,
    "correction": RequestKind.CORRECTION,
    "sale:opt_out": RequestKind.PROVISION_STOP,
    "purpose_notice": RequestKind.PURPOSE_NOTICE,
    "provision_records": RequestKind.PROVISION_RECORDS,
}
GDPR_KINDS: Final[dict[str, RequestKind]] = {
    "access": RequestKind.ACCESS,
    "deletion": RequestKind.ERASURE,
    "correction": RequestKind.RECTIFICATION,
    "restriction": RequestKind.RESTRICTION,
    "portability": RequestKind.PORTABILITY,
    "objection": RequestKind.OBJECTION,
    "sale:opt_out": RequestKind.OBJECTION,
}
Short = Annotated[str, Field(max_length=200)]
System = Annotated[Principal, Depends(require(Action.DSAR_FILE))]


class DataRightsRequest(BaseModel):
    """One request of a person, filed by a system that the person uses."""

    model_config = ConfigDict(extra="forbid")

    exercise: Exercise
    regime: Regime = "appi"
    name: Short
    email: Short = ""
    phone_number: Short = ""
    customer_number: Short = ""
    authorized_agent: Short = Field("", description="Name of the agent, when one asks.")
    statutory: bool = Field(default=False, description="The agent is a parent or guardian.")
    ground: StopGround | None = None
    request_text: str = Field("", max_length=4_000)
    language: Lang = Lang.JA


class DataRightsStatus(BaseModel):
    """Where the request stands, in the words of the protocol."""

    request_id: str
    received_at: datetime
    expected_by: date | None
    status: Literal["open", "in_progress", "fulfilled", "denied", "revoked"]
    reason: str | None = None


@router.post(PATH, status_code=201)
def file(
    request: Request,
    body: DataRightsRequest,
    principal: System,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> DataRightsStatus:
    """The request is on file; the same Idempotency-Key again answers with the same request."""
    wiring = wiring_of(request)
    filing = _filing(body, wiring.settings.dsar_policy_days, _once(principal, idempotency_key))
    case = file_request(wiring.ports, principal, filing, at=wiring.clock())
    return _status(case, at=wiring.clock())


@router.get(f"{PATH}/{{reference}}")
def stands(request: Request, reference: str, principal: System) -> DataRightsStatus:
    """Where a request of this very system stands; any other reference is unknown."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        case = _own(tx, principal, reference)
    return _status(case, at=wiring.clock())


def _own(tx: Connection, principal: Principal, reference: str) -> Case:
    found = id_of(tx, reference)
    filed = filing_of(tx, found) if found is not None else None
    if filed is None or filed.filed_by != principal.id:
        raise NotFoundError  # alike: another's, and none
    return case_by_id(tx, filed.request)


def _once(principal: Principal, key: str) -> str | None:
    return sha256(f"api\n{principal.id}\n{key}".encode()).hexdigest() if key else None


def _filing(body: DataRightsRequest, policy_days: int, once: str | None) -> Filing:
    kinds = GDPR_KINDS if body.regime == "gdpr" else APPI_KINDS
    kind = kinds.get(body.exercise) or GDPR_KINDS.get(body.exercise) or APPI_KINDS[body.exercise]
    agent = Requester.STATUTORY_AGENT if body.statutory else Requester.MANDATED_AGENT
    return Filing(
        kind=kind,
        intake=Intake.API,
        source=Source.SYSTEM,
        claim=Claim(
            name=body.name,
            email=body.email,
            phone=body.phone_number,
            customer_number=body.customer_number,
            agent_name=body.authorized_agent,
        ),
        policy_days=policy_days,
        requester=agent if body.authorized_agent else Requester.SELF,
        delivery=Delivery.DOWNLOAD,
        lang=body.language,
        ground=body.ground,
        words=body.request_text.strip() or None,
        once=once,
    )


def _status(case: Case, *, at: datetime) -> DataRightsStatus:
    """Nothing of it tells whether the person is on record, until somebody decided."""
    status, reason = _words(case)
    return DataRightsStatus(
        request_id=case.reference,
        received_at=case.received_at,
        expected_by=answer_by(case, at=at),
        status=status,
        reason=reason,
    )


def _words(
    case: Case,
) -> tuple[Literal["open", "in_progress", "fulfilled", "denied", "revoked"], str | None]:
    standing = {track.status for track in case.tracks}
    if Status.WITHDRAWN in standing:
        return "revoked", None
    if standing <= {Status.RESPONDED, Status.CLOSED}:
        refused = case.decision is not None and case.decision.outcome is Outcome.REFUSE
        return ("denied", "other") if refused else ("fulfilled", None)
    if standing <= {Status.RECEIVED, Status.TRIAGED, Status.IDENTITY}:
        return "open", "need_user_verification"
    return "in_progress", None
