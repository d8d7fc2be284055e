"""`sekisho keys`: the state of the key store, rotations, sealing, and the end of a key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.errors import OptionsTogetherError
from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.cli.requests import chosen
from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.custody.clear import Pending
    from governance.custody.reindex_runs import Reindexing
    from governance.custody.types import Task
    from governance.http.principal import Principal
    from governance.keys.types import KeysStatus

KEEP_OLD_DAYS = 30  # retired keys: data backups of these days still open with today's key store
SHOWN = 10  # tasks in the status

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[str | None, typer.Option("--subject", help=say("keys.subject"))]
OfClass = Annotated[str | None, typer.Option("--class", help=say("keys.of_class"))]


@app.command("status", help=say("keys.status"))
def status() -> int:
    """Epochs, keys by class, indexes, work on keys with its progress, what is overdue."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.custody import reindex_runs, store
    from governance.custody.clear import pending
    from governance.keys.epochs import status as look
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.KEY_READ, wiring.policies.current)
        day = wiring.clock().astimezone(JST).date()
        found = look(wiring.vault.ring, day=day, keep_days=wiring.settings.key_final_days)
        with wiring.database.read() as tx:
            tasks, clear = store.newest(tx, limit=SHOWN), pending(tx)
            turning = reindex_runs.runs(tx)[:SHOWN]
    shape = _shape(found) | {
        "tasks": [_task(task) for task in tasks],
        "index_rotations": [_index(run) for run in turning],
        "clear": [{"field": item.field, "values": item.count} for item in clear],
    }
    emit(shape, lambda: _tell(found, tasks, clear, turning))
    return 1 if found.overdue or clear else 0


def _shape(found: "KeysStatus") -> dict[str, Any]:
    return {
        "provider": found.provider,
        "current": found.current,
        "age_days": found.current_age_days,
        "behind": found.behind,
        "overdue": list(found.overdue),
        "keys": [
            {"class": kind.value, "state": state.value, "count": count}
            for kind, state, count in found.keys
        ],
        "epochs": [
            {
                "epoch": epoch.epoch,
                "stage": epoch.stage.value,
                "live_keys": epoch.live_keys,
                "final_at": _when(epoch.final_at),
            }
            for epoch in found.epochs
        ],
        "indexes": [
            {"field": item.field, "version": item.version, "state": item.state.value}
            for item in found.indexes
        ],
    }


def _task(task: "Task") -> dict[str, Any]:
    return {
        "task": task.id,
        "kind": task.kind.value,
        "target": task.target,
        "class": task.key_class.value if task.key_class is not None else None,
        "state": task.state.value,
        "phase": task.phase.value if task.phase is not None else None,
        "done": task.done,
        "total": task.total,
        "renewed": task.renewed,
        "moved": task.moved,
        "pinned": task.pinned,
        "ended": task.ended,
        "end_after": _when(task.end_after),
        "started_at": _when(task.started_at),
        "finished_at": _when(task.finished_at),
    }


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _tell(
    found: "KeysStatus",
    tasks: Sequence["Task"],
    clear: Sequence["Pending"],
    turning: Sequence["Reindexing"],
) -> None:
    line(say("keys.current", epoch=found.current, provider=found.provider))
    columns = (say("keys.class"), say("keys.state"), say("keys.count"))
    rows = [(kind.value, state.value, str(count)) for kind, state, count in found.keys]
    table("", columns, rows)
    for item in clear:
        line(say("keys.clear", field=item.field, count=item.count))
    if tasks or turning:
        names = ("kind", "target", "state", "progress", "end_after")
        table(
            say("keys.tasks"),
            tuple(say(f"keys.task.{name}") for name in names),
            [*map(_row, tasks), *map(_index_row, turning)],
        )


def _row(task: "Task") -> tuple[str, ...]:
    lang = current().lang
    state = f"state.{task.state.value}" if task.phase is None else f"phase.{task.phase.value}"
    return (
        text(f"custody.kind.{task.kind.value}", lang),
        task.target or (task.key_class.value if task.key_class is not None else ""),
        text(f"custody.{state}", lang),
        f"{task.done}/{max(task.total, task.done)}",
        _when(task.end_after) or "",
    )


def _index(run: "Reindexing") -> dict[str, Any]:
    return {
        "run": run.id,
        "field": run.field,
        "state": run.state.value,
        "done": run.done,
        "total": run.total,
        "dropped": run.dropped,
        "started_at": _when(run.started_at),
        "finished_at": _when(run.finished_at),
    }


def _index_row(run: "Reindexing") -> tuple[str, ...]:
    return (
        say("keys.index_rotation"),
        run.field,
        say(f"keys.index_state.{run.state.value}"),
        f"{run.done}/{max(run.total, run.done)}",
        "",
    )


@app.command("rotate", help=say("keys.rotate"))
def rotate(
    subject: Person = None,
    every: Annotated[bool, typer.Option("--all-subjects", help=say("keys.all_subjects"))] = False,
    index: Annotated[str | None, typer.Option("--index", help=say("keys.index"))] = None,
    key_class: OfClass = None,
    keep_old: Annotated[
        int, typer.Option("--keep-old", min=0, max=3650, help=say("keys.keep_old"))
    ] = KEEP_OLD_DAYS,
) -> int:
    """Today's epoch wraps every living key; or persons' keys or a field's index are renewed."""
    from governance.cli.session import acting, opened

    _one_of({"--subject": subject, "--all-subjects": every or None, "--index": index}, least=0)
    if key_class is not None and subject is None and not every:
        raise OptionsTogetherError(options="--subject, --all-subjects")
    wanted = chosen(KeyClass, key_class or KeyClass.ACTIVE.value, option="--class")
    with opened() as wiring:
        principal = acting(wiring)
        if index is not None:
            return _reindexed(wiring, principal, index)
        if subject is None and not every:
            return _roll(wiring, principal)
        task = _rotated(wiring, principal, subject, wanted, keep_old=timedelta(days=keep_old))
    emit(_task(task), lambda: _said(task))
    return 0


def _roll(wiring: "Wiring", principal: "Principal") -> int:
    from governance.custody.rolling import roll_today
    from policies.actions import Action
    from policies.api import ensure

    ensure(principal, Action.KEY_ROTATE, wiring.policies.current)
    report = roll_today(
        wiring.ports,
        wiring.log_keys,
        principal.id,
        keep_days=wiring.settings.key_final_days,
        at=wiring.clock(),
    )
    shape = {
        "epoch": report.epoch,
        "rewrapped": report.rewrapped,
        "ended": [end.epoch for end in report.ended],
        "stuck": len(report.stuck),
    }
    emit(shape, lambda: line(say("keys.rotated", epoch=report.epoch, count=report.rewrapped)))
    return 1 if report.stuck else 0


def _reindexed(wiring: "Wiring", principal: "Principal", field: str) -> int:
    from threading import Event

    from governance.custody import reindexing
    from governance.jobs.runner import worker_of
    from policies.actions import Action
    from policies.api import ensure

    ensure(principal, Action.KEY_ROTATE, wiring.policies.current)
    begun = reindexing.start_reindex(
        wiring.ports, FieldId(field), actor=principal.id, at=wiring.clock()
    )
    done = reindexing.drive(
        wiring.ports,
        begun.id,
        worker=worker_of(principal.id, wiring.clock, Event()),
        log_keys=wiring.log_keys,
    )
    words = say("keys.indexed", field=field, rows=done.done, dropped=done.dropped)
    emit(_index(done), lambda: line(words))
    return 0


def _rotated(
    wiring: "Wiring",
    principal: "Principal",
    subject: str | None,
    key_class: KeyClass,
    *,
    keep_old: timedelta,
) -> "Task":
    from governance.app.keys import custodian_of
    from governance.custody import service
    from policies.actions import Action
    from policies.api import ensure

    ensure(principal, Action.KEY_ROTATE, wiring.policies.current)
    by = custodian_of(wiring)
    task = service.begin_rotation(
        by,
        principal,
        subject=SubjectId(subject) if subject is not None else None,
        key_class=key_class,
        keep_old=keep_old,
        at=wiring.clock(),
    )
    return _driven(wiring, principal, task.id)


def _driven(wiring: "Wiring", principal: "Principal", task: RowId) -> "Task":
    from threading import Event

    from governance.app.keys import custodian_of
    from governance.custody import service
    from governance.jobs.runner import worker_of

    worker = worker_of(principal.id, wiring.clock, Event())
    return service.run(custodian_of(wiring), task, worker=worker)


def _said(task: "Task") -> None:
    line(say("keys.task.done", renewed=task.renewed, moved=task.moved, ended=task.ended))
    if task.phase is not None and task.end_after is not None:
        line(say("keys.task.waits", day=task.end_after.isoformat(timespec="minutes")))
    if task.pinned:
        line(say("keys.task.pinned", count=task.pinned))


@app.command("seal", help=say("keys.seal"))
def seal(
    field: Annotated[str | None, typer.Option("--field", help=say("keys.field"))] = None,
) -> int:
    """Every column that is declared sealed and stands in clear is sealed; twice equals once."""
    from governance.app.keys import custodian_of
    from governance.cli.session import acting, opened
    from governance.custody import service
    from governance.custody.clear import pending
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.KEY_ROTATE, wiring.policies.current)
        by = custodian_of(wiring)
        with wiring.database.read() as tx:
            waiting = [str(item.field) for item in pending(tx)]
        done = []
        for name in [field] if field is not None else waiting:
            task = service.begin_sealing(by, principal, name, at=wiring.clock())
            done.append(_driven(wiring, principal, task.id))
        postgres = wiring.database.dialect != "sqlite"

    def words() -> None:
        line(say("keys.sealed", count=sum(task.moved for task in done), fields=len(done)))
        if done and postgres:
            line(say("keys.vacuum"))

    emit([_task(task) for task in done], words)
    return 0


@app.command("destroy", help=say("keys.destroy"))
def destroy(
    epoch: Annotated[str | None, typer.Option("--epoch", help=say("keys.epoch"))] = None,
    subject: Person = None,
    key_class: OfClass = None,
) -> int:
    """An epoch, or a person's key of one class, ends once a second person agreed."""
    from governance.app.approvals import approvals_of
    from governance.app.keys import custodian_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from governance.crypto.providers.types import EpochId
    from governance.custody import service

    _one_of({"--epoch": epoch, "--subject": subject}, least=1)
    if (subject is None) != (key_class is None):
        raise OptionsTogetherError(options="--subject, --class")
    wanted = chosen(KeyClass, key_class, option="--class") if key_class is not None else None
    with opened() as wiring:
        principal = acting(wiring)
        if wanted is KeyClass.ACTIVE and subject is not None and _lives(wiring, subject):
            _erase(wiring, principal, SubjectId(subject))
        end = service.End(
            epoch=EpochId(epoch) if epoch is not None else None,
            subject=SubjectId(subject) if subject is not None else None,
            key_class=wanted,
        )
        asked = service.ask_end(
            custodian_of(wiring), approvals_of(wiring), principal, end, at=wiring.clock()
        )
    raise ApprovalRequiredError(approval=asked.id)


def _lives(wiring: "Wiring", subject: str) -> bool:
    """Whether the person's data is in use."""
    from governance.core.clock import JST
    from governance.customers.store import subject_by_id
    from governance.customers.subjects import SubjectState

    with wiring.database.read() as tx:
        on = wiring.clock().astimezone(JST).date()
        found = subject_by_id(tx, SubjectId(subject), on=on)
    return found is not None and found.state is not SubjectState.ERASED


def _erase(wiring: "Wiring", principal: "Principal", subject: SubjectId) -> None:
    """The end of the `active` key of a person whose data is in use is their erasure.

    What a law keeps is sealed anew first, rows and index entries go, then the key.
    """
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from retention import service

    made = wiring.database.write(
        lambda tx: service.plan_erasure(tx, wiring.ports, principal, subject, at=wiring.clock())
    )
    desk = approvals_of(wiring)
    begun = wiring.database.write(
        lambda tx: service.start(tx, wiring.ports, desk, principal, made.id, at=wiring.clock())
    )
    if isinstance(begun, service.Waiting):
        raise ApprovalRequiredError(approval=begun.approval)


def _one_of(options: dict[str, object], *, least: int) -> None:
    """Raises OptionsTogetherError unless so many to one of these options were given."""
    given = sum(value is not None for value in options.values())
    if not least <= given <= 1:
        raise OptionsTogetherError(options=", ".join(options))
