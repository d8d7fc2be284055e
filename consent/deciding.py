"""Questions decided: by the state in memory where it is exact, else by the database.

Both give the same answers (tests/consent/state); the database's are exact for the transaction,
the memory's for the number that was read before the bits.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from consent import ledger
from consent.gates import UseRequest, passage_of, passed
from consent.kinds import Kind, Kinds
from consent.many import subject_gates
from consent.state.array import ConsentState
from consent.state.live import LiveState
from governance.core.terms import SubjectId
from governance.http.principal import Principal
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation

PART: Final = 500  # persons of one statement


class Found(NamedTuple):
    """What the gates said to one question; a tuple, because one is made for every check."""

    kind: Kind
    code: ReasonCode
    seq: int
    ends: datetime | None = None  # when time alone ends a permit

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """The duties that the permit brings; none with a refusal."""
        return self.kind.ahead.obligations if self else ()


def by_memory(
    state: ConsentState, kinds: Kinds, principal: Principal, request: UseRequest
) -> Found | None:
    """The answer of the state; None where the database must be asked."""
    kind = kinds.of(state.policy, principal, request)
    return of_kind(state, kind, request.subject, request.min_seq)


def of_kind(
    state: ConsentState, kind: Kind, subject: SubjectId, min_seq: int | None
) -> Found | None:
    """The same for a question whose kind is known."""
    seq = state.seq
    if not kind.quick or (min_seq is not None and min_seq > seq):
        return None
    before = kind.ahead
    if before.code is not ReasonCode.PERMIT:
        return Found(kind, before.code, seq)
    use = state.layout.uses.get(kind.asked)
    if use is None:
        return None
    person = state.look(subject, use)
    if person is None:
        return None
    if person.code is ReasonCode.PERMIT and before.lacking:
        return Found(kind, ReasonCode.UNAVAILABLE_OBLIGATION, seq)
    return Found(kind, person.code, seq, person.valid_until)


def each_by_memory(
    state: ConsentState,
    kinds: Kinds,
    principal: Principal,
    use: UseRequest,
    subjects: Sequence[SubjectId],
) -> list[Found] | None:
    """The answers for one use of many persons' data; None where the database must be asked."""
    kind, seq = kinds.of(state.policy, principal, use), state.seq
    bits = state.layout.uses.get(kind.asked)
    plain = kind.quick and kind.ahead and not kind.ahead.lacking and bits is not None
    if not plain or bits is None or (use.min_seq is not None and use.min_seq > seq):
        return None
    look, found = state.look, []
    for subject in subjects:
        person = look(subject, bits)
        if person is None:
            return None
        found.append(Found(kind, person.code, seq, person.valid_until))
    return found


def by_database(
    tx: Connection,
    policy: PolicySnapshot,
    kinds: Kinds,
    principal: Principal,
    requests: Sequence[UseRequest],
    *,
    at: datetime,
) -> list[Found]:
    """The answers of the database, each kind of question in a handful of statements."""
    seq = ledger.head(tx)
    found: dict[int, Found] = {}
    asked: dict[int, list[int]] = defaultdict(list)
    by_kind: dict[int, Kind] = {}
    for n, request in enumerate(requests):
        kind = kinds.of(policy, principal, request)
        if request.min_seq is not None and seq < request.min_seq:
            found[n] = Found(kind, ReasonCode.UNAVAILABLE_STALE, seq)
        elif kind.ahead:
            asked[id(kind)].append(n)
            by_kind[id(kind)] = kind
        else:
            found[n] = Found(kind, kind.ahead.code, seq)
    for key, places in asked.items():
        mine = [requests[n] for n in places]
        found |= zip(places, _of_kind(tx, policy, by_kind[key], mine, seq=seq, at=at), strict=True)
    return [found[n] for n in range(len(requests))]


def _of_kind(
    tx: Connection,
    policy: PolicySnapshot,
    kind: Kind,
    requests: Sequence[UseRequest],
    *,
    seq: int,
    at: datetime,
) -> list[Found]:
    first, purpose = requests[0], kind.ahead.purpose
    if purpose is None:
        return [Found(kind, ReasonCode.PURPOSE_UNKNOWN, seq)] * len(requests)  # fails closed
    refused = passage_of(tx, policy, kind.ahead, first, at=at)
    if refused is not None:
        return [Found(kind, refused, seq)] * len(requests)
    gates = subject_gates(
        tx,
        [request.subject for request in requests],
        purpose,
        channel=first.channel,
        recipient=first.recipient,
        at=at,
    )
    return [
        Found(kind, said.code, seq, None if said.subject is None else said.subject.valid_until)
        for said in (passed(kind.ahead, gates[request.subject].said) for request in requests)
    ]


def remember(
    live: LiveState | None, requests: Sequence[UseRequest], found: Sequence[Found]
) -> None:
    """The database's reasons for refusals answer later questions from memory."""
    state = None if live is None else live.current
    if state is None:
        return
    for request, one in zip(requests, found, strict=True):
        use = None if one else state.layout.uses.get(one.kind.asked)
        if use is not None and one.kind.ahead:
            state.remember(request.subject, use, one.code, seq=one.seq)
