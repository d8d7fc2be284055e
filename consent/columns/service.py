"""One purpose asked about many persons at once: who may be used for it now.

The first two gates are asked once, the third for each person: in the state in memory, which is
brought to the database's own state first where no lease says that it stands there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from audit.decisions.types import Decision
from audit.errors import DecisionUnrecordedError
from audit.types import TOKEN, Outcome
from consent.gates import UseRequest, passage_of
from consent.kinds import Kind
from consent.state.array import ConsentState
from consent.state.layout import Use
from consent.state.live import LiveState
from governance.core.ids import new_event_id
from governance.core.terms import EventId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot

SET: Final = "set:"  # how a decision's record names whom it was about: by size, permits, digest
HEADER: Final = b"sekisho/set/1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the gates say of the use itself, and the state to look the persons up in."""

    policy: PolicySnapshot
    kind: Kind
    seq: int
    code: ReasonCode  # PERMIT: the persons decide
    use: Use | None = None
    state: ConsentState | None = None
    until: datetime | None = None  # when permits by this state are void

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT


def sight_now(
    ports: Ports, live: LiveState, principal: Principal, use: UseRequest, *, at: datetime
) -> Sight | None:
    """The sight from memory, without waiting; None: ask `sight` in a thread."""
    state = live.to_permit(at)
    until = live.until(at)
    if state is None or until <= at or state.policy is not ports.policies.current:
        return None
    kind = live.kinds.of(state.policy, principal, use)
    if not kind.quick:
        return None
    return _through(state, kind, use, until=until)


def sight(
    ports: Ports, live: LiveState, principal: Principal, use: UseRequest, *, at: datetime
) -> Sight:
    """The sight on what the database holds now; may wait."""
    policy = ports.policies.current
    kind = live.kinds.of(policy, principal, use)
    live.promise()
    with ports.database.read() as tx:
        refused = passage_of(tx, policy, kind.ahead, use, at=at)
    if not kind.ahead or refused is not None:
        code = kind.ahead.code if refused is None else refused
        return Sight(policy=policy, kind=kind, seq=0, code=code)
    live.follow(at=at)
    state = live.exact(at)
    if state is None or state.policy is not policy:
        return Sight(policy=policy, kind=kind, seq=0, code=ReasonCode.UNAVAILABLE_STALE)
    return _through(state, kind, use, until=live.until(at))


def _through(state: ConsentState, kind: Kind, use: UseRequest, *, until: datetime) -> Sight:
    seq = state.seq  # before the bits
    code = kind.ahead.code
    bits = state.layout.uses.get(kind.asked)
    if use.min_seq is not None and use.min_seq > seq:
        code = ReasonCode.UNAVAILABLE_STALE
    elif code is ReasonCode.PERMIT and kind.ahead.lacking:
        code = ReasonCode.UNAVAILABLE_OBLIGATION
    elif code is ReasonCode.PERMIT and bits is None:
        code = ReasonCode.UNAVAILABLE_POLICY  # fails closed: the array has no such cell
    return Sight(
        policy=state.policy,
        kind=kind,
        seq=seq,
        code=code,
        use=bits,
        state=state,
        until=min(until, state.next_at),
    )


def permitted(seen: Sight, subjects: Sequence[SubjectId]) -> list[SubjectId]:
    """Who of them may be used, in their order."""
    if not seen or seen.state is None or seen.use is None:
        return []
    find, mask = seen.state.finder(), seen.use.mask
    word = seen.state.words[seen.use.word]
    size = len(word)  # who came since these words were made is not yet known
    return [
        subject
        for subject in subjects
        if 0 <= (place := find(subject, -1)) < size and word[place] & mask == mask
    ]


def digest_of(subjects: Sequence[SubjectId]) -> str:
    """The digest by which a list is told from every other: SHA-256 over its lines."""
    return sha256(HEADER + "\n".join(subjects).encode()).hexdigest()


def set_name(size: int, count: int, *parts: str | bytes) -> SubjectId:
    """How the record names the persons of one decision: how many, how many of them yes, which."""
    told = b"\n".join(part.encode() if isinstance(part, str) else part for part in parts)
    return SubjectId(f"{SET}{size}:{count}:{sha256(HEADER + told).hexdigest()}")


def record(
    ports: Ports,
    principal: Principal,
    seen: Sight,
    about: SubjectId,
    *,
    count: int,
    request_id: str | None,
    at: datetime,
) -> EventId | None:
    """The id of the one decision on its way into the log; None: nothing may be permitted."""
    decision = decision_of(principal, seen, about, count=count, request_id=request_id, at=at)
    try:
        number = ports.decisions.record(decision)
        if seen.kind.durable:
            ports.decisions.settle(number)
    except DecisionUnrecordedError:
        return None  # fails closed
    return decision.id


def decision_of(
    principal: Principal,
    seen: Sight,
    about: SubjectId,
    *,
    count: int,
    request_id: str | None,
    at: datetime,
) -> Decision:
    """What the log keeps of the question: registered words, and which set of persons."""
    words = seen.kind.words
    return Decision(
        new_event_id(),
        at,
        principal.id,
        principal.os_user,
        about,
        words.purpose,
        words.channel,
        words.recipient,
        words.country,
        words.field,
        Outcome.PERMIT if count else Outcome.DENY,
        seen.code.value,
        seen.policy.version or None,
        seen.seq,
        request_id if request_id and TOKEN.fullmatch(request_id) else None,
        principal.network or None,
    )
