"""Makes two persons one inside a transaction: rows, values, permissions, laws, holds, state.

Everything that is done is written as a line of the merge's history, with the value before and
after sealed under the survivor's key; `merge_undo.py` reads it backwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.values import Plain
from governance.customers import store
from governance.customers.changes import counter
from governance.customers.indexing import EVERY
from governance.customers.search_plan import index_names
from governance.customers.store import LAW, SUBJECT, TABLES, Record
from governance.customers.subjects import AgeBand, SubjectState, known_laws
from governance.customers.tokens import add_tokens, drop_tokens
from governance.customers.upkeep.choosing import (
    STRICTER_FIRST,
    WANTED_STRICTER_FIRST,
    Candidate,
    choose,
    strictest,
    youngest,
)
from governance.customers.upkeep.merges import TraceKind
from governance.gateway import merge_moves as moves
from governance.gateway.intake.tokens import Indexer
from governance.keys.vault import FieldVault

DATES = ("registered_on", "last_purchase_on", "acquired_on")  # when a row was surely right
PERMISSION = "contact_permission"
Line = tuple[Record, Plain | None, Plain | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """What one merge works with."""

    vault: FieldVault = field(repr=False)
    indexer: Indexer = field(repr=False)
    fields: frozenset[FieldId]  # in which one value must stand
    merge: RowId
    at: datetime


def person_indexer(vault: FieldVault) -> Indexer:
    """Makes every token of register rows under the keys of this moment."""
    return Indexer(vault, ["person"], kinds=EVERY)


def unite(
    tx: Connection,
    apply: Apply,
    survivor: SubjectId,
    absorbed: SubjectId,
    *,
    choices: Mapping[FieldId, RowId],
) -> tuple[int, tuple[tuple[FieldId, RowId], ...]]:
    """How many rows moved, and which field of which row took the chosen value."""
    apply.indexer.look()
    lines: list[Line] = []
    for name in TABLES:
        records = moves.movable(tx, absorbed, survivor, name)
        moves.hand_over(tx, apply.vault, name, records, to=survivor)
        lines += [_line(apply, survivor, TraceKind.MOVED, name, r.id) for r in records]
        if name == "person":
            moves.candidates_name(tx, [r.id for r in records], subject=survivor)
    for name in moves.FOLLOWS:
        rows = moves.followers(tx, name, absorbed)
        moves.send(tx, name, rows, to=survivor)
        lines += [_line(apply, survivor, TraceKind.MOVED, name, row) for row in rows]
    lines += [
        _line(apply, survivor, TraceKind.CHANGED, "relation", row, field="other_subject_id")
        for row in moves.rename(tx, source=absorbed, target=survivor)
    ]
    moved = len(lines)
    changed = _agree(tx, apply, survivor, choices)
    lines += changed
    lines += _permissions(tx, apply, survivor, absorbed)
    lines += _laws(tx, apply, survivor, absorbed)
    _states(tx, survivor, absorbed, at=apply.at)
    store.insert_records(tx, moves.sealed_traces(apply.vault, lines))
    named = [(record.clear["field"], RowId(record.clear["record_id"])) for record, _, _ in changed]
    return moved, tuple(named)


def _line(
    apply: Apply,
    holder: SubjectId,
    kind: TraceKind,
    name: str,
    row: str,
    *,
    field: str | None = None,
    old: Plain | None = None,
    new: Plain | None = None,
) -> Line:
    made = moves.trace(apply.merge, holder, kind, name, row, at=apply.at, field=field)
    return made, old, new


def _agree(
    tx: Connection, apply: Apply, survivor: SubjectId, choices: Mapping[FieldId, RowId]
) -> list[Line]:
    """Every register row of the person says the same of each field; what changed is returned."""
    records = store.records_of(tx, survivor, "person")
    opened = apply.vault.open_rows([(record.id, record.sealed) for record in records])
    held = {
        record.id: {name: cell.value for name, cell in row.items() if cell.value is not None}
        for record, row in zip(records, opened, strict=True)
    }
    candidates = [
        Candidate(row=r.id, confirmed_on=confirmed_on(r), values=held[r.id]) for r in records
    ]
    known = {name: row for name, row in choices.items() if row in held}
    chosen = choose(candidates, sorted(apply.fields), wanted=known)
    permission = strictest((r.clear[PERMISSION] for r in records), STRICTER_FIRST)
    lines: list[Line] = []
    for record in records:
        fresh = {
            name: held[row][name]
            for name, row in chosen.items()
            if held[record.id].get(name) != held[row][name]
        }
        clear = {} if record.clear[PERMISSION] == permission else {PERMISSION: permission}
        write_values(tx, apply.vault, apply.indexer, record, fresh, clear=clear)
        lines += [
            _changed(apply, record, name, held[record.id].get(name), value)
            for name, value in fresh.items()
        ]
        if clear:
            name = f"person.{PERMISSION}"
            lines.append(_changed(apply, record, name, record.clear[PERMISSION], permission))
    return lines


def _changed(apply: Apply, record: Record, name: str, old: Plain | None, new: Plain | None) -> Line:
    """A field of a row that is the survivor's took the chosen value."""
    kind, holder = TraceKind.CHANGED, record.subject
    return _line(apply, holder, kind, record.table, record.id, field=name, old=old, new=new)


def confirmed_on(record: Record) -> date:
    """The last day on which the row was surely right; the day of its recording at least."""
    days: list[date] = [day for name in DATES if (day := record.clear.get(name)) is not None]
    recorded: datetime = record.clear["recorded_at"]
    return max(days, default=recorded.astimezone(JST).date())


def write_values(
    tx: Connection,
    vault: FieldVault,
    indexer: Indexer,
    record: Record,
    fresh: Mapping[FieldId, Plain | None],
    *,
    clear: Mapping[str, Any],
) -> None:
    """These fields of a register row have these values, the index with them; None empties."""
    if not fresh and not clear:
        return
    sealed = vault.seal_row(record.subject, record.id, fresh)
    values = {name.partition(".")[2]: cell for name, cell in sealed.items()} | dict(clear)
    moves.set_columns(tx, record.table, record.id, values)
    for name in fresh:
        drop_tokens(tx, [record.id], names=index_names(name))
    present = {name: value for name, value in fresh.items() if value is not None}
    tokens = indexer.row_tokens(record.table, record.id, record.subject, present)
    add_tokens(tx, tokens)


def _permissions(
    tx: Connection, apply: Apply, survivor: SubjectId, absorbed: SubjectId
) -> list[Line]:
    """Where both had said by what channel they want to hear, the stricter word stands."""
    theirs = {
        (r.clear["channel"], r.clear["kind"]): r.clear["wanted"]
        for r in store.records_of(tx, absorbed, "channel_permission")
    }
    lines: list[Line] = []
    for record in store.records_of(tx, survivor, "channel_permission"):
        other = theirs.get((record.clear["channel"], record.clear["kind"]))
        word = strictest((record.clear["wanted"], other), WANTED_STRICTER_FIRST)
        if word == record.clear["wanted"]:
            continue
        moves.set_columns(tx, record.table, record.id, {"wanted": word})
        name = "channel_permission.wanted"
        lines.append(_changed(apply, record, name, record.clear["wanted"], word))
    return lines


def _laws(tx: Connection, apply: Apply, survivor: SubjectId, absorbed: SubjectId) -> list[Line]:
    """The survivor stands under every law that either stood under; unknown means all."""
    today = apply.at.astimezone(JST).date()
    standing = or_(LAW.c.valid_to.is_(None), LAW.c.valid_to >= today)

    def laws(subject: SubjectId) -> dict[str, str]:
        found = select(LAW.c.law, LAW.c.evidence).where(LAW.c.subject_id == subject, standing)
        return dict(tx.execute(found).all())

    mine, theirs = laws(survivor), laws(absorbed)
    if not mine:
        return []  # unknown: all apply, and a copy would say less
    theirs = theirs or dict.fromkeys((law.value for law in known_laws(())), "unknown")
    lines: list[Line] = []
    for law in sorted(theirs.keys() - mine.keys()):
        row = new_row_id()
        values = {"law": law, "evidence": theirs[law], "valid_from": today}
        tx.execute(insert(LAW).values(id=row, subject_id=survivor, **values))
        lines.append(_line(apply, survivor, TraceKind.ADDED, "subject_law", row))
    return lines


def _states(tx: Connection, survivor: SubjectId, absorbed: SubjectId, *, at: datetime) -> None:
    """The stricter state, the younger band; both fences rise, so that other work looks again."""
    rows = {row.id: row for row in tx.execute(_both(survivor, absorbed))}
    mine, theirs = rows[survivor], rows[absorbed]
    values: dict[str, Any] = {
        "birth_band": youngest(_bands((mine, theirs))).value,
        "guardian_verified": bool(mine.guardian_verified) and bool(theirs.guardian_verified),
        "country": mine.country if mine.country == theirs.country else None,
        "grown_on": max(filter(None, (mine.grown_on, theirs.grown_on)), default=None),
        "last_active_on": _doubted(mine.last_active_on, theirs.last_active_on),
        "fence": SUBJECT.c.fence + 1,
    }
    restricted = SubjectState.RESTRICTED.value
    if theirs.state == restricted != mine.state:
        values |= {"state": restricted, "restricted_at": theirs.restricted_at or at}
    tx.execute(update(SUBJECT).where(SUBJECT.c.id == survivor).values(**values))
    raised = update(SUBJECT).where(SUBJECT.c.id == absorbed)
    tx.execute(raised.values(fence=SUBJECT.c.fence + 1))
    counter.note(tx, (survivor, absorbed))


def _both(first: SubjectId, second: SubjectId) -> Any:
    return select(SUBJECT).where(SUBJECT.c.id.in_((first, second)))


def _doubted(mine: date | None, theirs: date | None) -> date | None:
    """The earlier last act of the two; the later one may have been the other's."""
    return None if mine is None or theirs is None else min(mine, theirs)


def _bands(rows: Sequence[Any]) -> list[AgeBand]:
    return [AgeBand(row.birth_band or AgeBand.UNKNOWN.value) for row in rows]
