"""What comes in at a collection point, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from consent.collecting.rules import Answers
from consent.collecting.types import Point
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.gateway.writing.types import Once
from governance.http.principal import Principal, PrincipalKind

ROLE: Final = "collection"  # of the policy: what points may enter
PURPOSE: Final = PurposeId("data_quality")  # under which the register is filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One coming in at a point."""

    point: str
    answers: Answers = field(repr=False)
    person: SubjectId | None = None  # known by their session, or named by whoever may write
    shown_at: datetime | None = None  # paper, telephone: when it was shown; None: now
    once: Once | None = None
    user_agent: str | None = None  # class of device
    request_id: str | None = None
    gpc: bool = False  # the browser sent Sec-GPC: 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What was stored."""

    subject: SubjectId
    point: Point
    repeated: bool  # the same request had been carried out before
    masked: tuple[str, ...] = ()


def collector(point: Point, network: str | None) -> Principal:
    """The point itself as an actor: it writes what it declares, and reads nothing."""
    return Principal(
        id=ActorId(f"svc:collection.{point.id}"),
        kind=PrincipalKind.SYSTEM,
        roles=frozenset({ROLE}),
        purposes=frozenset({PURPOSE}),
        network=network,
    )
