"""An officer goes on without a connected system that does not answer, for a reason on record."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.execution.errors import NothingExecutedError, StoreUnknownError
from dsar.execution.store import execution_of, note_store, stores_of
from dsar.execution.types import STORE_ENDED, Stage, StoreState, Without
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


def go_on_without(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    store: str,
    reason: Without,
    *,
    at: datetime,
) -> None:
    """The erasure waits for this system no more; the certificate names it with the reason."""
    case, found = case_by_id(tx, request), execution_of(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_DECIDE)
    if found is None or found.stage is not Stage.STORES:
        raise NothingExecutedError
    known = {one.store: one for one in stores_of(tx, request)}
    if store not in known or known[store].state in STORE_ENDED:
        raise StoreUnknownError
    one = known[store]
    left = replace(one, state=StoreState.LEFT, code=reason.value, by=principal.id)
    note_store(tx, request, left, at=at)
    told = draft(
        ports,
        principal,
        case,
        EventCode.REQUEST_CHANGED,
        at=at,
        reasons=("store", "left", reason.value),
        refs=(f"connector:{store}",),
    )
    ports.audit.append(tx, told)
