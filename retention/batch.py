"""One batch of a run inside its transaction: who still fits, rows, event, tombstones, counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import absorbed_by
from retention import outside, store, tombstones, trailing
from retention.duties import after
from retention.erasure import Doomed, erase, lock
from retention.fit import Fitting, Seen, fitting
from retention.holds import deferring
from retention.plans import Ground, Item, ItemState, Plan, keep_lines
from retention.store import Run
from retention.tombstones import Tombstone
from retention.types import DecisionKind, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run carries out, and with what."""

    ports: Ports
    run: Run
    plan: Plan
    schedule: Schedule
    tells: bool = False  # connected systems hear of whoever goes

    @property
    def trails(self) -> bool:
        """Whether index tokens go after the persons, in the order of the index."""
        many = self.plan.count(DecisionKind.DUE) >= trailing.FROM
        return many and self.plan.ground is not Ground.RESTORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What became of one batch."""

    stones: tuple[Tombstone, ...]  # of everyone who went
    stayed: tuple[RowId, ...]  # items that were left alone
    rows: int
    told: frozenset[RowId] = frozenset()  # of whom connected systems are to hear


def fitting_now(
    tx: Connection, work: Work, items: Sequence[Item], *, seen: Seen, at: datetime
) -> Fitting:
    """Who of these may still go as planned, as the transaction sees it."""
    ring, restores = work.ports.vault.ring, work.plan.ground is Ground.RESTORE
    remembered = None if restores else seen  # there the keys decide too, not facts alone
    return fitting(tx, ring, work.plan, work.schedule, items, at=at, seen=remembered)


def remove(
    tx: Connection,
    work: Work,
    items: Sequence[Item],
    journaled: Collection[RowId],
    *,
    seen: Seen,
    at: datetime,
) -> Removed:
    """Rows, audit event, tombstones, marks and counts of one batch, all or nothing."""
    subjects = [item.subject for item in items]
    lock(tx, [*subjects, *absorbed_by(tx, subjects)])
    found = fitting_now(tx, work, items, seen=seen, at=at)
    doomed, skipped = list(found.goes), found.skipped
    unannounced = [item.id for item, _ in doomed if item.id not in journaled]
    if unannounced and work.plan.ground is not Ground.RESTORE:
        # a hold ended between: fails closed, the next plan finds the person
        skipped.setdefault("held", []).extend(unannounced)
        doomed = [(item, one) for item, one in doomed if item.id in journaled]
    rows, event, stones, told = 0, None, list[Tombstone](), frozenset[RowId]()
    if doomed:
        people = [one for _, one in doomed]
        told = _told(tx, work, doomed, at=at)
        counts = erase(tx, work.ports.vault, people, trails=work.trails, at=at)
        rows = sum(counts.values())
        event = work.ports.audit.erase(tx, _event(work, people, rows, at=at))
        until = after(at.astimezone(JST).date(), work.schedule.ledger, work.schedule.overflow)
        stones = [_stone(work, item, one, until=until, at=at) for item, one in doomed]
        tombstones.bury(tx, stones)
        store.mark_items(tx, [item.id for item, _ in doomed], ItemState.ERASED)
    for reason, ids in skipped.items():
        store.mark_items(tx, ids, ItemState.SKIPPED, because=reason)
    waits = set(skipped.get("held", ()))
    held = [item for item in items if item.id in waits]
    gone = [one for _, one in doomed]
    deferring.note(tx, work.ports, work.plan, work.run, gone, held, at=at)
    planned = {item.id for item in items}
    persons = sum(item.id in planned for item, _ in doomed)
    evidence = {
        "first_key": items[0].id,
        "last_key": items[-1].id,
        "persons": persons,
        "skipped": len(items) - persons,
        "rows": rows,
        "event_id": event,
        "at": at,
    }
    store.count_batch(tx, work.run.id, evidence)
    stayed = tuple(one for ids in skipped.values() for one in ids)
    return Removed(stones=tuple(stones), stayed=stayed, rows=rows, told=told)


def _told(
    tx: Connection, work: Work, doomed: Sequence[tuple[Item, Doomed]], *, at: datetime
) -> frozenset[RowId]:
    """Lines of whom connected systems are to hear, noted while their values are here."""
    if not work.tells:
        return frozenset()
    lines = outside.concerned(doomed)
    return outside.note(tx, work.ports.vault, work.run.id, lines, at=at)


def _event(work: Work, doomed: Sequence[Doomed], rows: int, *, at: datetime) -> EventDraft:
    """What the log says of a batch: the plan's hash, the approval, the persons, the counts."""
    by_schedule = work.plan.ground is Ground.SCHEDULE
    approval = work.run.approval
    return EventDraft(
        action=EventCode.RETENTION_PURGED if by_schedule else EventCode.ERASURE_EXECUTED,
        occurred_at=at,
        actor=ActorId(work.run.requested_by),
        object_type="purge_run",
        object_id=work.run.id,
        outcome=Outcome.DONE,
        reasons=("restore",) if work.plan.ground is Ground.RESTORE else (),
        subject=doomed[0].subject if len(doomed) == 1 else None,
        counts=(("persons", len(doomed)), ("rows", rows)),
        refs=(
            f"plan:{work.plan.id}",
            f"sha256:{work.plan.digest}",
            *((f"approval:{approval}",) if approval is not None else ()),
            *(f"person:{one.subject}" for one in doomed),
        ),
    )


def _stone(work: Work, item: Item, one: Doomed, *, until: date, at: datetime) -> Tombstone:
    ended = one.key_class
    return Tombstone(
        id=item.id,
        subject=SubjectId(one.subject),
        run=work.run.id,
        rule=item.rule,
        at=at,
        ends_on=until,
        kept={line.duty: line.until for line in keep_lines(one.keeps)},
        key_classes=() if ended is None else (ended,),
        keys_ended_at=at if ended is None else None,
        last_epoch=None,
    )
