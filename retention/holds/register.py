"""The register of legal holds over a period: each matter that stood in it, whom and what it held.

Names and reasons are sealed, since a case names persons; they are opened only for who may.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, func, select

from governance.core.clock import JST
from governance.core.terms import ActorId
from governance.customers.holds.reading import scopes_of
from governance.customers.holds.types import Scope, What
from governance.customers.store import HOLD
from governance.keys.vault import FieldVault
from retention.holds import store
from retention.holds.rules import REVIEW_AFTER, needs_review
from retention.holds.types import Act, ActKind, Matter

PLACING: Final = frozenset({ActKind.PLACED, ActKind.WIDENED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """When nothing or less was held any more, and who agreed to it."""

    by: ActorId
    at: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """One matter of the register."""

    matter: Matter
    name: str = field(repr=False)  # empty: none on file, or not for this reader
    reasons: tuple[str, ...] = field(repr=False)  # of placing and widening
    what: tuple[What, ...]
    scopes: tuple[Scope, ...]
    persons: int  # ever held by name
    asked_by: ActorId | None  # who asked for the newest release
    released: Released | None
    next_review: date | None  # None: nothing stands any more
    late: bool


def entries(
    tx: Connection,
    vault: FieldVault | None,
    *,
    since: datetime,
    until: datetime,
    at: datetime,
) -> tuple[RegisterEntry, ...]:
    """Matters that stood at any time of the period, oldest first; no vault: nothing is opened."""
    found = [
        one
        for one in store.matters(tx)
        if one.placed_at < until and (one.closed_at is None or one.closed_at >= since)
    ]
    ever = _ever(tx)
    return tuple(
        _entry(tx, vault, one, ever.get(one.number, 0), at=at)
        for one in sorted(found, key=lambda one: (one.placed_at, one.number))
    )


def _entry(
    tx: Connection, vault: FieldVault | None, matter: Matter, persons: int, *, at: datetime
) -> RegisterEntry:
    acts = store.acts_of(tx, vault, matter.number)
    said = None if vault is None else store.particulars_of(tx, vault, matter.number)
    asked = next((act for act in acts if act.kind is ActKind.RELEASE_ASKED), None)
    released = _released(tx, matter, acts)
    placed = [act.reason for act in reversed(acts) if act.kind in PLACING and act.reason]
    return RegisterEntry(
        matter=matter,
        name="" if said is None else said.name,
        reasons=tuple(placed),
        what=_what(tx, matter.number),
        scopes=scopes_of(tx, matter.number),
        persons=persons,
        asked_by=None if asked is None or released is None else asked.by,
        released=released,
        next_review=_next_review(matter),
        late=needs_review(matter, at=at),
    )


def _released(tx: Connection, matter: Matter, acts: tuple[Act, ...]) -> Released | None:
    """The newest release; of holds of a file or a restore, what their lines say."""
    act = next((act for act in acts if act.kind is ActKind.RELEASED), None)
    if act is not None:
        return Released(by=act.by, at=act.at, reason=act.reason)
    if matter.closed_at is None:
        return None
    ended = select(HOLD.c.released_by, HOLD.c.released_at).where(
        HOLD.c.matter == matter.number, HOLD.c.released_at.is_not(None)
    )
    row = tx.execute(ended.order_by(HOLD.c.released_at.desc()).limit(1)).one_or_none()
    return None if row is None else Released(by=ActorId(row[0]), at=row[1], reason="")


def _next_review(matter: Matter) -> date | None:
    """The day by which somebody looks: half a year after the last look, or its expected end."""
    if matter.closed_at is not None or not (matter.persons or matter.standing):
        return None
    day = (matter.reviewed_at + REVIEW_AFTER).astimezone(JST).date()
    return day if matter.expected_end is None else min(day, matter.expected_end)


def _what(tx: Connection, number: str) -> tuple[What, ...]:
    """What of persons was held by name, single rows by their table alone."""
    one_row = HOLD.c.held_row.is_not(None)
    columns = HOLD.c.held_table, HOLD.c.field, func.min(HOLD.c.held_row)
    grouped = select(*columns).where(HOLD.c.matter == number)
    rows = tx.execute(grouped.group_by(HOLD.c.held_table, HOLD.c.field, one_row)).all()
    found = (What(table=table, field=name, row=row) for table, name, row in rows)
    return tuple(sorted(found, key=lambda what: (what.table or "", what.field or "")))


def _ever(tx: Connection) -> Mapping[str, int]:
    counted = select(HOLD.c.matter, func.count(HOLD.c.subject_id.distinct()))
    found: dict[str, int] = defaultdict(int)
    found.update((number, int(n)) for number, n in tx.execute(counted.group_by(HOLD.c.matter)))
    return found
