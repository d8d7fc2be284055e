"""The ways out by kind, and messages as bytes that the outbox can keep sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar, assert_never

import msgspec

from governance.outbound.errors import DeliveryFailedError, MessageRefusedError
from governance.outbound.mail import Mail, MailPort
from governance.outbound.sms import Sms, SmsPort
from governance.outbound.webhooks import WebhookMessage, WebhookPort

Message = Mail | WebhookMessage | Sms
P = TypeVar("P")


class ChannelKind(StrEnum):
    """The `kind` of an outbox row."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    SMS = "sms"


FORMS: Mapping[ChannelKind, type[Message]] = MappingProxyType(
    {ChannelKind.MAIL: Mail, ChannelKind.WEBHOOK: WebhookMessage, ChannelKind.SMS: Sms}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The ways out that this installation has; None is not configured."""

    mail: MailPort
    webhook: WebhookPort | None = None
    sms: SmsPort | None = None


def kind_of(message: Message) -> ChannelKind:
    """The channel that carries this message."""
    match message:
        case Mail():
            return ChannelKind.MAIL
        case WebhookMessage():
            return ChannelKind.WEBHOOK
        case Sms():
            return ChannelKind.SMS
        case _:
            assert_never(message)


def encode(message: Message) -> bytes:
    """The message as bytes; they hold an address: seal them before they are stored."""
    return msgspec.json.encode(message)


def decode(kind: ChannelKind, content: bytes) -> Message:
    """The message that `encode` made; raises MessageRefusedError."""
    try:
        return msgspec.json.decode(content, type=FORMS[kind])
    except msgspec.DecodeError as error:
        raise MessageRefusedError(field="message") from error


def send(channels: Channels, message: Message, *, at: datetime) -> None:
    """The receiver has the message; raises DeliveryFailedError or DeliveryGoneError."""
    match message:
        case Mail():
            channels.mail.send(message, at=at)
        case WebhookMessage():
            _configured(channels.webhook, ChannelKind.WEBHOOK).send(message, at=at)
        case Sms():
            _configured(channels.sms, ChannelKind.SMS).send(message, at=at)
        case _:
            assert_never(message)


def _configured(port: P | None, channel: ChannelKind) -> P:
    if port is None:
        raise DeliveryFailedError(reason="not_configured", channel=channel.value)
    return port
