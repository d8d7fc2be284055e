"""`sekisho retention` and `sekisho erase`: what would go, what goes, what has gone."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention.plans import PartItem
    from retention.types import Schedule

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(root: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    root.add_typer(app, name="retention", help=say("retention.help"))
    root.command("erase", help=say("erase.help"))(erase)


def _day(value: datetime | None) -> date | None:
    return None if value is None else value.date()


@app.command("plan", help=say("retention.plan"))
def plan(
    at: Annotated[
        datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help=say("retention.at"))
    ] = None,
    schedule: Annotated[
        Path | None, typer.Option("--schedule", help=say("retention.schedule"))
    ] = None,
) -> int:
    """Every person with the decision on that day; nothing is deleted."""
    from governance.cli.session import acting, opened
    from retention import listing, service
    from retention.access import today

    with opened() as wiring:
        principal, now = acting(wiring), wiring.clock()
        used = None if schedule is None else _read(schedule)
        on = _day(at) or today(now)
        shape = wiring.database.write(
            lambda tx: list(
                listing.people(tx, wiring.ports, principal, on=on, at=now, schedule=used)
            )
        )
        kept = None
        if used is None:
            kept = wiring.database.write(
                lambda tx: service.plan(tx, wiring.ports, principal, at=now, on=on)
            )

    def words() -> None:
        counts = Counter((str(item["decision"]), str(item["rule"])) for item in shape)
        columns = (say("retention.decision"), say("retention.rule"), say("retention.persons"))
        rows = [(kind, rule, str(n)) for (kind, rule), n in sorted(counts.items())]
        table(say("retention.title", day=when(on)), columns, rows)
        if kept is not None:
            _rows_of_who_stays(kept.parts)
            line(say("retention.kept", plan=kept.id, digest=kept.digest))

    emit(shape, words)
    return 0


def _rows_of_who_stays(parts: "Sequence[PartItem]") -> None:
    """What lines of the schedule take of rows while their persons stay."""
    if not parts:
        return
    rows: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        rows[part.kept_because or part.decision.value, part.rule, part.action.value] += part.rows
    columns = [say(f"retention.{name}") for name in ("decision", "rule", "action", "rows")]
    table(say("retention.parts"), columns, [(*key, str(n)) for key, n in sorted(rows.items())])


def _read(path: Path) -> "Schedule":
    """The schedule of a file."""
    from governance.cli.reading import text_of_file
    from retention.schedules import read_schedule

    return read_schedule(text_of_file(path), file=path.name)


@app.command("simulate", help=say("retention.simulate"))
def simulate(
    at: Annotated[
        datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help=say("retention.at"))
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", min=0, help=say("retention.version"))
    ] = None,
    schedule: Annotated[
        Path | None, typer.Option("--schedule", help=say("retention.schedule"))
    ] = None,
    months: Annotated[
        int, typer.Option("--months", min=1, max=240, help=say("retention.months"))
    ] = 24,
) -> int:
    """How many would be gone on that day under that schedule, and when others follow."""
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.session import acting, opened
    from governance.cli.simulations import told
    from retention.adoption import version_text
    from retention.simulation import showing
    from retention.simulation.service import simulated

    if version is not None and schedule is not None:
        raise OptionsTogetherError(options="--version | --schedule")
    used = None if schedule is None else _read(schedule)
    with opened() as wiring:
        if version is not None:
            with wiring.database.read() as tx:
                used = version_text(tx, version)
        look, figures = simulated(
            wiring.ports, acting(wiring), on=_day(at), schedule=used, at=wiring.clock()
        )
    shape = showing.as_json(look, figures, months=months)
    emit(shape, lambda: told(look, figures, months=months))
    return 0


@app.command("run", help=say("retention.run"))
def run(
    plan_id: Annotated[
        str | None, typer.Argument(metavar="PLAN", help=say("retention.which"))
    ] = None,
) -> int:
    """The plan is carried out, or waits for a second person; twice equals once."""
    from threading import Event

    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId
    from governance.jobs.runner import worker_of
    from retention import purge, service
    from retention.store import newest_plan

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            wanted = RowId(plan_id) if plan_id else newest_plan(tx)
        desk = approvals_of(wiring)
        begun = wiring.database.write(
            lambda tx: service.start(tx, wiring.ports, desk, principal, wanted, at=wiring.clock())
        )
        if isinstance(begun, service.Waiting):
            raise ApprovalRequiredError(approval=begun.approval)
        report = purge.run(
            wiring.ports,
            begun.run,
            worker=worker_of(principal.id, wiring.clock, Event()),
            daily_bytes=wiring.settings.retention_daily_bytes,
        )
    shape = {
        "run": report.run,
        "state": report.state.value,
        "erased": report.erased,
        "skipped": report.skipped,
        "rows": report.rows,
        "waits_until": report.waits_until.isoformat() if report.waits_until else None,
    }
    words = "retention.done" if report.waits_until is None else "retention.waits"
    emit(
        shape,
        lambda: line(
            say(words, erased=report.erased, skipped=report.skipped, until=report.waits_until)
        ),
    )
    return 0


@app.command("adopt", help=say("retention.adopt"))
def adopt(
    schedule: Annotated[Path, typer.Argument(metavar="FILE", help=say("retention.schedule"))],
) -> int:
    """The schedule of the file comes into force when a second person agrees."""
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from retention.adoption import propose_schedule

    with opened() as wiring:
        principal = acting(wiring)
        wanted = _read(schedule)
        asked = wiring.database.write(
            lambda tx: propose_schedule(
                tx, wiring.ports, approvals_of(wiring), principal, wanted.text, at=wiring.clock()
            )
        )
    raise ApprovalRequiredError(approval=asked.id)


@app.command("status", help=say("retention.status"))
def status() -> int:
    """The schedule in force, the newest plan and runs, the erasure ledger."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention import service

    with opened() as wiring:
        ensure(acting(wiring), Action.RETENTION_PLAN, wiring.policies.current)
        with wiring.database.read() as tx:
            found = service.status(tx)
    shape = {
        "schedule": f"{found.schedule.name} {found.schedule.version}",
        "plan": found.plan.id if found.plan else None,
        "runs": [
            {"id": item.id, "state": item.state.value, "erased": item.erased} for item in found.runs
        ],
        "tombstones": found.tombstones,
        "keys_waiting": found.keys_waiting,
    }
    runs = "\n".join(
        f"{run.id}  {text(f'console.runs.state.{run.state}', current().lang)}  "
        f"{say('retention.run_persons', n=run.erased)}"
        for run in found.runs
    )
    told = {
        **shape,
        "plan": found.plan.id if found.plan else "-",
        "runs": runs or "-",
        "tombstones": f"{found.tombstones:,}",
    }
    rows = [(say(f"retention.status.{name}"), str(value)) for name, value in told.items()]
    emit(shape, lambda: table("", (say("retention.item"), say("retention.value")), rows))
    return 0 if not found.keys_waiting else 1


def erase(
    subject: Annotated[str, typer.Option("--subject", help=say("check.subject"))],
    plan: Annotated[bool, typer.Option("--plan", help=say("erase.plan"))] = False,
) -> int:
    """One person is erased on request, after a second person agreed; --plan only shows it."""
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.executing import told_fates
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from retention import service
    from retention.fates import erase_plan
    from retention.holds.deferring import plan_or_defer
    from retention.plans import keeps_json

    with opened() as wiring:
        principal = acting(wiring)
        made = plan_or_defer(wiring.ports, principal, SubjectId(subject), at=wiring.clock())
        if not plan:
            desk = approvals_of(wiring)
            begun = wiring.database.write(
                lambda tx: service.start(
                    tx, wiring.ports, desk, principal, made.id, at=wiring.clock()
                )
            )
            if isinstance(begun, service.Waiting):
                raise ApprovalRequiredError(approval=begun.approval)
        with wiring.database.read() as tx:
            found = erase_plan(tx, SubjectId(subject), at=wiring.clock())
    fields = found.as_json()["fields"]
    shape = [
        {
            "subject": item.subject,
            "rule": item.rule,
            "keeps": keeps_json(item.keeps),
            "fields": fields,
        }
        for item in made.items
    ]

    def words() -> None:
        line(say("erase.shown", plan=made.id))
        told_fates(found.fates, found.blocked)

    emit(shape, words)
    return 0
