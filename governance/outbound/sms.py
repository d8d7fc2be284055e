"""Short messages, handed to the operator's SMS provider by a signed webhook."""

import re
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.outbound.errors import MessageRefusedError
from governance.outbound.mail import checked_params
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsPort:
    """Sends through one provider's webhook."""

    url: str = field(repr=False)
    webhooks: WebhookPort

    def send(self, message: Sms, *, at: datetime) -> None:
        """The provider took the message; raises as `WebhookPort.send` does."""
        if not E164.fullmatch(message.to):
            raise MessageRefusedError(field="to")
        words = text(message.template, message.lang, **checked_params(message.params))
        if len(words) > MAX_TEXT:
            raise MessageRefusedError(field="text", limit=MAX_TEXT)
        body = msgspec.json.encode({"id": message.idem_key, "to": message.to, "text": words})
        self.webhooks.send(
            WebhookMessage(idem_key=message.idem_key, url=self.url, body=body), at=at
        )
