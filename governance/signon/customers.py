"""Which customer a provider vouched for: by the link, or the first time by what it verified.

Fails closed: nobody, or more than one, is nobody; the answer is the same either way.
"""

from datetime import datetime

from sqlalchemy import Connection

from dsar.identity.contacts import Contact, control
from dsar.types import EvidenceKind
from governance.core.clock import JST
from governance.core.terms import SubjectId
from governance.customers.normalise.email import normalise_email
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.signon import store
from governance.signon.types import Match, Provider, Vouched


def customer_for(
    tx: Connection, ports: Ports, provider: Provider, said: Vouched, *, at: datetime
) -> SubjectId | None:
    """The one customer whom the provider vouched for, linked from now on; None for nobody."""
    known = store.customer_of(tx, provider.id, said.account)
    found = _first_time(tx, ports, provider, said, at=at) if known is None else known
    if found is None or not _stands(tx, found, at=at):
        return None
    if known is None and not store.link_customer(tx, provider.id, said.account, found, at=at):
        return None
    return found


def _first_time(
    tx: Connection, ports: Ports, provider: Provider, said: Vouched, *, at: datetime
) -> SubjectId | None:
    """Who alone holds the address that the provider has verified."""
    address = normalise_email(said.email).value if said.email else None
    if provider.match is not Match.EMAIL or not address:
        return None
    contact = Contact(kind=EvidenceKind.EMAIL_CODE, value=address)
    return control(tx, ports, contact, at=at).subject


def _stands(tx: Connection, subject: SubjectId, *, at: datetime) -> bool:
    """A person who is gone, or stands under another pseudonym, is not signed in by the old one."""
    person = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    return person is not None and not person.gone and survivor_of(tx, subject) == subject
