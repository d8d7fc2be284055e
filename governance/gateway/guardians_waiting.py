"""Parents and guardians who wait for their second person, of all persons at once.

What was recorded before two persons were asked for, or came by a file, waits here as well. Nothing
sealed is opened: who they are stands on the page of the person, behind the gate.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Select, or_, select

from governance.core.clock import JST
from governance.core.terms import RowId, SubjectId
from governance.customers.master.guardians import HAND, RELATION
from governance.customers.master.rules import FOR_MINORS
from governance.customers.master.types import VerifiedHow
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, Record, record_of
from governance.customers.subjects import AgeBand, SubjectState
from governance.gateway.guardianship import PURPOSES, TABLE, Second, Standing, standings
from governance.gateway.writing.gates import may_know
from governance.http.principal import Principal

PART: Final = 1_000  # rows of one look
WAITS: Final = frozenset({Second.WAITING, Second.TO_ASK})  # a refused one waits for nobody
ANYBODY: Final = SubjectId("")


def waiting(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime, limit: int | None = None
) -> tuple[tuple[Record, Standing], ...]:
    """Those that wait, the oldest first; none for whoever may know of no such record."""
    policy = ports.policies.current
    if not any(
        may_know(policy, principal, TABLE, subject=ANYBODY, purpose_name=purpose)
        for purpose in PURPOSES
    ):
        return ()  # fails closed
    return tuple(islice(unconfirmed(tx, at=at), limit))


def unconfirmed(tx: Connection, *, at: datetime) -> Iterator[tuple[Record, Standing]]:
    """Each record by which somebody would act once a second person confirmed it."""
    wanted = _wanted(on=at.astimezone(JST).date()).order_by(RELATION.c.id).limit(PART)
    after = RowId("")
    while rows := tx.execute(wanted.where(RELATION.c.id > after)).mappings().all():
        records = [record_of(TABLE, row) for row in rows]
        after = records[-1].id
        hands = standings(tx, records, at=at)
        yield from ((one, hands[one.id]) for one in records if hands[one.id].second in WAITS)


def _wanted(*, on: date) -> Select[tuple[object, ...]]:
    """Rights of children that were proved and are not over, without a hand or changed since one.

    A row that was never changed says what was confirmed; what a changed one says is compared.
    """
    band = SUBJECT.c.birth_band
    return (
        select(RELATION)
        .join(SUBJECT, SUBJECT.c.id == RELATION.c.subject_id)
        .outerjoin(HAND, HAND.c.relation_id == RELATION.c.id)
        .where(
            RELATION.c.kind.in_([kind.value for kind in FOR_MINORS]),
            RELATION.c.verified_how != VerifiedHow.DECLARED.value,
            RELATION.c.verified_on <= on,
            or_(RELATION.c.valid_to.is_(None), RELATION.c.valid_to >= on),
            or_(HAND.c.relation_id.is_(None), RELATION.c.version > 1),
            SUBJECT.c.state.in_([SubjectState.ACTIVE.value, SubjectState.RESTRICTED.value]),
            or_(band.is_(None), band != AgeBand.ADULT.value),
        )
    )
