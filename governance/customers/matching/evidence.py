"""How much two rows speak for one person: named evidence with weights in bits.

A weight is log2 of how much likelier the observation is for one person than for two (Fellegi and
Sunter 1969), rounded by hand from Japanese registers. What a household shares (address, landline,
often e-mail and a child's mobile) weighs little; another given name or birth date weighs against
it all. A birth date and a name are not enough against contrary addresses: there are homonyms.
"""

from dataclasses import dataclass
from enum import StrEnum


class EvidenceKind(StrEnum):
    """What was seen; the text for people is under customers.evidence."""

    NAME_SAME = "name_same"
    NAME_VARIANT = "name_variant"
    READING_SAME = "reading_same"
    HOMOPHONE = "homophone"
    NAME_SIMILAR = "name_similar"
    READING_SIMILAR = "reading_similar"
    NAME_UNREAD = "name_unread"
    FAMILY_DIFFERS = "family_differs"
    GIVEN_DIFFERS = "given_differs"
    NAME_DIFFERS = "name_differs"
    READING_DIFFERS = "reading_differs"
    BIRTH_SAME = "birth_same"
    BIRTH_MONTH_SAME = "birth_month_same"
    BIRTH_TYPO = "birth_typo"
    BIRTH_DIFFERS = "birth_differs"
    EMAIL_SAME = "email_same"
    EMAIL_SIMILAR = "email_similar"
    EMAIL_DIFFERS = "email_differs"
    MOBILE_SAME = "mobile_same"
    MOBILE_SIMILAR = "mobile_similar"
    MOBILE_DIFFERS = "mobile_differs"
    LANDLINE_SAME = "landline_same"
    LANDLINE_DIFFERS = "landline_differs"
    ADDRESS_SAME = "address_same"
    ADDRESS_DIFFERS = "address_differs"
    POSTAL_SAME = "postal_same"
    POSTAL_DIFFERS = "postal_differs"
    SNS_SAME = "sns_same"
    SEX_DIFFERS = "sex_differs"
    ID_SAME = "id_same"
    COMPANY_SAME = "company_same"
    NUMBER_SAME = "number_same"
    NUMBER_DIFFERS = "number_differs"
    SITE_SAME = "site_same"
    FORM_DIFFERS = "form_differs"
    REPRESENTATIVE_SAME = "representative_same"

    @property
    def text_key(self) -> str:
        """Catalogue key of the words for people."""
        return f"customers.evidence.{self.value}"


K = EvidenceKind
WEIGHTS: dict[EvidenceKind, float] = {
    K.NAME_SAME: 7,
    K.NAME_VARIANT: 7,
    K.READING_SAME: 6,
    K.HOMOPHONE: 2,  # 恵理 and 絵里: a slip of the input method, or two persons
    K.NAME_SIMILAR: 3,
    K.READING_SIMILAR: 2,  # タロウ and ジロウ: a slip, or twins
    K.NAME_UNREAD: 0,  # two scripts and no reading between them
    K.FAMILY_DIFFERS: 2,  # marriage and divorce; the given name alone says little
    K.GIVEN_DIFFERS: -14,
    K.NAME_DIFFERS: -16,
    K.READING_DIFFERS: -4,
    K.BIRTH_SAME: 10,
    K.BIRTH_MONTH_SAME: 6,
    K.BIRTH_TYPO: -2,
    K.BIRTH_DIFFERS: -12,
    K.EMAIL_SAME: 6,
    K.EMAIL_SIMILAR: 4,
    K.EMAIL_DIFFERS: -2,
    K.MOBILE_SAME: 7,
    K.MOBILE_SIMILAR: 4,
    K.MOBILE_DIFFERS: -2,
    K.LANDLINE_SAME: 6,
    K.LANDLINE_DIFFERS: -1,
    K.ADDRESS_SAME: 6,
    K.ADDRESS_DIFFERS: -3,
    K.POSTAL_SAME: 2,
    K.POSTAL_DIFFERS: -2,
    K.SNS_SAME: 7,
    K.SEX_DIFFERS: -2,
    K.ID_SAME: 9,
    K.COMPANY_SAME: 2,
}
SAME_FROM = 13.0  # bits; taken as one person
REVIEW_FROM = 8.0  # bits; shown to a person
_NAMED = frozenset({K.NAME_SAME, K.NAME_VARIANT, K.READING_SAME})
# another birth date: father and son of one name (襲名); a reading one kana off: perhaps twins
_UNSURE = frozenset({K.BIRTH_DIFFERS, K.READING_SIMILAR})
_VETO = frozenset({K.GIVEN_DIFFERS, K.NAME_DIFFERS})
_MOVED = frozenset({K.ADDRESS_DIFFERS, K.POSTAL_DIFFERS})
_OWN = frozenset(
    {
        K.EMAIL_SAME,
        K.EMAIL_SIMILAR,
        K.MOBILE_SAME,
        K.MOBILE_SIMILAR,
        K.SNS_SAME,
        K.ID_SAME,
    }
)
_CONTRARY = frozenset(
    {K.EMAIL_DIFFERS, K.MOBILE_DIFFERS, K.LANDLINE_DIFFERS, K.ADDRESS_DIFFERS, K.POSTAL_DIFFERS}
)
_CORROBORATION = frozenset(
    {
        K.EMAIL_SAME,
        K.EMAIL_SIMILAR,
        K.MOBILE_SAME,
        K.MOBILE_SIMILAR,
        K.LANDLINE_SAME,
        K.ADDRESS_SAME,
        K.POSTAL_SAME,
        K.SNS_SAME,
        K.ID_SAME,
        K.COMPANY_SAME,
    }
)


class Verdict(StrEnum):
    """What the evidence amounts to."""

    SAME = "same"
    REVIEW = "review"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observation with its weight in bits; negative weights speak against."""

    kind: EvidenceKind
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two rows with everything seen about them."""

    a: int
    b: int
    score: float
    evidence: tuple[Evidence, ...]

    @property
    def kinds(self) -> frozenset[EvidenceKind]:
        """Everything seen, without weights."""
        return frozenset(e.kind for e in self.evidence)

    @property
    def is_vetoed(self) -> bool:
        """Another given name: children who are twins share all the rest."""
        return bool(self.kinds & _VETO)

    @property
    def is_homonym(self) -> bool:
        """Name and birth date agree, all else that is known does not: perhaps two persons."""
        contrary = self.kinds & _CONTRARY
        moved = bool(contrary & _MOVED) or len(contrary) > 1
        return moved and not self.kinds & _CORROBORATION

    @property
    def is_nameless(self) -> bool:
        """No whole name compares, and only what a household shares agrees."""
        renamed = K.FAMILY_DIFFERS in self.kinds and K.BIRTH_SAME in self.kinds
        return not self.kinds & _NAMED and not self.kinds & _OWN and not renamed

    @property
    def is_namesake(self) -> bool:
        """One name in one house, no birth date, contacts of their own: perhaps father and son."""
        apart = self.kinds & {K.EMAIL_DIFFERS, K.MOBILE_DIFFERS} and not self.kinds & _OWN
        return bool(apart) and not self.kinds & {K.BIRTH_SAME, K.BIRTH_MONTH_SAME}

    @property
    def verdict(self) -> Verdict:
        """Same, different, or for a person to decide."""
        if K.NUMBER_DIFFERS in self.kinds:  # two corporate numbers are two companies
            return Verdict.DIFFERENT
        unread = K.NAME_UNREAD in self.kinds and K.BIRTH_SAME not in self.kinds
        doubtful = self.is_vetoed or self.is_homonym or self.is_nameless or self.is_namesake
        doubtful |= unread or bool(self.kinds & _UNSURE)
        if self.score >= SAME_FROM and not doubtful:
            return Verdict.SAME
        moved_on = K.BIRTH_SAME in self.kinds and self.kinds & _NAMED  # or a rare homonym
        return Verdict.REVIEW if self.score >= REVIEW_FROM or moved_on else Verdict.DIFFERENT
