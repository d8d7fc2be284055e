"""Refusals of messages and files; they tell nothing that stands in either."""

from governance.core.errors import GovernanceError


class ExchangeRefusedError(GovernanceError):
    """It was not taken; `reason` says why. Nothing was stored."""

    code, status = "exchange_refused", 422

    @property
    def text_key(self) -> str:
        """The sentence of the reason."""
        reason = getattr(self, "params", {}).get("reason")
        return f"dsar.message.refused.{reason}" if reason else super().text_key


class AttachmentUnknownError(GovernanceError):
    """No such file for whoever asks."""

    code, status = "attachment_unknown", 404
