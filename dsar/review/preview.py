"""The answer before it leaves: the very files that the package will hold, made by the same code."""

from dataclasses import replace
from datetime import datetime

from dsar.answer_files import files_of
from dsar.case import Case, Decision, Reviewed
from dsar.packaging import answer_of, facts_of
from dsar.review import rules
from dsar.review.applying import shown
from dsar.review.service import look
from dsar.review.types import Review
from dsar.rules import suggestion
from dsar.store import case_by_id
from governance.core.controller import Controller
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal


def preview(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    controller: Controller,
    at: datetime,
) -> dict[str, bytes]:
    """Every file of the answer as the review stands now; the look is recorded.

    Before the decision it says what would be decided if the officer confirmed what follows.
    """
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        facts = facts_of(tx, ports, controller=controller, at=at)
    review = look(ports, principal, request, at=at)
    decision = _decision(case, review, principal, at=at)
    found = shown(review.findings, review.acts)
    return files_of(answer_of(case, decision, found, facts, at=at))


def _decision(case: Case, review: Review, principal: Principal, *, at: datetime) -> Decision:
    """The approved decision; else the one that follows from the acts of now."""
    if case.decision is not None and case.decision.approved_by is not None:
        return case.decision
    items = rules.items_of(review.acts)
    out = rules.left_out(review.findings, review.acts)
    standing = replace(case, reviewed=Reviewed(seq=review.head, left_out=out, items=items))
    outcome, grounds = suggestion(standing)
    return Decision(
        outcome=outcome, grounds=grounds, decided_by=principal.id, decided_at=at, items=items
    )
