"""Carries out a plan's lines about rows, in batches of the run that carries out its persons.

Each batch is one transaction: the rows, their audit events, what became of the items, the run's
counts, and the lease. What the transaction finds changed since the plan is left alone.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId, RowId
from governance.customers.changes.touched import touch
from governance.customers.ports import Ports
from governance.jobs import ledger
from governance.jobs.runner import Worker
from governance.jobs.types import Claim, Step
from retention import store
from retention.erasure import lock
from retention.facts import facts_of
from retention.parts import outside
from retention.parts.lines import OF_LAW
from retention.parts.looking import met_of, rows_digest
from retention.parts.removing import empty, remove
from retention.parts.store import count_in, mark_parts, next_parts
from retention.parts.types import Met, MetRow
from retention.plans import ItemState, PartItem, Plan
from retention.store import Run
from retention.types import Action, Schedule

LEASE: Final = timedelta(seconds=120)
BATCH: Final = 100  # items; each is a few rows of one person


def next_batch(
    ports: Ports, run: Run, plan: Plan, schedule: Schedule, claim: Claim, *, worker: Worker
) -> Claim | None:
    """The claim after the next batch of lines about rows; None when none is left."""
    at = worker.clock()

    def commit(tx: Connection) -> Claim | None:
        items = next_parts(tx, plan.id, limit=BATCH)
        if not items:
            return None
        _carry_out(tx, ports, run, plan, schedule, items, at=at)
        step = Step(done=len(items), cursor=claim.cursor, finished=False)
        return ledger.advance(tx, claim, step, at=at, lease=LEASE)

    moved = ports.database.write(commit, batch=True)
    if moved is not None:
        worker.pause(min(max(worker.clock() - at, timedelta(0)), LEASE / 4))
    return moved


def _carry_out(
    tx: Connection,
    ports: Ports,
    run: Run,
    plan: Plan,
    schedule: Schedule,
    items: Sequence[PartItem],
    *,
    at: datetime,
) -> None:
    subjects = sorted({item.subject for item in items})
    lock(tx, subjects)
    page = facts_of(tx, subjects, at=plan.cutoff)
    found = {
        (facts.subject, one.part.id): (facts.fence, one)
        for facts, one in met_of(tx, schedule, page, at=plan.cutoff)
    }
    skipped: dict[str, list[RowId]] = defaultdict(list)
    done: dict[str, list[tuple[PartItem, Met]]] = defaultdict(list)
    for item in items:
        fence, now = found.get((item.subject, item.rule), (None, None))
        if now is None or (reason := _changed(item, now, fence)) is not None:
            skipped["decision" if now is None else reason or ""].append(item.id)
        else:
            done[item.rule].append((item, now))
    rows: Counter[str] = Counter()
    event: EventId | None = None
    for rule, lines in done.items():
        for item, now in lines:
            rows[rule] += _take(tx, item, _planned(item, now))
        event = _record(tx, ports, run, plan, lines, rows[rule], at=at)
        if rule.startswith(OF_LAW):
            outside.note(tx, run.id, [item.subject for item, _ in lines], at=at)
        mark_parts(tx, [item.id for item, _ in lines], ItemState.ERASED)
    for reason, ids in skipped.items():
        mark_parts(tx, ids, ItemState.SKIPPED, because=reason)
    touch(tx, subjects)
    store.count_batch(
        tx,
        run.id,
        {
            "first_key": items[0].id,
            "last_key": items[-1].id,
            "persons": 0,
            "skipped": 0,
            "rows": rows.total(),
            "event_id": event,
            "at": at,
        },
    )


def _changed(item: PartItem, now: Met, fence: int | None) -> str | None:
    """Why the rows are not what the plan says any more; None: they may go."""
    if fence != item.fence:
        return "fence"
    if rows_digest(_planned(item, now)) != item.digest:
        return "held" if now.held else "decision"
    return None


def _planned(item: PartItem, now: Met) -> tuple[MetRow, ...]:
    """The rows that the plan named, as they are now."""
    wanted = {*item.row_ids}
    return tuple(row for row in now.rows if row.row in wanted)


def _take(tx: Connection, item: PartItem, rows: Sequence[MetRow]) -> int:
    """How many rows were emptied or removed."""
    match item.action:
        case Action.NULL:
            return empty(tx, item.table, rows)
        case Action.DELETE:
            return remove(tx, item.table, [row.row for row in rows])
        case Action.DE_IDENTIFY:
            groups = Counter(row.values for row in rows)
            for values, count in groups.items():
                count_in(tx, item.rule, item.table, dict(values), rows=count)
            return remove(tx, item.table, [row.row for row in rows])
        case Action.KEEP | Action.DESTROY_KEY:
            raise ValueError("no action on rows")  # the reader of schedules refuses it
        case never:
            assert_never(never)


def _record(
    tx: Connection,
    ports: Ports,
    run: Run,
    plan: Plan,
    lines: Sequence[tuple[PartItem, Met]],
    rows: int,
    *,
    at: datetime,
) -> EventId:
    """What the log says of one line's batch: plan, approval, persons, fields by name, counts."""
    part = lines[0][1].part
    approval = run.approval
    return ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.RETENTION_ROWS_ENDED,
            occurred_at=at,
            actor=ActorId(run.requested_by),
            object_type="purge_run",
            object_id=run.id,
            outcome=Outcome.DONE,
            reasons=(part.action.value, part.id),
            fields=tuple(sorted(part.fields)) or (part.table,),
            counts=(("persons", len(lines)), ("rows", rows)),
            refs=(
                f"plan:{plan.id}",
                f"sha256:{plan.digest}",
                *((f"approval:{approval}",) if approval is not None else ()),
                *(f"person:{item.subject}" for item, _ in lines),
            ),
        ),
    )
