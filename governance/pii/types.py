"""Words of personal data detection: entities, kinds of 要配慮個人情報, spans, column labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from governance.core.terms import Lang


class Entity(StrEnum):
    """What a piece of text is."""

    PERSON = "PERSON"
    ADDRESS = "ADDRESS"
    POSTAL_CODE = "POSTAL_CODE"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    MY_NUMBER = "MY_NUMBER"  # 個人番号, 番号法 Art. 2(5)
    DRIVER_LICENSE = "DRIVER_LICENSE"
    PASSPORT = "PASSPORT"
    RESIDENCE_CARD = "RESIDENCE_CARD"
    PENSION_NUMBER = "PENSION_NUMBER"  # 基礎年金番号
    HEALTH_INSURANCE = "HEALTH_INSURANCE"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    CREDIT_CARD = "CREDIT_CARD"
    BIRTH_DATE = "BIRTH_DATE"
    IP_ADDRESS = "IP_ADDRESS"
    SNS_ACCOUNT = "SNS_ACCOUNT"
    CUSTOMER_NUMBER = "CUSTOMER_NUMBER"  # the company's own numbers, only by configured labels
    US_SSN = "US_SSN"
    IBAN = "IBAN"
    SENSITIVE = "SENSITIVE"  # 要配慮個人情報, APPI Art. 2(3); always with a kind


class SensitiveKind(StrEnum):
    """Kinds of 要配慮個人情報 (APPI Art. 2(3), Order Art. 2) and the two the GDPR adds."""

    RACE = "RACE"
    CREED = "CREED"
    SOCIAL_STATUS = "SOCIAL_STATUS"
    MEDICAL_HISTORY = "MEDICAL_HISTORY"
    CRIMINAL_RECORD = "CRIMINAL_RECORD"
    CRIME_VICTIM = "CRIME_VICTIM"
    DISABILITY = "DISABILITY"
    HEALTH_CHECKUP = "HEALTH_CHECKUP"
    MEDICAL_CARE = "MEDICAL_CARE"
    CRIMINAL_PROCEDURE = "CRIMINAL_PROCEDURE"
    JUVENILE = "JUVENILE"
    UNION = "UNION"  # GDPR Art. 9(1)
    SEXUAL_ORIENTATION = "SEXUAL_ORIENTATION"  # GDPR Art. 9(1)


class Role(StrEnum):
    """Whom a person's name or a mention is about, as far as the words around it tell."""

    SELF = "self"
    FAMILY = "family"  # a relative or member of the household: a third person all the same
    THIRD = "third"
    STAFF = "staff"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a span was found; part of the decision trace."""

    SHAPE = "shape"  # the form alone is evidence
    LABEL = "label"  # the nearest label before it says so
    LABEL_AFTER = "label_after"  # a label right after it says so
    CHECK_DIGIT = "check_digit"  # a check digit holds and no label speaks against it
    HONORIFIC = "honorific"
    FULL_NAME = "full_name"  # surname and given name side by side
    SURNAME = "surname"  # a surname where a person acts
    READING = "reading"  # furigana beside a name
    KINSHIP = "kinship"
    SIGNATURE = "signature"  # a line or closing segment that is a name
    GAZETTEER = "gazetteer"
    LEXICON = "lexicon"
    LEARNED = "learned"  # the learned tagger reads it from the words around; to be reviewed
    REPEATED = "repeated"  # the same name was found elsewhere in the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One finding: code points, end exclusive; it never holds the text itself."""

    start: int
    end: int
    entity: Entity
    score: float
    reason: Reason
    kind: SensitiveKind | None = None
    role: Role = Role.UNKNOWN

    @property
    def label(self) -> str:
        """Entity name of the outside contract; SENSITIVE carries its kind after a colon."""
        return f"{self.entity}:{self.kind}" if self.kind else self.entity.value

    def shifted(self, by: int) -> "Span":
        """The same finding in a text that begins `by` code points earlier."""
        return Span(
            start=self.start + by,
            end=self.end + by,
            entity=self.entity,
            score=self.score,
            reason=self.reason,
            kind=self.kind,
            role=self.role,
        )


class Tie(StrEnum):
    """How a column is tied to a person; whatever is tied is personal data beside a name."""

    NAMES = "names"  # it has a label: a name, an address, a number given to a person, a text
    POINTS = (
        "points"  # tells one person from another: 会員番号, devices, plates, places (GDPR 4(1))
    )
    DESCRIBES = "describes"  # says something of a person: age, family, health, pay, home town
    BESIDE = "beside"  # stands beside names in a table, and nothing proves it harmless
    THING = "thing"  # an address or number of an organisation or a thing, not of a person
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLabel:
    """What a column holds: an entity, free text to be read row by row, or neither."""

    entity: Entity | None
    free_text: bool
    confidence: float  # share of the sampled values that agree
    sampled: int  # non-empty values looked at
    tie: Tie = Tie.NONE

    @property
    def label(self) -> str | None:
        """Label of the outside contract: entity name, FREE_TEXT or None."""
        if self.free_text:
            return "FREE_TEXT"
        return self.entity.value if self.entity else None

    @property
    def personal(self) -> bool:
        """Whether the column is personal data, by itself or beside the others of its table."""
        return self.tie not in {Tie.NONE, Tie.THING}

    @property
    def review(self) -> bool:
        """Whether the evidence is thin and a person must judge."""
        return self.tie is Tie.BESIDE


# Weights of the learned tagger: the shipped ones, those of our own texts alone, or rules alone;
# anything else is the path of a file that `sekisho pii train` made
SHIPPED_MODEL: Final = "shipped"
OWN_MODEL: Final = "own"
NO_MODEL: Final = "none"

Analyse: TypeAlias = Callable[[Sequence[str], Lang], Sequence[tuple[Span, ...]]]  # of each text
