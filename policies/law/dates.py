"""The dates that one rule gives in one case, with the sentences that explain them."""

from dataclasses import dataclass
from datetime import date

from governance.core.terms import Lang
from policies.law.reasons import Reason, paragraph
from policies.law.types import When


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The dates of one rule in one case; a date that the rule does not give is None."""

    rule: str
    calendar: str
    reasons: tuple[Reason, ...]
    nominal_no_pause: date | None = None  # last day had nothing stopped the clock
    nominal: date | None = None  # last day as counted
    legal: date | None = None  # last day after closed days
    due: When | None = None  # exact end of a period in hours; the event of a before/at rule
    soft: date | None = None  # day to aim at where the law names no number
    hard: date | None = None  # latest day that guidance still accepts
    internal_target: date | None = None  # cautious reading of an extension
    extension_valid: bool | None = None
    notice_by: date | None = None  # last day to send the notice of an extension
    work_to: date | None = None  # day to work to where the legal one is open to dispute
    keep_until: date | None = None
    purge_from: date | None = None
    policy_due: date | None = None  # our own figure, not the law's
    paused_days: int | None = None
    paused_since: date | None = None

    @property
    def reason_ja(self) -> str:
        """Why these dates, in Japanese."""
        return paragraph(self.reasons, Lang.JA)

    @property
    def reason_en(self) -> str:
        """Why these dates, in English."""
        return paragraph(self.reasons, Lang.EN)

    @property
    def act_by(self) -> When | None:
        """The latest moment that nobody can dispute; None where there is no date to act by."""
        if self.due is not None:
            return self.due
        dates = (self.work_to, self.internal_target, self.legal, self.hard, self.policy_due)
        return min((day for day in dates if day is not None), default=None)
