"""Use cases of webhooks: subscribe, look, test, rotate, send again, enable, remove; on record."""

import secrets
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.app.webhooks import store
from governance.app.webhooks.telling import cursors, enqueue_one
from governance.app.webhooks.types import (
    Delivery,
    DeliveryState,
    Webhook,
    WebhookEndedError,
    WebhookFormError,
    WebhookState,
    WebhookType,
)
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.crypto.signing import Ed25519Signer
from governance.http.principal import Principal
from governance.identity.store import client_by_id
from governance.jobs.outbox import send_anew
from governance.outbound.channels import ChannelKind
from governance.outbound.egress import egress_of
from governance.outbound.webhooks import may_go_to, new_secret

SERVED: Final = (WebhookState.ACTIVE, WebhookState.DISABLED)
PUBLIC = "whpk_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A subscription with what is shown this once: the new secret, the public key."""

    webhook: Webhook
    secret: str = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """The subscription and the secret."""
        return {**self.webhook.as_json(), "secret": self.secret, **public_key(self.webhook)}


def public_key(hook: Webhook) -> dict[str, str]:
    """The key by which `v1a` signatures are verified, where the subscription asked for them."""
    if hook.signing_seed is None:
        return {}
    key = Ed25519Signer.from_seed(hook.signing_seed).public_key
    return {"public_key": PUBLIC + b64encode(key).decode()}


def add(
    tx: Connection,
    wiring: Wiring,
    principal: Principal,
    *,
    client: str,
    url: str,
    types: Iterable[WebhookType],
    ed25519: bool = False,
    at: datetime,
) -> Shown:
    """The system is told from now on; its secret is shown this once."""
    wanted = frozenset(types) - {WebhookType.TEST}
    account = client_by_id(tx, ActorId(client if ":" in client else f"svc:{client}"))
    if account is None:
        raise WebhookFormError(part="client")
    if not wanted:
        raise WebhookFormError(part="types")
    if not may_go_to(url, egress_of(wiring.settings)):
        raise WebhookFormError(part="url")
    consent_seq, log_seq = cursors(tx)
    hook = Webhook(
        id=new_row_id(),
        client=account.id,
        types=wanted,
        state=WebhookState.ACTIVE,
        created_by=principal.id,
        created_at=at,
        consent_seq=consent_seq,
        log_seq=log_seq,
        failing_since=None,
        url=url,
        secrets=(new_secret(),),
        signing_seed=secrets.token_bytes(32) if ed25519 else None,
    )
    store.put(tx, wiring.vault, hook, at=at)
    _on_record(tx, wiring, principal, hook.id, "added", at=at)
    return Shown(webhook=hook, secret=hook.secrets[0])


def listed(tx: Connection, wiring: Wiring) -> tuple[Webhook, ...]:
    """Every subscription that was not removed."""
    return store.every(tx, wiring.vault, states=SERVED)


def test(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> str:
    """The id of a test message that is on its way to the address."""
    hook = store.one(tx, wiring.vault, webhook)
    if hook.state is not WebhookState.ACTIVE:
        raise WebhookEndedError
    _on_record(tx, wiring, principal, hook.id, "tested", at=at)
    return enqueue_one(tx, hook, WebhookType.TEST, f"test:{secrets.token_hex(8)}", at=at)


def rotate(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> Shown:
    """A new secret; messages carry both signatures until the next rotation or `settle`."""
    hook = store.one(tx, wiring.vault, webhook)
    turned = replace(hook, secrets=(new_secret(), hook.secrets[0]))
    store.put(tx, wiring.vault, turned, at=at)
    _on_record(tx, wiring, principal, hook.id, "rotated", at=at)
    return Shown(webhook=turned, secret=turned.secrets[0])


def settle(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> Webhook:
    """The older secret signs no more: the receiver has changed to the newer one."""
    hook = store.one(tx, wiring.vault, webhook)
    settled = replace(hook, secrets=hook.secrets[:1])
    store.put(tx, wiring.vault, settled, at=at)
    _on_record(tx, wiring, principal, hook.id, "settled", at=at)
    return settled


def enable(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> Webhook:
    """A disabled subscription is served again, from the place where it stopped."""
    hook = store.one(tx, wiring.vault, webhook)
    served = replace(hook, state=WebhookState.ACTIVE, failing_since=None)
    store.put(tx, wiring.vault, served, at=at)
    _on_record(tx, wiring, principal, hook.id, "enabled", at=at)
    return served


def remove(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> None:
    """The address is told nothing more; its secrets are gone, its log stays for its time."""
    hook = store.one(tx, wiring.vault, webhook)
    gone = replace(hook, state=WebhookState.REMOVED, url="", secrets=(), signing_seed=None)
    store.put(tx, wiring.vault, gone, at=at)
    _on_record(tx, wiring, principal, hook.id, "removed", at=at)


def resend(
    tx: Connection, wiring: Wiring, principal: Principal, message: str, *, at: datetime
) -> Delivery:
    """The message is on its way again under its own id, by which the receiver knows it."""
    told = store.delivery(tx, message)
    hook = store.one(tx, wiring.vault, told.webhook)
    if hook.state is not WebhookState.ACTIVE:
        raise WebhookEndedError
    _again(tx, told, at=at)
    _on_record(tx, wiring, principal, hook.id, "message", at=at, code=EventCode.WEBHOOK_RESENT)
    return store.delivery(tx, message)


def resend_failed(
    tx: Connection, wiring: Wiring, principal: Principal, webhook: str, *, at: datetime
) -> int:
    """How many messages that were given up are on their way again."""
    hook = store.one(tx, wiring.vault, webhook)
    if hook.state is not WebhookState.ACTIVE:
        raise WebhookEndedError
    failed = store.deliveries(tx, webhook=hook.id, states=(DeliveryState.GIVEN_UP,), limit=1_000)
    for told in reversed(failed):
        _again(tx, told, at=at)
    _on_record(tx, wiring, principal, hook.id, "failed", at=at, code=EventCode.WEBHOOK_RESENT)
    return len(failed)


def _again(tx: Connection, told: Delivery, *, at: datetime) -> None:
    store.set_waiting(tx, told.id)
    kind = ChannelKind.WEBHOOK.value
    send_anew(tx, idem_key=told.id, target=told.webhook, kind=kind, at=at)


def _on_record(
    tx: Connection,
    wiring: Wiring,
    principal: Principal,
    webhook: RowId,
    reason: str,
    *,
    at: datetime,
    code: EventCode = EventCode.WEBHOOK_CHANGED,
) -> None:
    wiring.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="webhook",
            object_id=webhook,
            outcome=Outcome.DONE,
            reasons=(reason,),
            network=Network(principal.network) if principal.network else None,
        ),
    )
