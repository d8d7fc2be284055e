"""Words of the gates' answers: outcomes, verbs, obligations, decisions with their reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from governance.core.terms import Lang, Treatment
from policies.masking import Masking
from policies.reasons import ReasonCode


class Effect(StrEnum):
    """What a rule does to the cells that it covers; a deny always wins."""

    ALLOW = "allow"
    DENY = "deny"


class Outcome(StrEnum):
    """The three answers of a gate; only the first is a yes."""

    PERMIT = "permit"
    DENY = "deny"
    UNAVAILABLE = "unavailable"


class RoleKind(StrEnum):
    """Kinds of principals that may hold a role."""

    STAFF = "staff"
    SYSTEM = "system"
    PERSON = "person"


class Verb(StrEnum):
    """What the gate does with a field of the customer store."""

    READ = "read"
    SEARCH = "search"
    WRITE = "write"
    IMPORT = "import"
    EXPORT = "export"
    USE = "use"
    MERGE = "merge"
    ERASE = "erase"


class ObligationKind(StrEnum):
    """Conditions tied to a permit: a caller that cannot enforce one must treat it as a deny."""

    MASK = "mask"
    REDACT = "redact"
    LOG = "log"
    EXPIRE = "expire"
    NOTIFY = "notify"
    PURPOSE_TAG = "purpose_tag"
    NO_ONWARD_TRANSFER = "no_onward_transfer"
    RATE = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One name in both languages."""

    ja: str
    en: str

    def __getitem__(self, lang: Lang) -> str:
        return self.ja if lang is Lang.JA else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One duty of whoever receives a permit; what it does not need stays None."""

    kind: ObligationKind
    fields: tuple[str, ...] = ()  # patterns of fields; empty = every field of the rule
    masking: Masking | None = None
    detail: str | None = None  # log level, person to notify
    limit: int | None = None  # rate: how many an hour; expire: after how many minutes

    def as_json(self) -> dict[str, str | int]:
        """The obligation as outside callers see it (docs: obligations profile)."""
        shown: dict[str, str | int] = {"type": self.kind.value}
        if self.masking is not None:
            shown["method"] = self.masking.method.value
            shown["keep"] = self.masking.keep
        if self.detail is not None:
            shown["detail"] = self.detail
        if self.limit is not None:
            shown["limit"] = self.limit
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorDecision:
    """The answer of the first gate: may this actor do this, and by which rule."""

    outcome: Outcome
    code: ReasonCode
    rule_id: str | None = None
    obligations: tuple[Obligation, ...] = ()
    because: Label | None = None

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PERMIT

    @property
    def masking(self) -> Masking | None:
        """How the field must be masked; None when it may be shown as it is."""
        for obligation in self.obligations:
            if obligation.masking is not None:
                return obligation.masking
        return None

    @property
    def treatment(self) -> Treatment:
        """What a reader gets to see of the field."""
        if self.outcome is not Outcome.PERMIT:
            return Treatment.WITHHELD
        return Treatment.CLEAR if self.masking is None else Treatment.MASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeDecision:
    """The answer of the second gate: does the declared purpose cover this use."""

    outcome: Outcome
    code: ReasonCode
    about: str | None = None  # the category, recipient, channel or country that is not covered

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PERMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Facts on the actor, on the record and on the action, for rules that compare them."""

    subject: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    resource: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    action: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


NO_ATTRIBUTES = Attributes()
