"""Pure rules over recipients: what an officer must put right, on a given day."""

from datetime import date

from governance.registers.types import Recipient, RecipientProblem, RecipientRole

HOME = "JP"
EQUIVALENT = frozenset({HOME, "IE", "DE", "FR", "NL", "GB", "EU"})  # APPI 28(1): EU and UK
AUDIT_YEARS = 2  # company rule; APPI 25 asks for supervision without a number
PERMITTED = frozenset({"可（事前承諾）", "可(事前承諾)"})  # as written, as normalised
CONSENT_BASIS = "本人同意"


def problems_of(recipient: Recipient, *, on: date) -> frozenset[RecipientProblem]:
    """Everything that is missing or late about a recipient."""
    found = {
        RecipientProblem.CONTRACT_EXPIRED: _expired(recipient, on=on),
        RecipientProblem.SUBPROCESSOR_NOT_PERMITTED: bool(recipient.subprocessor)
        and recipient.subprocessing not in PERMITTED,
        RecipientProblem.NO_TRANSFER_BASIS: _needs_basis(recipient)
        and not recipient.transfer_basis,
        RecipientProblem.NO_FOREIGN_SYSTEM_INFO: recipient.transfer_basis == CONSENT_BASIS
        and recipient.foreign_system_on is None,
        RecipientProblem.NO_PROVISION_RECORD: recipient.role
        in (RecipientRole.THIRD_PARTY, RecipientRole.SOURCE)
        and not recipient.provision_record,
        RecipientProblem.AUDIT_OVERDUE_2Y: recipient.role is RecipientRole.PROCESSOR
        and _audit_overdue(recipient, on=on),
        RecipientProblem.NO_SAFEGUARDS: not recipient.safeguards,
    }
    return frozenset(problem for problem, holds in found.items() if holds)


def _expired(recipient: Recipient, *, on: date) -> bool:
    ended = recipient.expires_on is not None and recipient.expires_on < on
    return ended and not recipient.auto_renewal


def _needs_basis(recipient: Recipient) -> bool:
    """A country that is not known needs one too: it cannot be found equivalent."""
    return (recipient.country or "") not in EQUIVALENT


def _audit_overdue(recipient: Recipient, *, on: date) -> bool:
    if recipient.audited_on is None:
        return True
    day = recipient.audited_on
    try:
        limit = day.replace(year=day.year + AUDIT_YEARS)
    except ValueError:
        limit = day.replace(year=day.year + AUDIT_YEARS, month=3, day=1)
    return limit < on
