"""Sending a recipient's notice to its webhook: signed, guarded, at least once, one effect.

What its answer means is on record: a 2xx answer is receipt, a body that says so is confirmation.
After the last try the notice goes by mail, else the recipient stands as not told.
"""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from audit.types import Outcome
from dsar.execution import telling_store as store
from dsar.execution.confirming import note_confirmed
from dsar.execution.hooking import link_of, telling_of
from dsar.execution.notices import mailed, notice_of, on_record
from dsar.execution.types import Channel, Confirmed, Telling, TellingState
from dsar.recipients import Untold
from dsar.store import case_by_id
from governance.core.errors import GovernanceError
from governance.customers.ports import Ports
from governance.customers.post import unsealed
from governance.http.principal import Principal
from governance.jobs.outbox import Backoff, OutboxMessage
from governance.outbound.client import Answer
from governance.outbound.errors import DeliveryGoneError, MessageRefusedError
from governance.outbound.ssrf import Egress, Resolver, system_resolver
from governance.outbound.webhooks import WebhookMessage, WebhookPort
from governance.registers.hooks import hook_of
from governance.registers.store import recipient_by_id
from governance.registers.types import Hook

TRIES: Final = Backoff().max_attempts
OK: Final = 200
DELIVERED: Final = "delivered"


class Answered(msgspec.Struct, frozen=True):
    """What a recipient may say in its answer."""

    confirmed: bool = False


def send_to_recipient(
    ports: Ports,
    egress: Egress,
    principal: Principal,
    waiting: OutboxMessage,
    /,
    *,
    at: datetime,
    resolver: Resolver = system_resolver,
) -> None:
    """The notice has left, by webhook or after the last try by mail; raises what is to be tried.

    What can go neither way raises, too: it stays in the outbox as given up.
    """
    with ports.database.read() as tx:
        told = store.by_id(tx, telling_of(waiting.idem_key))
        hook = None if told is None else hook_of(tx, ports.vault, told.recipient)
    if told is None or told.state is TellingState.LEFT_OUT:
        raise DeliveryGoneError
    if told.state is TellingState.CONFIRMED or told.channel is Channel.MAIL:
        return  # it did what it was to be told, or hears of it by mail
    body = None
    try:
        body = _body(ports, waiting)
        answer = _sent(waiting, body, hook, egress=egress, at=at, resolver=resolver)
    except GovernanceError as error:
        last = isinstance(error, DeliveryGoneError) or waiting.attempt >= TRIES
        link = None if body is None else link_of(body)
        if last and ports.database.write(
            lambda tx: _given_up(tx, ports, principal, told, link=link, at=at)
        ):
            return
        raise
    ports.database.write(
        lambda tx: _arrived(tx, ports, principal, told, confirmed=confirms(answer), at=at)
    )


def confirms(answer: Answer) -> bool:
    """Whether the recipient says in its answer that it is done; anything else says nothing."""
    if answer.status != OK:
        return False
    try:
        return msgspec.json.decode(answer.body, type=Answered).confirmed
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _body(ports: Ports, waiting: OutboxMessage) -> bytes:
    """The message as it was first written."""
    message = unsealed(ports.vault, waiting)
    if not isinstance(message, WebhookMessage):
        raise MessageRefusedError(field="message")
    return message.body


def _sent(
    waiting: OutboxMessage,
    body: bytes,
    hook: Hook | None,
    *,
    egress: Egress,
    at: datetime,
    resolver: Resolver,
) -> Answer:
    """What the recipient's webhook of today answers."""
    if hook is None:
        raise DeliveryGoneError
    port = WebhookPort(secrets=hook.secrets, egress=egress, resolver=resolver)
    return port.send(WebhookMessage(idem_key=waiting.idem_key, url=hook.url, body=body), at=at)


def _arrived(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    told: Telling,
    *,
    confirmed: bool,
    at: datetime,
) -> None:
    """Receipt is on record once, and the confirmation where the answer was one."""
    case = case_by_id(tx, told.request)
    if store.note_delivered(tx, told.id, at=at):
        on_record(tx, ports, principal, case, told.recipient, Outcome.DONE, DELIVERED, at=at)
    if confirmed:
        note_confirmed(tx, ports, principal, case, told, Confirmed.ANSWER, at=at)


def _given_up(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    told: Telling,
    *,
    link: str | None,
    at: datetime,
) -> bool:
    """Whether the notice goes by mail, with the same link; else the recipient was not told."""
    case, recipient = case_by_id(tx, told.request), recipient_by_id(tx, told.recipient)
    notice, put = notice_of(tx, case), None
    if recipient is not None and notice is not None and told.answer_by is not None:
        put = mailed(tx, ports, case, recipient, notice, link=link, due=told.answer_by, at=at)
    if put is None or notice is None:
        reason = Untold.UNDELIVERED.value
        store.note_not_taken(tx, told.id, reason=reason)
        on_record(tx, ports, principal, case, told.recipient, Outcome.FAILED, reason, at=at)
        return False
    store.note_not_taken(tx, told.id, reason=None)
    message = f"message:{put.message}"
    on_record(
        tx, ports, principal, case, told.recipient, Outcome.DONE, notice.value, message, at=at
    )
    return True
