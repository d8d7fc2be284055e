"""Who asks for a child, and what an officer has to look at then; pure.

Neither law names an age for requests. The bands are those of practice: below 13 a child acts
through a parent or guardian; from 13 the child is heard, and may ask alone where they understand
what they ask (Q&A 1-62, 民法818・824条; GDPR recital 58, Article 8); parental authority ends with
majority (民法4条), a guardianship of an adult does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from dsar.identity.types import Document
from dsar.types import Requester
from governance.customers.subjects import ADULT_AGE, AgeBand, below

HEARD_FROM = 13  # years; from then on a child's own view counts
ALONE_FROM = 16  # years; the line of the 2026 amendment, not in force yet


class Concern(StrEnum):
    """What an officer looks at before such a request goes on; a code is never reused."""

    CHILD_ALONE = "child_alone"  # a child asks without a parent or guardian
    CHILD_HEARD = "child_heard"  # old enough to be asked what they want themselves
    SENSITIVE = "sensitive"  # a guardian asks about 要配慮個人情報 of somebody that old
    AUTHORITY_ENDED = "authority_ended"  # of age: a parent acts no more by law
    AGE_UNKNOWN = "age_unknown"
    NOT_ON_RECORD = "not_on_record"  # no verified relation in the register: the paper alone counts
    MINORS_MANDATE = "minors_mandate"  # a mandate of a minor needs the guardian (民法5条)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What the register says of the person, as far as this needs it."""

    band: AgeBand
    guardian: bool  # a verified parent or guardian stands on record
    sensitive: bool  # 要配慮個人情報 is on record


AUTHORITY: Mapping[Requester, frozenset[Document]] = MappingProxyType(
    {
        Requester.SELF: frozenset(),
        Requester.STATUTORY_AGENT: frozenset({Document.FAMILY_REGISTER, Document.GUARDIANSHIP}),
        Requester.MANDATED_AGENT: frozenset({Document.MANDATE}),
    }
)  # which papers show the authority of such an agent (APPI 37(3), Order 13)


def shows_authority(document: Document, requester: Requester, child: Child | None) -> bool:
    """Whether this paper shows that such an agent may act for this person."""
    if document not in AUTHORITY[requester]:
        return False
    of_age = child is not None and child.band is AgeBand.ADULT
    return not (of_age and document is Document.FAMILY_REGISTER)  # a parent's right has ended


def concerns(requester: Requester, child: Child) -> tuple[Concern, ...]:
    """What is to be looked at; nothing for a person of age who asks alone."""
    found: list[Concern] = []
    match requester:
        case Requester.SELF:
            if below(child.band, ALONE_FROM):
                found.append(Concern.CHILD_ALONE)
        case Requester.MANDATED_AGENT:
            if below(child.band, ADULT_AGE):
                found.append(Concern.MINORS_MANDATE)
        case Requester.STATUTORY_AGENT:
            found += _guardians(child)
    return tuple(found)


def _guardians(child: Child) -> list[Concern]:
    """The same where a parent or guardian asks."""
    if child.band is AgeBand.UNKNOWN:
        return [Concern.AGE_UNKNOWN, *([] if child.guardian else [Concern.NOT_ON_RECORD])]
    if child.band is AgeBand.ADULT:
        return [Concern.AUTHORITY_ENDED]
    found = [] if child.guardian else [Concern.NOT_ON_RECORD]
    if not below(child.band, HEARD_FROM):
        found.append(Concern.CHILD_HEARD)
        if child.sensitive:
            found.append(Concern.SENSITIVE)
    return found


class Heard(StrEnum):
    """What the child said, or why they were not asked."""

    AGREES = "agrees"
    OBJECTS = "objects"
    NOT_ABLE = "not_able"  # does not understand what is asked
    NOT_REACHED = "not_reached"
