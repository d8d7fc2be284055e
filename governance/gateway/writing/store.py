"""Statements that only writing needs: requests done once, facts of a person that follow a value."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.changes import counter
from governance.customers.holds.reading import held_parts
from governance.customers.holds.types import HeldScope
from governance.customers.imports import TURN
from governance.customers.store import FINDING, LAW, SUBJECT, SUPPRESSION
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of
from governance.gateway.writing.models import WriteOnceRow

ONCE = table_of(WriteOnceRow)
_LAWS = PreparedInsert(LAW)


def claim(tx: Connection, key: str, *, ends_at: datetime, at: datetime) -> bytes | None:
    """What came of the request that bears this key; None when it is claimed now.

    A second request waits here until the first has ended, whatever became of it.
    """
    tx.execute(delete(ONCE).where(ONCE.c.ends_at <= at))
    fresh = insert_ignore(ONCE, tx.dialect.name).values(id=key, outcome=b"", ends_at=ends_at)
    if tx.execute(fresh.returning(ONCE.c.id)).scalar() is not None:
        return None
    return outcome_of(tx, key, at=at)


def outcome_of(tx: Connection, key: str, *, at: datetime) -> bytes | None:
    """What came of the request that bears this key, sealed; None when there was none."""
    wanted = select(ONCE.c.outcome).where(ONCE.c.id == key, ONCE.c.ends_at > at)
    found = tx.execute(wanted).scalar()
    return None if found is None else bytes(found)


def keep_outcome(tx: Connection, key: str, outcome: bytes) -> None:
    """A repeated request will be told this."""
    tx.execute(update(ONCE).where(ONCE.c.id == key).values(outcome=outcome))


def release(tx: Connection, key: str) -> None:
    """The key is free again: nothing was stored under it."""
    tx.execute(delete(ONCE).where(ONCE.c.id == key))


def forget_requests(tx: Connection, /, *, at: datetime, limit: int) -> int:
    """How many requests of more than a day ago went."""
    over = select(ONCE.c.id).where(ONCE.c.ends_at <= at).limit(limit)
    return tx.execute(delete(ONCE).where(ONCE.c.id.in_(over))).rowcount


def take_turn(tx: Connection) -> None:
    """Nobody else decides what is new until this transaction ends; imports take the same turn."""
    tx.execute(insert_ignore(TURN, tx.dialect.name).values(id=0, turn=0))
    tx.execute(update(TURN).where(TURN.c.id == 0).values(turn=TURN.c.turn + 1))


def held_fields(tx: Connection, subject: SubjectId, fields: Iterable[FieldId]) -> set[FieldId]:
    """Which of these fields a legal hold covers."""
    hold = held_parts(tx, [subject]).get(subject, HeldScope())
    return {name for name in fields if hold.covers(name.partition(".")[0], field=name)}


def clear_findings(tx: Connection, row: RowId, fields: Iterable[FieldId]) -> None:
    """A changed text has no findings of its old words."""
    tx.execute(delete(FINDING).where(FINDING.c.row_id == row, FINDING.c.field.in_(list(fields))))


def lift_suppression(tx: Connection, tokens: Iterable[bytes]) -> int:
    """The person came back: these tokens bar nobody any more."""
    wanted = list(tokens)
    return tx.execute(delete(SUPPRESSION).where(SUPPRESSION.c.token.in_(wanted))).rowcount


def change_facts(tx: Connection, subject: SubjectId, facts: Mapping[str, Any]) -> None:
    """What the gates know of the person has changed; work begun before it must look again."""
    tx.execute(
        update(SUBJECT).where(SUBJECT.c.id == subject).values(**facts, fence=SUBJECT.c.fence + 1)
    )
    counter.note(tx, [subject])


def add_laws(tx: Connection, subject: SubjectId, laws: Mapping[Law, str], *, on: date) -> int:
    """Laws that now apply besides those that do; a correction takes no protection away."""
    open_ended = or_(LAW.c.valid_to.is_(None), LAW.c.valid_to >= on)
    known = set(
        tx.execute(select(LAW.c.law).where(LAW.c.subject_id == subject, open_ended)).scalars()
    )
    fresh = [
        {
            "id": new_row_id(),
            "subject_id": subject,
            "law": law.value,
            "evidence": evidence,
            "valid_from": on,
        }
        for law, evidence in laws.items()
        if law.value not in known
    ]
    _LAWS.rows(tx, fresh)
    if fresh:
        counter.note(tx, [subject])
    return len(fresh)


def source_key_taken(tx: Connection, table: str, key: str) -> bool:
    """Whether another row of the table bears this number."""
    return bool(store.known_source_keys(tx, table, [key]))
