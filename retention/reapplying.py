"""After an older database was put back: what the control journal holds and the database does not.

Choices, restrictions and holds are done again from the journal, under the ids that they had, so
that twice equals once. Erasures are asked for and agreed to again by two persons, as ever; until
the last of them is done the installation serves nobody.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Table, insert, select

from audit.actions import EventCode
from audit.shards.claims import of_action
from audit.shards.store import claims_in
from audit.types import EventDraft, Outcome
from consent.choices import Choice, ChoiceUnknownError
from consent.models import ConsentEventRow
from consent.service import record
from consent.types import EventKind
from governance.core.clock import JST
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.customers.store import HOLD, subject_by_id
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.merges import MERGE
from governance.db.types import table_of
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.actions import Action
from retention.access import require
from retention.errors import NotReappliedError

LEDGER: Final = table_of(ConsentEventRow)
IN_LIMIT: Final = 500  # values in one IN list
NAMES: Final = uuid.UUID("8a3c2a52-9f0e-4d5b-9c1e-7d7f0a4b6c11")  # of ids for one act of several
CHOICES: Final = {
    JournalKind.WITHDRAWAL: EventKind.WITHDRAWN,
    JournalKind.OBJECTION: EventKind.OBJECTED,
    JournalKind.OBJECTION_LIFTED: EventKind.OBJECTION_LIFTED,
    JournalKind.RESTRICTION: EventKind.RESTRICTED,
    JournalKind.RESTRICTION_LIFTED: EventKind.RESTRICTION_LIFTED,
}
EVERY: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One decision of the journal that the database does not know, under the id that it gets."""

    row: str
    entry: JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What is to be done again."""

    choices: tuple[Missing, ...]
    holds: tuple[Missing, ...]
    erasures: tuple[SubjectId, ...]

    def __bool__(self) -> bool:
        return bool(self.choices or self.holds or self.erasures)


def outstanding(tx: Connection, ports: Ports, *, at: datetime) -> Outstanding:
    """The decisions of the journal about persons who are here that the database does not know."""
    entries = [found.entry for found in ports.journal.replay()]
    several = Counter(entry.event for entry in entries)
    missing = [
        Missing(row=_row(entry, alone=several[entry.event] == 1), entry=entry) for entry in entries
    ]
    ids = {row for one in missing for row in (one.row, str(one.entry.event))}
    known = _known(tx, LEDGER, ids) | _known(tx, HOLD, ids) | _known(tx, MERGE, ids)
    states = _states(tx, missing, at=at)

    def unknown(one: Missing) -> bool:
        here = one.entry.subject is not None and states.get(one.entry.subject) is not None
        return here and one.row not in known and str(one.entry.event) not in known

    erased = (one.entry.subject for one in missing if one.entry.kind is JournalKind.ERASURE)
    return Outstanding(
        choices=tuple(one for one in missing if one.entry.kind in CHOICES and unknown(one)),
        holds=tuple(one for one in missing if one.entry.kind is JournalKind.HOLD and unknown(one)),
        erasures=tuple(
            sorted(
                subject
                for subject in {one for one in erased if one is not None}
                if states.get(subject) not in {None, SubjectState.ERASED}
            )
        ),
    )


def require_reapplied(tx: Connection, ports: Ports, *, at: datetime) -> None:
    """Fails closed: after a declared restore nobody is served before all is done again."""
    if not of_action(claims_in(tx), EventCode.LOG_RESTORED):
        return
    if found := outstanding(tx, ports, at=at):
        raise NotReappliedError(
            choices=len(found.choices), holds=len(found.holds), erasures=len(found.erasures)
        )


def reapply(ports: Ports, principal: Principal, *, clock: Callable[[], datetime]) -> Outstanding:
    """Choices and holds are done again, each in its own transaction; what is left over.

    A choice about a purpose that the policy does not know any more permits nothing; it is left.
    """
    require(ports, principal, Action.BACKUP_RESTORE)
    with ports.database.read() as tx:
        found = outstanding(tx, ports, at=clock())
    for one in found.choices:
        _choose(ports, principal, one)
    for one in found.holds:
        ports.database.write(lambda tx, one=one: _hold(tx, ports, principal, one))  # type: ignore[misc] # bound at once
    with ports.database.read() as tx:
        return outstanding(tx, ports, at=clock())


def _choose(ports: Ports, principal: Principal, one: Missing) -> None:
    purpose, channel, recipients = (*one.entry.scope.split("/"), EVERY, EVERY)[:3]
    choice = Choice(
        subject=SubjectId(str(one.entry.subject)),
        purpose=purpose,
        kind=CHOICES[one.entry.kind],
        channel=channel,
        recipient_class=recipients,
        method="journal",
        place="restore",
    )
    try:
        ports.database.write(
            lambda tx: record(tx, ports, principal, choice, one.row, at=one.entry.at)
        )
    except ChoiceUnknownError:
        return


def _hold(tx: Connection, ports: Ports, principal: Principal, one: Missing) -> None:
    entry = one.entry
    tx.execute(
        insert(HOLD).values(
            id=one.row,
            subject_id=entry.subject,
            matter=entry.scope,
            placed_by=principal.id,
            placed_at=entry.at,
        )
    )
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.HOLD_PLACED,
            occurred_at=entry.at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="hold",
            object_id=one.row,
            subject=entry.subject,
            outcome=Outcome.DONE,
            reasons=("restore",),
        ),
    )


def _row(entry: JournalEntry, *, alone: bool) -> str:
    """The id that the entry's row had, or one made from it where an act wrote several."""
    if alone:
        return str(entry.event)
    return str(uuid.uuid5(NAMES, f"{entry.event} {entry.kind} {entry.subject} {entry.scope}"))


def _known(tx: Connection, table: Table, ids: set[str]) -> set[str]:
    wanted, found = sorted(ids), set[str]()
    for start in range(0, len(wanted), IN_LIMIT):
        query = select(table.c.id).where(table.c.id.in_(wanted[start : start + IN_LIMIT]))
        found.update(tx.execute(query).scalars())
    return found


def _states(
    tx: Connection, missing: Sequence[Missing], *, at: datetime
) -> dict[SubjectId, SubjectState]:
    """Where each person of the journal stands here; whoever is not here has nothing to lose."""
    on = at.astimezone(JST).date()
    found: dict[SubjectId, SubjectState] = {}
    for subject in {one.entry.subject for one in missing if one.entry.subject is not None}:
        if (known := subject_by_id(tx, subject, on=on)) is not None:
            found[subject] = known.state
    return found
