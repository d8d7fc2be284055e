"""Refusals of everything that leaves; a target's URL or address is never a parameter."""

from governance.core.errors import GovernanceError, UnavailableError


class OutboundRefusedError(GovernanceError):
    """The guard does not let a connection to this target be made; nothing was sent."""

    code, status = "outbound_refused", 422


class DeliveryFailedError(UnavailableError):
    """The target did not take the message; a later try may succeed (`retry_after` seconds)."""

    code = "delivery_failed"


class DeliveryGoneError(GovernanceError):
    """The target answered that it wants no further message (HTTP 410, SMTP 5xx)."""

    code, status = "delivery_gone", 410


class MessageRefusedError(GovernanceError):
    """The message is not of its form, or would carry more than a reference."""

    code, status = "message_refused", 422
