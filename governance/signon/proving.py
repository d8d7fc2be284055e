"""A customer proves anew who they are, by a fresh code to the address on record.

It comes before every change of how they sign in. A way of signing in that was found open, and a
passkey alone, are not enough for that.
"""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.customers.ports import Ports
from governance.customers.post import own_address
from governance.http.principal import Principal
from governance.identity.persons.service import own
from governance.identity.store import note_proof
from governance.signon.errors import MailCodeRefusedError, OwnAddressError
from governance.signon.mail_codes import Asked, address_of, begin, opened, whose


def ask(ports: Ports, principal: Principal, *, at: datetime) -> Asked:
    """A code to the own address is begun; raises OwnAddressError where there is none."""
    with ports.database.read() as tx:
        address = own_address(tx, ports, own(principal), at=at).value
    if not address:
        raise OwnAddressError
    return begin(ports, address, principal.network, at=at)


def prove(ports: Ports, principal: Principal, secret: str, typed: str, *, at: datetime) -> None:
    """The session is proved anew; raises MailCodeRefusedError, alike for every wrong code."""

    def write(tx: Connection) -> bool:
        subject = own(principal)
        begun = opened(tx, secret, typed, at=at)
        # fails closed: an address that is several persons' proves none of them
        right = begun is not None and whose(tx, ports, address_of(ports, begun), at=at) == subject
        if right:
            note_proof(tx, str(principal.session), at=at)
        _record(tx, ports, principal, right=right, at=at)
        return right

    if not ports.database.write(write):
        raise MailCodeRefusedError


def _record(
    tx: Connection, ports: Ports, principal: Principal, *, right: bool, at: datetime
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PROVED_AGAIN if right else EventCode.SIGN_IN_FAILED,
            occurred_at=at,
            actor=principal.id,
            object_type="principal",
            object_id=principal.id,
            subject=own(principal),
            outcome=Outcome.DONE if right else Outcome.FAILED,
            reasons=("mail_code",),
            network=Network(principal.network) if principal.network else None,
        ),
    )
