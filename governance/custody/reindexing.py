"""The rotation of a field's search index, online: safe to be killed anywhere and to be run again.

build   every kind of index of the field has a following version, which all writers write beside
        the one in use; the tokens of older rows are added
sweep   rows that came meanwhile without the new version are completed
        then searches use the new version
drop    nobody writes or reads the old tokens any more; they are deleted, then their key ends

A key that the suppression list still needs stays, without tokens, until that list needs it no
more: whom it names nobody could name again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from sqlalchemy import Connection, func, insert, select, update

from audit.actions import EventCode
from audit.sequencer import LogKeys, integrate_now
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, RowId
from governance.custody.errors import KeyTaskHeldElsewhereError
from governance.custody.reindex_runs import (
    RUN,
    Reindexing,
    ReindexState,
    Turnover,
    running_of,
    runs,
    spelled,
    status,
)
from governance.customers import tokens
from governance.customers.catalogue import catalogue
from governance.customers.indexing import IndexedField, indexed_fields
from governance.customers.ports import Ports
from governance.customers.search.filling import SPAN, STEP, Filler
from governance.customers.search_plan import bits_of, index_name
from governance.customers.store import SUPPRESSION, TABLES
from governance.customers.tokens import Version
from governance.jobs import ledger
from governance.jobs.runner import Worker
from governance.jobs.types import Claim, Slot, Step
from governance.keys.errors import IndexUnknownError
from governance.keys.types import IndexState

TOKENS: Final = 5_000  # old tokens deleted in one step
LEASE: Final = timedelta(seconds=120)


def start_reindex(
    ports: Ports, field: FieldId, *, actor: ActorId, at: datetime, bits: int | None = None
) -> Reindexing:
    """The rotation of this field's index has begun, or the one that runs already.

    Raises IndexUnknownError for a field without an index.
    """
    entry = _indexed(field)
    with ports.database.read() as tx:
        if (running := running_of(tx, field)) is not None:
            return running
    turnovers = [
        _begin(ports, index_name(field, kind), bits=bits or bits_of(field, kind))
        for kind in entry.kinds
    ]

    def write(tx: Connection) -> Reindexing:
        if (known := running_of(tx, field)) is not None:
            return known
        tokens.number_indexes(tx, {(one.name, one.new) for one in turnovers})
        for one in turnovers:
            tokens.take_turn(tx, one.name)
        source = field.partition(".")[0]
        count = tx.execute(select(func.count()).select_from(TABLES[source])).scalar_one()
        row = {
            "id": new_row_id(),
            "field": field,
            "source": source,
            "state": ReindexState.BUILDING.value,
            "names": ",".join(map(spelled, turnovers)),
            "done": 0,
            "total": count,
            "dropped": 0,
            "started_by": actor,
            "started_at": at,
        }
        tx.execute(insert(RUN).values(**row))
        return status(tx, RowId(str(row["id"])))

    return ports.database.write(write)


def has_index(field: FieldId) -> bool:
    """Whether the field is found by tokens."""
    return _entry(field) is not None


def _entry(field: FieldId) -> IndexedField | None:
    known = catalogue().fields.get(field)
    found = indexed_fields(known.table) if known is not None else ()
    return next((one for one in found if one.field == field), None)


def _indexed(field: FieldId) -> IndexedField:
    entry = _entry(field)
    if entry is None:
        raise IndexUnknownError(field=field)
    return entry


def _begin(ports: Ports, name: FieldId, *, bits: int) -> Turnover:
    """A following version is being written; one that a killed start left is taken up."""
    ports.vault.indexes.ensure(name, bits=bits)
    versions = ports.vault.indexes.versions(name)
    building = [one.version for one in versions if one.state is IndexState.BUILDING]
    new = building[0] if building else ports.vault.indexes.begin_version(name, bits=bits).version
    return Turnover(name=name, old=tuple(v.version for v in versions if v.version != new), new=new)


# Steps


def step(ports: Ports, run: RowId, *, filler: Filler, limit: int = SPAN) -> Reindexing:
    """The rotation one bounded step further; its effects are committed. Twice equals once."""
    with ports.database.read() as tx:
        found = status(tx, run)
    match found.state:
        case ReindexState.BUILDING:
            _build(ports, found, filler, limit=limit)
        case ReindexState.SWEEPING:
            _sweep(ports, found, filler, limit=limit)
        case ReindexState.DROPPING:
            _drop(ports, found)
        case ReindexState.DONE:
            pass
        case _:
            assert_never(found.state)
    with ports.database.read() as tx:
        return status(tx, run)


def filler_of(ports: Ports, run: Reindexing) -> Filler:
    """What makes the tokens of this rotation's rows."""
    return Filler(ports.database, ports.vault, tables=(run.source,))


def _change(ports: Ports, run: Reindexing, **values: object) -> None:
    same = RUN.c.id == run.id, RUN.c.state == run.state.value
    before = RUN.c.cursor.is_(None) if run.cursor is None else RUN.c.cursor == run.cursor
    statement = update(RUN).where(*same, before).values(**values)

    def write(tx: Connection) -> None:
        if tx.execute(statement).rowcount != 1:
            raise KeyTaskHeldElsewhereError

    ports.database.write(write, batch=True)


def _build(ports: Ports, run: Reindexing, filler: Filler, *, limit: int) -> None:
    """The next rows have the new versions; a step that broke off here is done again."""
    source = TABLES[run.source]
    wanted = select(source.c.id).order_by(source.c.id).limit(limit)
    if run.cursor is not None:
        wanted = wanted.where(source.c.id > run.cursor)
    with ports.database.read() as tx:
        rows = [RowId(row) for row in tx.execute(wanted).scalars()]
    if not rows:
        _change(ports, run, state=ReindexState.SWEEPING.value, cursor=None)
        return
    filler.fill(run.source, rows, only=run.new)
    _change(ports, run, cursor=rows[-1], done=run.done + len(rows))


def _sweep(ports: Ports, run: Reindexing, filler: Filler, *, limit: int) -> None:
    if filler.due(limit=min(limit, STEP)).rows:
        return
    for name, version in sorted(run.new):
        ports.vault.indexes.activate(name, version)

    def write(tx: Connection) -> None:
        for version in sorted(run.old):
            tokens.drop_index(tx, version)
        same = RUN.c.id == run.id, RUN.c.state == run.state.value
        tx.execute(update(RUN).where(*same).values(state=ReindexState.DROPPING.value, cursor=None))

    ports.database.write(write)


def _drop(ports: Ports, run: Reindexing) -> None:
    with ports.database.read() as tx:
        numbers = tokens.dropped_numbers(tx, run.old)

    def write(tx: Connection) -> int:
        for number in numbers:
            if gone := tokens.purge_index(tx, number, limit=TOKENS):
                return gone
        return 0

    if gone := ports.database.write(write, batch=True):
        _change(ports, run, dropped=run.dropped + gone)
        return
    after = tokens.packed(RowId(run.cursor)) if run.cursor is not None else b""
    last = ports.database.write(
        lambda tx: tokens.purge_entries(tx, numbers, after=after, limit=TOKENS), batch=True
    )
    if last:
        _change(ports, run, cursor=tokens.unpacked(last))
        return
    end_keys(ports, run.old)
    ports.database.write(lambda tx: _end(tx, ports, run))


def end_keys(ports: Ports, versions: Sequence[Version] | frozenset[Version]) -> int:
    """How many keys of dropped versions ended; those that the suppression list needs stay."""
    listed = select(SUPPRESSION.c.field, SUPPRESSION.c.version).distinct()
    with ports.database.read() as tx:
        needed = {(FieldId(field), version) for field, version in tx.execute(listed)}
    live, ended = ports.vault.indexes.live_keys(), 0
    for name, version in sorted(versions):
        if (name, version) in live and (name, version) not in needed:
            ports.vault.indexes.destroy(name, version)
            ended += 1
    return ended


def tidy(ports: Ports) -> int:
    """How many keys ended that no token and no suppression needs any more."""
    with ports.database.read() as tx:
        dropped = tokens.known_indexes(tx).dropped
        busy = {version for one in runs(tx, running=True) for version in one.old}
    return end_keys(ports, dropped - busy)


def drive(
    ports: Ports,
    run: RowId,
    *,
    worker: Worker,
    log_keys: LogKeys | None = None,
    progress: Callable[[Reindexing], None] = lambda _: None,
) -> Reindexing:
    """The rotation at its end, or as far as this process came; raises KeyTaskHeldElsewhereError."""
    with ports.database.read() as tx:
        found = status(tx, run)
    if found.finished:
        return found
    claim = _claimed(ports, found, worker)
    filler = filler_of(ports, found)
    while not worker.stopping():
        found = step(ports, run, filler=filler)
        claim = _beat(ports, claim, found, worker)
        progress(found)
        if found.finished:
            break
    close = ledger.finish if found.finished else ledger.release
    ports.database.write(lambda tx: close(tx, claim, at=worker.clock()))
    if found.event is not None and log_keys is not None:
        integrate_now(ports.database, log_keys, ports.audit, found.event, at=worker.clock())
    return found


def _claimed(ports: Ports, run: Reindexing, worker: Worker) -> Claim:
    slot = Slot(job=f"reindex:{run.id}", scheduled_for=run.started_at)
    claim = ports.database.write(
        lambda tx: ledger.claim(tx, slot, owner=worker.owner, at=worker.clock(), lease=LEASE)
    )
    if claim is None:
        raise KeyTaskHeldElsewhereError(task=run.id)
    return claim


def _beat(ports: Ports, claim: Claim, run: Reindexing, worker: Worker) -> Claim:
    """The lease lasts again; raises FenceLostError when another process took over."""
    moved = Step(done=0, cursor=run.cursor, finished=False)
    return ports.database.write(
        lambda tx: ledger.advance(tx, claim, moved, at=worker.clock(), lease=LEASE)
    )


def _end(tx: Connection, ports: Ports, run: Reindexing) -> None:
    """The rotation is at its end, with its event."""
    at = ports.vault.ring.clock()
    event = ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.KEY_ROTATED,
            occurred_at=at,
            actor=run.started_by,
            object_type="index",
            object_id=run.field,
            outcome=Outcome.DONE,
            counts=(("rows", run.done), ("dropped", run.dropped)),
            refs=tuple(f"index:{n.replace('~', '.')}/{v}" for n, v in sorted(run.new)),
        ),
    )
    ended = {"state": ReindexState.DONE.value, "finished_at": at, "event_id": event}
    tx.execute(update(RUN).where(RUN.c.id == run.id).values(**ended))
