"""Searches among what the policy declares: its entries, its actions, and who it gives roles to."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from consent.access import entities
from consent.access.paging import Page, Results, Sought
from consent.access.questions import NOTHING, Document, Entity, Question
from consent.access.recording import Asking
from consent.access.shapes import with_duties
from consent.access.subjects import PREFIX, everybody
from governance.customers.ports import Ports
from policies.snapshot import PolicySnapshot


class Candidate(NamedTuple):
    """One entity that may be a result, and the question that decides it; keys are in order."""

    key: str
    shown: dict[str, Any]
    asking: Asking
    question: Question


def found_among(
    ports: Ports, asking: Asking, sought: Sought, question: Question, page: Page
) -> Results:
    """The candidates behind the page before that the rules permit, as many as a page has."""
    policy, last = ports.policies.current, page.after
    found: list[Document] = []
    for one in _candidates(ports, policy, asking, sought, question):
        if one.key <= page.after:
            continue
        decision = entities.decide(policy, one.asking, one.question)
        if decision and len(found) == page.limit:
            return Results(found=tuple(found), last=last)
        if decision:
            last = one.key
            found.append(with_duties(one.shown, decision.obligations))
    return Results(found=tuple(found), last=None)


def _candidates(
    ports: Ports, policy: PolicySnapshot, asking: Asking, sought: Sought, question: Question
) -> Iterator[Candidate]:
    match sought:
        case Sought.SUBJECT if question.subject.type in PREFIX:
            yield from _principals(ports, policy, asking, question)
        case Sought.SUBJECT:
            kind = question.subject.type
            for name in policy.entities.ids(kind):
                entity = Entity(kind, name, NOTHING)
                asked = question._replace(subject=entity)
                yield Candidate(name, {"type": kind, "id": name}, asking, asked)
        case Sought.RESOURCE:
            kind = question.resource.type
            for name in policy.entities.ids(kind):
                entity = Entity(kind, name, NOTHING)
                asked = question._replace(resource=entity)
                yield Candidate(name, {"type": kind, "id": name}, asking, asked)
        case Sought.ACTION:
            resource = policy.entities.resources.get(question.resource.type)
            for name in sorted(resource.actions if resource else ()):
                yield Candidate(name, {"name": name}, asking, question._replace(action=name))


def _principals(
    ports: Ports, policy: PolicySnapshot, asking: Asking, question: Question
) -> Iterator[Candidate]:
    """Systems or staff whom the caller may know of, each asking for itself."""
    kind = question.subject.type
    with ports.database.read() as tx:
        known = tuple(everybody(tx, policy, asking.caller, kind))
    for principal in known:
        entity = Entity(kind, principal.id, NOTHING)
        yield Candidate(
            principal.id,
            {"type": kind, "id": principal.id.removeprefix(PREFIX[kind])},
            asking._replace(caller=principal),
            question._replace(subject=entity),
        )
