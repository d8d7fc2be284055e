"""Use cases of collection points: declared by version, opened and closed, on record."""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.collecting import store
from consent.collecting.errors import PointFaultsError
from consent.collecting.rules import faults_of
from consent.collecting.types import KeptPoint, Point
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure


def declare(
    tx: Connection, ports: Ports, principal: Principal, point: Point, *, at: datetime
) -> KeptPoint:
    """The version is declared, closed; raises PointFaultsError naming what is wrong."""
    ensure(principal, Action.NOTICE_WRITE, ports.policies.current)
    faults = faults_of(point, ports.policies.current.purposes, catalogue(), ledger.notices(tx))
    if faults:
        raise PointFaultsError(faults)
    if not store.declare(tx, point, by=principal.id, at=at):
        raise PointFaultsError([("version", "version_taken")])
    _record(tx, ports, principal, point, "declared", at=at)
    return store.newest(tx, point.id)


def set_open(
    tx: Connection, ports: Ports, principal: Principal, name: str, *, opened: bool, at: datetime
) -> KeptPoint:
    """The newest version takes data in, or no more; what a policy no longer covers is refused."""
    ensure(principal, Action.NOTICE_WRITE, ports.policies.current)
    kept = store.newest(tx, name)
    if opened:
        faults = faults_of(
            kept.point, ports.policies.current.purposes, catalogue(), ledger.notices(tx)
        )
        if faults:
            raise PointFaultsError(faults)
    store.set_open(tx, kept.point, opened=opened, at=at)
    _record(tx, ports, principal, kept.point, "opened" if opened else "closed", at=at)
    return store.newest(tx, name)


def _record(
    tx: Connection, ports: Ports, principal: Principal, point: Point, what: str, *, at: datetime
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.COLLECTION_CHANGED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="collection_point",
            object_id=f"{point.id}:{point.version}",
            outcome=Outcome.DONE,
            reasons=(what,),
            policy_version=ports.policies.current.version or None,
            refs=(f"sha256:{point.digest}",),
        ),
    )
