"""Contacts of a request: whose they are on record, and since when; the same work for nobody's.

A look-up that finds a person and one that finds none ask the same statement. Nothing that is found
is told to whoever asks; what control of a contact proves is decided when its code came back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from dsar.identity.types import Doubt
from dsar.intake.types import Claim
from dsar.types import EvidenceKind
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, SubjectId
from governance.crypto.index import exact_terms
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.phone import normalise_phone
from governance.customers.ports import Ports
from governance.customers.search.looking import find_tokens
from governance.customers.store import Record, records_of, subject_by_id
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.tokens import search_form

EMAIL: Final = FieldId("person.email")
PHONES: Final = (FieldId("person.mobile"), FieldId("person.phone"))
FIELDS: Final = {EvidenceKind.EMAIL_CODE: (EMAIL,), EvidenceKind.SMS_CODE: PHONES}
FORMS: Final = {EMAIL: normalise_email, **dict.fromkeys(PHONES, normalise_phone)}
GONE: Final = frozenset({SubjectState.ERASING, SubjectState.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What control of a contact says: whose it is on record and for how long, or why nothing."""

    subject: SubjectId | None = None
    days: int | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One address or number, in the form in which the register holds it."""

    kind: EvidenceKind
    value: str = field(repr=False)


def normalised(claim: Claim) -> Claim:
    """The claim with its contacts in the register's form; what has none is empty."""
    return Claim(
        name=claim.name.strip(),
        email=normalise_email(claim.email).value or "",
        phone=normalise_phone(claim.phone).value or "",
        agent_name=claim.agent_name.strip(),
        customer_number=claim.customer_number.strip(),
    )


def contact_of(claim: Claim, kind: EvidenceKind) -> Contact | None:
    """The contact to which a code of this kind goes; None when none was given."""
    value = {EvidenceKind.EMAIL_CODE: claim.email, EvidenceKind.SMS_CODE: claim.phone}.get(kind)
    return Contact(kind=kind, value=value) if value else None


def holders_of(tx: Connection, ports: Ports, contact: Contact) -> frozenset[SubjectId]:
    """Persons who stand in the index with this contact; not yet confirmed by a look."""
    names = FIELDS[contact.kind]
    terms = exact_terms(search_form(names[0], contact.value))
    tokens = [
        token
        for (name, _), key in ports.vault.indexes.live_keys().items()
        if name in names
        for token in key.tokens(terms)
    ]
    return frozenset(subject for _, _, subject in find_tokens(tx, names, tokens))


def claimed(tx: Connection, ports: Ports, claim: Claim) -> SubjectId | None:
    """The one person whose contact was given, if there is one; a hint that proves nothing."""
    kinds = (EvidenceKind.EMAIL_CODE, EvidenceKind.SMS_CODE)
    found: set[SubjectId] = set()
    for kind in kinds:
        contact = contact_of(claim, kind)
        if contact is not None:
            found |= holders_of(tx, ports, contact)
    return next(iter(found)) if len(found) == 1 else None


def keepers(
    tx: Connection, ports: Ports, contact: Contact, *, at: datetime
) -> Mapping[SubjectId, int]:
    """Everybody whose contact this is, confirmed by opening the records, and since how many days.

    Persons who are gone are not among them; one who was merged stands as the survivor.
    """
    days: dict[SubjectId, int] = {}
    for holder in holders_of(tx, ports, contact):
        subject = survivor_of(tx, holder)
        since = _since(tx, ports, subject, contact, at=at)
        if since is not None:
            days[subject] = max((at.astimezone(JST).date() - since).days, 0)
    return days


def control(tx: Connection, ports: Ports, contact: Contact, *, at: datetime) -> Control:
    """Whose contact this is, confirmed by opening the records, and since how many days."""
    days = keepers(tx, ports, contact, at=at)
    if len(days) != 1:
        return Control(doubt=Doubt.CONTACT_SHARED if days else Doubt.CONTACT_UNKNOWN)
    subject, old = next(iter(days.items()))
    return Control(subject=subject, days=old)


def _since(
    tx: Connection, ports: Ports, subject: SubjectId, contact: Contact, *, at: datetime
) -> date | None:
    """Since which day this person's records hold the contact; None when they do not."""
    person = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    if person is None or person.state in GONE:
        return None
    held = [
        (name, record)
        for record in records_of(tx, subject, "person")
        for name in FIELDS[contact.kind]
        if _holds(ports, record, name, contact.value)
    ]
    if not held:
        return None
    days = [_came(record) for _, record in held]
    if changed := _last_change(tx, subject, [name for name, _ in held]):
        days.append(changed)
    return max(days)


def _holds(ports: Ports, record: Record, name: FieldId, value: str) -> bool:
    if name not in record.sealed:
        return False
    try:
        opened = ports.vault.open_row(record.id, {name: record.sealed[name]})
    except GovernanceError:  # fails closed: what does not open proves nothing
        return False
    return FORMS[name](str(opened[name].value)).value == value


def _came(record: Record) -> date:
    """The day on which the row came to the company, as its source says; else to this register."""
    known = record.clear.get("acquired_on") or record.clear.get("registered_on")
    if isinstance(known, date):
        return known
    came: datetime = record.clear["recorded_at"]
    return came.astimezone(JST).date()


def _last_change(tx: Connection, subject: SubjectId, names: Iterable[FieldId]) -> date | None:
    """The day of the newest change of one of these fields that the log tells of.

    A merge may have brought the contact of another row: it counts as a change.
    """
    wanted = set(names)
    told = select(EVENTS.c.occurred_at, EVENTS.c.action, EVENTS.c.fields).where(
        EVENTS.c.subject == subject,
        EVENTS.c.action.in_((EventCode.PERSON_CHANGED.value, EventCode.PERSON_MERGED.value)),
    )
    moments: list[datetime] = [
        moment
        for moment, action, fields in tx.execute(told)
        if action == EventCode.PERSON_MERGED.value or wanted & set((fields or "").split(","))
    ]
    return max(moments).astimezone(JST).date() if moments else None
