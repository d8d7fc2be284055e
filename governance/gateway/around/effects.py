"""What follows a row around a person: the verified guardian, the one primary contact."""

from datetime import date

from sqlalchemy import Connection, select, update

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.master.rules import Relation, guardian_stands
from governance.customers.master.types import RelationKind, VerifiedHow
from governance.customers.store import SUBJECT, TABLES, Record
from governance.gateway.writing.store import change_facts
from governance.keys.vault import FieldVault

BIRTH = FieldId("person.birth_date")
CONTACT = TABLES["contact"]


def follow(
    tx: Connection,
    vault: FieldVault,
    table: str,
    subject: SubjectId,
    row: RowId,
    *,
    on: date,
) -> None:
    """What else the new state of the table means."""
    if table == "relation":
        _guardian(tx, vault, subject, on=on)
    elif table == "contact":
        _primary(tx, row)


def _guardian(tx: Connection, vault: FieldVault, subject: SubjectId, *, on: date) -> None:
    """The third gate learns whether a verified guardian stands; the register's day counts too."""
    persons = store.records_of(tx, subject, "person")
    relations = [relation_of(found) for found in store.records_of(tx, subject, "relation")]
    birth = _birth(vault, persons)
    stands = guardian_stands(relations, birth=birth, on=on) or any(
        person.clear["guardian_consent_on"] is not None for person in persons
    )
    known = tx.execute(select(SUBJECT.c.guardian_verified).where(SUBJECT.c.id == subject)).scalar()
    if bool(known) is not stands:
        change_facts(tx, subject, {"guardian_verified": stands})


def _birth(vault: FieldVault, persons: tuple[Record, ...]) -> date | None:
    """The person's birth date, opened for the rule alone; none when it is not known."""
    cells = [(one.id, {BIRTH: one.sealed[BIRTH]}) for one in persons if BIRTH in one.sealed]
    opened = vault.open_rows(cells)
    values = [values[BIRTH].value for values in opened]
    return next((value for value in values if isinstance(value, date)), None)


def relation_of(record: Record) -> Relation:
    """A stored relation as the rules see it."""
    clear, how = record.clear, record.clear["verified_how"]
    return Relation(
        kind=RelationKind(clear["kind"]),
        verified_how=VerifiedHow(how) if how is not None else None,
        verified_on=clear["verified_on"],
        valid_from=clear["valid_from"],
        valid_to=clear["valid_to"],
        until_majority=bool(clear["until_majority"]),
    )


def _primary(tx: Connection, row: RowId) -> None:
    """A company has one primary contact: the last one that was named so."""
    named = select(CONTACT.c.company_id, CONTACT.c.is_primary).where(CONTACT.c.id == row)
    found = tx.execute(named).one_or_none()
    if found is not None and found.is_primary:
        tx.execute(
            update(CONTACT)
            .where(
                CONTACT.c.company_id == found.company_id,
                CONTACT.c.id != row,
                CONTACT.c.is_primary.is_(True),
            )
            .values(is_primary=False, version=CONTACT.c.version + 1)
        )
