"""Fulfilling a request: collect, prove a change.

What takes long or opens values happens outside a transaction; each use case then writes what it did
in one transaction, and fails without effect if the request moved meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import Outcome as AuditOutcome
from dsar.case import Case, SourceState
from dsar.collection import Source, gather
from dsar.connected.sources import PREFIX
from dsar.errors import (
    PackageKindError,
    ProofUnknownError,
    RequestStepError,
)
from dsar.found import Failed, Found, from_bytes, to_bytes
from dsar.reads import Query
from dsar.records import actor_of, changed, demand, draft, write_down
from dsar.results import (
    SourceResult,
    add_results,
    newest_results,
)
from dsar.store import case_by_id
from dsar.types import DISCLOSING, Mark, Refusal, Status
from governance.connectors.knowing import USED
from governance.core.ids import new_row_id
from governance.core.terms import EventId, KeyClass, RequestId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.types import Label

COLLECTING: Final = frozenset({Status.COLLECTING, Status.EXTENDED})


def owner_of(case: Case) -> SubjectId:
    """Whose record key seals what is kept for the case."""
    return case.subject or case.requester_id


def collect(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    sources: Sequence[Source],
    at: datetime,
) -> Case:
    """Every source has answered or failed on file; one that answered before is not asked again."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        newest = newest_results(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    demand_status(case, COLLECTING)
    known = {result.state.source for result in newest if result.state.found}
    asked = [source for source in sources if source.name not in known]
    left = {result.state.source for result in newest if result.state.without}
    answers = [
        answer
        for answer in _answers(asked, case, principal, at=at)
        if isinstance(answer, Found) or answer.source not in left  # the officer's word stands
    ]
    results = [_sealed(ports, case, answer) for answer in answers]
    return ports.database.write(
        partial(
            _record_results, ports=ports, principal=principal, case=case, results=results, at=at
        )
    )


def _answers(
    sources: Sequence[Source], case: Case, principal: Principal, *, at: datetime
) -> tuple[Found | Failed, ...]:
    """Answers about the person; a request that matches nobody finds nothing anywhere."""
    if case.subject is None:
        return tuple(
            Found(source=source.name, label=Label(ja=source.name, en=source.name), records=())
            for source in sources
        )
    query = Query(request=case.id, laws=case.laws, subject=case.subject, principal=principal, at=at)
    return gather(sources, query)


def _sealed(ports: Ports, case: Case, answer: Found | Failed) -> SourceResult:
    """The answer as it is stored: counts in clear, the finding under the person's record key."""
    row = new_row_id()
    match answer:
        case Failed(source=source, code=code):
            return SourceResult(id=row, state=SourceState(source=source, found=False, code=code))
        case Found():
            sealed = ports.vault.seal_part(
                owner_of(case), row, to_bytes(answer), key_class=KeyClass.RECORD
            )
            return SourceResult(
                id=row,
                state=SourceState(
                    source=answer.source,
                    found=True,
                    records=len(answer.records),
                    left_out=answer.redactions + len(answer.withheld),
                ),
                fields=answer.fields,
                redactions=answer.redactions,
                withheld=len(answer.withheld),
                found=sealed,
            )


def _record_results(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    case: Case,
    results: Sequence[SourceResult],
    at: datetime,
) -> Case:
    add_results(tx, case.id, results, at=at)
    _tell_connected(tx, ports, principal, case, results, at=at)
    failed = [result.state.source for result in results if not result.state.found]
    states = {state.source: state for state in case.sources}
    states |= {result.state.source: result.state for result in results}
    return write_down(
        tx,
        ports,
        principal,
        replace(changed(case, at=at), sources=tuple(states[name] for name in sorted(states))),
        Mark.COLLECTED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        outcome=AuditOutcome.FAILED if failed else AuditOutcome.DONE,
        reasons=tuple(f"failed.{source}" for source in failed),
        counts=(
            ("sources", len(results)),
            ("records", sum(result.state.records for result in results)),
            ("redactions", sum(result.redactions for result in results)),
            ("withheld", sum(result.withheld for result in results)),
        ),
    )


def _tell_connected(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    results: Sequence[SourceResult],
    *,
    at: datetime,
) -> None:
    """Each question to a connected system is an event of its own, with the keys that were used."""
    for state in (result.state for result in results):
        if not state.source.startswith(PREFIX):
            continue
        told = draft(
            ports,
            principal,
            case,
            EventCode.CONNECTOR_CALLED,
            at=at,
            outcome=AuditOutcome.DONE if state.found else AuditOutcome.FAILED,
            reasons=("find", *((state.code,) if state.code else ())),
            counts=(("records", state.records),),
            refs=(state.source.replace(".", ":", 1),),
        )
        ports.audit.append(tx, replace(told, fields=tuple(sorted(USED))))


def demand_status(case: Case, statuses: frozenset[Status]) -> None:
    """The case does not rest and stands in one of these; RequestStepError otherwise."""
    if case.hold is not None:
        raise RequestStepError(request=case.id, reason=Refusal.ON_HOLD.value, law="-")
    if not any(track.status in statuses for track in case.tracks):
        raise RequestStepError(request=case.id, reason=Refusal.NO_SUCH_STEP.value, law="-")


def findings(ports: Ports, case: Case) -> tuple[Found, ...]:
    """What the sources found, opened for the officer's review or the package."""
    with ports.database.read() as tx:
        results = newest_results(tx, case.id)
    return opened(ports, results)


def opened(ports: Ports, results: Iterable[SourceResult]) -> tuple[Found, ...]:
    """What these runs found; a finding that was purged is not among them."""
    return tuple(
        from_bytes(ports.vault.open_part(result.id, result.found))
        for result in results
        if result.found is not None
    )


def record_execution(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    proof: EventId,
    at: datetime,
) -> Case:
    """A granted change is proved by the audit event that made it (APPI 34, 35; GDPR 16-18, 21)."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    demand_status(case, frozenset({Status.EXECUTING, Status.ALTERNATIVE}))
    if any(track.kind in DISCLOSING for track in case.tracks):
        raise PackageKindError(request=request)
    known = tx.execute(
        select(EVENTS.c.id).where(
            EVENTS.c.id == proof,
            EVENTS.c.subject == case.subject,
            EVENTS.c.occurred_at >= case.received_at,
            EVENTS.c.object_type != "request",
        )
    ).scalar()
    if known is None:
        raise ProofUnknownError(event=proof)
    return write_down(
        tx,
        ports,
        principal,
        replace(changed(case, at=at), executed=True),
        Mark.EXECUTED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        refs=(f"event:{proof}",),
    )
