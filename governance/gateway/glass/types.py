"""Emergency access (緊急アクセス): one employee's time box, its reason, and its later review."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError, WrongUseError
from governance.core.terms import ActorId, Lang, PurposeId, RowId, SubjectId

LONGEST = 2_000  # characters of a reason or comment
LIFTED = "break-glass:"  # how a decision names the access in place of a rule
SHORTEST = 10  # of a reason; less says nothing to a reviewer


class GlassClosedError(ForbiddenError):
    """This employee may not open an emergency access for this purpose. Nothing was opened."""

    code = "glass_closed"


class GlassFormError(WrongUseError):
    """An emergency access names purpose, reason and minutes within the limit."""

    code, status = "glass_form", 422


class GlassSignInError(GovernanceError):
    """An emergency access needs a fresh sign-in. Nothing was opened."""

    code, status = "glass_sign_in", 403


class GlassOpenError(GovernanceError):
    """An emergency access of this employee for the same purpose and person is open already."""

    code, status = "glass_open", 409


class GlassUnknownError(NotFoundError):
    """There is no emergency access of this number."""

    code = "glass_unknown"


class GlassReviewError(GovernanceError):
    """It is still open, was reviewed, or the reviewer is who opened it. Nothing changed."""

    code, status = "glass_review", 409


class Verdict(StrEnum):
    """What the reviewer found."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassTerms:
    """What the installation demands of an emergency access."""

    minutes_most: int
    review_days: int
    alert_to: str = field(repr=False)  # the mailbox of the privacy officer
    lang: Lang = Lang.JA


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassRequest:
    """For what, about whom (None: whoever is searched), how long, and why."""

    purpose: str
    subject: SubjectId | None
    minutes: int
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """One emergency access; the reason and the comment stay sealed beside it."""

    id: RowId
    actor: ActorId
    purpose: PurposeId
    subject: SubjectId | None
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_by: ActorId | None
    review_due: date
    reviewed_at: datetime | None
    reviewed_by: ActorId | None
    verdict: Verdict | None
    reason: bytes = field(repr=False)
    comment: bytes | None = field(default=None, repr=False)

    def open(self, at: datetime) -> bool:
        """Whether it opens anything at this moment; it ends by itself."""
        ended = self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)
        return self.opened_at <= at < ended

    def serves(self, subject: SubjectId) -> bool:
        """Whether it is about this person; one without a person is about whoever is looked for."""
        return self.subject is None or self.subject == subject

    @property
    def rule_id(self) -> str:
        """What an answer names in place of a rule of the policy."""
        return LIFTED + self.id

    def as_json(self, at: datetime) -> dict[str, object]:
        """The access for programs, without its reason."""
        return {
            "break_glass": self.id,
            "actor": self.actor,
            "purpose": self.purpose,
            "person": self.subject,
            "open": self.open(at),
            "opened_at": self.opened_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "review_due": self.review_due.isoformat(),
            "reviewed_at": self.reviewed_at.isoformat() if self.reviewed_at else None,
            "reviewed_by": self.reviewed_by,
            "verdict": self.verdict.value if self.verdict else None,
        }
