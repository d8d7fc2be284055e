"""Searches: which subjects, resources or actions a question would be answered yes for.

What is found, an evaluation with the same context permits at that moment. Entities come from the
policy's own entries, systems and staff from their registers, persons from the store, each of them
decided as an evaluation would decide; one record of the log tells of the page.
"""

from typing import Any

from consent import ledger
from consent.access import people
from consent.access.listing import found_among
from consent.access.paging import Page, Results, Sought, demand_still, page_of, token_of
from consent.access.questions import (
    NOTHING,
    Document,
    Question,
    action_of,
    context_of,
    entity_of,
    kind_of,
)
from consent.access.recording import Asking, decision_of
from consent.access.subjects import PREFIX
from consent.access.uses import PERSON, purpose_of
from consent.state.live import LiveState
from governance.customers.ports import Ports
from policies.actions import Action
from policies.api import ensure
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot


def search(
    ports: Ports, live: LiveState, asking: Asking, sought: Sought, document: Document
) -> Document:
    """The page of results, on its way into the log before it is given; may wait."""
    question = _question(sought, document)
    page = page_of(ports, asking, sought, document)
    policy, persons = ports.policies.current, question.resource.type == PERSON
    if persons and sought is Sought.RESOURCE:
        ensure(asking.caller, Action.AUDIENCE_READ, policy)
    seq = _head(ports) if persons else None  # before the look: never more than was seen
    demand_still(page, seq)
    results = _found(ports, live, asking, sought, question, page)
    demand_still(page, _head(ports) if page.seq is not None else None)
    purpose = policy.purpose(purpose_of(question)) if persons else None
    decision = decision_of(
        asking,
        policy,
        results.code,
        about=_about(policy, sought, question),
        purpose=None if purpose is None else purpose.id,
        seq=seq,
    )
    ports.decisions.record(decision)  # fails closed: without a record nobody learns who was found
    rests_on: dict[str, Any] = {"policy_version": policy.version}
    if seq is not None:
        rests_on["consent_seq"] = seq
    return {
        "page": {
            "next_token": token_of(ports, asking, sought, document, page, results.last, seq=seq),
            "count": len(results.found),
        },
        "context": {"decision_id": decision.id, "snapshot": rests_on},
        "results": results.found,
    }


def _head(ports: Ports) -> int:
    with ports.database.read() as tx:
        return ledger.head(tx)


def _question(sought: Sought, document: Document) -> Question:
    """What is asked of every candidate; what is looked for is named by its type alone."""
    subject = (kind_of if sought is Sought.SUBJECT else entity_of)(document, "subject")
    resource = (kind_of if sought is Sought.RESOURCE else entity_of)(document, "resource")
    action = ("", NOTHING) if sought is Sought.ACTION else action_of(document)
    return Question(subject, *action, resource, context_of(document))


def _found(
    ports: Ports,
    live: LiveState,
    asking: Asking,
    sought: Sought,
    question: Question,
    page: Page,
) -> Results:
    if ports.policies.current.table is None:
        return Results(found=(), last=None, code=ReasonCode.UNAVAILABLE_POLICY)  # fails closed
    if question.resource.type != PERSON:
        return found_among(ports, asking, sought, question, page)
    match sought:
        case Sought.SUBJECT if question.subject.type in PREFIX:
            return people.subjects(ports, live, asking, question, page)
        case Sought.SUBJECT:
            return people.NOBODY
        case Sought.RESOURCE:
            return people.resources(ports, live, asking, question, page)
        case Sought.ACTION:
            return people.actions(ports, live, asking, question)


def _about(policy: PolicySnapshot, sought: Sought, question: Question) -> str:
    """Words that the policy declares; any other word of a question may be a name."""
    words = ["search", sought.value]
    kind = policy.entities.resources.get(question.resource.type)
    if question.resource.type == PERSON:
        words.append(PERSON)
    elif kind is not None:
        words += [kind.id, *([question.action] if question.action in kind.actions else [])]
    return ":".join(words)
