"""Granted requests carried out by the house: who drives, what is connected, each few seconds."""

from datetime import date, datetime, timedelta

from dsar.case import Case
from dsar.connected.keys import person_keys
from dsar.execution.driving import Driver, drive
from dsar.execution.resuming import resume_held
from dsar.execution.store import at_work
from dsar.execution.types import House
from dsar.execution.unconfirmed import late_confirmations
from dsar.execution.undoing import end_restrictions
from governance.app.backups import finality_terms
from governance.app.connected import connectors_of
from governance.app.examined import Examined
from governance.app.wiring import SYSTEM, Wiring
from governance.connectors.types import PersonKeys
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.runner import Worker

HOUSE = Principal(id=SYSTEM, kind=PrincipalKind.SYSTEM)
log = logger()


def house_of(wiring: Wiring) -> House:
    """What executions and certificates say of this installation."""
    settings = wiring.settings
    return House(
        origin=settings.origin,
        controller={
            "ja": settings.company_ja,
            "en": settings.company_en,
            "contact": settings.contact_mail,
        },
        log=wiring.log_keys.origin,
        terms=finality_terms(wiring),
    )


def driver_of(wiring: Wiring, worker: Worker) -> Driver:
    """Who carries out what was granted here."""
    return Driver(
        ports=wiring.ports,
        principal=HOUSE,
        house=house_of(wiring),
        worker=worker,
        connectors=connectors_of(wiring),
        keys_of=lambda case: _keys(wiring, case),
    )


def _keys(wiring: Wiring, case: Case) -> PersonKeys:
    """By which values connected systems know the person; nobody is known by none."""
    if case.subject is None:
        return PersonKeys(subject=case.requester_id)
    return person_keys(wiring.ports, case.subject)


def confirmation_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether every recipient that was told has confirmed by its day (GDPR 19)."""
    with wiring.database.read() as tx:
        late = late_confirmations(tx, on=at.astimezone(JST).date())
    check = "confirmations"
    if not late:
        return Examined(check=check, state="good", key="doctor.confirmations_good")
    params: dict[str, str | int | date] = {"count": len(late), "day": late[0].answer_by}
    return Examined(check=check, state="attention", key="doctor.confirmations_late", params=params)


def drive_all(wiring: Wiring, worker: Worker, *, at: datetime, limit: int) -> int:
    """Every agreed execution is as far as it goes now; one that fails stops no other."""
    ended = end_restrictions(wiring.ports, HOUSE, at=at, limit=limit)
    resume_held(wiring.ports, HOUSE, at=at, limit=limit)
    with wiring.database.read() as tx:
        waiting = at_work(tx, at=at, limit=limit)
    failed: list[GovernanceError] = []
    driver = driver_of(wiring, worker) if waiting else None
    for one in waiting:
        if driver is None or worker.stopping():
            break
        try:
            after = drive(driver, one.request)
        except GovernanceError as error:
            failed.append(error)
            continue
        if after.stage is not one.stage:
            log.info("request.driven", state=after.stage.value)
    if failed:
        raise failed[0]
    return ended
