"""Parents and guardians (法定代理人) who have an account: for which children they act today.

The right is a row of `relation` that an officer verified and a second person confirmed, and it
names the guardian as a person on record. It ends with majority whatever the row says, with the
row's own end, and with either person.
Fails closed: a child whose birth date is not known, or cannot be read, is acted for by nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from governance.core.clock import JST
from governance.core.terms import ActorId, FieldId, RowId, SubjectId
from governance.customers.master.models import GuardianHandRow
from governance.customers.master.rules import Hand, Relation, facts_of, gives_right
from governance.customers.master.types import RelationKind, VerifiedHow
from governance.customers.store import TABLES, Record, record_by_id, records_of, subject_by_id
from governance.customers.subjects import ADULT_AGE, AgeBand, age_at
from governance.customers.upkeep.merges import survivor_of
from governance.db.types import table_of
from governance.keys.vault import FieldVault

BIRTH = FieldId("person.birth_date")
RELATION, HAND = TABLES["relation"], table_of(GuardianHandRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who may act for whom, by which row."""

    relation: RowId
    guardian: SubjectId
    child: SubjectId
    age: int  # completed years of the child


def children_of(
    tx: Connection, vault: FieldVault, guardian: SubjectId, *, at: datetime
) -> tuple[Acting, ...]:
    """The children for whom this person acts today, by the rows in their order."""
    wanted = (
        select(RELATION.c.id).where(RELATION.c.other_subject_id == guardian).order_by(RELATION.c.id)
    )
    found = (acting_by(tx, vault, RowId(row), at=at) for row in tx.execute(wanted).scalars())
    by_child = {one.child: one for one in found if one is not None}
    return tuple(by_child.values())


def guardians_of(
    tx: Connection, vault: FieldVault, child: SubjectId, *, at: datetime
) -> tuple[Acting, ...]:
    """Everybody with an account who acts for this child today."""
    rows = [one.id for one in records_of(tx, child, "relation")]
    found = (acting_by(tx, vault, row, at=at) for row in rows)
    return tuple(one for one in found if one is not None)


def acting_by(tx: Connection, vault: FieldVault, relation: RowId, *, at: datetime) -> Acting | None:
    """What this row gives a right to today; None for nothing."""
    on = at.astimezone(JST).date()
    stands = standing(tx, relation, on=on)
    if stands is None:
        return None
    child, guardian = stands
    birth = birth_of(vault, records_of(tx, child, "person"))
    if birth is None or (age := age_at(birth, on=on)) >= ADULT_AGE:
        return None
    return Acting(relation=relation, guardian=guardian, child=child, age=age)


def standing(tx: Connection, relation: RowId, *, on: date) -> tuple[SubjectId, SubjectId] | None:
    """Child and guardian of a row that stands on this day, as far as nothing sealed is opened.

    The birthday itself is not seen here: `acting_by` looks, and what it found is good for its day.
    """
    record = record_by_id(tx, "relation", relation)
    other = record.clear["other_subject_id"] if record is not None else None
    if record is None or other is None:
        return None
    (right,) = relations_of(tx, [record])
    if not gives_right(right, birth=None, on=on):
        return None  # fails closed: also a right that one person alone recorded
    child, guardian = record.subject, SubjectId(other)
    if child == guardian or not (_here(tx, child, on=on) and _here(tx, guardian, on=on)):
        return None
    person = subject_by_id(tx, child, on=on)
    grown = person is None or person.age_band is AgeBand.ADULT
    return None if grown else (child, guardian)


def _here(tx: Connection, subject: SubjectId, *, on: date) -> bool:
    """Whether the person stands under this pseudonym and is not gone."""
    person = subject_by_id(tx, subject, on=on)
    return person is not None and not person.gone and survivor_of(tx, subject) == subject


def relations_of(tx: Connection, records: Sequence[Record]) -> tuple[Relation, ...]:
    """Stored relations as the rules see them, each with what a second person confirmed."""
    hands = hands_of(tx, [record.id for record in records])
    return tuple(_relation(record, hands.get(record.id)) for record in records)


def hands_of(tx: Connection, rows: Sequence[RowId]) -> dict[RowId, Hand]:
    """What a second person confirmed of these rows."""
    found = tx.execute(select(HAND).where(HAND.c.relation_id.in_(rows))) if rows else ()
    return {RowId(one.relation_id): Hand(facts=one.facts, until=one.until) for one in found}


def _relation(record: Record, hand: Hand | None) -> Relation:
    clear, how = record.clear, record.clear["verified_how"]
    return Relation(
        kind=RelationKind(clear["kind"]),
        verified_how=VerifiedHow(how) if how is not None else None,
        verified_on=clear["verified_on"],
        valid_from=clear["valid_from"],
        valid_to=clear["valid_to"],
        until_majority=bool(clear["until_majority"]),
        hand=hand,
    )


def confirm(tx: Connection, record: Record, *, by: ActorId, at: datetime) -> None:
    """This person confirmed the right as it stands; an earlier hand over it counts no more."""
    (right,) = relations_of(tx, [record])
    tx.execute(delete(HAND).where(HAND.c.relation_id == record.id))
    tx.execute(
        insert(HAND).values(
            relation_id=record.id,
            subject_id=record.subject,
            facts=facts_of(right),
            until=right.valid_to,
            confirmed_by=by,
            confirmed_at=at,
        )
    )


def withdraw(tx: Connection, relation: RowId) -> None:
    """No second person stands behind this row."""
    tx.execute(delete(HAND).where(HAND.c.relation_id == relation))


def birth_of(vault: FieldVault, persons: Iterable[Record]) -> date | None:
    """The person's birth date, opened for the rule alone; none when it is not known."""
    cells = [(one.id, {BIRTH: one.sealed[BIRTH]}) for one in persons if BIRTH in one.sealed]
    values = [opened[BIRTH].value for opened in vault.open_rows(cells)]
    return next((value for value in values if isinstance(value, date)), None)
