"""What a recipient is told by its webhook: signed, one message under one id, no value of a person.

The message waits in the outbox, sealed as mails are. Its id is that of the recipient's row on the
list of the request, so that a notice that is sent again is known again.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec
from sqlalchemy import Connection

from audit.types import canonical_json
from dsar.case import Case
from dsar.execution import telling_store as store
from dsar.execution.notices import Notice, Put
from dsar.execution.types import Channel
from dsar.letters import changed_fields
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.jobs.outbox import OutboxState, send_again, state_of
from governance.outbound.webhooks import WebhookMessage
from governance.registers.hooks import hook_of
from governance.registers.types import Recipient

MESSAGE: Final = "msg_"  # and the id of the recipient's row on the list
TYPES: Mapping[Notice, str] = MappingProxyType(
    {
        Notice.CORRECTED: "recipient.corrected",
        Notice.ERASED: "recipient.erased",
        Notice.RESTRICTED: "recipient.restricted",
        Notice.PROVISION_STOPPED: "recipient.provision_stopped",
    }
)


class Link(msgspec.Struct, frozen=True):
    """The part of a message that names where to confirm."""

    confirm: str | None = None


class Said(msgspec.Struct, frozen=True):
    """A message as far as it is read again."""

    data: Link


def hooked(
    tx: Connection,
    ports: Ports,
    case: Case,
    recipient: Recipient,
    notice: Notice,
    *,
    link: str | None,
    at: datetime,
) -> Put | None:
    """The notice waits for the recipient's webhook; None where the register has none.

    One that was given up before is sent again as it was, under its id and with its link.
    """
    if (hook := hook_of(tx, ports.vault, recipient.id)) is None:
        return None
    key = f"{MESSAGE}{store.one(tx, case.id, recipient.id).id}"
    body = {
        "type": TYPES[notice],
        "timestamp": at.isoformat(),
        "data": {
            "id": key,
            "reference": case.reference,
            "person": case.subject,
            "fields": list(changed_fields(tx, case)),
            "confirm": link,
        },
    }
    message = WebhookMessage(idem_key=key, url=hook.url, body=canonical_json(body))
    row = post(tx, ports.vault, message, subject=None, at=at)
    waited = state_of(tx, key) is OutboxState.DEAD
    if waited:
        send_again(tx, row, at=at)
    return Put(channel=Channel.WEBHOOK, message=row, fresh=not waited)


def telling_of(key: str) -> RowId:
    """The recipient's row of a message."""
    return RowId(key.removeprefix(MESSAGE))


def link_of(body: bytes) -> str | None:
    """Where the recipient of this message confirms."""
    return msgspec.json.decode(body, type=Said).data.confirm
