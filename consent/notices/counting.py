"""How many persons a new version would ask again; counts alone, nobody is named."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from consent.ledger import EVENT
from consent.notices.types import Edition, Staled
from consent.types import EVERY, GRANTS, NARROWING, ChangeClass
from governance.core.terms import Law
from policies.purposes import PurposeRecord, consent_gated

_LATER = EVENT.alias("later")
_WORDS = [kind.value for kind in (*GRANTS, *NARROWING)]


def staled_by(
    tx: Connection, edition: Edition, uses: Iterable[PurposeRecord]
) -> tuple[Staled, ...]:
    """For each purpose on consent: who agrees now, and whom this version would ask again."""
    found = []
    for purpose in uses:
        if not consent_gated(purpose, tuple(Law)):
            continue
        agreed = _persons(tx, purpose)
        match edition.change:
            case ChangeClass.MATERIAL:
                staled = agreed
            case ChangeClass.NEW_RECIPIENT:
                outside = any(name != "internal" for name in purpose.recipients)
                staled = _persons(tx, purpose, outside=True) if outside else 0
            case ChangeClass.EDITORIAL | ChangeClass.FIRST:
                staled = 0
        found.append(Staled(purpose=purpose.id, agreed=agreed, staled=staled))
    return tuple(found)


def _persons(tx: Connection, purpose: PurposeRecord, *, outside: bool = False) -> int:
    """Persons with a yes after which no other word about the same cell came."""
    query = select(func.count(func.distinct(EVENT.c.subject_id))).where(
        EVENT.c.purpose == purpose.id,
        EVENT.c.kind.in_([kind.value for kind in GRANTS]),
        ~exists().where(_after()),
    )
    if outside:
        query = query.where(EVENT.c.recipient_class != "internal")
    return int(tx.execute(query).scalar_one())


def _after() -> ColumnElement[bool]:
    """A later word about this cell, or about all cells of the purpose."""
    return and_(
        _LATER.c.subject_id == EVENT.c.subject_id,
        _LATER.c.purpose == EVENT.c.purpose,
        _LATER.c.seq > EVENT.c.seq,
        _LATER.c.kind.in_(_WORDS),
        _LATER.c.channel.in_([EVENT.c.channel, EVERY]),
        _LATER.c.recipient_class.in_([EVENT.c.recipient_class, EVERY]),
    )
