"""Webhooks in the Standard Webhooks form: signed, timed, delivered through the guard.

The message id is the idempotency key, so a receiver that stores it keeps one effect of a
message that arrives twice. During a change of secret both signatures are sent.
"""

import secrets as randomness
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from governance.crypto.signing import Signer
from governance.outbound.client import Answer, Limits, Request, fetch
from governance.outbound.errors import (
    DeliveryFailedError,
    DeliveryGoneError,
    MessageRefusedError,
)
from governance.outbound.ssrf import Egress, Resolver, system_resolver

GONE = 410
RETRY_AFTER_MOST = 86_400  # seconds; a receiver cannot put us off for longer than a day
MAX_BODY = 256_000  # bytes
DELIVERY = Limits(response_bytes=65_536)
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32  # of a new secret
SECRET_LENGTHS: Final = range(24, 65)  # bytes that Standard Webhooks allows
URL_LIMIT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One event for one endpoint; the body is JSON and names persons by pseudonym."""

    idem_key: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPort:
    """Delivers webhooks; `secrets` are of the form whsec_..., the newest first."""

    secrets: Sequence[str] = field(repr=False)
    egress: Egress
    signer: Signer | None = field(default=None, repr=False)  # Ed25519, besides the secrets
    limits: Limits = DELIVERY
    resolver: Resolver = system_resolver

    def send(self, message: WebhookMessage, *, at: datetime) -> Answer:
        """The endpoint's 2xx answer; raises DeliveryFailedError or DeliveryGoneError."""
        if len(message.body) > MAX_BODY:
            raise MessageRefusedError(field="body", limit=MAX_BODY)
        headers = {
            "content-type": "application/json",
            "user-agent": "sekisho-webhooks/1",
            **signature_headers(message, secrets=self.secrets, signer=self.signer, at=at),
        }
        request = Request(method="POST", url=message.url, headers=headers, content=message.body)
        answer = fetch(request, egress=self.egress, limits=self.limits, resolver=self.resolver)
        demand_success(answer)
        return answer


def new_secret() -> str:
    """A secret of the form of Standard Webhooks."""
    return PREFIX + b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether the text is a secret of the form of Standard Webhooks."""
    if not text.isascii() or not text.startswith(PREFIX):
        return False
    try:
        return len(b64decode(text.removeprefix(PREFIX), validate=True)) in SECRET_LENGTHS
    except ValueError:
        return False


def may_go_to(url: str, egress: Egress) -> bool:
    """Whether the guard lets an address of this form through; its host is judged at each try."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and len(url) <= URL_LIMIT
    if not plain or not parts.hostname or parts.username or parts.fragment:
        return False
    return parts.scheme in egress.schemes and port in egress.ports


def signature_headers(
    message: WebhookMessage,
    *,
    secrets: Sequence[str],
    signer: Signer | None = None,
    at: datetime,
) -> Mapping[str, str]:
    """webhook-id, webhook-timestamp and a signature per secret (v1) and by the key (v1a)."""
    if not secrets:
        raise MessageRefusedError(field="secrets")  # fails closed: nothing leaves unsigned
    body = message.body.decode("utf-8")
    signed = [Webhook(secret).sign(message.idem_key, at, body) for secret in secrets]
    stamp = str(int(at.timestamp()))
    if signer is not None:
        content = f"{message.idem_key}.{stamp}.{body}".encode()
        signed.append(f"v1a,{b64encode(signer.sign(content)).decode()}")
    return {
        "webhook-id": message.idem_key,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signed),
    }


def demand_success(answer: Answer) -> None:
    """Nothing, if the receiver took the message; otherwise whether and when to try again."""
    if answer.status // 100 == 2:  # noqa: PLR2004 - the 2xx class of RFC 9110
        return
    if answer.status == GONE:
        raise DeliveryGoneError
    wait = answer.headers.get("retry-after", "")
    if wait.isdecimal():
        seconds = min(int(wait[:9]), RETRY_AFTER_MOST)
        raise DeliveryFailedError(reason="status", status=answer.status, retry_after=seconds)
    raise DeliveryFailedError(reason="status", status=answer.status)
