"""The closed register of reason codes; a code is API and is never reused.

Gates answer with codes. People read one of three texts, rendered later from the catalogue
(``policies.reason.<code>.<audience>``): the person's text names no rule and no other person.
"""

from enum import StrEnum

from governance.core.terms import Lang
from governance.i18n.catalogue import text


class Audience(StrEnum):
    """For whom a reason is put into words."""

    PERSON = "person"
    OFFICER = "officer"
    DEVELOPER = "developer"


class ReasonCode(StrEnum):
    """Why a gate answered as it did."""

    PERMIT = "permit"

    ACTOR_ANONYMOUS = "denied.actor.anonymous"
    ACTOR_UNKNOWN_SUBJECT = "denied.actor.unknown_subject"
    ACTOR_UNKNOWN_RESOURCE = "denied.actor.unknown_resource"
    ACTOR_UNKNOWN_ROLE = "denied.actor.unknown_role"
    ACTOR_UNKNOWN_FIELD = "denied.actor.unknown_field"
    ACTOR_UNKNOWN_ACTION = "denied.actor.unknown_action"
    ACTOR_NO_RULE = "denied.actor.no_rule"
    ACTOR_FORBIDDEN = "denied.actor.forbidden"
    ACTOR_PURPOSE_NOT_GRANTED = "denied.actor.purpose_not_granted"
    ACTOR_SAME_PERSON = "denied.actor.same_person"
    ACTOR_SUSPENDED = "denied.actor.suspended"
    ACTOR_TRAINING_DUE = "denied.actor.training_due"
    ACTOR_RATE = "denied.actor.rate"
    ACTOR_SCOPE = "denied.actor.scope"

    PURPOSE_MISSING = "denied.purpose.missing"
    PURPOSE_UNKNOWN = "denied.purpose.unknown"
    PURPOSE_NO_BASIS = "denied.purpose.no_basis"
    PURPOSE_CATEGORY = "denied.purpose.category"
    PURPOSE_FIELD = "denied.purpose.field"
    PURPOSE_RECIPIENT = "denied.purpose.recipient"
    PURPOSE_RECIPIENT_UNKNOWN = "denied.purpose.recipient_unknown"
    PURPOSE_RECIPIENT_ENDED = "denied.purpose.recipient_ended"
    PURPOSE_CHANNEL = "denied.purpose.channel"
    PURPOSE_COUNTRY = "denied.purpose.country"
    PURPOSE_CONTRACT = "denied.purpose.contract"
    PURPOSE_TRANSFER = "denied.purpose.transfer"
    PURPOSE_ENDED = "denied.purpose.ended"

    SUBJECT = "denied.subject"
    SUBJECT_UNKNOWN = "denied.subject.unknown"
    SUBJECT_RESTRICTED = "denied.subject.restricted"
    SUBJECT_KEPT_BY_LAW = "denied.subject.kept_by_law"
    SUBJECT_OBJECTED = "denied.subject.objected"
    SUBJECT_WITHDRAWN = "denied.subject.withdrawn"
    SUBJECT_REFUSED = "denied.subject.refused"
    SUBJECT_EXPIRED = "denied.subject.expired"
    SUBJECT_STALE_NOTICE = "denied.subject.stale_notice"
    SUBJECT_MINOR_UNVERIFIED = "denied.subject.minor_unverified"
    SUBJECT_RECONFIRM_DUE = "denied.subject.reconfirm_due"
    SUBJECT_NO_CONSENT = "denied.subject.no_consent"

    UNAVAILABLE_POLICY = "unavailable.policy"
    UNAVAILABLE_CONSENT = "unavailable.consent"
    UNAVAILABLE_STORE = "unavailable.store"
    UNAVAILABLE_KEYS = "unavailable.keys"
    UNAVAILABLE_AUDIT = "unavailable.audit"
    UNAVAILABLE_PII = "unavailable.pii"
    UNAVAILABLE_STALE = "unavailable.stale"
    UNAVAILABLE_LEASE = "unavailable.lease"
    UNAVAILABLE_OBLIGATION = "unavailable.obligation"
    UNAVAILABLE_PAUSED = "unavailable.paused"
    UNAVAILABLE_BUSY = "unavailable.busy"
    UNAVAILABLE_ERROR = "unavailable.error"


def reason_text(code: ReasonCode, audience: Audience, lang: Lang) -> str:
    """The sentence of a reason for this audience."""
    return text(f"policies.reason.{code.value}.{audience.value}", lang)


def hidden(code: ReasonCode) -> ReasonCode:
    """What a caller without the grant ``explain:subject`` sees: no reason about the person."""
    return ReasonCode.SUBJECT if code.value.startswith("denied.subject") else code
