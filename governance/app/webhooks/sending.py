"""Sending one message of the outbox to its address: signed, guarded, noted, at least once."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.alarms.types import Alarm, Rule
from audit.alarms.watching import raise_alarm
from audit.types import EventDraft, Outcome
from governance.app.webhooks import store
from governance.app.webhooks.telling import body_of
from governance.app.webhooks.types import (
    DeliveryState,
    Webhook,
    WebhookEndedError,
    WebhookState,
    WebhookUnknownError,
)
from governance.app.wiring import SYSTEM, Wiring
from governance.core.errors import GovernanceError
from governance.crypto.signing import Ed25519Signer
from governance.jobs.outbox import Backoff, OutboxMessage
from governance.outbound.egress import egress_of
from governance.outbound.errors import DeliveryGoneError
from governance.outbound.ssrf import Resolver, system_resolver
from governance.outbound.webhooks import WebhookMessage, WebhookPort

FAILS_AT_MOST: Final = timedelta(days=3)  # an address that took nothing for so long is disabled
TRIES: Final = Backoff().max_attempts


def send_webhook(
    wiring: Wiring,
    waiting: OutboxMessage,
    /,
    *,
    at: datetime,
    resolver: Resolver = system_resolver,
) -> None:
    """The receiver has the message; raises what the outbox has to know otherwise.

    The try stands in the delivery log whichever way it ended.
    """
    hook, message = _message(wiring, waiting)
    port = WebhookPort(
        secrets=hook.secrets,
        signer=Ed25519Signer.from_seed(hook.signing_seed) if hook.signing_seed else None,
        egress=egress_of(wiring.settings),
        resolver=resolver,
    )
    try:
        port.send(message, at=at)
    except GovernanceError as error:
        failed = partial(_failed, wiring=wiring, hook=hook, waiting=waiting, error=error, at=at)
        wiring.database.write(failed)
        raise
    wiring.database.write(lambda tx: _arrived(tx, hook, waiting, at=at))


def _message(wiring: Wiring, waiting: OutboxMessage) -> tuple[Webhook, WebhookMessage]:
    """The subscription with what it is to be told; raises WebhookEndedError when it ended."""
    try:
        with wiring.database.read() as tx:
            hook = store.one(tx, wiring.vault, waiting.target)
            body = body_of(tx, store.delivery(tx, waiting.idem_key))
    except WebhookUnknownError:
        raise WebhookEndedError from None
    if hook.state is not WebhookState.ACTIVE:
        raise WebhookEndedError
    return hook, WebhookMessage(idem_key=waiting.idem_key, url=hook.url, body=body)


def _arrived(tx: Connection, hook: Webhook, waiting: OutboxMessage, *, at: datetime) -> None:
    store.note_try(tx, waiting.idem_key, state=DeliveryState.DELIVERED, answer="delivered", at=at)
    if hook.failing_since is not None:
        store.set_failing(tx, hook.id, since=None)


def _failed(
    tx: Connection,
    *,
    wiring: Wiring,
    hook: Webhook,
    waiting: OutboxMessage,
    error: GovernanceError,
    at: datetime,
) -> None:
    """The failed try; an address that is gone, or fails for long, is disabled with an alarm."""
    gone = isinstance(error, DeliveryGoneError)
    over = gone or waiting.attempt >= TRIES
    status = error.params.get("status")
    answer = str(status) if status is not None else error.code
    state = DeliveryState.GIVEN_UP if over else DeliveryState.WAITING
    store.note_try(tx, waiting.idem_key, state=state, answer=answer, at=at)
    since = hook.failing_since or at
    if gone or at - since >= FAILS_AT_MOST:
        disable(tx, wiring, hook, at=at)
    elif hook.failing_since is None:
        store.set_failing(tx, hook.id, since=at)


def disable(tx: Connection, wiring: Wiring, hook: Webhook, *, at: datetime) -> None:
    """Nothing more goes to the address until somebody enables it again; officers are alarmed."""
    ended = replace(hook, state=WebhookState.DISABLED, failing_since=hook.failing_since or at)
    store.put(tx, wiring.vault, ended, at=at)
    wiring.audit.append(
        tx,
        EventDraft(
            action=EventCode.WEBHOOK_CHANGED,
            occurred_at=at,
            actor=SYSTEM,
            object_type="webhook",
            object_id=hook.id,
            outcome=Outcome.DONE,
            reasons=("failing",),
        ),
    )
    hours = int((at - (hook.failing_since or at)).total_seconds()) // 3600
    alarm = Alarm(rule=Rule.WEBHOOK, actor=hook.client, start=at, number=hours, limit=1)
    raise_alarm(tx, wiring.audit, alarm, at=at)
