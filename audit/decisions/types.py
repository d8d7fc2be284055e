"""One decision as it is recorded, its canonical encoding (version 1), and its leaf in a batch.

An encoding is HEADER, the version as u16, then the columns in the order of COLUMNS, each spelled
as in an event (audit/leaf.py). The last column, `about`, commits to the person: it is
HMAC-SHA256(salt, pseudonym), absent where no person was asked about. So the person can be taken
out of the record at their erasure while the batch still has its root.
The leaf is SHA-256(0x00 || encoding); a batch has the RFC 6962 root over its leaves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from audit.leaf import Encoded, commitment
from audit.tree import leaf_hash
from audit.types import Column, Outcome
from governance.core.terms import ActorId, EventId, PurposeId, SubjectId

HEADER: Final = b"sekisho/audit/decision\n"
VERSION: Final = 1
SALT_BYTES: Final = 32
ROOT: Final = "root:"  # how the event of a batch names the batch's root
COLUMNS: Final = (
    "stream",  # the process that decided
    "n",  # its own number of the decision, from 1 without a hole
    "id",
    "occurred_at",
    "actor",
    "actor_os",
    "purpose",
    "channel",
    "recipient",
    "country",
    "field",
    "outcome",
    "reasons",  # comma-separated
    "policy_version",
    "consent_seq",
    "request_id",
    "network",
    "about",
)


class Decision(NamedTuple):
    """What was asked and what the gates said; a tuple, because one is made for every check."""

    id: EventId
    occurred_at: datetime
    actor: ActorId
    actor_os: str | None
    subject: SubjectId | None  # None: what was asked about is no pseudonym
    purpose: PurposeId | None
    channel: str | None
    recipient: str | None
    country: str | None
    field: str | None
    outcome: Outcome
    reasons: str
    policy_version: str | None
    consent_seq: int | None
    request_id: str | None
    network: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What ties a record to a person; gone after the person's erasure."""

    subject: SubjectId
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A recorded decision, and the event of the batch that it stands in."""

    event_id: EventId
    columns: tuple[Column, ...]  # in the order of COLUMNS
    link: Link | None
    destroyed_by: EventId | None = None

    def column(self, name: str) -> Column:
        """The covered column of this name."""
        return self.columns[COLUMNS.index(name)]

    @property
    def leaf(self) -> bytes:
        """The leaf of the batch's tree."""
        return leaf_of(self.columns)

    @property
    def kept(self) -> bool:
        """Whether the person who is named is the one who was committed to."""
        if self.link is None:
            return True
        return commitment(self.link.salt, self.link.subject.encode()) == self.column("about")


def covered(decision: Decision, *, stream: str, n: int, salt: bytes) -> tuple[Column, ...]:
    """The columns that the leaf covers, in their order."""
    about = None if decision.subject is None else commitment(salt, decision.subject.encode())
    return (
        stream,
        n,
        decision.id,
        decision.occurred_at,
        decision.actor,
        decision.actor_os,
        decision.purpose,
        decision.channel,
        decision.recipient,
        decision.country,
        decision.field,
        decision.outcome.value,
        decision.reasons,
        decision.policy_version,
        decision.consent_seq,
        decision.request_id,
        decision.network,
        about,
    )


def leaves_of(rows: Iterable[Sequence[Column]]) -> list[bytes]:
    """The leaves of many records; what they have in common is encoded once."""
    encoded, start = Encoded(), HEADER + VERSION.to_bytes(2, "big")
    return [leaf_hash(start + b"".join([encoded[value] for value in row])) for row in rows]


def leaf_of(columns: Sequence[Column]) -> bytes:
    """The leaf over these columns."""
    return leaves_of([columns])[0]
