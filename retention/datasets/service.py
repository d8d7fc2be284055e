"""Use cases of data sets: list, look, release by a second person, take, give, end.

Making one is `building.make`. The method of its making is read under an action of its own
(APPI 43(2), 施行規則35条; 41(2)).
"""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.approvals.second import is_second
from governance.customers.ports import Ports
from governance.documents.files import whole_file
from governance.gateway.bulk.files import write
from governance.gateway.bulk.types import ExportFormat
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require, today
from retention.datasets import store
from retention.datasets.building import event, header, rows_of
from retention.datasets.errors import (
    DatasetProvisionError,
    DatasetSamePersonError,
    DatasetStateError,
)
from retention.datasets.types import Dataset, DatasetId, DatasetKind, State

LONGEST_RECIPIENT = 200


def listed(tx: Connection, ports: Ports, principal: Principal) -> tuple[Dataset, ...]:
    """Every data set, the newest first."""
    require(ports, principal, Action.DATASET_READ)
    return store.every(tx)


def shown(tx: Connection, ports: Ports, principal: Principal, dataset: DatasetId) -> Dataset:
    """One data set without its method and rows; raises DatasetUnknownError."""
    require(ports, principal, Action.DATASET_READ)
    return store.by_id(tx, dataset)


def method(
    tx: Connection, ports: Ports, principal: Principal, dataset: DatasetId, *, at: datetime
) -> tuple[str, str]:
    """How it was made: the request and what the checks found; the look is on record."""
    require(ports, principal, Action.DATASET_METHOD)
    found = store.method_of(tx, dataset)
    known = store.by_id(tx, dataset)
    ports.audit.append(tx, event(known, EventCode.DATASET_METHOD_READ, principal, at=at))
    return found


def release(
    tx: Connection, ports: Ports, principal: Principal, dataset: DatasetId, *, at: datetime
) -> Dataset:
    """Analysts may take it; an anonymised one stands on the published page from now on.

    Raises DatasetSamePersonError, DatasetStateError.
    """
    require(ports, principal, Action.DATASET_RELEASE)
    known = _in_state(tx, dataset, State.MADE)
    done = {Action.DATASET_MAKE: known.made_by}
    policy, action = ports.policies.current, Action.DATASET_RELEASE
    if not is_second(tx, policy, principal, action, done, since=known.made_at):
        raise DatasetSamePersonError
    store.release(tx, dataset, by=principal.id, at=at)
    return _on_record(tx, ports, principal, dataset, EventCode.DATASET_RELEASED, at=at)


def take(
    ports: Ports,
    principal: Principal,
    dataset: DatasetId,
    path: Path,
    *,
    form: ExportFormat = ExportFormat.CSV,
    at: datetime,
) -> Dataset:
    """The rows stand in a new file; that they were taken is on record before it is there."""
    require(ports, principal, Action.DATASET_TAKE)
    with ports.database.read() as tx:
        known = _usable(store.by_id(tx, dataset), at=at)
        parts = list(store.parts(tx, dataset))
    with whole_file(path) as part:
        write(part, form, header(known), rows_of(ports, parts))

        def record(tx: Connection) -> Dataset:
            still = _usable(store.by_id(tx, dataset), at=at)
            ports.audit.append(tx, event(still, EventCode.DATASET_TAKEN, principal, at=at))
            return still

        return ports.database.write(record)


def provide(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    dataset: DatasetId,
    *,
    recipient: str,
    at: datetime,
) -> Dataset:
    """An anonymised data set was given to this recipient, who was told what it is (APPI 43(4)).

    Raises DatasetProvisionError for a pseudonymised or unpublished one: APPI 41(6) forbids it.
    """
    require(ports, principal, Action.DATASET_RELEASE)
    known = store.by_id(tx, dataset, lock=True)
    told = recipient.strip()
    if known.kind is not DatasetKind.ANONYMISED or known.state is not State.RELEASED:
        raise DatasetProvisionError(kind=known.kind.value, state=known.state.value)
    if not 0 < len(told) <= LONGEST_RECIPIENT or not told.isprintable():
        raise DatasetProvisionError(kind=known.kind.value, state="recipient")
    store.provide(tx, dataset, to=told, by=principal.id, at=at)
    return _on_record(tx, ports, principal, dataset, EventCode.DATASET_PROVIDED, at=at)


def end(
    tx: Connection, ports: Ports, principal: Principal, dataset: DatasetId, *, at: datetime
) -> Dataset:
    """Its rows are gone, by its maker or who releases; raises DatasetStateError if they were."""
    known = store.by_id(tx, dataset, lock=True)
    mine = known.made_by == principal.id
    require(ports, principal, Action.DATASET_MAKE if mine else Action.DATASET_RELEASE)
    if known.state is State.ENDED:
        raise DatasetStateError(state=State.ENDED.value)
    return _ended(tx, ports, principal, dataset, at=at)


def end_over(ports: Ports, principal: Principal, *, at: datetime) -> int:
    """How many data sets ended because their last day has passed."""
    with ports.database.read() as tx:
        waiting = store.over(tx, on=today(at))

    def write(tx: Connection, dataset: DatasetId) -> bool:
        if store.by_id(tx, dataset, lock=True).state is State.ENDED:
            return False
        _ended(tx, ports, principal, dataset, at=at)
        return True

    return sum(ports.database.write(lambda tx, one=one: write(tx, one)) for one in waiting)  # type: ignore[misc] # bound now


def published(tx: Connection) -> tuple[Dataset, ...]:
    """Anonymised data sets whose items the law wants published (APPI 43(3), 44)."""
    return tuple(
        one
        for one in store.every(tx)
        if one.kind is DatasetKind.ANONYMISED and one.released_at is not None
    )


def _ended(
    tx: Connection, ports: Ports, principal: Principal, dataset: DatasetId, *, at: datetime
) -> Dataset:
    store.end(tx, dataset, by=principal.id, at=at)
    return _on_record(tx, ports, principal, dataset, EventCode.DATASET_ENDED, at=at)


def _on_record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    dataset: DatasetId,
    action: EventCode,
    *,
    at: datetime,
) -> Dataset:
    known = store.by_id(tx, dataset)
    ports.audit.append(tx, event(known, action, principal, at=at))
    return known


def _in_state(tx: Connection, dataset: DatasetId, state: State) -> Dataset:
    known = store.by_id(tx, dataset, lock=True)
    if known.state is not state:
        raise DatasetStateError(state=known.state.value)
    return known


def _usable(dataset: Dataset, *, at: datetime) -> Dataset:
    """Fails closed: neither before a second person released it nor after its last day."""
    if dataset.state is not State.RELEASED or today(at) > dataset.expires_on:
        raise DatasetStateError(state=dataset.state.value)
    return dataset
