"""A retention plan and its run: planned, approved by a second person, erased, keys destroyed."""

from functools import partial
from threading import Event

from governance.app.approvals import approvals_of
from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.approvals.types import ApprovalId
from governance.core.terms import RowId
from governance.customers.store import records_of
from governance.i18n.catalogue import text
from governance.jobs.runner import worker_of
from retention import purge as purging
from retention import service
from retention.adoption import propose_schedule
from retention.plans import RunState
from retention.schedules import RETAIL_SAMPLE, shipped_schedule
from retention.store import in_force
from retention.types import DecisionKind
from retention.words import named

STEPS = 5
SHOWN = 6  # rules told with their counts


def purge(stage: Stage, watch: Watch) -> Outcome:
    """Everyone whose period has passed is erased; holds and legal duties were honoured."""
    wiring, officer = stage.wiring, stage.who("officer")
    desk = approvals_of(wiring)
    _adopt(stage)
    watch(1, STEPS)
    plan = wiring.database.write(
        lambda tx: service.plan(tx, wiring.ports, officer, at=wiring.clock())
    )
    watch(2, STEPS)
    begun = wiring.database.write(
        lambda tx: service.start(tx, wiring.ports, desk, officer, plan.id, at=wiring.clock())
    )
    run = begun.run if isinstance(begun, service.Started) else _approved(stage, begun)
    watch(3, STEPS)
    report = purging.run(wiring.ports, run, worker=worker_of("demo", wiring.clock, Event()))
    watch(4, STEPS)
    if report.state is not RunState.DONE or report.wal_pages or not report.erased:
        raise DemoStepError(step="purge", found=f"{report.state.value} {report.erased}")
    _leave_the_customer(stage)
    watch(5, STEPS)
    counts = dict.fromkeys(DecisionKind, 0)
    for (kind, _), number in plan.counts.items():
        counts[kind] += number
    with wiring.database.read() as tx:
        schedule = in_force(tx)
    rules = sorted(plan.counts.items(), key=lambda item: -item[1])[:SHOWN]
    return Outcome(
        sentence=words(
            stage,
            "purge.done",
            due=counts[DecisionKind.DUE],
            kept=counts[DecisionKind.KEPT],
            review=counts[DecisionKind.REVIEW],
            purged=report.erased,
        ),
        details=tuple(
            words(
                stage,
                "purge.rule",
                decision=text(f"retention.decision.{kind.value}", stage.lang).lower(),
                label=named(rule, schedule, stage.lang)[1],
                rule=rule,
                count=number,
            )
            for (kind, rule), number in rules
        ),
    )


def _adopt(stage: Stage) -> None:
    """The shop's own schedule comes into force, by two persons."""
    wiring = stage.wiring
    text = shipped_schedule(RETAIL_SAMPLE).text
    asked = wiring.database.write(
        lambda tx: propose_schedule(
            tx, wiring.ports, approvals_of(wiring), stage.who("officer"), text, at=wiring.clock()
        )
    )
    _executed(stage, asked.id, asked.digest)


def _approved(stage: Stage, waiting: service.Waiting) -> RowId:
    """The run that a second person's approval begins."""
    return RowId(_executed(stage, waiting.approval, waiting.digest).partition(":")[2])


def _executed(stage: Stage, approval: ApprovalId, digest: str) -> str:
    """What the second person's approval carried out."""
    wiring = stage.wiring
    approve = partial(
        approvals_of(wiring).approve_and_execute,
        approval_id=approval,
        digest=digest,
        by=stage.who("approver"),
        at=wiring.clock(),
    )
    done = wiring.database.write(approve)
    if done is None:
        raise DemoStepError(step="purge", found="not executed")
    return done


def _leave_the_customer(stage: Stage) -> None:
    """The person whose pages the links open is still there."""
    with stage.wiring.database.read() as tx:
        if stage.customer is None or not records_of(tx, stage.customer, "person"):
            raise DemoStepError(step="purge", found="the demo's customer was due")
