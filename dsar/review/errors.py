"""Refusals of a review; parameters are codes and counts, never what stands in a text."""

from governance.core.errors import GovernanceError


class ReviewStaleError(GovernanceError):
    """What was found, or what others did about it, is not what was looked at. Nothing changed."""

    code, status = "review_stale", 409


class ReviewActError(GovernanceError):
    """The act cannot stand; `reason` says why. Nothing was changed."""

    code, status = "review_act", 422

    @property
    def text_key(self) -> str:
        """The sentence of the reason."""
        reason = getattr(self, "params", {}).get("reason")
        return f"dsar.review.refused.{reason}" if reason else super().text_key
