"""What an audit event says: references, names and counts; personal values stand in sealed parts."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NewType

from audit.actions import EventCode
from audit.errors import ColumnFormError, UnknownActionError
from governance.core.terms import ActorId, EventId, PurposeId, RowId, SubjectId

SCHEMA_VERSION = 1
IPV4_PREFIX, IPV6_PREFIX = 24, 48  # bits kept of a caller's address
TOKEN = re.compile(r"[A-Za-z0-9_.:/+\\-]{1,200}")  # ASCII: no name in Japanese, no e-mail address

Network = NewType("Network", str)  # 203.0.113.0/24 or 2001:db8::/48, made by network_of


class Outcome(StrEnum):
    """How the action ended."""

    PERMIT = "permit"
    DENY = "deny"
    DONE = "done"
    FAILED = "failed"


class Verdict(StrEnum):
    """What verification can say of a log; never one green tick."""

    VERIFIED_WITNESSED = "verified_witnessed"
    VERIFIED_SELF_SIGNED = "verified_self_signed"
    UNPINNED = "unpinned"
    INCOMPLETE = "incomplete"
    TAMPERED = "tampered"
    UNREADABLE = "unreadable"


def network_of(address: str) -> Network:
    """The /24 (IPv4) or /48 (IPv6) that holds this address; the address itself is not kept."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    prefix = IPV6_PREFIX if isinstance(found, IPv6Address) else IPV4_PREFIX
    return Network(str(ip_network((found, prefix), strict=False)))


def canonical_json(value: Mapping[str, object]) -> bytes:
    """One spelling of a JSON object: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """What the caller knows of an event; the log adds its id, counter and parts.

    `refs` are typed: ``event:<id>``, ``person:<subject>``, ``request:<id>``, ``approval:<id>``.
    """

    action: EventCode
    occurred_at: datetime
    actor: ActorId
    object_type: str
    object_id: str
    outcome: Outcome
    actor_os: str | None = None
    subject: SubjectId | None = None
    purpose: PurposeId | None = None
    reasons: tuple[str, ...] = ()
    policy_version: str | None = None
    consent_seq: int | None = None
    request_id: str | None = None
    network: Network | None = None
    fields: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    refs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a reference, a code or a count; no value reaches a leaf."""
        if not isinstance(self.action, EventCode):
            raise UnknownActionError
        if self.occurred_at.tzinfo is None:
            raise ColumnFormError(column="occurred_at")
        for column, value in (
            ("actor", self.actor),
            ("actor_os", self.actor_os),
            ("object_type", self.object_type),
            ("object_id", self.object_id),
            ("subject", self.subject),
            ("purpose", self.purpose),
            ("policy_version", self.policy_version),
            ("request_id", self.request_id),
            ("network", self.network),
        ):
            if value is not None and TOKEN.fullmatch(value) is None:
                raise ColumnFormError(column=column)
        _tokens("reasons", self.reasons)
        _tokens("fields", self.fields)
        _tokens("refs", self.refs)
        _tokens("counts", tuple(name for name, _ in self.counts))
        if self.network is not None and not self.network.endswith(
            (f"/{IPV4_PREFIX}", f"/{IPV6_PREFIX}")
        ):
            raise ColumnFormError(column="network")


def _tokens(column: str, values: tuple[str, ...]) -> None:
    for value in values:
        if TOKEN.fullmatch(value) is None:
            raise ColumnFormError(column=column)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPart:
    """What an event says of one person in clear (before, after, free text): stored sealed only."""

    subject: SubjectId
    payload: bytes = field(repr=False)  # canonical_json

    def __post_init__(self) -> None:
        """Refuse a person's name in place of the pseudonym."""
        _tokens("subject", (self.subject,))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCover:
    """What the leaf covers of a part; it stays when the part is destroyed."""

    id: RowId
    subject: SubjectId
    commitment: bytes  # HMAC-SHA256(salt, payload in clear)
    sealed_hash: bytes  # SHA-256(salt || sealed payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPart:
    """A part opened for an officer; `payload` is None after its erasure by `destroyed_by`."""

    id: RowId
    subject: SubjectId
    payload: bytes | None = field(repr=False)
    destroyed_by: EventId | None


Leaf = NewType("Leaf", bytes)  # SHA-256 of an event's encoding under the leaf prefix
Column = str | int | bytes | datetime | None  # one covered column
