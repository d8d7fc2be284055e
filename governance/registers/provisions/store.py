"""Rows of provision records in and out; a record in preparation is nobody's answer."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from governance.core.terms import ActorId, EventId, PurposeId, RowId, SubjectId
from governance.customers.store import HOLD
from governance.db.types import table_of
from governance.registers.provisions.models import ProvisionPersonRow, ProvisionRow
from governance.registers.provisions.rules import named
from governance.registers.provisions.types import (
    Direction,
    Keeping,
    ProvidedPerson,
    Provision,
    ProvisionGround,
    Recorded,
)

PROVISION, PERSON = table_of(ProvisionRow), table_of(ProvisionPersonRow)
PREPARING, RECORDED = "preparing", "recorded"
IN_LIMIT: Final = 500  # values in one IN list


def add(tx: Connection, provision: Provision, *, state: str = RECORDED) -> None:
    """The record is there, recorded or still in preparation."""
    tx.execute(
        insert(PROVISION).values(
            id=provision.id,
            direction=provision.direction.value,
            state=state,
            recipient_id=provision.recipient,
            duty=provision.recorded.duty,
            ground=provision.recorded.ground.value,
            batch=provision.batch,
            first_on=provision.first_on,
            last_on=provision.last_on,
            purpose=provision.purpose,
            categories=named(provision.categories),
            fields=named(provision.fields),
            country=provision.country,
            persons=provision.persons,
            party=provision.party,
            acquisition=provision.acquisition,
            event_id=provision.event_id,
            policy_version=provision.policy_version,
            keep_rule=provision.keeping.rule,
            keep_until=provision.keeping.until,
            purge_from=provision.keeping.purge_from,
            recorded_by=provision.recorded_by,
            recorded_at=provision.recorded_at,
        )
    )


def add_persons(tx: Connection, provision: RowId, persons: Sequence[ProvidedPerson]) -> None:
    """These persons are in the record."""
    if not persons:
        return
    tx.execute(
        insert(PERSON),
        [
            {
                "id": one.id,
                "provision_id": provision,
                "subject_id": one.subject,
                "provided_on": one.provided_on,
                "consent_seq": one.consent_seq,
                "identity": one.identity,
            }
            for one in persons
        ],
    )


def release(tx: Connection, provision: RowId, *, event: EventId) -> int:
    """The prepared record counts from now on; how many persons are in it."""
    counted = select(func.count()).where(PERSON.c.provision_id == provision)
    persons = int(tx.execute(counted).scalar_one())
    tx.execute(
        update(PROVISION)
        .where(PROVISION.c.id == provision, PROVISION.c.state == PREPARING)
        .values(state=RECORDED, persons=persons, event_id=event)
    )
    return persons


def name_event(tx: Connection, provision: RowId, event: EventId) -> None:
    """The event of the log that vouches for the record."""
    tx.execute(update(PROVISION).where(PROVISION.c.id == provision).values(event_id=event))


def extend(
    tx: Connection, provision: RowId, *, last: date, keeping: Keeping, fields: Iterable[str],
    categories: Iterable[str],
) -> None:  # fmt: skip
    """One more provision of the batch: its last day and what it covers."""
    counted = select(func.count()).where(PERSON.c.provision_id == provision)
    tx.execute(
        update(PROVISION)
        .where(PROVISION.c.id == provision)
        .values(
            last_on=last,
            keep_until=keeping.until,
            purge_from=keeping.purge_from,
            persons=counted.scalar_subquery(),
            fields=named(fields),
            categories=named(categories),
        )
    )


def open_batch(
    tx: Connection, recipient: RowId, purpose: PurposeId, *, ground: ProvisionGround, first: date
) -> Provision | None:
    """The batch of this recipient and purpose that began on this day or later."""
    wanted = PROVISION.select().where(
        PROVISION.c.recipient_id == recipient,
        PROVISION.c.purpose == purpose,
        PROVISION.c.ground == ground.value,
        PROVISION.c.state == RECORDED,
        PROVISION.c.batch.is_(True),
        PROVISION.c.first_on >= first,
    )
    row = tx.execute(wanted.order_by(PROVISION.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else provision_of(row)


def discard(tx: Connection, provision: RowId) -> None:
    """A record that was only prepared is gone with its persons."""
    prepared = exists().where(PROVISION.c.id == provision, PROVISION.c.state == PREPARING)
    tx.execute(delete(PERSON).where(PERSON.c.provision_id == provision, prepared))
    tx.execute(delete(PROVISION).where(PROVISION.c.id == provision, PROVISION.c.state == PREPARING))


def recorded(
    tx: Connection,
    *,
    recipient: RowId | None = None,
    since: date | None = None,
    until: date | None = None,
    before: RowId | None = None,
    limit: int,
) -> tuple[Provision, ...]:
    """Records, the newest first; `before` goes on behind one of them."""
    wanted = PROVISION.select().where(PROVISION.c.state == RECORDED)
    if recipient is not None:
        wanted = wanted.where(PROVISION.c.recipient_id == recipient)
    if since is not None:
        wanted = wanted.where(PROVISION.c.last_on >= since)
    if until is not None:
        wanted = wanted.where(PROVISION.c.first_on <= until)
    if before is not None:
        wanted = wanted.where(PROVISION.c.id < before)
    rows = tx.execute(wanted.order_by(PROVISION.c.id.desc()).limit(limit))
    return tuple(provision_of(row) for row in rows)


def by_id(tx: Connection, provision: str) -> Provision | None:
    """The record of this id; None for none and for one in preparation."""
    wanted = PROVISION.select().where(PROVISION.c.id == provision, PROVISION.c.state == RECORDED)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else provision_of(row)


def persons_of(
    tx: Connection, provision: RowId, *, after: RowId | None = None, limit: int
) -> tuple[ProvidedPerson, ...]:
    """Persons of a record in the order of their rows."""
    wanted = PERSON.select().where(PERSON.c.provision_id == provision)
    if after is not None:
        wanted = wanted.where(PERSON.c.id > after)
    return tuple(person_of(row) for row in tx.execute(wanted.order_by(PERSON.c.id).limit(limit)))


def of_person(
    tx: Connection, subjects: Sequence[SubjectId]
) -> tuple[tuple[Provision, ProvidedPerson], ...]:
    """Every record about a person under any of these pseudonyms, the oldest first."""
    wanted = (
        select(PROVISION, PERSON.c.id.label("person_row"))
        .join(PERSON, PERSON.c.provision_id == PROVISION.c.id)
        .where(PERSON.c.subject_id.in_(subjects), PROVISION.c.state == RECORDED)
        .order_by(PROVISION.c.first_on, PROVISION.c.id)
    )
    rows = tx.execute(wanted).all()
    people = {
        row.id: person_of(row)
        for row in tx.execute(PERSON.select().where(PERSON.c.subject_id.in_(subjects)))
    }
    return tuple((provision_of(row), people[row.person_row]) for row in rows)


def has_person(tx: Connection, provision: RowId, subject: SubjectId) -> bool:
    """Whether the person is in the record already."""
    wanted = select(PERSON.c.id).where(
        PERSON.c.provision_id == provision, PERSON.c.subject_id == subject
    )
    return tx.execute(wanted).first() is not None


def discard_older(tx: Connection, *, at: datetime) -> None:
    """Records that were prepared before this moment and never counted are gone."""
    old = select(PROVISION.c.id).where(PROVISION.c.state == PREPARING, PROVISION.c.recorded_at < at)
    for provision in list(tx.execute(old).scalars()):
        discard(tx, RowId(provision))


def purge(tx: Connection, *, on: date, limit: int) -> int:
    """How many rows of records whose keeping is over went; persons before their record.

    A legal hold on one of its persons stops the end of a record.
    """
    held = exists().where(
        PERSON.c.provision_id == PROVISION.c.id,
        HOLD.c.subject_id == PERSON.c.subject_id,
        HOLD.c.released_at.is_(None),
    )
    over = (
        select(PROVISION.c.id)
        .where(PROVISION.c.purge_from <= on, ~held)
        .order_by(PROVISION.c.purge_from, PROVISION.c.id)
        .limit(1)
    )
    gone = 0
    while gone < limit and (ended := tx.execute(over).scalar()) is not None:
        gone += _end(tx, ended, limit=limit - gone)
    return gone


def _end(tx: Connection, provision: str, *, limit: int) -> int:
    """At most so many rows of one record are gone."""
    some = select(PERSON.c.id).where(PERSON.c.provision_id == provision).limit(limit)
    ids = list(tx.execute(some).scalars())
    for start in range(0, len(ids), IN_LIMIT):
        tx.execute(delete(PERSON).where(PERSON.c.id.in_(ids[start : start + IN_LIMIT])))
    if len(ids) == limit:
        return limit
    tx.execute(delete(PROVISION).where(PROVISION.c.id == provision))
    return len(ids) + 1


def person_of(row: Row[Any]) -> ProvidedPerson:
    """A stored row as the person that it names."""
    return ProvidedPerson(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        provided_on=row.provided_on,
        consent_seq=row.consent_seq,
        identity=None if row.identity is None else bytes(row.identity),
    )


def provision_of(row: Row[Any]) -> Provision:
    """A stored row as the record that it is."""
    return Provision(
        id=RowId(row.id),
        direction=Direction(row.direction),
        recipient=RowId(row.recipient_id),
        recorded=Recorded(duty=row.duty, ground=ProvisionGround(row.ground)),
        batch=bool(row.batch),
        first_on=row.first_on,
        last_on=row.last_on,
        purpose=PurposeId(row.purpose) if row.purpose else None,
        categories=tuple(row.categories.split(",")) if row.categories else (),
        fields=tuple(row.fields.split(",")) if row.fields else (),
        country=row.country,
        persons=row.persons,
        event_id=EventId(row.event_id) if row.event_id else None,
        policy_version=row.policy_version,
        keeping=Keeping(rule=row.keep_rule, until=row.keep_until, purge_from=row.purge_from),
        recorded_by=ActorId(row.recorded_by),
        recorded_at=row.recorded_at,
        party=bytes(row.party),
        acquisition=None if row.acquisition is None else bytes(row.acquisition),
    )
