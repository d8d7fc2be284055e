"""Pure rules over recipients: what an officer must put right, and who may receive, on a day."""

from collections.abc import Iterable
from datetime import date

from governance.core.terms import Law
from governance.registers.countries import countries
from governance.registers.types import (
    GDPR_CLAUSES,
    Recipient,
    RecipientGap,
    RecipientProblem,
    RecipientRole,
    Subprocessor,
    TransferGround,
)
from policies.purposes import HOME, Basis, Provision, PurposeRecord
from policies.reasons import ReasonCode

AUDIT_YEARS = 2  # company rule; APPI 25 asks for supervision without a number
TRANSFER_CHECK_YEARS = 1  # APPI 28(3), Rule 18: 年1回程度
PERMITTED = frozenset({"可（事前承諾）", "可(事前承諾)"})  # as written, as normalised
CONSENT_BASIS = "本人同意"
GROUND_WORDS = {  # how register files write the ground
    CONSENT_BASIS: TransferGround.CONSENT,
    "同等水準国": TransferGround.EQUIVALENT_COUNTRY,
    "基準適合体制": TransferGround.EQUIVALENT_SYSTEM,
    "法令": TransferGround.LAW,
}
RECEIVING = frozenset(RecipientRole) - {RecipientRole.SOURCE}
CONTRACTED = RECEIVING - {RecipientRole.AUTHORITY}  # a law, not a contract, lets an authority ask


def problems_of(recipient: Recipient, *, on: date) -> frozenset[RecipientProblem]:
    """Everything that is missing or late about a recipient."""
    found = {
        RecipientProblem.CONTRACT_EXPIRED: _expired(recipient, on=on),
        RecipientProblem.SUBPROCESSOR_NOT_PERMITTED: bool(recipient.subprocessor)
        and recipient.subprocessing not in PERMITTED,
        RecipientProblem.NO_TRANSFER_BASIS: _needs_basis(recipient)
        and not recipient.transfer_basis,
        RecipientProblem.NO_FOREIGN_SYSTEM_INFO: ground_of(recipient) is TransferGround.CONSENT
        and recipient.foreign_system_on is None,
        RecipientProblem.NO_PROVISION_RECORD: recipient.role
        in (RecipientRole.THIRD_PARTY, RecipientRole.SOURCE)
        and not recipient.provision_record,
        RecipientProblem.AUDIT_OVERDUE_2Y: recipient.role is RecipientRole.PROCESSOR
        and _late(recipient.audited_on, years=AUDIT_YEARS, on=on),
        RecipientProblem.NO_SAFEGUARDS: not recipient.safeguards,
    }
    return frozenset(problem for problem, holds in found.items() if holds)


def gaps_of(
    recipient: Recipient,
    subprocessors: Iterable[Subprocessor] = (),
    *,
    representative: bool,
    gdpr: bool,
    on: date,
) -> frozenset[RecipientGap]:
    """What the register does not yet say; `gdpr`: persons under it are among ours."""
    abroad = recipient.country not in (None, HOME)
    ground = ground_of(recipient)
    recorded = recipient.role in (RecipientRole.THIRD_PARTY, RecipientRole.SOURCE)
    receives = recipient.role in RECEIVING
    countries_reached = {recipient.country, *(sub.country for sub in subprocessors)}
    found = {
        RecipientGap.CONTRACT_MISSING: recipient.role in CONTRACTED
        and recipient.contracted_on is None,
        RecipientGap.ADDRESS_MISSING: recorded and not recipient.address,
        RecipientGap.REPRESENTATIVE_MISSING: recorded and not representative,
        RecipientGap.COUNTRY_MISSING: None in countries_reached,
        RecipientGap.PURPOSES_MISSING: receives and not recipient.purposes,
        RecipientGap.CATEGORIES_MISSING: receives and not recipient.categories,
        RecipientGap.COUNTRY_NOT_EQUIVALENT: ground is TransferGround.EQUIVALENT_COUNTRY
        and not countries().equivalent(recipient.country),
        RecipientGap.TRANSFER_CHECK_DUE: abroad
        and ground is TransferGround.EQUIVALENT_SYSTEM
        and _late(recipient.transfer_checked_on, years=TRANSFER_CHECK_YEARS, on=on),
        RecipientGap.TRANSFER_STOPPED: recipient.stopped_on is not None,
        RecipientGap.GDPR_GROUND_MISSING: gdpr
        and receives
        and not countries().adequate(recipient.country)
        and not recipient.gdpr_ground,
        RecipientGap.GDPR_CLAUSES_MISSING: gdpr
        and recipient.role is RecipientRole.PROCESSOR
        and not set(GDPR_CLAUSES) <= set(recipient.gdpr_clauses),
        RecipientGap.CHECK_DUE: recipient.check_due_on is not None and recipient.check_due_on < on,
    }
    return frozenset(gap for gap, holds in found.items() if holds)


def ground_of(recipient: Recipient) -> TransferGround | None:
    """The ground of APPI 28 that the register names, by its code or in a file's words."""
    said = recipient.transfer_basis or ""
    for words, ground in GROUND_WORDS.items():
        if said == ground.value or said.startswith(words):
            return ground
    return None


def refusal_of(
    recipient: Recipient,
    purpose: PurposeRecord,
    *,
    categories: Iterable[str] = (),
    laws: frozenset[Law] = frozenset({Law.APPI}),
    on: date,
) -> ReasonCode | None:
    """Why nothing goes to this recipient for this purpose; None when nothing stands against it."""
    if recipient.role not in RECEIVING:
        return ReasonCode.PURPOSE_RECIPIENT_UNKNOWN
    if not _in_force(recipient, on=on):
        return ReasonCode.PURPOSE_RECIPIENT_ENDED
    if recipient.role in CONTRACTED and not _contract_stands(recipient, on=on):
        return ReasonCode.PURPOSE_CONTRACT
    if recipient.purposes and purpose.id not in recipient.purposes:
        return ReasonCode.PURPOSE_RECIPIENT
    if recipient.categories and not set(categories) <= set(recipient.categories):
        return ReasonCode.PURPOSE_CATEGORY
    if recipient.country is None:
        return ReasonCode.PURPOSE_COUNTRY  # fails closed: no country, no passage
    if not transfer_stands(recipient, purpose, laws=laws):
        return ReasonCode.PURPOSE_TRANSFER
    return None


def transfer_stands(recipient: Recipient, purpose: PurposeRecord, *, laws: frozenset[Law]) -> bool:
    """Whether each law that applies has its ground for the recipient's country."""
    if recipient.country == HOME:
        return True
    if Law.GDPR in laws and not (
        countries().adequate(recipient.country) or bool(recipient.gdpr_ground)
    ):
        return False
    return laws == frozenset({Law.GDPR}) or _appi_stands(recipient, purpose)


def _appi_stands(recipient: Recipient, purpose: PurposeRecord) -> bool:
    """APPI 28(1); a consent counts only where the purpose asks for this consent by itself."""
    match ground_of(recipient):
        case TransferGround.CONSENT:
            return Provision.FOREIGN in purpose.provisions
        case TransferGround.EQUIVALENT_SYSTEM:
            return True
        case TransferGround.LAW:
            return purpose.basis.get(Law.APPI) is Basis.LEGAL_OBLIGATION
        case TransferGround.EQUIVALENT_COUNTRY | None:
            return countries().equivalent(recipient.country)


def _in_force(recipient: Recipient, *, on: date) -> bool:
    """Begun, not ended, and not stopped by a check (APPI 25; Rule 18(1)(ii))."""
    begun = recipient.valid_from is None or recipient.valid_from <= on
    ended = recipient.ended_on is not None and recipient.ended_on <= on
    return begun and not ended and recipient.stopped_on is None


def _contract_stands(recipient: Recipient, *, on: date) -> bool:
    begun = recipient.contracted_on is not None and recipient.contracted_on <= on
    return begun and not _expired(recipient, on=on)


def _expired(recipient: Recipient, *, on: date) -> bool:
    ended = recipient.expires_on is not None and recipient.expires_on < on
    return ended and not recipient.auto_renewal


def _needs_basis(recipient: Recipient) -> bool:
    """A country that is not known needs one too: it cannot be found equivalent."""
    return not countries().equivalent(recipient.country)


def _late(last: date | None, *, years: int, on: date) -> bool:
    """Whether so many years have passed since the last look; never looked at is late."""
    if last is None:
        return True
    try:
        limit = last.replace(year=last.year + years)
    except ValueError:
        limit = last.replace(year=last.year + years, month=3, day=1)
    return limit < on
