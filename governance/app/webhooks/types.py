"""Words of webhooks: what can be told, how a subscription stands, what became of a message."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import ActorId, RowId


class WebhookType(StrEnum):
    """What a subscription can be told of; the types are API and never reused."""

    CONSENT_CHANGED = "consent.changed"
    NOTICE_PUBLISHED = "notice.published"
    POLICY_APPLIED = "policy.applied"
    PERSON_ERASED = "person.erased"
    TEST = "test"  # on demand alone


class WebhookState(StrEnum):
    """Whether a subscription is served."""

    ACTIVE = "active"
    DISABLED = "disabled"  # by hand, or because the address failed for long
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class WebhookUnknownError(NotFoundError):
    """No subscription, or no message, has this id."""

    code = "webhook_unknown"


class WebhookFormError(GovernanceError):
    """The subscription names an address, system or type that cannot be."""

    code, status, exit_code = "webhook_form", 422, 2


class WebhookEndedError(GovernanceError):
    """The subscription is disabled or removed; the message is not sent."""

    code, status = "webhook_ended", 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One subscription, opened; nothing of it is printed."""

    id: RowId
    client: ActorId
    types: frozenset[WebhookType]
    state: WebhookState
    created_by: ActorId
    created_at: datetime
    consent_seq: int
    log_seq: int
    failing_since: datetime | None
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)  # the newest first
    signing_seed: bytes | None = field(default=None, repr=False)  # Ed25519, on demand

    def as_json(self) -> dict[str, object]:
        """The subscription without its secrets."""
        return {
            "id": self.id,
            "client": self.client,
            "url": self.url,
            "types": sorted(self.types),
            "state": self.state.value,
            "secrets": len(self.secrets),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "failing_since": self.failing_since.isoformat() if self.failing_since else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message."""

    id: str
    webhook: RowId
    type: WebhookType
    source: str
    state: DeliveryState
    attempts: int
    answer: str | None
    created_at: datetime
    tried_at: datetime | None
    delivered_at: datetime | None
    next_at: datetime | None = None  # of a waiting one

    def as_json(self) -> dict[str, object]:
        """The line of the delivery log."""
        moments = {
            name: moment.isoformat() if moment else None
            for name, moment in (
                ("created_at", self.created_at),
                ("tried_at", self.tried_at),
                ("delivered_at", self.delivered_at),
                ("next_at", self.next_at),
            )
        }
        return {
            "id": self.id,
            "webhook": self.webhook,
            "type": self.type.value,
            "state": self.state.value,
            "attempts": self.attempts,
            "answer": self.answer,
            **moments,
        }
