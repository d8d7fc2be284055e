"""Decisions that a client made itself, taken into the log under the client's own numbers.

The stream is the client and its process. A number that never comes is a gap that the log shows.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from audit.decisions.store import Numbered, last_recorded, write_batch
from audit.decisions.types import Decision
from audit.types import Outcome
from consent.checks import PSEUDONYM
from consent.gates import UseRequest
from consent.kinds import Kinds, Words
from governance.core.errors import GovernanceError
from governance.core.ids import new_event_id
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.reasons import ReasonCode

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(minutes=5)  # a client's clock is the server's, a little early
LATEST: Final = 253_370_764_800_000  # milliseconds; the year 9999
MOST: Final = 1_000  # decisions of one request
Word = Annotated[str, msgspec.Meta(max_length=200)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
CODES: Final = frozenset(code.value for code in ReasonCode)


class DecisionsOutOfOrderError(GovernanceError):
    """The log holds a part of these numbers already, with other decisions; nothing was stored."""

    code, status = "decisions_out_of_order", 409


class SentDecision(msgspec.Struct, forbid_unknown_fields=True):
    """One question and its answer, as the client saw them."""

    subject: Word
    purpose: Word
    code: Word
    at: Number
    consent_seq: Annotated[int, msgspec.Meta(ge=-1, le=2**62)]
    policy_version: Word
    channel: Word | None = None
    recipient: Word | None = None
    country: Word | None = None


class SentDecisions(msgspec.Struct, forbid_unknown_fields=True):
    """Decisions of one process that follow each other."""

    stream: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    first: Annotated[int, msgspec.Meta(ge=1, le=2**62)]
    decisions: Annotated[list[SentDecision], msgspec.Meta(min_length=1, max_length=MOST)]


def take_in(ports: Ports, principal: Principal, sent: SentDecisions, *, at: datetime) -> int:
    """How many of the decisions are new in the log; raises DecisionsOutOfOrderError."""
    policy, kinds = ports.policies.current, Kinds()
    made = []
    for one in sent.decisions:
        words = kinds.of(policy, principal, _asked(one)).words
        version = one.policy_version if one.policy_version == policy.version else None
        made.append(_decision(principal, one, words, version, at=at))
    stream = f"{principal.id}/{sent.stream}"
    batch = Numbered(stream=stream, first=sent.first, decisions=made)
    return ports.database.write(partial(_store, ports=ports, batch=batch, at=at))


def _store(tx: Connection, *, ports: Ports, batch: Numbered, at: datetime) -> int:
    known = last_recorded(tx, batch.stream)
    if known >= batch.last:
        return 0  # the answer to the first sending was lost on its way
    if known >= batch.first:
        raise DecisionsOutOfOrderError
    write_batch(tx, ports.audit, batch, at=at)
    return len(batch.decisions)


def _asked(sent: SentDecision) -> UseRequest:
    return UseRequest(
        subject=SubjectId(sent.subject),
        purpose=sent.purpose,
        channel=sent.channel,
        recipient=sent.recipient,
        country=sent.country,
    )


def _decision(
    principal: Principal, sent: SentDecision, words: Words, version: str | None, *, at: datetime
) -> Decision:
    """Registered words alone go into the log, as of a decision that was made here."""
    said = EPOCH + timedelta(milliseconds=min(sent.at, LATEST))
    return Decision(
        id=new_event_id(),
        occurred_at=min(said, at + AHEAD),
        actor=principal.id,
        actor_os=None,
        subject=SubjectId(sent.subject) if PSEUDONYM.fullmatch(sent.subject) else None,
        purpose=words.purpose,
        channel=words.channel,
        recipient=words.recipient,
        country=words.country,
        field=None,
        outcome=Outcome.PERMIT if sent.code == ReasonCode.PERMIT.value else Outcome.DENY,
        reasons=sent.code if sent.code in CODES else ReasonCode.UNAVAILABLE_ERROR.value,
        policy_version=version,
        consent_seq=None if sent.consent_seq < 0 else sent.consent_seq,
        request_id=None,
        network=principal.network,
    )
