"""The clock that ticks: APScheduler fires, the job ledger decides who runs (design.md 1).

Beats, none of which waits for another: the log each second, the outbox, the jobs, the witnesses.
Every process may tick; a slot runs once, because its row can be claimed once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler

from audit.alarms.watching import load_watching
from audit.sequencer import sequence_once
from governance.app.checkpoint_copies import mail_address
from governance.app.deliveries import deliver, senders_of
from governance.app.forwarding import address_of, forward
from governance.app.stamping import authority_of
from governance.app.ticks import (
    ALWAYS,
    Runs,
    guarded,
    jobs_of,
    paused_with,
    roll_if_missing,
)
from governance.app.webhooks.telling import put_on_their_way
from governance.app.wiring import Wiring
from governance.app.witness_list import witnesses_of
from governance.app.witnessing import ask_witnesses
from governance.core.clock import JST, utc_now
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.jobs.runner import worker_of
from governance.outbound.egress import egress_of

SEQUENCE_SECONDS = 0.5  # an event stands in the signed tree within a second
DELIVER_SECONDS = 5  # a message leaves within about this time
SWEEP_SECONDS = 1  # a dead holder is gone within this time and the length of a lease
TICK_SECONDS = 15  # a due slot begins within about this time
POLICY_SECONDS = 0.5  # a change of the policy reaches this process within about this time
WITNESS_SECONDS = 60  # a new tree head is shown to the witnesses within about this time
DRAIN_PASSES = 20  # batches of one tick, so that a backlog shrinks without starving others
log = logger()
# a beat that falls due while the last one works is left out by design: not worth a warning
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    """A running clock; `stop()` waits for the jobs at hand."""

    scheduler: BackgroundScheduler
    runs: Runs
    stopping: Event

    def stop(self) -> None:
        """No job starts any more; those at work were released where they stood."""
        self.stopping.set()
        self.scheduler.remove_all_jobs()  # its thread must find nothing due while it shuts down
        self.scheduler.shutdown(wait=True)
        self.runs.stop()


def start(wiring: Wiring) -> Ticking:
    """The clock runs in this process; raises what is wrong with the ways out first."""
    senders, stopping = senders_of(wiring), Event()
    witnesses_of(wiring.settings)  # a wrong list is told at the start, not once a minute
    authority_of(wiring.settings)  # the same
    mail_address(wiring.settings)  # the same
    address_of(wiring.settings)  # the same
    egress_of(wiring.settings)  # the same
    load_watching(wiring.settings.alarm_file)  # the same
    worker = worker_of(f"serve:{new_row_id()}", wiring.clock, stopping)
    always, usual = jobs_of(wiring, worker), jobs_of(wiring, paused_with(wiring, worker))
    runs = Runs(wiring=wiring, worker=worker, registry={**usual, **{n: always[n] for n in ALWAYS}})
    scheduler = BackgroundScheduler(
        timezone=JST, job_defaults={"coalesce": True, "misfire_grace_time": None}
    )
    beats: tuple[tuple[str, float, Callable[[], object]], ...] = (
        ("audit.sequence", SEQUENCE_SECONDS, partial(sequence, wiring)),
        (
            "outbox.deliver",
            DELIVER_SECONDS,
            lambda: deliver(wiring, senders, stopping=paused_with(wiring, worker).stopping),
        ),
        (
            "webhooks.follow",
            DELIVER_SECONDS,
            lambda: put_on_their_way(wiring.ports, at=wiring.clock()),
        ),
        ("journal.head", DELIVER_SECONDS, wiring.note_journal),
        ("policy.watch", POLICY_SECONDS, wiring.policy_watch.look),
        ("leases.sweep", SWEEP_SECONDS, wiring.barrier.sweep),
        ("jobs.tick", TICK_SECONDS, runs.tick),
        ("audit.witness", WITNESS_SECONDS, partial(ask_witnesses, wiring)),
        (
            "audit.forward",
            DELIVER_SECONDS,
            lambda: forward(wiring, stopping=stopping.is_set),
        ),
    )
    for name, seconds, act in beats:
        _beat(scheduler, name, act, seconds=seconds)
    scheduler.add_job(guarded, args=["keys.roll", partial(roll_if_missing, wiring)])
    scheduler.start()
    return Ticking(scheduler=scheduler, runs=runs, stopping=stopping)


def _beat(
    scheduler: BackgroundScheduler, name: str, act: Callable[[], object], *, seconds: float
) -> None:
    """Now and then every so many seconds, never twice at once."""
    scheduler.add_job(
        guarded,
        "interval",
        args=[name, act],
        id=name,
        seconds=seconds,
        max_instances=1,
        next_run_time=utc_now() + timedelta(milliseconds=1),
    )


def sequence(wiring: Wiring) -> None:
    """Waiting events are in the tree and a signed checkpoint covers them."""
    try:
        for _ in range(DRAIN_PASSES):
            done = sequence_once(wiring.database, wiring.log_keys, wiring.audit, at=wiring.clock())
            if not done.placed:
                return
    except GovernanceError as error:
        log.warning("audit.sequencing_failed", code=error.code)
