"""One sequence for choices and for facts about persons: what was decided at a place is exact.

A decision about a person rests on the ledger's events and on facts: state, laws, age, guardian,
what a law keeps, merges. An event has its own number; a person has the number of the last change
of their facts (`changed_seq`). The state at N is everything that is numbered up to N.
The counter's row is locked from a number's taking to the commit, so that numbers become visible
in their order; changes of facts take theirs as the last act before the commit.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from governance.core.terms import SubjectId
from governance.customers.changes.models import ConsentHead
from governance.customers.models import SubjectEntry
from governance.db.fetching import PreparedSelect
from governance.db.keyed import PreparedChange
from governance.db.late import before_commit
from governance.db.types import insert_ignore, table_of

HEAD, SUBJECT = table_of(ConsentHead), table_of(SubjectEntry)
SHARD: Final = 0
_HEAD: Final = PreparedSelect(select(HEAD.c.seq).where(HEAD.c.shard == SHARD))
_POSITION: Final = PreparedSelect(
    select(HEAD.c.seq, HEAD.c.everyone_seq, HEAD.c.callers_seq).where(HEAD.c.shard == SHARD)
)
_CHANGED: Final = PreparedChange(
    lambda ids: update(SUBJECT).where(SUBJECT.c.id.in_(ids)).values(changed_seq=bindparam("seq"))
)


class Taken:
    """How often this process took numbers; who finds no difference owes nobody a wait."""

    times = 0


def head(tx: Connection) -> int:
    """The newest number of the sequence; 0 before the first."""
    return int(_HEAD.one(tx) or 0)


class Position(NamedTuple):
    """Where the sequence stands, and the last numbers of what concerns more than one person."""

    seq: int = 0
    everyone: int = 0  # something on which every person's decisions rest
    callers: int = 0  # who may call, and by what key


def position(tx: Connection) -> Position:
    """The place of the database that this transaction sees."""
    rows = _POSITION.rows(tx, {})
    return Position(*map(int, rows[0])) if rows else Position()


def everyone(tx: Connection) -> int:
    """The number of the last change on which every person's decisions rest."""
    return position(tx).everyone


def take(tx: Connection, count: int = 1, *, closes: bool = True) -> int:
    """The last of so many numbers that are this transaction's; of none, the head under its lock.

    `closes`: a permit may end by it, so that its acknowledgement waits for every copy.
    """
    if count and closes:
        Taken.times += 1
    raised = (
        update(HEAD)
        .where(HEAD.c.shard == SHARD)
        .values(seq=HEAD.c.seq + count)
        .returning(HEAD.c.seq)
    )
    last = tx.execute(raised).scalar()
    if last is None:
        first = insert_ignore(HEAD, tx.dialect.name)
        tx.execute(first.values(shard=SHARD, seq=0, everyone_seq=0, callers_seq=0))
        last = tx.execute(raised).scalar_one()
    return int(last)


def note(tx: Connection, subjects: Iterable[SubjectId]) -> None:
    """What the third gate knows of these persons is another from this transaction on."""
    before_commit(tx, _note, subjects)


def note_everyone(tx: Connection) -> None:
    """Something on which every decision rests is another from this transaction on."""
    before_commit(tx, _note_everyone, ())


def note_callers(tx: Connection) -> None:
    """Another system may call from this transaction on, or one may no more."""
    before_commit(tx, _note_callers, ())


def _note(tx: Connection, subjects: Sequence[str]) -> None:
    if not subjects:
        return
    _CHANGED.rows(tx, subjects, {"seq": take(tx)})


def _note_everyone(tx: Connection, _nobody: Sequence[str]) -> None:
    seq = take(tx)
    tx.execute(update(HEAD).where(HEAD.c.shard == SHARD).values(everyone_seq=seq))


def _note_callers(tx: Connection, _nobody: Sequence[str]) -> None:
    seq = take(tx)
    tx.execute(update(HEAD).where(HEAD.c.shard == SHARD).values(callers_seq=seq))
