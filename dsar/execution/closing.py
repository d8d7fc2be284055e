"""The answer to a person who is erased: to the address that was put aside for it alone."""

from datetime import datetime

from sqlalchemy import Connection

from dsar.case import Case
from dsar.correspondence.rules import lines
from dsar.execution.types import Execution
from dsar.recipients import told_names
from dsar.store import answer_language
from dsar.types import Delivery, Outcome
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.i18n.catalogue import text
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
    decision = case.decision
    outcome = decision.outcome if decision is not None else Outcome.GRANT
    grounds = decision.grounds if decision is not None else ()
    mail = Mail(
        idem_key=f"dsar/{case.id}/erased",
        to=ports.vault.open_part(case.id, found.answer_to).decode(),
        template="dsar.mail.erased",
        lang=lang,
        params={
            "reference": case.reference,
            "outcome": text(f"dsar.outcome.{outcome.value}", lang),
            "grounds": lines(text(f"dsar.ground.{ground.value}", lang) for ground in grounds),
            "recipients": lines(told_names(tx, case)),
            "link": link,
        },
    )
    post(tx, ports.vault, mail, subject=None, at=at)
