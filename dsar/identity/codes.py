"""Codes by e-mail and SMS: few tries, ten minutes, one use; the same answer whoever is asked about.

A mail goes to the address that was given, on record or not: the work and the answer are the same,
so that nobody learns whose contact stands in the register. An SMS goes to a number alone that one
person had on record before and did not say no to; that is looked up after the answer has left, and
nobody is told whether one went. What control of a contact proves is decided when the code comes
back.
"""

import hmac
import secrets
from datetime import datetime
from typing import Final, assert_never

from sqlalchemy import Connection

from dsar.case import Case, Evidence
from dsar.identity.contacts import Contact, Control, contact_of, control
from dsar.identity.errors import CodeRefusedError, CodesSpentError, ContactMissingError
from dsar.identity.recording import record_proof
from dsar.identity.rules import CODE_LIFE, CODES_PER_REQUEST, may_send
from dsar.identity.store import Code, add_code, codes_of, take_try, use_code
from dsar.identity.types import Doubt
from dsar.intake.types import Claim
from dsar.store import answer_language, case_by_id
from dsar.types import EvidenceKind
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, Lang, RequestId, RowId
from governance.customers.master.types import ContactChannel, ContactKind, Wanted
from governance.customers.normalise.email import normalise_email
from governance.customers.ports import Ports
from governance.customers.post import own_address, post
from governance.gateway.around.own_wishes import wish_of
from governance.http.principal import Principal
from governance.outbound.mail import Mail
from governance.outbound.sms import Sms, international

DIGITS: Final = 8
NUMBER_DAYS: Final = 1  # on record, before a code goes to a number
NOTHING: Final = "-" * DIGITS  # what is compared when there is no code


def given_contact(
    tx: Connection, ports: Ports, case: Case, claim: Claim, kind: EvidenceKind, *, at: datetime
) -> Contact | None:
    """Where a code of this kind goes: as given; signed in, to the own address on record."""
    given = contact_of(claim, kind)
    strange = claim.email or claim.phone  # a stranger is never shown that more is on record
    if given or strange or case.subject is None or kind is not EvidenceKind.EMAIL_CODE:
        return given
    address = own_address(tx, ports, case.subject, at=at).value
    known = normalise_email(address).value if address else None
    return Contact(kind=kind, value=known) if known else None


def send_code(
    ports: Ports, request: RequestId, kind: EvidenceKind, claim: Claim, *, at: datetime
) -> RowId:
    """A fresh code is there; codes of this kind before it open nothing.

    By mail it is on its way; by SMS it waits for `deliver_sms`.

    Raises CodesSpentError and ContactMissingError, which tell of this request alone.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        contact = given_contact(tx, ports, case, claim, kind, at=at)
        lang = answer_language(tx, request)
    if contact is None:
        raise ContactMissingError
    row = new_row_id()
    sealed = ports.vault.seal_part(case.requester_id, row, code.encode(), key_class=KeyClass.RECORD)
    fresh = Code(
        id=row,
        kind=kind,
        tries=0,
        created_at=at,
        expires_at=at + CODE_LIFE,
        used_at=None,
        code=sealed,
    )

    def write(tx: Connection) -> None:
        if not may_send((one.created_at for one in codes_of(tx, request)), at=at):
            raise CodesSpentError(most=CODES_PER_REQUEST)
        add_code(tx, request, fresh)
        if kind is EvidenceKind.EMAIL_CODE:
            message = code_message(contact, row, code, lang)
            post(tx, ports.vault, message, subject=None, at=at)

    ports.database.write(write)
    return row


def deliver_sms(
    ports: Ports, request: RequestId, row: RowId, claim: Claim, *, at: datetime
) -> bool:
    """Whether the code went to the number that was given; for after the answer has left."""

    def write(tx: Connection) -> bool:
        found = next((one for one in codes_of(tx, request) if one.id == row), None)
        contact = contact_of(claim, EvidenceKind.SMS_CODE)
        if found is None or found.code is None or contact is None:
            return False
        if found.kind is not EvidenceKind.SMS_CODE or not known_number(tx, ports, contact, at=at):
            return False
        code = ports.vault.open_part(row, found.code).decode()
        message = code_message(contact, row, code, answer_language(tx, request))
        post(tx, ports.vault, message, subject=None, at=at)
        return True

    return ports.database.write(write)


def known_number(tx: Connection, ports: Ports, contact: Contact, *, at: datetime) -> bool:
    """Whether one person has the number on record and takes codes by SMS.

    Fails closed: a number that nobody or several have, or that was written down today, gets none;
    of a change the contact before it is told first.
    """
    found = control(tx, ports, contact, at=at)
    if found.subject is None or (found.days or 0) < NUMBER_DAYS:
        return False
    wish = wish_of(tx, found.subject, ContactChannel.SMS, ContactKind.SERVICE)
    return wish is not Wanted.UNWANTED


def code_message(contact: Contact, row: RowId, code: str, lang: Lang) -> Mail | Sms:
    """The code and how long it lasts; no name, no number of the request."""
    params = {"code": code, "minutes": str(int(CODE_LIFE.total_seconds() // 60))}
    key = f"dsar/code/{row}"
    match contact.kind:
        case EvidenceKind.EMAIL_CODE:
            return Mail(
                idem_key=key, to=contact.value, template="dsar.mail.code", lang=lang, params=params
            )
        case EvidenceKind.SMS_CODE:
            to = international(contact.value)
            return Sms(idem_key=key, to=to, template="dsar.sms.code", lang=lang, params=params)
        case EvidenceKind.PORTAL_SESSION | EvidenceKind.DOCUMENT | EvidenceKind.AGENT_AUTHORITY:
            raise ContactMissingError
        case _:
            assert_never(contact.kind)


def answer_code(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    kind: EvidenceKind,
    claim: Claim,
    typed: str,
    *,
    at: datetime,
) -> None:
    """The right code is spent and what it proves is on file; raises CodeRefusedError otherwise.

    Whether the contact stands in the register is not told: a right code is a right code.
    """

    def write(tx: Connection) -> bool:
        case = case_by_id(tx, request)
        newest = next((one for one in codes_of(tx, request) if one.kind is kind), None)
        doubt = _doubt(tx, ports, newest, typed, at=at)
        if doubt is not None:
            _record(tx, ports, principal, case, kind, Control(doubt=doubt), at=at)
            return False
        contact = given_contact(tx, ports, case, claim, kind, at=at)
        found = control(tx, ports, contact, at=at) if contact else Control()
        if case.subject is not None and found.subject not in (None, case.subject):
            found = Control(doubt=Doubt.OTHER_PERSON)
        _record(tx, ports, principal, case, kind, found, at=at)
        return True

    if not ports.database.write(write):
        raise CodeRefusedError


def _doubt(
    tx: Connection, ports: Ports, newest: Code | None, typed: str, *, at: datetime
) -> Doubt | None:
    """Why the code is not accepted; a try is spent first, whatever was typed."""
    if newest is None or newest.code is None or not take_try(tx, newest.id, at=at):
        hmac.compare_digest(NOTHING, NOTHING)
        return Doubt.CODE_OVER
    right = ports.vault.open_part(newest.id, newest.code)
    if not hmac.compare_digest(right, typed_digits(typed).encode()):
        return Doubt.CODE_WRONG
    return None if use_code(tx, newest.id, at=at) else Doubt.CODE_OVER


def typed_digits(typed: str) -> str:
    """What was typed without spaces and hyphens; full-width figures count as figures."""
    return "".join(str(int(sign)) for sign in typed if sign.isdecimal())


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    kind: EvidenceKind,
    found: Control,
    *,
    at: datetime,
) -> None:
    evidence = Evidence(
        kind=kind,
        accepted=found.doubt is None and found.subject is not None,
        at=at,
        by=principal.id,
        contact_days=found.days,
        reason=found.doubt.value if found.doubt else None,
    )
    record_proof(tx, ports, principal, case, evidence, at=at, subject=found.subject)


def sent_lately(tx: Connection, request: RequestId, *, at: datetime) -> frozenset[EvidenceKind]:
    """Kinds of codes that are on their way and may still be typed."""
    return frozenset(
        one.kind for one in codes_of(tx, request) if one.used_at is None and one.expires_at > at
    )
