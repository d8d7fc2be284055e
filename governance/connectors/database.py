"""Any database with an SQLAlchemy address, by the ownership paths that are declared for it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, delete, update

from governance.connectors.engines import Deadline, Stopped, changing, looking
from governance.connectors.erasing import Memory, erase_once
from governance.connectors.rows import Rows, StoredRow, one_of, parts, reflected
from governance.connectors.specs import ColumnSpec, DatabaseSpec, Keeping, OnErase, TableSpec
from governance.connectors.types import (
    Answer,
    Asking,
    ConnectorKind,
    Erased,
    Erasure,
    Found,
    Health,
    Kept,
    KeptItem,
    OutsideRecord,
    OutsideValue,
    PersonKeys,
    Reason,
)
from governance.core.clock import JST
from policies.types import Label

HEALTH_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What an erasure does to the person's rows of one table."""

    table: TableSpec
    going: tuple[StoredRow, ...] = field(default=(), repr=False)
    emptied: tuple[StoredRow, ...] = field(default=(), repr=False)
    kept: tuple[StoredRow, ...] = field(default=(), repr=False)
    until: date | None = None
    keeping: Keeping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConnector:
    """One declared database."""

    spec: DatabaseSpec
    memory: Memory = field(repr=False)

    @property
    def name(self) -> str:
        """The declared name."""
        return self.spec.name

    @property
    def label(self) -> Label:
        """What people call it."""
        return self.spec.label

    @property
    def kind(self) -> ConnectorKind:
        """A database."""
        return ConnectorKind.DATABASE

    def find(self, person: PersonKeys, asking: Asking) -> Answer:
        """Every row of the declared tables that belongs to the person, in one look."""
        _ = asking
        deadline = Deadline(self.spec.limits.seconds)
        try:
            with looking(self.spec, deadline) as tx:
                rows = Rows(tx, self.spec, person, deadline)
                return Found(records=tuple(self._records(rows)))
        except Stopped as stopped:
            return stopped.failed

    def _records(self, rows: Rows) -> Iterator[OutsideRecord]:
        for table in self.spec.parents_first():
            for row in rows.of(table):
                values = tuple(
                    OutsideValue(
                        name=f"{table.name}.{column.name}",
                        label=_label(table, column),
                        text=text,
                        free_text=column.free_text,
                        third_person=column.third_person,
                    )
                    for column in table.columns
                    if (text := _said(row.values[column.name], table, column))
                )
                yield OutsideRecord(values=values)

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:
        """Children first, all in one transaction: whole, or nothing was changed."""
        return erase_once(
            self.memory,
            self.name,
            asking,
            survey=lambda: self._survey(person, asking),
            act=lambda: self._act(person, asking),
        )

    def _survey(self, person: PersonKeys, asking: Asking) -> Erasure:
        deadline = Deadline(self.spec.limits.seconds)
        try:
            with looking(self.spec, deadline) as tx:
                return _outcome(self._plan(tx, person, asking, deadline))
        except Stopped as stopped:
            return stopped.failed

    def _act(self, person: PersonKeys, asking: Asking) -> Erasure:
        deadline = Deadline(self.spec.limits.seconds)
        try:
            with changing(self.spec, deadline) as tx:
                steps = self._plan(tx, person, asking, deadline)
                for step in reversed(steps):
                    self._take(tx, step)
                return _outcome(steps)
        except Stopped as stopped:
            return stopped.failed

    def _plan(
        self, tx: Connection, person: PersonKeys, asking: Asking, deadline: Deadline
    ) -> tuple[_Step, ...]:
        """One step a table, tables above before those that hang on them."""
        rows, today = Rows(tx, self.spec, person, deadline), asking.at.astimezone(JST).date()
        order = self.spec.parents_first()
        steps = {table.name: _step(table, rows.of(table), today) for table in order}
        for table in reversed(order):
            for below in self.spec.under(table.name):
                if steps[below.name].kept:
                    steps[table.name] = _stays_for(steps[table.name], steps[below.name])
        return tuple(steps[table.name] for table in order)

    def _take(self, tx: Connection, step: _Step) -> None:
        """The rows of one table are gone or emptied; raises Stopped when one moved meanwhile."""
        shape = reflected(tx, self.spec, step.table)
        keys = list(shape.primary_key.columns)
        nothing: dict[str, Any] = dict.fromkeys(step.table.emptied)
        for statement, rows in (
            (delete(shape), step.going),
            (update(shape).values(nothing), (*step.emptied, *step.kept) if nothing else ()),
        ):
            for part in parts([row.key for row in rows]):
                changed = tx.execute(statement.where(one_of(keys, part))).rowcount
                if changed != len(part):
                    raise Stopped(Reason.CHANGED, step.table.name)

    def health(self, *, at: datetime) -> Health:
        """Whether it can be reached and every declared table and column is there."""
        _ = at
        deadline = Deadline(min(self.spec.limits.seconds, HEALTH_SECONDS))
        try:
            with looking(self.spec, deadline) as tx:
                for table in self.spec.tables:
                    reflected(tx, self.spec, table)
        except Stopped as stopped:
            return Health(ok=False, reason=stopped.reason, place=stopped.place)
        return Health(ok=True)


def _step(table: TableSpec, rows: tuple[StoredRow, ...], today: date) -> _Step:
    match table.on_erase:
        case OnErase.DELETE:
            return _Step(table=table, going=rows)
        case OnErase.EMPTY:
            return _Step(table=table, emptied=rows)
        case OnErase.KEEP:
            ends = [(row, kept_until(table.keeping, row.values)) for row in rows]
            over = tuple(row for row, end in ends if end is not None and end < today)
            kept = [(row, end) for row, end in ends if end is None or end >= today]
            return _Step(
                table=table,
                going=over,
                kept=tuple(row for row, _ in kept),
                until=latest(end for _, end in kept),
                keeping=table.keeping,
            )


def _stays_for(step: _Step, below: _Step) -> _Step:
    """Rows whose own time is over stay as long as what hangs on them is kept."""
    both = (*((step.until,) if step.kept else ()), below.until)
    return _Step(
        table=step.table,
        emptied=step.emptied,
        kept=(*step.kept, *step.going),
        until=latest(both),
        keeping=step.keeping,
    )


def kept_until(keeping: Keeping | None, values: Mapping[str, Any]) -> date | None:
    """The last day of keeping; None where it cannot be told, so that an officer reviews it."""
    if keeping is None or keeping.years is None or keeping.since is None:
        return None
    begun = values[keeping.since]
    try:
        day = _day(begun)
    except ValueError:
        return None
    return years_after(day, keeping.years)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _day(value: object) -> date:
    match value:
        case datetime():
            return value.astimezone(JST).date() if value.tzinfo else value.date()
        case date():
            return value
        case str():
            return date.fromisoformat(value.strip()[:10])
        case _:
            raise ValueError


def latest(ends: Any) -> date | None:
    """The last of these days; None when one of them cannot be told, or there is none."""
    found = list(ends)
    return None if not found or None in found else max(found)


def _outcome(steps: tuple[_Step, ...]) -> Erased | Kept:
    """What these steps do, in counts."""
    erased = sum(len(step.going) + len(step.emptied) for step in steps)
    items = tuple(
        KeptItem(
            place=step.table.name,
            label=step.table.label,
            records=len(step.kept),
            ground=step.keeping.ground,
            until=step.until,
        )
        for step in steps
        if step.kept and step.keeping is not None
    )
    return Kept(erased=erased, items=items) if items else Erased(records=erased)


def _label(table: TableSpec, column: ColumnSpec) -> Label:
    return Label(
        ja=f"{table.label.ja}・{column.label.ja}", en=f"{table.label.en}: {column.label.en}"
    )


def _said(value: object, table: TableSpec, column: ColumnSpec) -> str:
    """The value as text; raises Stopped for bytes, which nobody could read or search."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case datetime() | date() | time():
            return value.isoformat()
        case int() | float() | Decimal() | UUID():
            return str(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            raise Stopped(Reason.UNREADABLE, f"{table.name}.{column.name}")
