"""What the officers' pages of retention share: their places, who may what, decisions as chips."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Depends

from governance.console.frame import way
from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.core.terms import Lang, RowId
from governance.http.principal import Principal
from governance.jobs.runner import Worker
from governance.ui.parts import Crumb, Tone
from policies.actions import Action
from policies.api import require
from retention import purge
from retention.plans import RunState
from retention.types import DecisionKind

HOME: Final = "/console/retention"
SCHEDULES: Final = f"{HOME}/schedules"
SIMULATIONS: Final = f"{HOME}/simulations"
PLANS: Final = f"{HOME}/plans"
RUNS: Final = f"{HOME}/runs"
CERTIFICATES: Final = f"{HOME}/certificates"
SLICE: Final = timedelta(seconds=20)  # of a thread behind an answer
log = logger()
Reader = Annotated[Principal, Depends(require(Action.RETENTION_READ))]
Planner = Annotated[Principal, Depends(require(Action.RETENTION_PLAN))]
Runner = Annotated[Principal, Depends(require(Action.RETENTION_RUN))]
Approver = Annotated[Principal, Depends(require(Action.RETENTION_APPROVE))]

DECISION_TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        DecisionKind.DUE: Tone.PLAIN.value,
        DecisionKind.KEPT: Tone.PLAIN.value,
        DecisionKind.REVIEW: Tone.ATTENTION.value,
    }
)
RUN_TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        RunState.RUNNING: Tone.NOTE.value,
        RunState.DONE: Tone.GOOD.value,
        RunState.RESIDUE: Tone.REFUSED.value,
    }
)


def way_to(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    """The way to a page of retention."""
    return way(lang, ("console.retention.title", HOME), *further)


def drive_run(wiring: Any, principal: Principal, run: RowId) -> None:
    """The run is at its end or as far as a thread behind an answer takes it.

    The clock's job drives on what is left, and tells what went wrong again.
    """
    worker = short_worker(principal.id, wiring.clock, until=wiring.clock() + SLICE)
    daily = wiring.settings.retention_daily_bytes
    try:
        purge.run(wiring.ports, run, worker=worker, daily_bytes=daily)
    except GovernanceError as error:
        log.warning("retention.run_stopped", code=error.code)


def short_worker(owner: str, clock: Clock, *, until: datetime) -> Worker:
    """A worker for the thread of one request: it yields without a pause, and stops in time."""
    return Worker(
        owner=owner,
        clock=clock,
        pause=lambda _rest: None,
        stopping=lambda: clock() >= until,
    )
