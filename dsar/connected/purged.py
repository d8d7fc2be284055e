"""Connected systems hear that a run erased a person here, as they hear of an erasure on request.

Every system is asked until it has answered for good. By which values it knows the person stands
sealed in a line of its own (`retention/outside.py`), whose key ends with the last answer.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from dsar.connected import telling
from dsar.connected.keys import keys_by
from dsar.connected.telling import HAND, Matter
from dsar.errors import NothingByHandError
from governance.connectors.types import Asking, Connector, Erasure, PersonKeys
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require
from retention.outside import PERSON, all_answered, end_keys, opened
from retention.parts.outside import Answered, OutsideEnd, store, waiting, waiting_one

NAME: Final = "purge"
SHOWN: Final = Answered(state="shown")
BY_OFFICER: Final = frozenset({HAND, "failed"})  # what never answers may be ended there by hand


def tell(
    ports: Ports,
    principal: Principal,
    connectors: Sequence[Connector],
    *,
    at: datetime,
    limit: int,
) -> int:
    """How many persons' systems have all answered now; one that fails stops no other."""
    known = _known_over(ports, at=at, limit=limit)
    _close(ports, known, at=at)
    matter = _matter(ports)
    done, failed = telling.tell(ports, principal, matter, connectors, at=at, limit=limit)
    _close(ports, done, at=at)
    if failed:
        raise failed[0]
    return len(done) + len(known)


def done_by_hand(
    ports: Ports, principal: Principal, row: RowId, connector: str, *, at: datetime
) -> None:
    """An officer says that it is ended there; the next look closes the line.

    Raises NothingByHandError.
    """
    require(ports, principal, Action.RETENTION_RUN)
    telling.done_by_hand(ports, principal, _matter(ports), row, connector, states=BY_OFFICER, at=at)


def known_by(
    ports: Ports, principal: Principal, row: RowId, connector: str, *, at: datetime
) -> PersonKeys:
    """By what somebody finds the person in a system that is ended by hand; on record.

    Raises NothingByHandError.
    """
    require(ports, principal, Action.RETENTION_RUN)
    matter = _matter(ports)

    def write(tx: Connection) -> OutsideEnd:
        one = waiting_one(tx, row, table=PERSON)
        if one is None or one.answers.get(connector, SHOWN).state not in BY_OFFICER:
            raise NothingByHandError
        telling.record(tx, ports, principal, matter, one, connector, SHOWN, at=at)
        return one

    return _keys_of(ports, ports.database.write(write))


def _matter(ports: Ports) -> Matter:
    return Matter(
        name=NAME,
        table=PERSON,
        asked=lambda _every: True,
        end=_erase,
        keys_of=partial(_keys_of, ports),
        closes=False,
    )


def _erase(connector: Connector, person: PersonKeys, asking: Asking) -> Erasure:
    return connector.erase(person, asking)


def _keys_of(ports: Ports, one: OutsideEnd) -> PersonKeys:
    """Fails closed: raises where the line does not open."""
    if one.sealed is None:
        raise NothingByHandError
    return keys_by(ports, one.subject, opened(ports.vault, one.id, one.sealed))


def _known_over(ports: Ports, *, at: datetime, limit: int) -> tuple[OutsideEnd, ...]:
    """Lines that an older database brought back after every system had answered."""
    with ports.database.read() as tx:
        due = waiting(tx, at=at, limit=limit, table=PERSON)
    over = all_answered(ports.vault, [one.id for one in due])
    return tuple(one for one in due if one.id in over)


def _close(ports: Ports, lines: Collection[OutsideEnd], *, at: datetime) -> None:
    """The keys end first: a line that is over is one that nobody opens any more."""
    end_keys(ports.vault, [one.id for one in lines])

    def write(tx: Connection) -> None:
        for one in lines:
            now = waiting_one(tx, one.id, table=PERSON)
            if now is not None:
                store(tx, now, over=True, at=at, next_at=at, table=PERSON)

    if lines:
        ports.database.write(write)
