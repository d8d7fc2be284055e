"""Two register rows of one person become one, and two again: merge and unmerge as use cases.

What narrows (refusals of the other history, a restriction, holds) is in the control journal
before the commit. The data itself changes in one transaction: rows re-sealed under the
survivor's key, index, holds, requests, laws, the history that undoing needs, the audit event.
No key ends, so that undoing gives each back what was theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select, update

from audit.actions import EventCode
from consent import ledger
from governance.core.errors import ForbiddenError
from governance.core.ids import new_row_id
from governance.core.terms import EventId, FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectState
from governance.customers.upkeep import merges
from governance.customers.upkeep.candidates import PairState, settle
from governance.customers.upkeep.merges import Merge, MergeState, Standing
from governance.gateway import merge_apply, merge_undo
from governance.gateway.intake.tokens import Indexer
from governance.gateway.merge_choices import lost_permits
from governance.gateway.merge_events import merge_event
from governance.gateway.merge_moves import OF_PERSON, take_turn
from governance.gateway.merge_types import (
    MergeBarredError,
    Merged,
    MergeRequest,
    MergeUndoneError,
    MergeUnknownError,
    Side,
    Unmerged,
)
from governance.gateway.merge_undo import undoable
from governance.gateway.pairs import Pair, mergeable_fields, open_pair
from governance.gateway.types import GateBusyError
from governance.http.principal import Principal
from governance.identity.service import sign_out_everywhere
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.actions import Action
from policies.api import ensure

ATTEMPTS = 3  # how often the plan is made anew when the persons change meanwhile
ALIVE = frozenset({SubjectState.ACTIVE.value, SubjectState.RESTRICTED.value})
Mark = tuple[int | None, int | None, int, int]


def merge(
    ports: Ports, principal: Principal, request: MergeRequest, *, at: datetime
) -> Merged[SubjectId]:
    """The two persons of the pair are one; raises when pair or persons changed or may not."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    fields = mergeable_fields(principal, ports.policies.current)
    if FieldId("person.name") not in fields:
        raise ForbiddenError
    merge_id = new_row_id()
    for _ in range(ATTEMPTS):
        with ports.database.read() as tx:
            pair = open_pair(tx, request.pair, version=request.version)
            survivor, absorbed = _sides(tx, pair, request.survivor)
            mark = _mark(tx, survivor, absorbed)
            narrowed = _narrowed(tx, ports, survivor, absorbed, merge_id, at=at)
        ports.vault.ensure_keys([survivor])
        indexer = merge_apply.person_indexer(ports.vault)
        ports.journal.append_many(narrowed)
        done = ports.database.write(
            partial(
                _commit,
                ports=ports,
                principal=principal,
                request=request,
                pair=pair,
                sides=(survivor, absorbed),
                mark=mark,
                apply=merge_apply.Apply(
                    vault=ports.vault, indexer=indexer, fields=fields, merge=merge_id, at=at
                ),
            )
        )
        if done is not None:
            return done
    raise GateBusyError


def _sides(tx: Connection, pair: Pair, wanted: str | None) -> tuple[SubjectId, SubjectId]:
    """(survivor, absorbed): as the officer says, else the person known longer survives."""
    both = (pair.left_subject, pair.right_subject)
    if wanted is not None and wanted not in both:
        raise MergeUnknownError
    found = tx.execute(
        select(SUBJECT.c.id, SUBJECT.c.state)
        .where(SUBJECT.c.id.in_(both))
        .order_by(SUBJECT.c.created_at, SUBJECT.c.id)
    ).all()
    if len(found) != len(set(both)) or any(row.state not in ALIVE for row in found):
        raise MergeBarredError
    survivor = SubjectId(wanted or found[0].id)
    return survivor, next(one for one in both if one != survivor)


def _mark(tx: Connection, survivor: SubjectId, absorbed: SubjectId) -> Mark:
    """Where state and choices of the two stand: what the journal lines rest on."""
    fences = dict(
        tx.execute(
            select(SUBJECT.c.id, SUBJECT.c.fence).where(SUBJECT.c.id.in_((survivor, absorbed)))
        ).all()
    )
    return (
        fences.get(survivor),
        fences.get(absorbed),
        ledger.last_seq_of(tx, survivor),
        ledger.last_seq_of(tx, absorbed),
    )


def _narrowed(
    tx: Connection,
    ports: Ports,
    survivor: SubjectId,
    absorbed: SubjectId,
    merge_id: RowId,
    *,
    at: datetime,
) -> list[JournalEntry]:
    """What the merge takes from each of the two, for a restore of an older database."""
    entries = [
        _entry(JournalKind.WITHDRAWAL, lost.subject, lost.scope, merge_id, at=at)
        for lost in lost_permits(tx, ports.policies.current, survivor, absorbed, at=at)
    ]
    entries += [
        _entry(JournalKind.HOLD, survivor, hold.matter, hold.id, at=at)
        for hold in merge_undo.open_holds(tx, absorbed)
    ]
    states = dict(
        tx.execute(
            select(SUBJECT.c.id, SUBJECT.c.state).where(SUBJECT.c.id.in_((survivor, absorbed)))
        ).all()
    )
    if states[absorbed] == SubjectState.RESTRICTED.value != states[survivor]:
        entries.append(_entry(JournalKind.RESTRICTION, survivor, "*", merge_id, at=at))
    return entries


def _entry(
    kind: JournalKind, subject: SubjectId, scope: str, event: str, *, at: datetime
) -> JournalEntry:
    return JournalEntry(
        kind=kind, subject=subject, scope=scope, event=EventId(event), consent_seq=None, at=at
    )


def _commit(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    request: MergeRequest,
    pair: Pair,
    sides: tuple[SubjectId, SubjectId],
    mark: Mark,
    apply: merge_apply.Apply,
) -> Merged[SubjectId] | None:
    """Everything of the merge in this transaction; None when the persons moved since the plan."""
    survivor, absorbed = sides
    _lock(tx, sides)
    if _mark(tx, survivor, absorbed) != mark:
        return None
    open_pair(tx, request.pair, version=request.version)
    _enter(tx, principal, pair, sides, apply)
    moved, changed = merge_apply.unite(tx, apply, survivor, absorbed, choices=request.choices)
    settle(tx, pair.left, pair.right, PairState.MERGED)
    ended = sum(sign_out_everywhere(tx, subject, at=apply.at) for subject in sides)
    done = Merged(
        merge=apply.merge, survivor=survivor, absorbed=absorbed, rows=moved, changed=len(changed)
    )
    names = sorted({name for name, _ in changed})
    ports.audit.append(
        tx,
        merge_event(
            ports,
            principal,
            EventCode.PERSON_MERGED,
            merge=done.merge,
            subject=done.survivor,
            fields=names,
            counts=(("rows", done.rows), ("changed", done.changed), ("sessions", ended)),
            refs=(f"person:{done.absorbed}", f"pair:{pair.id}"),
            at=apply.at,
        ),
    )
    return done


def _enter(
    tx: Connection,
    principal: Principal,
    pair: Pair,
    sides: tuple[SubjectId, SubjectId],
    apply: merge_apply.Apply,
) -> None:
    """The merge is on file, with how the survivor stood before."""
    survivor, absorbed = sides
    before = tx.execute(select(SUBJECT).where(SUBJECT.c.id == survivor)).one()
    merges.enter(
        tx,
        Merge(
            id=apply.merge,
            survivor=survivor,
            absorbed=absorbed,
            state=MergeState.MERGED,
            consent_seq=ledger.head(tx),
            undone_seq=None,
            left=pair.left,
            right=pair.right,
            before=Standing(
                state=before.state,
                restricted_at=before.restricted_at,
                band=before.birth_band,
                guardian=bool(before.guardian_verified),
            ),
            merged_by=principal.id,
            merged_at=apply.at,
        ),
    )


def _lock(tx: Connection, subjects: Iterable[SubjectId]) -> None:
    """Both row locks in one order for everyone, and no import decides meanwhile what is new."""
    for subject in sorted(subjects):
        store.lock_subject(tx, subject)
    take_turn(tx)
    tx.execute(update(counter.HEAD).values(seq=counter.HEAD.c.seq))  # no choice commits meanwhile


def unmerge(
    ports: Ports,
    principal: Principal,
    merge_id: str,
    *,
    later: Mapping[RowId, Side] | None = None,
    rest: Side | None = None,
    at: datetime,
) -> Unmerged[SubjectId]:
    """The two are two again, each with what was theirs; rows that came since go where it is said.

    `later` says it row by row, `rest` for all others. Raises MergeUnknownError, MergeUndoneError,
    MergeNotNewestError, MergeBarredError, LaterRowsError.
    """
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    with ports.database.read() as tx:
        found = _undoable(tx, merge_id)
        copies = merge_undo.later_holds(tx, found)
        back = merge_undo.moved_holds(tx, found)
    ports.journal.append_many(
        _entry(JournalKind.HOLD, found.absorbed, hold.matter, hold.id, at=at) for hold in copies
    )
    done = ports.database.write(
        partial(
            _parted,
            ports=ports,
            principal=principal,
            merge=found,
            said=(later or {}, rest),
            indexer=merge_apply.person_indexer(ports.vault),
            copies=copies,
            at=at,
        )
    )
    ports.journal.append_many(  # widens: after the commit
        _entry(JournalKind.RELEASE, found.survivor, hold.matter, hold.id, at=at) for hold in back
    )
    return done


def _parted(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    merge: Merge,
    said: tuple[Mapping[RowId, Side], Side | None],
    indexer: Indexer,
    copies: Sequence[merge_undo.HoldLine],
    at: datetime,
) -> Unmerged[SubjectId]:
    """Everything of the undoing in this transaction."""
    _lock(tx, (merge.survivor, merge.absorbed))
    current = _undoable(tx, merge.id)
    traces = merges.traces_of(tx, current.id)
    theirs = merge_undo.absorbed_rows(tx, OF_PERSON, current, traces, *said)
    undo = merge_undo.Undo(vault=ports.vault, indexer=indexer, merge=current, at=at)
    rows = merge_undo.part(tx, undo, traces, theirs.rows, copies=copies)
    ended = _ended(tx, principal, current, at=at)
    event = merge_event(
        ports,
        principal,
        EventCode.PERSON_UNMERGED,
        merge=current.id,
        subject=current.survivor,
        counts=(("rows", rows), ("later", theirs.later), ("sessions", ended)),
        refs=(f"person:{current.absorbed}",),
        at=at,
    )
    ports.audit.append(tx, event)
    return Unmerged(
        merge=current.id,
        survivor=current.survivor,
        absorbed=current.absorbed,
        rows=rows,
        later=theirs.later,
    )


def _ended(tx: Connection, principal: Principal, merge: Merge, *, at: datetime) -> int:
    """The merge is undone and its pair told apart; how many sessions of the two ended."""
    if not merges.end(tx, merge.id, by=principal.id, seq=ledger.head(tx), at=at):
        raise MergeUndoneError
    settle(tx, merge.left, merge.right, PairState.DIFFERENT)
    both = (merge.survivor, merge.absorbed)
    return sum(sign_out_everywhere(tx, subject, at=at) for subject in both)


def _undoable(tx: Connection, merge_id: str) -> Merge:
    """The standing merge, if nothing later stands on it and both persons are alive."""
    found = undoable(merges.merge_by_id(tx, merge_id), lambda m: merges.merges_of(tx, m.survivor))
    states = tx.execute(
        select(SUBJECT.c.state).where(SUBJECT.c.id.in_((found.survivor, found.absorbed)))
    ).scalars()
    if not set(states) <= ALIVE:
        raise MergeBarredError
    return found
