"""A judged proof goes on file: evidence row, history line, audit event, and whom it points to."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import Outcome
from dsar.case import Case, Evidence
from dsar.errors import RequestStepError
from dsar.identity.types import Document
from dsar.records import changed, write_down
from dsar.store import add_evidence
from dsar.types import Mark, Refusal
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal


def record_proof(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    evidence: Evidence,
    *,
    at: datetime,
    subject: SubjectId | None = None,
    document: Document | None = None,
) -> Case:
    """The judgement is on file, refusals included; no status moves. `subject`: who was proved."""
    if case.closed:
        raise RequestStepError(request=case.id, reason=Refusal.NO_SUCH_STEP.value, law="-")
    add_evidence(tx, case.id, evidence)
    after = replace(
        changed(case, at=at),
        evidence=(*case.evidence, evidence),
        subject=case.subject or subject,
    )
    doubt = (evidence.reason,) if evidence.reason else ()
    shown = (document.value,) if document else ()
    return write_down(
        tx,
        ports,
        principal,
        after,
        Mark.EVIDENCE_ACCEPTED if evidence.accepted else Mark.EVIDENCE_REFUSED,
        EventCode.REQUEST_IDENTITY_PROVED,
        at=at,
        before=case.version,
        ground=evidence.kind.value,
        outcome=Outcome.DONE if evidence.accepted else Outcome.FAILED,
        reasons=(evidence.kind.value, *shown, *doubt),
    )
