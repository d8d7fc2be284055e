"""Statements about subscriptions and deliveries; address and secrets are sealed as one blob."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from governance.app.webhooks.models import WebhookDeliveryRow, WebhookRow
from governance.app.webhooks.types import (
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
    WebhookType,
    WebhookUnknownError,
)
from governance.core.terms import ActorId, RowId
from governance.db.types import insert_ignore, table_of
from governance.jobs.outbox import OUTBOX, OutboxState
from governance.keys.vault import FieldVault

WEBHOOK, DELIVERY = table_of(WebhookRow), table_of(WebhookDeliveryRow)
BLOB = "webhook"


def put(tx: Connection, vault: FieldVault, hook: Webhook, *, at: datetime) -> None:
    """The subscription stands as given, new or changed."""
    values = {
        "client": hook.client,
        "types": ",".join(sorted(hook.types)),
        "state": hook.state.value,
        "sealed": _sealed(vault, hook),
        "created_by": hook.created_by,
        "created_at": hook.created_at,
        "consent_seq": hook.consent_seq,
        "log_seq": hook.log_seq,
        "failing_since": hook.failing_since,
        "changed_at": at,
    }
    changed = tx.execute(update(WEBHOOK).where(WEBHOOK.c.id == hook.id).values(**values))
    if not changed.rowcount:
        tx.execute(insert(WEBHOOK).values(id=hook.id, **values))


def _sealed(vault: FieldVault, hook: Webhook) -> bytes:
    seed = b64encode(hook.signing_seed).decode() if hook.signing_seed else None
    content = {"url": hook.url, "secrets": hook.secrets, "seed": seed}
    return bytes(vault.seal_blob(BLOB, hook.id, json.dumps(content).encode()))


def one(tx: Connection, vault: FieldVault, webhook: str) -> Webhook:
    """The subscription that was not removed; raises WebhookUnknownError."""
    wanted = select(WEBHOOK).where(WEBHOOK.c.id == webhook)
    row = tx.execute(wanted).one_or_none()
    if row is None or row.state == WebhookState.REMOVED.value:
        raise WebhookUnknownError
    return _hook(vault, row)


def every(
    tx: Connection, vault: FieldVault, *, states: Iterable[WebhookState]
) -> tuple[Webhook, ...]:
    """Subscriptions in these states, the oldest first."""
    wanted = select(WEBHOOK).where(WEBHOOK.c.state.in_([state.value for state in states]))
    rows = tx.execute(wanted.order_by(WEBHOOK.c.created_at, WEBHOOK.c.id)).all()
    return tuple(_hook(vault, row) for row in rows)


def _hook(vault: FieldVault, row: Row[Any]) -> Webhook:
    content = json.loads(vault.open_blob(BLOB, row.id, row.sealed))
    return Webhook(
        id=RowId(row.id),
        client=ActorId(row.client),
        types=frozenset(map(WebhookType, row.types.split(","))),
        state=WebhookState(row.state),
        created_by=ActorId(row.created_by),
        created_at=row.created_at,
        consent_seq=row.consent_seq,
        log_seq=row.log_seq,
        failing_since=row.failing_since,
        url=content["url"],
        secrets=tuple(content["secrets"]),
        signing_seed=b64decode(content["seed"]) if content["seed"] else None,
    )


def move_cursors(tx: Connection, webhook: RowId, *, consent_seq: int, log_seq: int) -> None:
    """What stands up to these places has been put on its way."""
    mine = update(WEBHOOK).where(WEBHOOK.c.id == webhook)
    tx.execute(mine.values(consent_seq=consent_seq, log_seq=log_seq))


def set_failing(tx: Connection, webhook: RowId, *, since: datetime | None) -> None:
    """Since when no message has reached the address; None after one did."""
    tx.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook).values(failing_since=since))


def add_delivery(tx: Connection, delivery: Delivery) -> None:
    """The message stands in the delivery log once."""
    tx.execute(
        insert_ignore(DELIVERY, tx.dialect.name).values(
            id=delivery.id,
            webhook_id=delivery.webhook,
            type=delivery.type.value,
            source=delivery.source,
            state=delivery.state.value,
            attempts=0,
            created_at=delivery.created_at,
        )
    )


def note_try(
    tx: Connection, message: str, *, state: DeliveryState, answer: str, at: datetime
) -> None:
    """One more try of the message and how it ended."""
    delivered = {"delivered_at": at} if state is DeliveryState.DELIVERED else {}
    tx.execute(
        update(DELIVERY)
        .where(DELIVERY.c.id == message)
        .values(
            state=state.value,
            attempts=DELIVERY.c.attempts + 1,
            answer=answer,
            tried_at=at,
            **delivered,
        )
    )


def set_waiting(tx: Connection, message: str) -> None:
    """The message is on its way again."""
    mine = update(DELIVERY).where(DELIVERY.c.id == message)
    tx.execute(mine.values(state=DeliveryState.WAITING.value))


def delivery(tx: Connection, message: str) -> Delivery:
    """One message of the log; raises WebhookUnknownError."""
    row = tx.execute(_deliveries().where(DELIVERY.c.id == message)).one_or_none()
    if row is None:
        raise WebhookUnknownError
    return _delivery(row)


def deliveries(
    tx: Connection,
    *,
    webhook: RowId | None = None,
    states: Iterable[DeliveryState] = DeliveryState,
    limit: int = 100,
) -> tuple[Delivery, ...]:
    """Messages of the log, the newest first."""
    wanted = _deliveries().where(DELIVERY.c.state.in_([state.value for state in states]))
    if webhook is not None:
        wanted = wanted.where(DELIVERY.c.webhook_id == webhook)
    ordered = wanted.order_by(DELIVERY.c.created_at.desc(), DELIVERY.c.id.desc()).limit(limit)
    return tuple(map(_delivery, tx.execute(ordered)))


def _deliveries() -> Any:
    """The log with the next try of what still waits in the outbox."""
    waiting = (OUTBOX.c.idem_key == DELIVERY.c.id) & (OUTBOX.c.state == OutboxState.PENDING.value)
    return select(DELIVERY, OUTBOX.c.next_at).select_from(DELIVERY.outerjoin(OUTBOX, waiting))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook=RowId(row.webhook_id),
        type=WebhookType(row.type),
        source=row.source,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        answer=row.answer,
        created_at=row.created_at,
        tried_at=row.tried_at,
        delivered_at=row.delivered_at,
        next_at=row.next_at,
    )


def forget_deliveries(tx: Connection, *, before: datetime, limit: int) -> int:
    """Lines deleted of messages that ended before a moment."""
    old = (
        select(DELIVERY.c.id)
        .where(DELIVERY.c.created_at < before, DELIVERY.c.state != DeliveryState.WAITING.value)
        .limit(limit)
    )
    return tx.execute(DELIVERY.delete().where(DELIVERY.c.id.in_(old))).rowcount
