"""Pure rules of provision records: which provisions are recorded, and for how long."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from governance.core.terms import Law
from governance.registers.provisions.types import Exempt, Keeping, ProvisionGround, Recorded
from governance.registers.rules import ground_of
from governance.registers.types import Recipient, RecipientRole, TransferGround
from policies.law.calendars import NO_CALENDAR
from policies.law.due import due
from policies.law.in_force import rule_set
from policies.purposes import HOME, Basis, Provision, PurposeRecord

SINGLE: Final = "rec_3y"  # Rule 21(iii): from the day of the record
BATCH: Final = "rec_3y_last"  # Rule 21(ii): from the last provision of the batch
BY_CONTRACT: Final = "rec_1y_last"  # Rule 21(i): a contract stands for the record
_START: Final = {SINGLE: "created", BATCH: "last_provision", BY_CONTRACT: "last_provision"}


def recorded_as(recipient: Recipient | None, purpose: PurposeRecord) -> Recorded | Exempt:
    """Whether the law asks for a record of what goes to this recipient, and as what."""
    if recipient is None:
        return Exempt.INTERNAL
    abroad = recipient.country != HOME
    basis = purpose.basis.get(Law.APPI)
    if basis is Basis.LEGAL_OBLIGATION or recipient.role is RecipientRole.AUTHORITY:
        return Exempt.LAW
    if abroad and ground_of(recipient) is TransferGround.CONSENT:
        # 29(1): where consent to the country is the ground, entrustment is no exemption
        return Recorded(duty="APPI-29", ground=ProvisionGround.FOREIGN_CONSENT)
    match recipient.role:
        case RecipientRole.PROCESSOR:
            return Exempt.ENTRUSTMENT
        case RecipientRole.JOINT:
            return Exempt.JOINT_USE
        case _ if Provision.PERSONAL_RELATED in purpose.provisions:
            return Recorded(duty="APPI-31", ground=ProvisionGround.CONFIRMED)
        case _ if basis is Basis.OPT_OUT:
            return Recorded(duty="APPI-29", ground=ProvisionGround.OPT_OUT)
        case _:
            return Recorded(duty="APPI-29", ground=ProvisionGround.CONSENT)


def batch_allowed(recorded: Recorded) -> bool:
    """Whether repeated provisions may stand in one record (Rule 19(2); never on opt-out)."""
    return recorded.ground is not ProvisionGround.OPT_OUT


def keeping(rule: str, *, created: date, last: date) -> Keeping:
    """Last day of keeping by this rule, as the law stood at the record (29(2), 30(4), Rule 21)."""
    start = created if rule == SINGLE else last
    found = due(rule_set(created).rule(rule), {_START[rule]: start}, calendar=NO_CALENDAR)
    if found.keep_until is None or found.purge_from is None:
        raise ValueError(rule)  # the shipped rules are of the kind that keeps; a test holds it
    return Keeping(rule=rule, until=found.keep_until, purge_from=found.purge_from)


def named(values: Iterable[str]) -> str:
    """Names as a column stores them."""
    return ",".join(sorted(dict.fromkeys(values)))
