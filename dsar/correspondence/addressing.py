"""Where word of a letter goes: the own address on record, or the contact that was given."""

from datetime import datetime

from sqlalchemy import Connection

from dsar.case import Case
from dsar.intake.claims import claim_of
from dsar.intake.store import filing_of
from dsar.intake.types import Claim
from governance.core.errors import GovernanceError
from governance.customers.ports import Ports
from governance.customers.post import own_address
from governance.outbound.mail import ADDRESS


def claim_of_case(tx: Connection, ports: Ports, case: Case) -> Claim:
    """What whoever asked said of themselves; empty where nothing was kept or it opens no more."""
    filed = filing_of(tx, case.id)
    if filed is None:
        return Claim()
    try:
        return claim_of(ports, filed)
    except GovernanceError:  # the file's key has ended
        return Claim()


def address_for(tx: Connection, ports: Ports, case: Case, *, at: datetime) -> str | None:
    """The one address for mail about this request; None: the letter goes on paper.

    Once it is known whose request it is, mail goes to their own address alone, whoever asked.
    """
    if case.subject is not None:
        return own_address(tx, ports, case.subject, at=at).value
    given = claim_of_case(tx, ports, case).email
    return given if ADDRESS.fullmatch(given) else None
