"""Connected systems hear that a person's My Number data ended here, as they hear of an erasure.

Each system that is declared to hold such data is asked until it has answered for good; what only a
colleague can reach waits until an officer says that it is done.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from dsar.connected import telling
from dsar.connected.telling import HAND, Matter
from governance.connectors.my_number import end_my_number, holds_my_number
from governance.connectors.types import Connector, PersonKeys
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require
from retention.parts.outside import END

NAME: Final = "my_number"


def tell(
    ports: Ports,
    principal: Principal,
    connectors: Sequence[Connector],
    keys_of: Callable[[SubjectId], PersonKeys],
    *,
    at: datetime,
    limit: int,
) -> int:
    """How many persons' systems have all answered now; one that fails stops no other."""
    matter = _matter(keys_of)
    done, failed = telling.tell(ports, principal, matter, connectors, at=at, limit=limit)
    if failed:
        raise failed[0]
    return len(done)


def done_by_hand(
    ports: Ports, principal: Principal, row: RowId, connector: str, *, at: datetime
) -> None:
    """An officer says that a colleague ended it there; raises NothingByHandError."""
    require(ports, principal, Action.RETENTION_RUN)
    states = frozenset({HAND})
    telling.done_by_hand(ports, principal, _matter(_nobody), row, connector, states=states, at=at)


def _matter(keys_of: Callable[[SubjectId], PersonKeys]) -> Matter:
    return Matter(
        name=NAME,
        table=END,
        asked=holds_my_number,
        end=end_my_number,
        keys_of=lambda one: keys_of(one.subject),
    )


def _nobody(subject: SubjectId) -> PersonKeys:
    return PersonKeys(subject=subject)
