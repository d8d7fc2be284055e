"""The gate for searching: what may be looked into, what answers, who may be shown; on record.

A person is found only by fields that this searcher may see of this person for this purpose. A
field shown masked is found by its whole value alone: by parts, its clear value could be guessed.
Who may not be found is not counted either. Fails closed: without the event nothing is shown.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent.persons import marks_of
from governance.core.ids import new_row_id
from governance.core.terms import EventId, FieldId, PurposeId
from governance.customers.ports import Ports
from governance.customers.search_queries import Part, named, recognised
from governance.customers.search_terms import Level
from governance.customers.tokens import known_indexes
from governance.gateway.glass.lifting import glass_for
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_gates import before_person
from governance.gateway.search_looking import Found, Search
from governance.gateway.search_pages import Page, page_of
from governance.gateway.search_places import sealed_cursor
from governance.gateway.search_registers import (
    PERSONS,
    fields_named,
    impersonal,
    names_of,
    searchable,
)
from governance.gateway.search_rows import IndexInUse
from governance.gateway.search_types import (
    Hit,
    SearchAnswer,
    SearchEmptyError,
    SearchRefusedError,
    SearchRequest,
)
from governance.gateway.showing import open_prepared
from governance.gateway.types import GateBusyError
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may

ATTEMPTS: Final = 3  # how often an answer is made anew when policy, choices or keys change


def search(
    ports: Ports, principal: Principal, request: SearchRequest, *, at: datetime
) -> SearchAnswer:
    """A page of the persons, or companies, that are what was asked, as this principal may see them.

    Raises SearchEmptyError for a query without a question, SearchRefusedError when none of its
    fields may be looked into for this purpose.
    """
    for _ in range(ATTEMPTS):
        one = asked_of(ports, principal, request, at=at)
        if any(not open_questions(part, one.allowed) for part in one.parts):
            ports.database.write(partial(_record, one=one, page=None))
            raise SearchRefusedError(reason=min(one.refused.values()).value)
        with ports.vault.reading() as keys:
            searched = keys.searched(names_of(request.register, one.parts))
            with ports.database.read() as tx:
                index = IndexInUse(keys=searched, known=known_indexes(tx))
                if index.stale:
                    continue  # a rotation ended meanwhile: look with its new key
                page = page_of(tx, one, index, keys)
            rows = open_prepared(ports, page.prepared, lang=principal.lang, keys=keys, at=at)
        event = ports.database.write(partial(_record, one=one, page=page))
        if event is not None:
            hits = tuple(
                Hit(
                    subject=found.subject,
                    row=found.row,
                    level=found.place.level,
                    matched=found.matched,
                    view=views[0],
                )
                for found, views in zip(page.shown, rows, strict=True)
            )
            return _answer(one, page, hits, event)
    raise GateBusyError


def _answer(one: Search, page: Page, hits: tuple[Hit, ...], event: EventId) -> SearchAnswer:
    following = page.following
    return SearchAnswer(
        decision_id=event,
        purpose=one.purpose.id if one.purpose else PurposeId(one.request.purpose),
        hits=hits,
        cursor=None
        if following is None
        else sealed_cursor(
            one.ports, one.principal, replace(one.request, order=page.order), following
        ),
        total=page.total,
        total_exact=page.ended,
        searched=tuple(sorted(one.allowed)),
        refused=one.refused,
        index_behind=page.behind,
        policy_version=one.policy.version,
        consent_seq=page.consent_seq,
        order=page.order,
        glass=one.glass,
    )


def asked_of(ports: Ports, principal: Principal, request: SearchRequest, *, at: datetime) -> Search:
    """The questions of the query, and how deep the first two gates let each field be searched."""
    register, policy = request.register, ports.policies.current
    fields = searchable(register)
    parts = (*recognised(request.text, fields), *named(request.values, register.named, fields))
    if not parts:
        raise SearchEmptyError
    asked = frozenset(question.field for part in parts for question in part.questions)
    purpose = policy.purpose(request.purpose) if request.purpose else None
    glass = None
    if purpose is not None:
        with ports.database.read() as tx:
            glass = glass_for(tx, policy, principal, purpose.id, None, at=at)
    allowed, refused = before_person(
        ports.database,
        policy,
        principal,
        fields_named(register, asked),
        purpose_name=request.purpose,
        glass=glass,
        at=at,
    )
    return Search(
        ports=ports,
        principal=principal,
        request=request,
        policy=policy,
        purpose=purpose,
        parts=parts,
        allowed=allowed,
        refused=refused,
        decisions=None
        if purpose is None
        else PersonDecisions(
            policy=policy,
            principal=principal,
            purpose=purpose,
            explained=bool(may(principal, Action.EXPLAIN_SUBJECT, policy)),
            shown=tuple(entry.id for entry in fields_named(register, request.shown)),
            allowed=allowed,
            impersonal=impersonal(register),
            glass=glass,
        ),
        at=at,
    )


def open_questions(part: Part, allowed: Mapping[FieldId, Level]) -> bool:
    """Whether this part asks about a field that may be looked at."""
    return any(question.field in allowed for question in part.questions)


# On record


def _record(tx: Connection, *, one: Search, page: Page | None) -> EventId | None:
    """The event of the search, with whom it showed; None when something moved: it is made anew."""
    found = () if page is None else page.shown
    if one.ports.policies.current is not one.policy:
        return None
    rests = {subject: gate[0] for hit in found for subject, gate in hit.gates.items()}
    marks = marks_of(tx, list(rests), at=one.at) if rests else {}
    if any(marks.get(subject) != mark for subject, mark in rests.items()):
        return None
    purpose, network = one.purpose, one.principal.network
    return one.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_SEARCHED,
            occurred_at=one.at,
            actor=one.principal.id,
            actor_os=one.principal.os_user,
            object_type="search",
            object_id=new_row_id(),
            purpose=purpose.id if purpose is not None else None,
            outcome=Outcome.DENY if page is None else Outcome.PERMIT,
            reasons=tuple(sorted({code.value for code in one.refused.values()})),
            policy_version=one.policy.version or None,
            consent_seq=None if page is None else page.consent_seq,
            request_id=one.request.request_id,
            network=Network(network) if network else None,
            fields=tuple(sorted(one.allowed)),
            counts=(
                ("shown", len(found)),
                ("looked_at", 0 if page is None else page.opened),
            ),
            refs=(
                *dict.fromkeys(ref for hit in found for ref in _refs(one, hit)),
                *((f"glass:{one.glass.id}",) if one.glass is not None else ()),
            ),
        ),
    )


def _refs(one: Search, found: Found) -> tuple[str, ...]:
    """Whom a hit shows: a person, or a company and the person who stands for it."""
    if one.request.register is PERSONS:
        return (f"person:{found.subject}",)
    return f"company:{found.row}", f"person:{found.subject}"
