"""After an older database was put back: what the control journal holds and the database does not.

Choices, restrictions, holds and their releases are done again from the journal, under the ids
that they had, so that twice equals once; then the erasures, as one run of the same machine that
erased before. Two persons agreed to each of them then, and to going on with the older database
now. Until all is done again the installation serves nobody.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Table, insert, select, update

from audit.actions import EventCode
from audit.shards.claims import of_action
from audit.shards.store import claims_in
from audit.types import EventDraft, Outcome
from consent.choices import Choice, ChoiceUnknownError
from consent.models import ConsentEventRow
from consent.service import record
from consent.types import EventKind
from governance.core.terms import SubjectId
from governance.customers.changes.touched import touch
from governance.customers.holds.codes import read
from governance.customers.holds.reading import held_parts
from governance.customers.ports import Ports
from governance.customers.store import HOLD
from governance.customers.upkeep.merges import MERGE
from governance.db.types import table_of
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.actions import Action
from retention.access import require
from retention.errors import NotReappliedError
from retention.journalled import erasures, here_of, parts

LEDGER: Final = table_of(ConsentEventRow)
NAMES: Final = uuid.UUID("8a3c2a52-9f0e-4d5b-9c1e-7d7f0a4b6c11")  # of ids for one act of several
CHOICES: Final = {
    JournalKind.WITHDRAWAL: EventKind.WITHDRAWN,
    JournalKind.OBJECTION: EventKind.OBJECTED,
    JournalKind.OBJECTION_LIFTED: EventKind.OBJECTION_LIFTED,
    JournalKind.RESTRICTION: EventKind.RESTRICTED,
    JournalKind.RESTRICTION_LIFTED: EventKind.RESTRICTION_LIFTED,
}
PLACED: Final = frozenset({JournalKind.HOLD, JournalKind.RELEASE})
EVERY: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One decision of the journal that the database does not know, under the id that it gets."""

    row: str
    entry: JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What is to be done again; what waits for a hold is not."""

    choices: tuple[Missing, ...]
    holds: tuple[Missing, ...]
    releases: tuple[Missing, ...]
    erasures: tuple[SubjectId, ...]
    key_ends: Mapping[SubjectId, str]  # those of them whose key alone ended, by which rule
    deferred: tuple[SubjectId, ...]  # erasures that a standing hold puts off

    def __bool__(self) -> bool:
        return bool(self.choices or self.holds or self.releases or self.erasures)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "choices": len(self.choices),
            "holds": len(self.holds),
            "releases": len(self.releases),
            "erasures": len(self.erasures),
            "deferred": len(self.deferred),
        }


def outstanding(tx: Connection, ports: Ports) -> Outstanding:
    """The decisions of the journal about persons who are here that the database does not know."""
    entries = [found.entry for found in ports.journal.replay()]
    several = Counter(entry.event for entry in entries)
    missing = [
        Missing(row=_row(entry, alone=several[entry.event] == 1), entry=entry) for entry in entries
    ]
    choices = [one for one in missing if one.entry.kind in CHOICES]
    ids = {row for one in choices for row in (one.row, str(one.entry.event))}
    known = _known(tx, LEDGER, ids) | _known(tx, MERGE, ids)
    here_now = here_of(tx, entries)
    holds, releases = _holds(tx, missing)

    def here(one: Missing) -> bool:
        return one.entry.subject is not None and one.entry.subject in here_now

    erased = erasures(tx, entries, here_now)
    held = _held(tx, tuple(erased)) | {str(one.entry.subject) for one in holds if _whole(one)}
    held -= {str(one.entry.subject) for one in releases}
    return Outstanding(
        choices=tuple(
            one
            for one in choices
            if here(one) and one.row not in known and str(one.entry.event) not in known
        ),
        holds=tuple(one for one in holds if here(one)),
        releases=tuple(one for one in releases if here(one)),
        erasures=tuple(one for one in erased if one not in held),
        key_ends={one: rule for one, rule in erased.items() if rule is not None},
        deferred=tuple(one for one in erased if one in held),
    )


def require_reapplied(tx: Connection, ports: Ports) -> None:
    """Fails closed: after a declared restore nobody is served before all is done again."""
    if not of_action(claims_in(tx), EventCode.LOG_RESTORED):
        return
    if found := outstanding(tx, ports):
        raise NotReappliedError(
            choices=len(found.choices),
            holds=len(found.holds) + len(found.releases),
            erasures=len(found.erasures),
        )


def reapply(ports: Ports, principal: Principal, *, clock: Callable[[], datetime]) -> Outstanding:
    """`do_again`, for whoever may."""
    require(ports, principal, Action.BACKUP_RESTORE)
    with ports.database.read() as tx:
        found = outstanding(tx, ports)
    return do_again(ports, principal, found, clock=clock)


def do_again(
    ports: Ports, principal: Principal, found: Outstanding, *, clock: Callable[[], datetime]
) -> Outstanding:
    """Choices, holds and releases are done again, each in its own transaction; what is left over.

    A choice about a purpose that the policy does not know any more permits nothing; it is left.
    """
    if not (found.choices or found.holds or found.releases):
        return found  # erasures alone, which are done after these
    for one in found.choices:
        _choose(ports, principal, one)
    for one in found.holds:
        ports.database.write(lambda tx, one=one: _hold(tx, ports, principal, one))  # type: ignore[misc] # bound at once
    for one in found.releases:
        at = clock()
        ports.database.write(
            lambda tx, one=one, at=at: _release(tx, ports, principal, one, at=at)  # type: ignore[misc] # bound at once
        )
    with ports.database.read() as tx:
        return outstanding(tx, ports)


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
    matter, what = read(entry.scope)
    tx.execute(
        insert(HOLD).values(
            id=one.row,
            subject_id=entry.subject,
            matter=matter,
            held_table=what.table,
            field=what.field,
            held_row=what.row,
            placed_by=principal.id,
            placed_at=entry.at,
        )
    )
    touch(tx, filter(None, [entry.subject]))
    _record(tx, ports, principal, one, EventCode.HOLD_PLACED, at=entry.at)


def _release(
    tx: Connection, ports: Ports, principal: Principal, one: Missing, *, at: datetime
) -> None:
    standing = update(HOLD).where(HOLD.c.id == one.row, HOLD.c.released_at.is_(None))
    tx.execute(standing.values(released_by=principal.id, released_at=at))
    touch(tx, filter(None, [one.entry.subject]))
    _record(tx, ports, principal, one, EventCode.HOLD_RELEASED, at=at)


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    one: Missing,
    action: EventCode,
    *,
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=action,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="hold",
            object_id=one.row,
            subject=one.entry.subject,
            outcome=Outcome.DONE,
            reasons=("restore",),
        ),
    )


def _row(entry: JournalEntry, *, alone: bool) -> str:
    """The id that the entry's row had, or one made from it where an act wrote several."""
    if alone or entry.kind in PLACED:  # a hold and its release name the same row
        return str(entry.event)
    return str(uuid.uuid5(NAMES, f"{entry.event} {entry.kind} {entry.subject} {entry.scope}"))


def _holds(tx: Connection, missing: Sequence[Missing]) -> tuple[list[Missing], list[Missing]]:
    """Holds that stand by the journal and not here, and those that stand here alone.

    The last word of the journal about a hold counts.
    """
    last = {one.row: one for one in missing if one.entry.kind in PLACED}
    here = _known(tx, HOLD, set(last))
    standing = _known(tx, HOLD, here, only_standing=True)
    holds = [
        one for one in last.values() if one.entry.kind is JournalKind.HOLD and one.row not in here
    ]
    releases = [
        one
        for one in last.values()
        if one.entry.kind is JournalKind.RELEASE and one.row in standing
    ]
    return holds, releases


def _held(tx: Connection, subjects: Sequence[SubjectId]) -> set[str]:
    """Those of whom nothing may go; a hold on a part keeps that part when the rest goes."""
    return {
        str(subject)
        for part in parts(subjects)
        for subject, scope in held_parts(tx, [SubjectId(one) for one in part]).items()
        if scope.whole
    }


def _whole(hold: Missing) -> bool:
    _, what = read(hold.entry.scope)
    return what.table is None


def _known(tx: Connection, table: Table, ids: set[str], *, only_standing: bool = False) -> set[str]:
    found = set[str]()
    for part in parts(ids):
        query = select(table.c.id).where(table.c.id.in_(part))
        if only_standing:
            query = query.where(table.c.released_at.is_(None))
        found.update(tx.execute(query).scalars())
    return found
