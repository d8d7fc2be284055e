"""Facts of elevations."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError
from governance.core.terms import ActorId, RowId


class ElevationFormError(GovernanceError):
    """A part of the request is not of its form (`field`); nothing was asked for."""

    code, status, exit_code = "elevation_form", 422, 2


class ElevationHeldError(GovernanceError):
    """The role is held already, or was asked for and waits; nothing was asked for again."""

    code, status = "elevation_held", 409


class ElevationUnknownError(NotFoundError):
    """There is no such elevation, or this principal may not know of it."""

    code = "elevation_unknown"


class ElevationForbiddenError(ForbiddenError):
    """The account may not act, so it gets no role; nothing was given."""

    code = "elevation_forbidden"


class Phase(StrEnum):
    """Where an elevation stands at a moment."""

    ASKED = "asked"
    STANDING = "standing"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elevation:
    """One role for a time; `reason` is sealed."""

    id: RowId
    staff: ActorId
    role: str
    minutes: int
    reason: bytes = field(repr=False)
    asked_at: datetime
    approval: str | None
    begun_at: datetime | None
    approved_by: ActorId | None
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: ActorId | None

    def phase(self, at: datetime) -> Phase:
        """Asked for, standing, or over: by its time, or ended before."""
        if self.ended_at is not None or (self.ends_at is not None and at >= self.ends_at):
            return Phase.OVER
        return Phase.ASKED if self.begun_at is None else Phase.STANDING
