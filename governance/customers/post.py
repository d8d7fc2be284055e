"""Messages to a person: sealed under their own key, enqueued with the change that causes them.

Once the person's key is destroyed nobody reads what still waits, so an erased person gets no mail.
The key of idempotency is bound into the seal: a payload moved to another row does not open.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.revealed import Revealed
from governance.customers.ports import Ports
from governance.customers.store import records_of, subject_by_id
from governance.customers.subjects import SubjectState
from governance.jobs.outbox import OutboxMessage, enqueue
from governance.keys.vault import FieldVault
from governance.outbound.channels import ChannelKind, Message, decode, encode, kind_of
from governance.outbound.mail import ADDRESS

PERSON: Final = "person:"
INSTALLATION: Final = "installation"
BLOB: Final = "outbox"
EMAIL: Final = FieldId("person.email")
REACHABLE: Final = frozenset({SubjectState.ACTIVE, SubjectState.RESTRICTED})


def own_address(
    tx: Connection, ports: Ports, subject: SubjectId, *, at: datetime
) -> Revealed[str | None]:
    """The one e-mail address of the person's own records for mail about their own request.

    None when there is none, when records name different ones, or when the person is being erased:
    fails closed, since a letter to a wrong address tells a stranger that the person asked.
    """
    person = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    if person is None or person.state not in REACHABLE:
        return Revealed(None)
    found: set[str] = set()
    for record in records_of(tx, subject, "person"):
        if EMAIL not in record.sealed:
            continue
        try:
            opened = ports.vault.open_row(record.id, {EMAIL: record.sealed[EMAIL]})
        except GovernanceError:  # the request goes on without a letter
            return Revealed(None)
        found.add(str(opened[EMAIL].value).strip())
    address = found.pop() if len(found) == 1 else ""
    return Revealed(address if ADDRESS.fullmatch(address) else None)


def post(
    tx: Connection, vault: FieldVault, message: Message, *, subject: SubjectId | None, at: datetime
) -> RowId:
    """The one message under its key waits in the outbox, sealed; None: it is about no person."""
    key = message.idem_key
    if subject is None:
        target, sealed = INSTALLATION, vault.seal_blob(BLOB, key, encode(message))
    else:
        target = f"{PERSON}{subject}"
        sealed = vault.seal_part(subject, _part(key), encode(message))
    kind = kind_of(message).value
    return enqueue(tx, idem_key=key, target=target, kind=kind, payload=sealed, at=at)


def unsealed(vault: FieldVault, waiting: OutboxMessage) -> Message:
    """The message of an outbox row; raises KeyDestroyedError once its person was erased."""
    if about(waiting) is None:
        content = vault.open_blob(BLOB, waiting.idem_key, waiting.payload)
    else:
        content = vault.open_part(_part(waiting.idem_key), waiting.payload)
    return decode(ChannelKind(waiting.kind), content)


def about(waiting: OutboxMessage) -> SubjectId | None:
    """The person whom an outbox row is about."""
    if not waiting.target.startswith(PERSON):
        return None
    return SubjectId(waiting.target.removeprefix(PERSON))


def _part(key: str) -> str:
    """Parts of messages and parts of audit events never stand for one another."""
    return f"{BLOB}/{key}"
