"""The gate for searching: what may be looked into, what answers, who may be shown; on record.

A person is found only by fields that this searcher may see of this person for this purpose. A
field shown masked is found by its whole value alone: by parts, its clear value could be guessed.
Who may not be found is not counted either. Fails closed: without the event nothing is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.many import Mark, marks_of, subject_gates
from consent.types import SubjectDecision
from governance.core.ids import new_row_id
from governance.core.terms import EventId, FieldId, PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.search_queries import Part, named, recognised
from governance.customers.search_terms import Level
from governance.customers.store import Record
from governance.customers.tokens import count_behind, known_indexes, unpacked
from governance.gateway.reading import Prepared, open_prepared
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_gates import before_person
from governance.gateway.search_places import place_of, sealed_place
from governance.gateway.search_rows import (
    IndexInUse,
    Place,
    Probe,
    candidates,
    fields_named,
    leading,
    listed_at,
    names_of,
    probes_of,
    records_of_rows,
    searchable,
)
from governance.gateway.search_types import (
    PAGE_MOST,
    Hit,
    SearchAnswer,
    SearchEmptyError,
    SearchRefusedError,
    SearchRequest,
)
from governance.gateway.types import GateBusyError
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import roles_of
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot

ATTEMPTS: Final = 3  # how often an answer is made anew when policy, choices or keys change
CHUNK: Final = 25  # rows decided and opened at a time
SPARE: Final = 2  # rows of the first time above those that are shown: one more, and one in vain
LOOKED_AT: Final = 300  # rows of one page; then the page ends and the next goes on from there
BEHIND_MOST: Final = 10_000  # rows beyond which the index is only "far behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A row that answers, decided, still sealed."""

    place: Place
    matched: tuple[FieldId, ...]
    subject: SubjectId
    mark: Mark  # what the decision rests on
    person: SubjectDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One search of one principal, before anything is looked at."""

    ports: Ports
    principal: Principal
    request: SearchRequest
    policy: PolicySnapshot
    purpose: PurposeRecord | None
    parts: tuple[Part, ...]
    allowed: Mapping[FieldId, Level]  # how deep each field may be searched
    refused: Mapping[FieldId, ReasonCode]
    decisions: PersonDecisions | None  # None for no purpose
    at: datetime


@dataclass(slots=True, kw_only=True)
class _Page:
    """What one page has so far."""

    consent_seq: int
    behind: int
    found: list[_Found] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)  # of those that are shown
    persons: set[SubjectId] = field(default_factory=set)
    looked_at: int = 0
    last: Place | None = None  # the last row that was looked at
    ended: bool = False  # whether no candidate is left


def search(
    ports: Ports, principal: Principal, request: SearchRequest, *, at: datetime
) -> SearchAnswer:
    """A page of the persons who are what was asked, as this principal may see them.

    Raises SearchEmptyError for a query without a question, SearchRefusedError when none of its
    fields may be looked into for this purpose.
    """
    for _ in range(ATTEMPTS):
        one = _asked(ports, principal, request, at=at)
        if any(not _open_questions(part, one.allowed) for part in one.parts):
            ports.database.write(partial(_record, one=one, page=None))
            raise SearchRefusedError(reason=min(one.refused.values()).value)
        index_keys = ports.vault.indexes.searched(names_of(one.parts))
        with ports.database.read() as tx:
            index = IndexInUse(keys=index_keys, known=known_indexes(tx))
            if index.stale:
                continue  # a rotation ended meanwhile: look with its new key
            page = _look(tx, one, index)
        shown = page.found[: _limit(request)]
        rows = open_prepared(ports, page.prepared, lang=principal.lang, at=at)
        event = ports.database.write(partial(_record, one=one, page=page))
        if event is not None:
            hits = tuple(
                Hit(
                    subject=found.subject,
                    row=unpacked(found.place.row),
                    level=found.place.level,
                    matched=found.matched,
                    view=views[0],
                )
                for found, views in zip(shown, rows, strict=True)
            )
            return _answer(one, page, hits, event)
    raise GateBusyError


def _answer(one: _Search, page: _Page, hits: tuple[Hit, ...], event: EventId) -> SearchAnswer:
    following = None
    if len(page.found) > len(hits):
        following = page.found[len(hits) - 1].place
    elif not page.ended:
        following = page.last
    cursor = (
        None
        if following is None
        else sealed_place(one.ports, one.principal, one.request, following)
    )
    return SearchAnswer(
        decision_id=event,
        purpose=one.purpose.id if one.purpose else PurposeId(one.request.purpose),
        hits=hits,
        cursor=cursor,
        searched=tuple(sorted(one.allowed)),
        refused=one.refused,
        index_behind=page.behind,
        policy_version=one.policy.version,
        consent_seq=page.consent_seq,
    )


def _asked(ports: Ports, principal: Principal, request: SearchRequest, *, at: datetime) -> _Search:
    """The questions of the query, and how deep the first two gates let each field be searched."""
    fields, policy = searchable(), ports.policies.current
    parts = (*recognised(request.text, fields), *named(request.values, fields))
    if not parts:
        raise SearchEmptyError
    asked = frozenset(question.field for part in parts for question in part.questions)
    allowed, refused = before_person(
        ports.database, policy, principal, fields_named(asked), purpose_name=request.purpose, at=at
    )
    purpose = policy.purpose(request.purpose) if request.purpose else None
    return _Search(
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
            explained=bool(policy.may(roles_of(principal, policy), Action.EXPLAIN_SUBJECT)),
            shown=tuple(entry.id for entry in fields_named(request.show)),
            allowed=allowed,
        ),
        at=at,
    )


def _open_questions(part: Part, allowed: Mapping[FieldId, Level]) -> bool:
    return any(question.field in allowed for question in part.questions)


def _limit(request: SearchRequest) -> int:
    return max(1, min(request.limit, PAGE_MOST))


# Looking


def _look(tx: Connection, one: _Search, index: IndexInUse) -> _Page:
    """The rows of the page and one more, if there is one, decided and compared."""
    after = place_of(one.ports, one.principal, one.request)
    groups = [probes_of(part, index, one.allowed) for part in one.parts]
    lead = leading(tx, groups) if after is None else after.part
    page = _Page(consent_seq=ledger.head(tx), behind=count_behind(tx, most=BEHIND_MOST))
    places = candidates(tx, groups[lead], part=lead, after=after)
    size = min(CHUNK, _limit(one.request) + SPARE)
    while len(page.found) <= _limit(one.request) and page.looked_at < LOOKED_AT:
        chunk = list(islice(places, size))
        size = CHUNK
        if not chunk:
            page.ended = True
            break
        page.looked_at += len(chunk)
        page.last = chunk[-1]
        for found in _answering(tx, one, groups[lead], chunk):
            if found.subject not in page.persons:  # of a merged person the newest row that answers
                page.persons.add(found.subject)
                page.found.append(found)
    page.prepared = _prepared(tx, one, page)
    return page


def _prepared(tx: Connection, one: _Search, page: _Page) -> list[Prepared]:
    """The whole rows of what is shown, with what the gates say of their fields."""
    shown = page.found[: _limit(one.request)]
    if one.decisions is None or not shown:
        return []
    whole = records_of_rows(tx, [found.place.row for found in shown])
    return [
        Prepared(
            policy=one.policy,
            consent_seq=page.consent_seq,
            mark=found.mark,
            rows=(whole[found.place.row],),
            decisions=one.decisions.of_shown(found.subject, found.person),
        )
        for found in shown
    ]


def _answering(
    tx: Connection, one: _Search, probes: Sequence[Probe], chunk: Sequence[Place]
) -> list[_Found]:
    """Which of these rows really answer, by fields that may be seen of their persons."""
    if one.purpose is None or one.decisions is None:
        return []  # fails closed: nothing is searched for no purpose
    asked = records_of_rows(tx, [place.row for place in chunk], only=one.allowed)
    subjects = [record.subject for record in asked.values()]
    gates = subject_gates(tx, subjects, one.purpose, at=one.at)  # without who is erased
    depths = {
        row: one.decisions.depths(record.subject, gates[record.subject][1])
        for row, record in asked.items()
        if record.subject in gates
    }
    values = _opened(one, asked, depths)
    return [
        _Found(place=place, matched=matched, subject=subject, mark=mark, person=person)
        for place in chunk
        if place.row in depths
        if (matched := _matched(one, probes, place, values[place.row], depths[place.row]))
        for subject in (asked[place.row].subject,)
        for mark, person in (gates[subject],)
    ]


def _opened(
    one: _Search, asked: Mapping[bytes, Record], depths: Mapping[bytes, Mapping[FieldId, Level]]
) -> dict[bytes, dict[FieldId, str]]:
    """The asked values that may be seen, to be compared; the others stay sealed."""
    sealed = [
        (asked[row].id, {n: c for n, c in asked[row].sealed.items() if n in mine})
        for row, mine in depths.items()
    ]
    return {
        row: {name: str(cell.value) for name, cell in cells.items()}
        for row, cells in zip(depths, one.ports.vault.open_rows(sealed), strict=True)
    }


def _matched(
    one: _Search,
    probes: Sequence[Probe],
    place: Place,
    values: Mapping[FieldId, str],
    depths: Mapping[FieldId, Level],
) -> tuple[FieldId, ...]:
    """The fields by which the row stands at this place; none when it does not stand there."""
    lead = listed_at(one.parts[place.part], probes, values, depths)
    if lead is None or lead[0] is not place.level:
        return ()
    matched = list(lead[1])
    for number, part in enumerate(one.parts):
        if number == place.part:
            continue
        answers = [
            question.field
            for question in part.questions
            if (depth := depths.get(question.field)) is not None
            and (value := values.get(question.field)) is not None
            and (level := question.asked.level(value)) is not None
            and level <= depth
        ]
        if not answers:
            return ()
        matched += answers
    return tuple(dict.fromkeys(matched))


# On record


def _record(tx: Connection, *, one: _Search, page: _Page | None) -> EventId | None:
    """The event of the search, with whom it showed; None when something moved: it is made anew."""
    found = [] if page is None else page.found[: _limit(one.request)]
    if one.ports.policies.current is not one.policy:
        return None
    marks = marks_of(tx, [hit.subject for hit in found], at=one.at) if found else {}
    if any(marks.get(hit.subject) != hit.mark for hit in found):
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
                ("looked_at", 0 if page is None else page.looked_at),
            ),
            refs=tuple(f"person:{subject}" for subject in dict.fromkeys(f.subject for f in found)),
        ),
    )
