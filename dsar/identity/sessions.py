"""What the session of a person who files a request proves of them.

A session that was opened by a code to the e-mail address on record proves that contact and nothing
else: another code to the same mail-box must not count as a second proof. One that was opened by a
passkey says since when the passkey is there: a code to the mail-box let it in, so what needs a
contact of some age needs a passkey of the same age. A parent or guardian whom
the register names proves themselves, and the register their authority (APPI Order 13).
"""

from datetime import datetime

from sqlalchemy import Connection

from dsar.case import Evidence
from dsar.identity.contacts import Contact, keepers
from dsar.types import EvidenceKind
from governance.core.terms import SubjectId
from governance.customers.normalise.email import normalise_email
from governance.customers.ports import Ports
from governance.customers.post import own_address
from governance.http.principal import Principal, PrincipalKind
from governance.identity.persons.store import added_at
from governance.identity.store import session_by_id


def signed_in_proofs(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> tuple[Evidence, ...]:
    """The proofs that come with the session; none of a stranger, of staff or of a system."""
    if principal.kind is not PrincipalKind.PERSON or principal.person is None:
        return ()
    own = _own_session(tx, ports, principal, at=at)
    if principal.acts_for is None:
        return (own,)
    authority = EvidenceKind.AGENT_AUTHORITY
    return (own, Evidence(kind=authority, accepted=True, at=at, by=principal.id))


def _own_session(tx: Connection, ports: Ports, principal: Principal, *, at: datetime) -> Evidence:
    """The session itself, or the contact that opened it."""
    if not principal.mailed:
        session = EvidenceKind.PORTAL_SESSION
        days = _passkey_days(tx, principal, at=at)
        return Evidence(kind=session, accepted=True, at=at, by=principal.id, contact_days=days)
    days = _days(tx, ports, SubjectId(principal.id.partition(":")[2]), at=at)
    return Evidence(
        kind=EvidenceKind.EMAIL_CODE,
        accepted=days is not None,  # fails closed: an address that moved since proves nothing
        at=at,
        by=principal.id,
        contact_days=days,
        reason=None if days is not None else "contact_unknown",
    )


def _passkey_days(tx: Connection, principal: Principal, *, at: datetime) -> int | None:
    """How old the passkey is that opened the session; None for a session without one.

    Fails closed: a passkey that is gone meanwhile counts as of today.
    """
    session = session_by_id(tx, principal.session) if principal.session else None
    if session is None or session.passkey is None:
        return None
    since = added_at(tx, session.passkey)
    return 0 if since is None else max((at - since).days, 0)


def _days(tx: Connection, ports: Ports, subject: SubjectId, *, at: datetime) -> int | None:
    """Since how many days the person's one address stands in their records."""
    address = own_address(tx, ports, subject, at=at).value
    known = normalise_email(address).value if address else None
    if not known:
        return None
    contact = Contact(kind=EvidenceKind.EMAIL_CODE, value=known)
    return keepers(tx, ports, contact, at=at).get(subject)
