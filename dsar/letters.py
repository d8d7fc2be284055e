"""Letters to the person about their own request: a reference, and later a link; nothing else.

Mail about a person's own request is part of answering it (APPI 32 to 39, GDPR 12) and asks for no
consent. It goes to the person's own address on record only, whoever asked in their name.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from dsar.case import Case
from dsar.types import Delivery
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.customers.post import own_address, post
from governance.outbound.mail import Mail


class Letter(StrEnum):
    """Which letter; the texts stand under `dsar.mail.<letter>`."""

    RECEIVED = "received"
    READY = "ready"


def tell(
    tx: Connection, ports: Ports, case: Case, letter: Letter, *, lang: Lang, at: datetime
) -> tuple[str, ...]:
    """The reference of the mail that waits to leave with this change; empty when none does."""
    if case.subject is None or (letter is Letter.READY and case.delivery is not Delivery.DOWNLOAD):
        return ()
    address = own_address(tx, ports, case.subject, at=at).value
    if address is None:
        return ()
    mail = Mail(
        idem_key=f"dsar/{case.id}/{letter.value}/{case.version}",
        to=address,
        template=f"dsar.mail.{letter.value}",
        lang=lang,
        params={"reference": case.reference},
    )
    return (f"message:{post(tx, ports.vault, mail, subject=case.subject, at=at)}",)
