"""Words of the exchange about a request: messages, comments among officers, attached files."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from governance.core.terms import ActorId, RequestId, RowId
from governance.customers.received import Provenance

LONGEST: Final = 4_000  # signs of a message or comment
MOST_UNREAD: Final = 20  # messages of a person that wait for an officer at once
MOST_MB: Final = 20
MOST_BYTES: Final = MOST_MB * 1024 * 1024
MOST_FILES: Final = 40  # of one request
LONGEST_NAME: Final = 120


class Side(StrEnum):
    """Who wrote."""

    PERSON = "person"
    OFFICER = "officer"


class Wrong(StrEnum):
    """Why a message or file was not taken."""

    EMPTY = "empty"
    LONG = "long"
    MANY = "many"
    LARGE = "large"
    KIND = "kind"
    CLOSED = "closed"
    STAYS = "stays"  # what the file tells beside its content cannot be taken out
    DAMAGED = "damaged"  # the same, because the file is not of its form


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; read once by the other side, which is kept."""

    id: RowId
    side: Side
    by: ActorId
    at: datetime
    text: str = field(repr=False)
    open_to_asker: bool = False  # may be read before it is proved who asks
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A word among officers; no page of the portal and no package knows of it."""

    id: RowId
    by: ActorId
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of the request; what it holds is fetched alone."""

    id: RowId
    request: RequestId
    side: Side
    internal: bool
    media: str
    size: int
    by: ActorId
    at: datetime
    name: str = field(repr=False)
    provenance: Provenance = field(default_factory=Provenance)
