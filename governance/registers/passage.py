"""The second gate's question to the register: may data go to this recipient for this purpose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from governance.core.terms import Law
from governance.registers.rules import refusal_of
from governance.registers.store import recipient_by_key
from governance.registers.types import Recipient
from policies.purposes import INTERNAL, PurposeRecord, decide_purpose
from policies.reasons import ReasonCode

APPI_ALONE = frozenset({Law.APPI})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Where data would go, and what stands against it."""

    code: ReasonCode
    about: str | None = None
    recipient: Recipient | None = None  # None: nobody outside

    def __bool__(self) -> bool:
        return self.code is ReasonCode.PERMIT


INSIDE = Passage(code=ReasonCode.PERMIT)  # nothing leaves the company


def passage(
    tx: Connection,
    purpose: PurposeRecord,
    reference: str | None,
    *,
    categories: Iterable[str] = (),
    channel: str | None = None,
    country: str | None = None,
    laws: frozenset[Law] = APPI_ALONE,
    on: date,
) -> Passage:
    """PURPOSE for one use: what the purpose names, then what the register says of the recipient.

    The country is the register's; a caller who names another one is refused.
    """
    recipient = None if reference in (None, INTERNAL) else registered(tx, str(reference))
    known = recipient.country if recipient is not None else None
    wanted = tuple(categories)
    covered = decide_purpose(
        purpose,
        categories=wanted,
        recipient=reference,
        channel=channel,
        country=country if country is not None else known,
    )
    if reference in (None, INTERNAL):
        return Passage(code=covered.code, about=covered.about)
    if recipient is None:
        if covered.code in (ReasonCode.PERMIT, ReasonCode.PURPOSE_COUNTRY):
            return Passage(code=ReasonCode.PURPOSE_RECIPIENT_UNKNOWN)  # fails closed
        return Passage(code=covered.code, about=covered.about)
    if not covered:
        return Passage(code=covered.code, about=covered.about, recipient=recipient)
    if country is not None and country != known:
        return Passage(code=ReasonCode.PURPOSE_COUNTRY, about=country, recipient=recipient)
    refused = refusal_of(recipient, purpose, categories=wanted, laws=laws, on=on)
    return Passage(
        code=refused or ReasonCode.PERMIT,
        about=recipient.reference if refused else None,
        recipient=recipient,
    )


def registered(tx: Connection, reference: str) -> Recipient | None:
    """The recipient of ``role:key``; None unless the register knows it in this role."""
    role, colon, key = reference.partition(":")
    if not colon:
        return None
    found = recipient_by_key(tx, key)
    return found if found is not None and found.role.value == role else None
