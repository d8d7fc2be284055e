"""Which customer a provider vouched for: by the link, or the first time by an address or number.

Fails closed: nobody, or more than one, is nobody; the answer is the same either way.
"""

from datetime import datetime
from typing import Final, assert_never

from sqlalchemy import Connection

from dsar.identity.contacts import Contact, control
from dsar.types import EvidenceKind
from governance.core.clock import JST
from governance.core.terms import FieldId, SubjectId
from governance.crypto.index import exact_terms
from governance.customers.normalise.email import normalise_email
from governance.customers.ports import Ports
from governance.customers.search.looking import find_tokens
from governance.customers.store import records_of, subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.tokens import search_form
from governance.signon import store
from governance.signon.types import Match, Provider, Vouched

CUSTOMER_ID: Final = FieldId("person.customer_id")


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
    """Who alone has the verified address, or the customer number, on record."""
    match provider.match:
        case Match.EMAIL:
            address = normalise_email(said.email).value if said.email else None
            if not address:
                return None
            contact = Contact(kind=EvidenceKind.EMAIL_CODE, value=address)
            return control(tx, ports, contact, at=at).subject
        case Match.CUSTOMER_NUMBER:
            return _numbered(tx, ports, said.customer) if said.customer else None
        case None:
            return None  # fails closed: the file does not say how customers are known
        case _:
            assert_never(provider.match)


def _numbered(tx: Connection, ports: Ports, number: str) -> SubjectId | None:
    """Who alone has this customer number, confirmed by opening the records that the index names."""
    terms = exact_terms(search_form(CUSTOMER_ID, number))
    tokens = [
        token
        for (name, _), key in ports.vault.indexes.live_keys().items()
        if name == CUSTOMER_ID
        for token in key.tokens(terms)
    ]
    holders = {subject for _, _, subject in find_tokens(tx, (CUSTOMER_ID,), tokens)}
    found = {survivor_of(tx, one) for one in holders if _has(tx, ports, one, number)}
    return found.pop() if len(found) == 1 else None


def _has(tx: Connection, ports: Ports, subject: SubjectId, number: str) -> bool:
    cells = [
        (one.id, {CUSTOMER_ID: one.sealed[CUSTOMER_ID]})
        for one in records_of(tx, subject, "person")
        if CUSTOMER_ID in one.sealed
    ]
    return any(str(opened[CUSTOMER_ID].value) == number for opened in ports.vault.open_rows(cells))


def _stands(tx: Connection, subject: SubjectId, *, at: datetime) -> bool:
    """A person who is gone, or stands under another pseudonym, is not signed in by the old one."""
    person = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    return person is not None and not person.gone and survivor_of(tx, subject) == subject
