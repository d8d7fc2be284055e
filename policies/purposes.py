"""Purposes of use (利用目的) and the pure predicates of the second gate.

A purpose carries its lawful basis per law; callers never choose it. What a purpose does not
name, it does not cover.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from governance.core.terms import Law, NoticeId, PurposeId, RecipientId
from policies.reasons import ReasonCode
from policies.types import Label, Outcome, PurposeDecision

HOME = "JP"  # the installation's country
INTERNAL = RecipientId("internal")


class Basis(StrEnum):
    """Grounds on which a purpose rests (GDPR Art. 6(1); APPI Arts. 18, 20, 27, 28)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"
    WITHIN_PURPOSE = "within_purpose"  # APPI 18(1): 利用目的の達成に必要な範囲内
    ENTRUSTMENT = "entrustment"  # APPI 27(5)(i): 委託
    JOINT_USE = "joint_use"  # APPI 27(5)(iii): 共同利用
    OPT_OUT = "opt_out"  # APPI 27(2)


BASES: Mapping[Law, frozenset[Basis]] = MappingProxyType(
    {
        Law.GDPR: frozenset(
            {
                Basis.CONSENT,
                Basis.CONTRACT,
                Basis.LEGAL_OBLIGATION,
                Basis.VITAL_INTEREST,
                Basis.PUBLIC_TASK,
                Basis.LEGITIMATE_INTEREST,
            }
        ),
        Law.APPI: frozenset(
            {
                Basis.CONSENT,
                Basis.LEGAL_OBLIGATION,
                Basis.VITAL_INTEREST,
                Basis.PUBLIC_TASK,
                Basis.WITHIN_PURPOSE,
                Basis.ENTRUSTMENT,
                Basis.JOINT_USE,
                Basis.OPT_OUT,
            }
        ),
        Law.MYNUMBER: frozenset({Basis.LEGAL_OBLIGATION}),
    }
)


class Channel(StrEnum):
    """Ways by which a person is reached."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"
    APP = "app"
    WEB = "web"
    STORE = "store"


class Signal(StrEnum):
    """Browser or device signals that narrow a purpose."""

    GPC = "gpc"


class SignalOverride(StrEnum):
    """Whether a later opt-in by the person outweighs a signal."""

    NEVER = "never"
    EXPLICIT = "explicit"


class Minors(StrEnum):
    """What a minor's consent needs for this purpose."""

    GUARDIAN = "guardian"
    REFUSED = "refused"
    ALLOWED = "allowed"


class Provision(StrEnum):
    """APPI predicates that stand beside the basis, each with its own proof."""

    THIRD_PARTY = "third_party"  # Art. 27(1)
    FOREIGN = "foreign"  # Art. 28(1)
    SPECIAL_CARE = "special_care"  # Art. 20(2)
    PERSONAL_RELATED = "personal_related"  # Art. 31(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRecord:
    """One purpose of use as it was specified and published (APPI 17, 21; GDPR 5(1)(b))."""

    id: PurposeId
    label: Label
    basis: Mapping[Law, Basis]
    categories: frozenset[str]
    code: str | None = None  # code of this purpose in imported files
    recipients: tuple[str, ...] = (INTERNAL,)
    channels: frozenset[Channel] = frozenset()  # empty: nobody is contacted
    countries: frozenset[str] = frozenset({HOME})  # "*": any
    notice: NoticeId | None = None
    notice_version: str | None = None
    expires_months: int | None = None
    inactivity_months: int | None = None
    signals: frozenset[Signal] = frozenset()
    signal_override: SignalOverride = SignalOverride.NEVER
    minors: Minors = Minors.GUARDIAN
    direct_marketing: bool = False
    provisions: frozenset[Provision] = frozenset()
    duties: tuple[str, ...] = ()  # keeping duties under which kept data serves this purpose
    law_refs: Mapping[Law, Label] = field(default_factory=lambda: MappingProxyType({}))


def basis_under(purpose: PurposeRecord, law: Law) -> Basis | None:
    """The basis of this purpose under this law; None means that the law does not permit it."""
    return purpose.basis.get(law)


def laws_without_basis(purpose: PurposeRecord, laws: Iterable[Law]) -> tuple[Law, ...]:
    """Laws that apply and give no basis: under several laws each must permit."""
    return tuple(law for law in sorted(laws) if law not in purpose.basis)


def consent_gated(purpose: PurposeRecord, laws: Iterable[Law]) -> bool:
    """Whether consent decides, under any of these laws or by an APPI provision predicate."""
    return bool(purpose.provisions) or any(purpose.basis.get(law) is Basis.CONSENT for law in laws)


def objection_blocks(purpose: PurposeRecord, laws: Iterable[Law]) -> bool:
    """Whether an objection ends this use (GDPR Art. 21(1), (2); direct marketing under any law)."""
    return purpose.direct_marketing or any(
        purpose.basis.get(law) in {Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK, Basis.OPT_OUT}
        for law in laws
    )


def recipient_class(recipient: str) -> str:
    """The class of a recipient: ``internal``, ``processor``, ``joint``, ``third_party``."""
    return recipient.partition(":")[0]


def covers_recipient(purpose: PurposeRecord, recipient: str) -> bool:
    """Whether the purpose names this recipient, or its class by ``class:*``."""
    if not recipient:
        return False
    kind, colon, _ = recipient.partition(":")
    named = purpose.recipients
    return recipient in named or (colon == ":" and f"{kind}:*" in named)


def covers_country(purpose: PurposeRecord, country: str) -> bool:
    """Whether the purpose may reach this country (APPI Art. 28, GDPR Art. 44)."""
    return bool(country) and ("*" in purpose.countries or country in purpose.countries)


_YES = PurposeDecision(outcome=Outcome.PERMIT, code=ReasonCode.PERMIT)


def _no(code: ReasonCode, about: str | None = None) -> PurposeDecision:
    return PurposeDecision(outcome=Outcome.DENY, code=code, about=about)


def decide_purpose(
    purpose: PurposeRecord | None,
    *,
    categories: Iterable[str] = (),
    recipient: str | None = None,
    channel: str | None = None,
    country: str | None = None,
) -> PurposeDecision:
    """Whether the declared purpose covers this use; the first part that it does not cover decides.

    No recipient means inside the company. A recipient outside needs its country, because an
    unknown country cannot be found lawful. No channel means that the consent gate takes the most
    restrictive one.
    """
    if purpose is None:
        return _no(ReasonCode.PURPOSE_UNKNOWN)
    if not purpose.basis:
        return _no(ReasonCode.PURPOSE_NO_BASIS, purpose.id)
    outside = [category for category in categories if category not in purpose.categories]
    if outside:
        return _no(ReasonCode.PURPOSE_CATEGORY, outside[0])
    return _decide_passage(purpose, recipient=recipient, channel=channel, country=country)


def _decide_passage(
    purpose: PurposeRecord, *, recipient: str | None, channel: str | None, country: str | None
) -> PurposeDecision:
    goes_to = INTERNAL if recipient is None else recipient
    if not covers_recipient(purpose, goes_to):
        return _no(ReasonCode.PURPOSE_RECIPIENT, goes_to)
    if channel is not None and channel not in purpose.channels:
        return _no(ReasonCode.PURPOSE_CHANNEL, channel)
    where = HOME if country is None and goes_to == INTERNAL else country
    if where is None or not covers_country(purpose, where):
        return _no(ReasonCode.PURPOSE_COUNTRY, where)  # fails closed: no country, no passage
    return _YES
