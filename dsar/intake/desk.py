"""How a request came, for the officer who checks it: who is said to ask, papers, fee, and alike."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.identity.guardians import Concern, Heard
from dsar.identity.hearing import heard, open_concerns
from dsar.identity.store import Upload, uploads_of
from dsar.intake.claims import claim_of
from dsar.intake.service import Companion, companions
from dsar.intake.store import Fee, Filed, fees_of, filing_of
from dsar.intake.types import Claim
from dsar.reading import note_words_seen
from dsar.records import actor_of, demand, draft
from dsar.returning.service import scope_words
from dsar.returning.store import ScopeAnswer, scope_answers
from dsar.store import case_by_id
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Everything about how a request came and who is proved so far."""

    case: Case
    filed: Filed | None
    claim: Claim = field(repr=False)
    papers: tuple[Upload, ...]
    alike: tuple[Companion, ...]
    fees: tuple[Fee, ...]
    concerns: tuple[Concern, ...] = ()  # of a child behind the request
    heard: Heard | None = None
    meant: tuple[ScopeAnswer, ...] = ()  # which data, as the person answered
    words: tuple[str, ...] = field(default=(), repr=False)  # of each of these answers


def arrival_of(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> Arrival:
    """The arrival as an officer sees it; the look at claim and words is on record before."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_WRITE)
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        filed, meant = filing_of(tx, request), scope_answers(tx, request)
        seen = Arrival(
            case=case,
            filed=filed,
            claim=claim_of(ports, filed) if filed is not None else Claim(),
            papers=uploads_of(tx, request),
            alike=tuple(companions(tx, case)),
            fees=fees_of(tx, request),
            concerns=open_concerns(tx, case, at=at),
            heard=heard(tx, request),
            meant=meant,
            words=tuple(scope_words(ports, one) for one in meant),
        )
    look = draft(ports, principal, case, EventCode.REQUEST_CHANGED, at=at, reasons=("claim_seen",))

    def record(tx: Connection) -> None:
        ports.audit.append(tx, look)
        if any(seen.words):
            note_words_seen(tx, ports, principal, case, at=at)

    ports.database.write(record)
    return seen
