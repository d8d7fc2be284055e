"""Pure rules about the rows around a person: who acts for whom, what is wished, what runs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from governance.core.terms import PurposeId
from governance.customers.catalogue import Catalogue
from governance.customers.master.types import (
    ContactChannel,
    ContactKind,
    RelationKind,
    SubscriptionStatus,
    VerifiedHow,
    Wanted,
)
from governance.customers.subjects import ADULT_AGE, age_at

Fault = tuple[str, str]  # column, code
FOR_MINORS = frozenset({RelationKind.PARENT, RelationKind.GUARDIAN})
LONGEST_PERIOD = 120  # months
WORD_LIMIT = 200  # characters of a preference without a closed list


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Who acts for a person, as far as a rule needs it."""

    kind: RelationKind
    verified_how: VerifiedHow | None
    verified_on: date | None
    valid_from: date | None
    valid_to: date | None
    until_majority: bool
    hand: "Hand | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What a second person confirmed of a right, at the time."""

    facts: str
    until: date | None


def facts_of(relation: Relation) -> str:
    """A digest of what a second person confirms: the kind, the proof, the first day, the majority.

    Neither of the persons is in it: a merge may give either another pseudonym.
    """
    days = (relation.verified_on, relation.valid_from)
    said = (
        relation.kind.value,
        relation.verified_how.value if relation.verified_how else "",
        *(day.isoformat() if day else "" for day in days),
        str(relation.until_majority),
    )
    return sha256("\x1f".join(said).encode()).hexdigest()


def confirmed(relation: Relation) -> bool:
    """Whether a second person confirmed the right as it stands; an earlier end needs nobody.

    Fails closed: a right whose proof or days changed since is confirmed anew.
    """
    hand = relation.hand
    if hand is None or hand.facts != facts_of(relation):
        return False
    if hand.until is None:
        return True
    return relation.valid_to is not None and relation.valid_to <= hand.until


def gives_right(relation: Relation, *, birth: date | None, on: date) -> bool:
    """Whether a parent or guardian acts by this on the day: proved, confirmed, and in force."""
    return (
        relation.kind in FOR_MINORS
        and verified(relation, on=on)
        and confirmed(relation)
        and in_force(relation, birth=birth, on=on)
    )


def in_force(relation: Relation, *, birth: date | None, on: date) -> bool:
    """Whether the right stands on this day; with majority it ends by itself (民法4条)."""
    if relation.valid_from is not None and on < relation.valid_from:
        return False
    if relation.valid_to is not None and on > relation.valid_to:
        return False
    grown = birth is not None and age_at(birth, on=on) >= ADULT_AGE
    return not (relation.until_majority and grown)


def verified(relation: Relation, *, on: date) -> bool:
    """Whether the right was proved by then; what somebody merely said is no proof."""
    proof = relation.verified_how not in {None, VerifiedHow.DECLARED}
    return proof and relation.verified_on is not None and relation.verified_on <= on


def guardian_stands(relations: Iterable[Relation], *, birth: date | None, on: date) -> bool:
    """Whether a verified and confirmed parent or guardian acts for the person on this day."""
    return any(gives_right(relation, birth=birth, on=on) for relation in relations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wished about one channel and kind of contact."""

    channel: ContactChannel
    kind: ContactKind
    wanted: Wanted


def wished(
    wishes: Iterable[Wish], *, channel: ContactChannel, kind: ContactKind, register: str
) -> Wanted:
    """What the person wishes about this contact; `register` is the register row's own column.

    The wish about this very kind, then about any contact by the channel, then what the register
    says of all channels; what nobody said is to be asked. It never stands for a consent.
    """
    said = {wish.kind: wish.wanted for wish in wishes if wish.channel is channel}
    for found in (kind, ContactKind.ANY):
        if found in said:
            return said[found]
    return {"yes": Wanted.WANTED, "no": Wanted.UNWANTED}.get(register, Wanted.ASK)


def runs(
    status: SubscriptionStatus, *, ends_on: date | None, cancelled_on: date | None, on: date
) -> bool:
    """Whether a plan is in force on this day; a cancelled one runs to its last day."""
    if status is SubscriptionStatus.ENDED:
        return False
    last = ends_on or (cancelled_on if status is SubscriptionStatus.CANCELLED else None)
    if last is not None:
        return on <= last
    return status is not SubscriptionStatus.CANCELLED


def faults(table: str, values: Mapping[str, object], *, on: date) -> Iterator[Fault]:
    """What cannot be, whatever the store holds; `values` are those of the row as it would be."""
    for begin, end in (("valid_from", "valid_to"), ("since", "until"), ("started_on", "ends_on")):
        first, last = values.get(begin), values.get(end)
        if isinstance(first, date) and isinstance(last, date) and last < first:
            yield end, "before_begin"
    match table:
        case "relation":
            yield from _relation(values, on=on)
        case "subscription":
            yield from _subscription(values)
        case _:
            return


def _relation(values: Mapping[str, object], *, on: date) -> Iterator[Fault]:
    """Somebody must be named, and a proof has a day."""
    if not values.get("other_subject_id") and not values.get("other_name"):
        yield "other_name", "required"
    proved = values.get("verified_how") not in {None, VerifiedHow.DECLARED}
    day = values.get("verified_on")
    if proved and day is None:
        yield "verified_on", "required"
    if isinstance(day, date) and day > on:
        yield "verified_on", "in_future"
    if values.get("until_majority") and values.get("kind") not in FOR_MINORS:
        yield "until_majority", "not_for_this_kind"


def _subscription(values: Mapping[str, object]) -> Iterator[Fault]:
    months = values.get("period_months")
    if isinstance(months, int) and not 1 <= months <= LONGEST_PERIOD:
        yield "period_months", "out_of_range"
    amount = values.get("amount")
    if isinstance(amount, int) and amount < 0:
        yield "amount", "out_of_range"
    ended = values.get("status") in {SubscriptionStatus.CANCELLED, SubscriptionStatus.ENDED}
    if ended and not values.get("cancelled_on") and not values.get("ends_on"):
        yield "cancelled_on", "required"


def word_faults(
    declared: Catalogue, table: str, values: Mapping[str, object], *, purpose: str
) -> Iterator[Fault]:
    """Fails closed: a tag or topic outside the declared vocabularies, or for another purpose."""
    if table == "preference":
        yield from _topic(declared, values, purpose=PurposeId(purpose))
    elif table == "person_tag":
        yield from _tag(declared, values, purpose=PurposeId(purpose))


def _topic(
    declared: Catalogue, values: Mapping[str, object], *, purpose: PurposeId
) -> Iterator[Fault]:
    topic = declared.topics.get(str(values["topic"]))
    said = str(values.get("value", ""))
    if topic is None:
        yield "topic", "undeclared"
    elif purpose not in topic.purposes | declared.duties:
        yield "topic", "other_purpose"
    elif (topic.choices and said not in topic.choices) or len(said) > WORD_LIMIT:
        yield "value", "undeclared"


def _tag(
    declared: Catalogue, values: Mapping[str, object], *, purpose: PurposeId
) -> Iterator[Fault]:
    vocabulary = declared.vocabularies.get(str(values["vocabulary"]))
    if vocabulary is None:
        yield "vocabulary", "undeclared"
    elif purpose not in vocabulary.purposes | declared.duties:
        yield "vocabulary", "other_purpose"
    elif values["label"] not in vocabulary.labels:
        yield "label", "undeclared"
    elif vocabulary.special and not values.get("ground"):
        yield "ground", "required"
