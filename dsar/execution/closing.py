"""The answer to a person who is erased: to the address that was put aside for it alone."""

from datetime import datetime

from sqlalchemy import Connection

from dsar.case import Case
from dsar.execution.types import Execution
from dsar.store import answer_language
from dsar.types import Delivery
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.outbound.mail import Mail


def answer(
    tx: Connection, ports: Ports, case: Case, found: Execution, *, link: str | None, at: datetime
) -> None:
    """The person is told once that the data is gone, and where the certificate lies.

    On paper where the person wants paper: then the officer prints the certificate.
    """
    if link is None or found.answer_to is None or case.delivery is not Delivery.DOWNLOAD:
        return
    lang = answer_language(tx, case.id)
    mail = Mail(
        idem_key=f"dsar/{case.id}/erased",
        to=ports.vault.open_part(case.id, found.answer_to).decode(),
        template="dsar.mail.erased",
        lang=lang,
        params={"reference": case.reference, "link": link},
    )
    post(tx, ports.vault, mail, subject=None, at=at)
