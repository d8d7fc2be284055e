"""Customers sign in by a code to their e-mail address; every address is answered alike.

Before the answer the same is done for every address, and nothing is looked up. Only after it has
left is looked for the address in the blind index, and only to one that is on record a code goes.
A wrong code, a late one and one for an address that nobody has are refused alike.

An address proves who holds its mail-box, not who of a family sits before it. Where it stands with
several persons nobody's page is opened, except that a verified parent or guardian and the children
whom they act for are the parent: a guess would show one person's data to another (APPI 23, 27).
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from dsar.identity.codes import typed_digits
from dsar.identity.contacts import EMAIL, Contact, keepers
from dsar.types import EvidenceKind
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, RowId, SubjectId
from governance.crypto.index import exact_terms
from governance.customers.master.guardians import children_of
from governance.customers.normalise.email import normalise_email
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.customers.store import lock_subject
from governance.gateway.intake.tokens import search_form
from governance.http.principal import PrincipalKind
from governance.identity.rules import digest
from governance.identity.service import PERSON_PREFIX, open_session
from governance.identity.types import Level, Session
from governance.jobs.outbox import take_back
from governance.outbound.mail import Mail
from governance.signon import mail_store as store
from governance.signon.errors import (
    AddressFormError,
    AddressMovedError,
    MailCodeRefusedError,
    SharedAddressError,
)
from governance.signon.mail_rules import CODE_LIFE, DIGITS, Sent, may_send

BLOB: Final = "portal_mail_code"
SECRET: Final = 32  # octets
NOTHING: Final = b"-" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A sign-in that was begun: the browser's secret, and what the mail will say."""

    row: RowId
    secret: str = field(repr=False)
    code: str = field(repr=False)


def begin(ports: Ports, typed: str, network: str | None, *, at: datetime) -> Asked:
    """A sign-in is begun, alike for every address; nothing was looked up.

    Raises AddressFormError for what is no address at all.
    """
    address = normalise_email(typed).value
    if not address:
        raise AddressFormError
    secret, row = secrets.token_urlsafe(SECRET), new_row_id()
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    begun = store.Begun(
        id=row,
        network=network,
        sent=False,
        created_at=at,
        expires_at=at + CODE_LIFE,
        code=_hashed(secret, code),
        mark=_mark(ports, address),
        content=ports.vault.seal_blob(BLOB, row, address.encode()),
    )
    ports.database.write(lambda tx: store.add(tx, begun, digest=digest(secret), at=at))
    return Asked(row=row, secret=secret, code=code)


def deliver(ports: Ports, asked: Asked, lang: Lang, *, at: datetime) -> bool:
    """Whether the address is on record and its code on the way; for after the answer has left."""

    def write(tx: Connection) -> bool:
        begun = store.by_id(tx, asked.row)
        if begun is None or begun.content is None or begun.sent:
            return False
        address = address_of(ports, begun)
        contact = Contact(kind=EvidenceKind.EMAIL_CODE, value=address)
        holders = frozenset(keepers(tx, ports, contact, at=at))
        goes = bool(holders) and _may_send(tx, ports, begun, address, holders, at=at)
        store.note_sent(tx, begun.id, sent=goes)
        letter = _letter(begun.id, address, asked.code, lang)
        posted = post(tx, ports.vault, letter, subject=None, at=at)
        if not goes:  # whoever asks at once again waits as long for nobody's letter
            take_back(tx, posted)
        return goes

    return ports.database.write(write)


def _may_send(
    tx: Connection,
    ports: Ports,
    begun: store.Begun,
    address: str,
    holders: frozenset[SubjectId],
    *,
    at: datetime,
) -> bool:
    """The counts of this very address; a mark can be another's too."""
    sent = [
        Sent(at=one.created_at, network=one.network)
        for one in store.sent_to(tx, begun.mark, at=at)
        if address_of(ports, one) == address
    ]
    known = store.familiar(tx, holders, begun.network, at=at)
    return may_send(sent, begun.network, familiar=known, at=at)


def _letter(row: RowId, address: str, code: str, lang: Lang) -> Mail:
    """The code and how long it lasts; no name."""
    params = {"code": code, "minutes": str(int(CODE_LIFE.total_seconds() // 60))}
    key = f"portal/code/{row}"
    return Mail(idem_key=key, to=address, template="portal.mail.sign_in", lang=lang, params=params)


def enter(
    ports: Ports,
    secret: str,
    typed: str,
    *,
    lasting: timedelta,
    network: str | None,
    at: datetime,
) -> tuple[Session, str]:
    """The session of the person whose address the code went to, with its secret.

    Raises MailCodeRefusedError, alike for all; SharedAddressError and AddressMovedError only to
    whoever had the code, which a registered address alone received.
    """
    found: list[tuple[Session, str]] = []

    def write(tx: Connection) -> str:
        begun = opened(tx, secret, typed, at=at)
        if begun is None:
            return _failed(tx, ports, "mail_code", network, at=at)
        address = address_of(ports, begun)
        subject = _held(tx, ports, address, at=at)
        if subject is None:
            shared = len(_keepers(tx, ports, address, at=at)) > 1
            why = SharedAddressError if shared else AddressMovedError
            return _failed(tx, ports, why.code, network, at=at)
        session = open_session(
            tx,
            actor=ActorId(f"{PERSON_PREFIX}{subject}"),
            kind=PrincipalKind.PERSON,
            lasting=lasting,
            at=at,
            level=Level.MAIL,
            network=network,
        )
        found[:] = [session]
        return ""

    match ports.database.write(write):
        case "":
            return found[0]
        case SharedAddressError.code:
            raise SharedAddressError
        case AddressMovedError.code:
            raise AddressMovedError
        case _:
            raise MailCodeRefusedError


def opened(tx: Connection, secret: str, typed: str, *, at: datetime) -> store.Begun | None:
    """The sign-in that the code opens, once; a try is spent first, whatever was typed."""
    begun = store.by_digest(tx, digest(secret))
    if begun is None or not store.take_try(tx, begun.id, at=at):
        hmac.compare_digest(NOTHING, _hashed(secret, typed_digits(typed)))
        return None
    right = hmac.compare_digest(begun.code, _hashed(secret, typed_digits(typed)))
    # fails closed: a code that no mail carried opens nothing, though it were guessed
    return begun if right and store.open_once(tx, begun.id, at=at) else None


def whose(tx: Connection, ports: Ports, address: str, *, at: datetime) -> SubjectId | None:
    """The one person of this address; None where it is nobody's any more, or several persons'."""
    found = _keepers(tx, ports, address, at=at)
    alone = [
        one
        for one in found
        if found - {one} <= {child.child for child in children_of(tx, ports.vault, one, at=at)}
    ]
    return alone[0] if len(alone) == 1 else None


def _keepers(tx: Connection, ports: Ports, address: str, *, at: datetime) -> frozenset[SubjectId]:
    """Everybody on whose record this address stands now."""
    contact = Contact(kind=EvidenceKind.EMAIL_CODE, value=address)
    return frozenset(keepers(tx, ports, contact, at=at))


def _held(tx: Connection, ports: Ports, address: str, *, at: datetime) -> SubjectId | None:
    """The same, and no writing gives them another address until this transaction ends.

    A change that stood between the look and the session would leave the old mail-box inside.
    """
    subject = whose(tx, ports, address, at=at)
    if subject is None or lock_subject(tx, subject) is None:
        return None
    return subject if whose(tx, ports, address, at=at) == subject else None


def _failed(tx: Connection, ports: Ports, reason: str, network: str | None, *, at: datetime) -> str:
    """Each try that opened nothing is on record, and for whom is not."""
    told = EventDraft(
        action=EventCode.SIGN_IN_FAILED,
        occurred_at=at,
        actor=ActorId("anonymous"),
        object_type="principal",
        object_id="unknown",
        outcome=Outcome.FAILED,
        reasons=(reason,),
        network=Network(network) if network else None,
    )
    ports.audit.append(tx, told)
    return reason


def _mark(ports: Ports, address: str) -> bytes:
    """The index token of the address: tells the same addresses from others, and no address."""
    terms = exact_terms(search_form(EMAIL, address))
    live = ports.vault.indexes.live_keys()
    newest = max((key for key in live if key[0] == EMAIL), default=None)
    return live[newest].tokens(terms)[0] if newest is not None else b""


def _hashed(secret: str, code: str) -> bytes:
    """The code under the browser's secret, which is 256 random bits and stored nowhere."""
    return hmac.digest(secret.encode(), code.encode(), "sha256")


def address_of(ports: Ports, begun: store.Begun) -> str:
    """The address that was typed."""
    return ports.vault.open_blob(BLOB, begun.id, begun.content or b"").decode()
