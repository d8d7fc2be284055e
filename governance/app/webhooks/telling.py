"""What is told: the ledger and the log are followed, each change becomes one message per address.

A message holds ids and codes, persons by pseudonym alone. It is put on its way in the transaction
that moves the subscription's place, so that nothing is told twice or left out; what a message says
is read anew from its source at each try.
"""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.models import EVENTS, LEAVES
from consent import ledger
from consent.ledger import EVENT
from consent.types import EVERY, ConsentEvent
from governance.app.webhooks import store
from governance.app.webhooks.types import (
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
    WebhookType,
    WebhookUnknownError,
)
from governance.customers.ports import Ports
from governance.identity.store import client_by_id
from governance.jobs.outbox import enqueue
from governance.outbound.channels import ChannelKind

PERSON: Final = "person:"  # before a pseudonym among the references of an event
PAGE: Final = 500  # changes of one transaction
LOGGED: Final = {
    EventCode.NOTICE_IN_FORCE.value: WebhookType.NOTICE_PUBLISHED,
    EventCode.POLICY_APPLIED.value: WebhookType.POLICY_APPLIED,
    EventCode.ERASURE_EXECUTED.value: WebhookType.PERSON_ERASED,
    EventCode.RETENTION_PURGED.value: WebhookType.PERSON_ERASED,
}


def put_on_their_way(ports: Ports, *, at: datetime) -> int:
    """How many messages were put on their way for all subscriptions that are served."""
    with ports.database.read() as tx:
        if not tx.execute(select(func.count()).select_from(store.WEBHOOK)).scalar():
            return 0
        hooks = store.every(tx, ports.vault, states=(WebhookState.ACTIVE,))
        newest = ledger.head(tx), log_head(tx)
    due = [hook for hook in hooks if (hook.consent_seq, hook.log_seq) != newest]
    return sum(_follow(ports, hook, at=at) for hook in due)


def _follow(ports: Ports, hook: Webhook, *, at: datetime) -> int:
    """Every change since the subscription's place is on its way, page by page."""
    done = 0
    while True:
        told, more = ports.database.write(lambda tx: _page(tx, ports, hook.id, at=at))
        done += told
        if not more:
            return done


def _page(tx: Connection, ports: Ports, webhook: str, *, at: datetime) -> tuple[int, bool]:
    locked = select(store.WEBHOOK.c.id).where(store.WEBHOOK.c.id == webhook)
    tx.execute(locked.with_for_update() if tx.dialect.name != "sqlite" else locked)
    hook = store.one(tx, ports.vault, webhook)
    if hook.state is not WebhookState.ACTIVE:
        return 0, False
    choices, consent_seq = _choices(tx, hook)
    logged, log_seq = _logged(tx, hook)
    for kind, source in (*choices, *logged):
        enqueue_one(tx, hook, kind, source, at=at)
    store.move_cursors(tx, hook.id, consent_seq=consent_seq, log_seq=log_seq)
    more = (consent_seq, log_seq) < (ledger.head(tx), log_head(tx))
    return len(choices) + len(logged), more and (consent_seq, log_seq) != (
        hook.consent_seq,
        hook.log_seq,
    )


Change = tuple[WebhookType, str]


def _choices(tx: Connection, hook: Webhook) -> tuple[list[Change], int]:
    """Entries of the ledger about the purposes of the system, and how far was looked."""
    head = ledger.head(tx)
    if WebhookType.CONSENT_CHANGED not in hook.types:
        return [], head
    client = client_by_id(tx, hook.client)
    mine = [EVERY, *(client.purposes if client is not None else ())]
    wanted = select(EVENT.c.seq, EVENT.c.purpose).where(
        EVENT.c.seq > hook.consent_seq, EVENT.c.seq <= head
    )
    rows = tx.execute(wanted.order_by(EVENT.c.seq).limit(PAGE)).all()
    found = [
        (WebhookType.CONSENT_CHANGED, f"consent:{row.seq}") for row in rows if row.purpose in mine
    ]
    return found, rows[-1].seq if len(rows) == PAGE else head


def _logged(tx: Connection, hook: Webhook) -> tuple[list[Change], int]:
    """Events of the log that have their place in it, and how far was looked."""
    head = log_head(tx)
    codes = [code for code, kind in LOGGED.items() if kind in hook.types]
    wanted = (
        select(LEAVES.c.seq, EVENTS.c.action)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(LEAVES.c.seq > hook.log_seq, LEAVES.c.seq <= head, EVENTS.c.action.in_(codes))
        .order_by(LEAVES.c.seq)
        .limit(PAGE)
    )
    rows = tx.execute(wanted).all() if codes else []
    found = [(LOGGED[row.action], f"log:{row.seq}") for row in rows]
    return found, rows[-1].seq if len(rows) == PAGE else head


def log_head(tx: Connection) -> int:
    """The newest place of the log; -1 before the first."""
    found = tx.execute(select(func.max(LEAVES.c.seq))).scalar()
    return -1 if found is None else int(found)


def enqueue_one(
    tx: Connection, hook: Webhook, kind: WebhookType, source: str, *, at: datetime
) -> str:
    """The id of the one message of this source to this address, in log and outbox."""
    message = f"msg_{hook.id.replace('-', '')}_{source.replace(':', '')}"
    store.add_delivery(
        tx,
        Delivery(
            id=message,
            webhook=hook.id,
            type=kind,
            source=source,
            state=DeliveryState.WAITING,
            attempts=0,
            answer=None,
            created_at=at,
            tried_at=None,
            delivered_at=None,
        ),
    )
    kinds = ChannelKind.WEBHOOK.value
    enqueue(tx, idem_key=message, target=hook.id, kind=kinds, payload=None, at=at)
    return message


def body_of(tx: Connection, told: Delivery) -> bytes:
    """What the message says, read from its source; raises WebhookUnknownError when that is gone."""
    origin, _, place = told.source.partition(":")
    data: dict[str, object] = {}
    moment = told.created_at
    if origin == "consent":
        row = tx.execute(select(EVENT).where(EVENT.c.seq == int(place))).one_or_none()
        if row is None:
            raise WebhookUnknownError
        data, moment = _choice(ledger.event_of(row)), row.recorded_at
    elif origin == "log":
        data, moment = _event(tx, int(place))
    content = {"type": told.type.value, "timestamp": moment.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _choice(event: ConsentEvent) -> dict[str, object]:
    return {
        "person": event.subject,
        "purpose": event.purpose,
        "channel": event.channel,
        "recipient_class": event.recipient_class,
        "kind": event.kind.value,
        "occurred_at": event.occurred_at.isoformat(),
        "seq": event.seq,
    }


def _event(tx: Connection, place: int) -> tuple[dict[str, Any], datetime]:
    wanted = (
        select(EVENTS).join(LEAVES, EVENTS.c.id == LEAVES.c.event_id).where(LEAVES.c.seq == place)
    )
    row = tx.execute(wanted).one_or_none()
    if row is None:
        raise WebhookUnknownError
    refs = (row.refs or "").split(",")
    persons = [ref.removeprefix(PERSON) for ref in refs if ref.startswith(PERSON)]
    members = {
        "id": row.object_id,
        "persons": persons or None,
        "policy_version": row.policy_version,
        "event": row.id,
    }
    return {name: value for name, value in members.items() if value is not None}, row.occurred_at


def cursors(tx: Connection) -> tuple[int, int]:
    """The places from which a new subscription is told."""
    return ledger.head(tx), log_head(tx)
