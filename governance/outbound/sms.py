"""Short messages: into a folder, or handed to the operator's SMS provider by a signed webhook."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.outbound.errors import MessageRefusedError
from governance.outbound.mail import checked_params, put_once
from governance.outbound.webhooks import WebhookMessage, WebhookPort

E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164
MAX_TEXT = 660  # characters of one long Japanese SMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One short message; the number is never printed, the text comes from the catalogue."""

    idem_key: str
    to: str = field(repr=False)
    template: str  # catalogue key
    lang: Lang
    params: dict[str, str] = field(default_factory=dict, repr=False)


class SmsPort(Protocol):
    """Something that takes short messages."""

    def send(self, message: Sms, /, *, at: datetime) -> None:
        """The message is handed over; raises DeliveryFailedError or DeliveryGoneError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSinkSms:
    """Writes each message to a folder, readable by its owner; one file per idempotency key."""

    folder: Path

    def send(self, message: Sms, /, *, at: datetime) -> None:
        """The message stands in the folder, once however often it is sent."""
        words = composed(message)
        content = msgspec.json.encode({"to": message.to, "text": words})
        key = sha256(message.idem_key.encode()).hexdigest()[:16]
        put_once(self.folder, f"{at:%Y%m%dT%H%M%SZ}-{key}.json", key=key, content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSms:
    """Sends through one provider's webhook."""

    url: str = field(repr=False)
    webhooks: WebhookPort

    def send(self, message: Sms, /, *, at: datetime) -> None:
        """The provider took the message; raises as `WebhookPort.send` does."""
        words = composed(message)
        body = msgspec.json.encode({"id": message.idem_key, "to": message.to, "text": words})
        self.webhooks.send(
            WebhookMessage(idem_key=message.idem_key, url=self.url, body=body), at=at
        )


def composed(message: Sms) -> str:
    """The words of the message; raises MessageRefusedError if a part is not of its form."""
    if not E164.fullmatch(message.to):
        raise MessageRefusedError(field="to")
    words = text(message.template, message.lang, **checked_params(message.params))
    if len(words) > MAX_TEXT:
        raise MessageRefusedError(field="text", limit=MAX_TEXT)
    return words


def international(number: str) -> str:
    """A Japanese number in the form of ITU-T E.164; one with its country code stays."""
    digits = "".join(sign for sign in number if sign.isdecimal())
    if number.startswith("+"):
        return f"+{digits}"
    return f"+81{digits.removeprefix('0')}"
