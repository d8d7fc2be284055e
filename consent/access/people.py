"""Searches about persons: whose data a subject may use, who may use one person's, and for what.

Each person is decided by the database as an evaluation would decide now, page by page. Memory
only says who is worth the look.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from consent.access.paging import Page, Results
from consent.access.questions import Document, Question
from consent.access.recording import Asking
from consent.access.shapes import with_duties
from consent.access.subjects import PREFIX, everybody, is_caller, named
from consent.access.uses import PERSON, USE, same_use, use_of
from consent.deciding import Found, by_database
from consent.gates import UseRequest
from consent.kinds import Kind
from consent.state.live import LiveState
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from governance.http.principal import Principal, PrincipalKind
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation

PART: Final = 400  # persons of one look at the database
WALK: Final = 40_000  # persons looked at for one page: a rare permission holds no server
SLOW_WALK: Final = 4_000  # the same while memory does not say who is worth a look
NOBODY: Final = Results(found=(), last=None, code=ReasonCode.ACTOR_UNKNOWN_SUBJECT)


def resources(
    ports: Ports, live: LiveState, asking: Asking, question: Question, page: Page
) -> Results:
    """Persons whose data the subject may use so, by their pseudonyms."""
    policy, after = ports.policies.current, SubjectId(page.after)
    use, found = use_of(question, asking.request_id), list[Document]()
    with ports.database.read() as tx:
        principal = _principal(tx, policy, asking, question)
        if principal is None or question.action != USE:
            return NOBODY
        kind = live.kinds.of(policy, principal, use)
        if not kind.ahead:
            return Results(found=(), last=None, code=kind.ahead.code)
        perhaps = _perhaps(live, policy, kind, at=asking.at)
        for _ in range((SLOW_WALK if perhaps is None else WALK) // PART):
            ids = _persons(tx, after)
            asked = [same_use(use, one) for one in ids if perhaps is None or perhaps(one)]
            decided = by_database(tx, policy, live.kinds, principal, asked, at=asking.at)
            for one, answered in zip(asked, decided, strict=True):
                if answered and len(found) == page.limit:
                    return Results(found=tuple(found), last=after)
                if answered:
                    after = one.subject
                    person = {"type": PERSON, "id": one.subject}
                    found.append(with_duties(person, _duties(answered)))
            if len(ids) < PART:
                return Results(found=tuple(found), last=None)
            after = ids[-1]
    return Results(found=tuple(found), last=after)


def _perhaps(
    live: LiveState, policy: PolicySnapshot, kind: Kind, *, at: datetime
) -> Callable[[SubjectId], bool] | None:
    """Who is worth a look at the database, as memory has it; None: everybody."""
    state = live.exact(at)
    use = state.layout.uses.get(kind.asked) if state is not None else None
    if state is None or use is None or state.policy is not policy:
        return None
    return lambda subject: bool(state.look(subject, use))


def subjects(
    ports: Ports, live: LiveState, asking: Asking, question: Question, page: Page
) -> Results:
    """Systems or staff that may use this person's data so, as far as the caller may know them."""
    policy, kind = ports.policies.current, question.subject.type
    use = use_of(question, asking.request_id)
    found, last = list[Document](), page.after
    if question.action != USE:
        return NOBODY
    with ports.database.read() as tx:
        for principal in everybody(tx, policy, asking.caller, kind):
            if principal.id <= page.after:
                continue
            (answered,) = by_database(tx, policy, live.kinds, principal, [use], at=asking.at)
            if answered and len(found) == page.limit:
                return Results(found=tuple(found), last=last)
            if answered:
                last = principal.id
                shown = {"type": kind, "id": principal.id.removeprefix(PREFIX[kind])}
                found.append(with_duties(shown, _duties(answered)))
    return Results(found=tuple(found), last=None)


def actions(ports: Ports, live: LiveState, asking: Asking, question: Question) -> Results:
    """For which purposes the subject may use this person's data: one `use` for each of them."""
    policy, use = ports.policies.current, use_of(question, asking.request_id)
    with ports.database.read() as tx:
        principal = _principal(tx, policy, asking, question)
        if principal is None:
            return NOBODY
        purposes = (use.purpose,) if use.purpose else _purposes(policy, principal)
        asked = [use._replace(purpose=purpose) for purpose in purposes]
        decided = by_database(tx, policy, live.kinds, principal, asked, at=asking.at)
    return Results(found=_permitted(asked, decided), last=None)


def _permitted(asked: Sequence[UseRequest], decided: Sequence[Found]) -> tuple[Document, ...]:
    return tuple(
        with_duties({"name": USE, "properties": {"purpose": one.purpose}}, _duties(answered))
        for one, answered in zip(asked, decided, strict=True)
        if answered
    )


def _principal(
    tx: Connection, policy: PolicySnapshot, asking: Asking, question: Question
) -> Principal | None:
    """The subject as the gates decide it; None for one that the caller may not ask about."""
    if is_caller(asking.caller, question.subject):
        return asking.caller
    return named(tx, policy, asking.caller, question.subject)


def _purposes(policy: PolicySnapshot, principal: Principal) -> tuple[str, ...]:
    if principal.kind is PrincipalKind.SYSTEM:
        return tuple(sorted(principal.purposes))
    return tuple(policy.purposes)


def _persons(tx: Connection, after: SubjectId) -> list[SubjectId]:
    behind = select(SUBJECT.c.id).where(SUBJECT.c.id > after).order_by(SUBJECT.c.id).limit(PART)
    return [SubjectId(name) for name in tx.execute(behind).scalars()]


def _duties(answered: Found) -> tuple[Obligation, ...]:
    return answered.kind.ahead.obligations
