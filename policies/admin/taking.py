"""Taking an agreed change into force: once, whoever tries, and only what was agreed about it."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId
from governance.customers.changes import counter
from policies.admin import store
from policies.admin.checking import demand_sound
from policies.admin.loading import documents_of
from policies.admin.types import Desk, Entry
from policies.in_force import EntryState, InForce, in_force

SYSTEM = ActorId("svc:sekisho")


def put(tx: Connection, desk: Desk, entry: Entry, *, by: ActorId, at: datetime) -> None:
    """The change is on file; one that is due now is in force, and everything scheduled lapses."""
    before = in_force(tx)
    store.add_entry(tx, entry)
    if entry.state is not EntryState.TAKEN:
        return
    _announce(tx, desk, entry, before=before, by=by, at=at)


def take_due(desk: Desk, entry: Entry, *, at: datetime) -> bool:
    """Whether this call took the scheduled change into force; of many processes one does.

    A change that was agreed about another policy than the one in force now lapses, and so does
    one that cannot be proved or that this release refuses: the policy in force stays.
    """
    database = desk.ports.database
    try:
        with database.read() as tx:
            documents = documents_of(tx, desk, entry)
        demand_sound(desk, documents)
    except GovernanceError as error:
        return database.write(partial(_lapse, desk=desk, entry=entry, why=error.code, at=at))
    return database.write(partial(_take_scheduled, desk=desk, entry=entry, at=at))


def _take_scheduled(tx: Connection, *, desk: Desk, entry: Entry, at: datetime) -> bool:
    store.hold_in_force(tx)
    before = in_force(tx)
    if (0 if before is None else before.number) != entry.base:
        return _lapse(tx, desk=desk, entry=entry, why="policy_moved", at=at)
    if not store.move_entry(tx, entry.number, EntryState.TAKEN, at=at):
        return False  # another process was first
    _announce(tx, desk, entry, before=before, by=SYSTEM, at=at)
    return True


def _lapse(tx: Connection, *, desk: Desk, entry: Entry, why: str, at: datetime) -> bool:
    if store.move_entry(tx, entry.number, EntryState.LAPSED, at=None):
        desk.ports.audit.append(
            tx, _draft(entry, before="", by=SYSTEM, at=at, outcome=Outcome.FAILED, reasons=(why,))
        )
    return False


def _announce(
    tx: Connection, desk: Desk, entry: Entry, *, before: InForce | None, by: ActorId, at: datetime
) -> None:
    """Every process and client looks anew before it answers, and the log says what is in force."""
    store.lapse_scheduled(tx, but=entry.number)
    if before is not None:
        counter.note_everyone(tx)
    version = "" if before is None else before.version
    draft = _draft(entry, before=version, by=by, at=at, outcome=Outcome.DONE, reasons=())
    desk.ports.audit.append(tx, draft)


def _draft(
    entry: Entry,
    *,
    before: str,
    by: ActorId,
    at: datetime,
    outcome: Outcome,
    reasons: tuple[str, ...],
) -> EventDraft:
    refs = [f"sha256:{entry.digest}"]
    if before:
        refs.append(f"policy:{before}")
    if entry.approval is not None:
        refs.append(f"approval:{entry.approval}")
    return EventDraft(
        action=EventCode.POLICY_APPLIED,
        occurred_at=at,
        actor=by,
        object_type=store.OBJECT,
        object_id=str(entry.number),
        outcome=outcome,
        reasons=(entry.kind.value, *reasons),
        policy_version=entry.version,
        counts=(("changed_cells", entry.changed_cells),),
        refs=tuple(refs),
    )
