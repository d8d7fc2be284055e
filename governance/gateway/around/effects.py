"""What follows a row around a person: the verified guardian, the one primary contact."""

from datetime import date, datetime

from sqlalchemy import Connection, select, update

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent.facts import facts_of
from consent.growing import ask_again, month_after
from governance.core.clock import JST
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers import store
from governance.customers.master.guardians import birth_of, relations_of
from governance.customers.master.rules import guardian_stands
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, TABLES
from governance.customers.subjects import AgeBand, age_band
from governance.gateway.writing.store import change_facts
from governance.keys.vault import FieldVault

CONTACT = TABLES["contact"]
GROWING = tuple(band.value for band in AgeBand if band not in {AgeBand.ADULT, AgeBand.UNKNOWN})
FACTS = select(SUBJECT.c.birth_band, SUBJECT.c.guardian_verified)


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


def refresh(
    tx: Connection,
    ports: Ports,
    *,
    after: SubjectId | None,
    limit: int,
    by: ActorId,
    at: datetime,
) -> tuple[int, SubjectId | None]:
    """The next minors and persons with a representative stand as this day makes them.

    Nobody writes on the day on which a child comes of age or a guardianship ends, so a job does.
    Returns how many changed, and the last person looked at; None at the end.
    """
    relation = TABLES["relation"]
    minor = SUBJECT.c.birth_band.in_(GROWING)
    acted_for = SUBJECT.c.id.in_(select(relation.c.subject_id))
    wanted = select(SUBJECT.c.id).where(minor | acted_for).order_by(SUBJECT.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(SUBJECT.c.id > after)
    page = [SubjectId(one) for one in tx.execute(wanted).scalars()]
    changed = [one for one in page if _grown(tx, ports, one, by=by, at=at)]
    for subject in changed:
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.PERSON_CHANGED,
                occurred_at=at,
                actor=by,
                object_type="subject",
                object_id=subject,
                subject=subject,
                outcome=Outcome.DONE,
                reasons=("come_of_age",),
            ),
        )
    return len(changed), page[-1] if len(page) == limit else None


def _grown(tx: Connection, ports: Ports, subject: SubjectId, *, by: ActorId, at: datetime) -> bool:
    """Whether the person's age band or guardian is another than yesterday's.

    Who now consents alone is asked about what a guardian consented to (GDPR 8; Q&A 1-62).
    """
    on = at.astimezone(JST).date()
    before = tx.execute(FACTS.where(SUBJECT.c.id == subject)).one()
    minor = _minor(tx, subject, on=on)
    birth = birth_of(ports.vault, store.records_of(tx, subject, "person"))
    band = age_band(birth, on=on)
    if birth is not None and band.value != before.birth_band:
        change_facts(tx, subject, {"birth_band": band.value})
        if minor and not _minor(tx, subject, on=on):
            change_facts(tx, subject, {"grown_on": month_after(on)})
            ask_again(tx, ports, subject, by=by, at=at)
    _guardian(tx, ports.vault, subject, on=on)
    return bool(tx.execute(FACTS.where(SUBJECT.c.id == subject)).one() != before)


def _minor(tx: Connection, subject: SubjectId, *, on: date) -> bool:
    """Whether the person is below the age of consent, as the third gate reads it."""
    facts = facts_of(store.subject_by_id(tx, subject, on=on))
    return facts is not None and facts.minor


def _guardian(tx: Connection, vault: FieldVault, subject: SubjectId, *, on: date) -> None:
    """The third gate learns whether a verified guardian stands; the register's day counts too."""
    persons = store.records_of(tx, subject, "person")
    relations = relations_of(tx, store.records_of(tx, subject, "relation"))
    birth = birth_of(vault, persons)
    stands = guardian_stands(relations, birth=birth, on=on) or any(
        person.clear["guardian_consent_on"] is not None for person in persons
    )
    known = tx.execute(select(SUBJECT.c.guardian_verified).where(SUBJECT.c.id == subject)).scalar()
    if bool(known) is not stands:
        change_facts(tx, subject, {"guardian_verified": stands})


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
