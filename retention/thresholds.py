"""When a purge needs a second person: by its share of the persons and of each table; by its size.

A mistake in a schedule shows first in how much goes. One person alone takes no more than a small
share of any table, and no more than a few times what runs took before.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, select, union_all

from governance.core.controller import Controller
from governance.core.retention_settings import RetentionSettings
from governance.core.terms import SubjectId
from governance.customers.catalogue import catalogue, derived
from governance.customers.store import IN_LIMIT, TABLES
from retention.plans import Ground, PartItem, SecondPerson

HUNDRED: Final = 100
_IDS: Final[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one person alone may begin."""

    percent: float = 1.0  # of the persons, and of the rows of any table
    medians: float = 3.0  # times the median of earlier runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many rows of one table a plan takes, of how many."""

    table: str
    rows: int
    of: int

    def above(self, percent: float) -> bool:
        """Whether it is more than this share."""
        return self.rows * HUNDRED > self.of * percent


def limits_of(controller: Controller) -> Limits:
    """The limits of the settings; the strict defaults where there are none."""
    if not isinstance(controller, RetentionSettings):
        return Limits()
    return Limits(
        percent=controller.retention_share_percent, medians=controller.retention_median_times
    )


def shares(
    tx: Connection, subjects: Sequence[SubjectId], parts: Iterable[PartItem] = ()
) -> tuple[Share, ...]:
    """What goes of each table with these persons and by these lines; tables without any left out.

    A row of which a law keeps some fields counts as gone: rather too much than too little.
    """
    rows = dict.fromkeys(catalogue().erase_order(), 0)
    for start in range(0, len(subjects), IN_LIMIT):
        for table, count in tx.execute(_of_persons(), {"ids": subjects[start : start + IN_LIMIT]}):
            rows[table] += int(count)
    for part in parts:
        rows[part.table] = rows.get(part.table, 0) + part.rows
    return tuple(
        Share(table=table, rows=count, of=_size(tx, table))
        for table, count in sorted(rows.items())
        if count
    )


def second_person(
    *,
    ground: Ground,
    due: int,
    persons: int,
    earlier: Sequence[int],
    taken: Iterable[Share] = (),
    limits: Limits | None = None,
) -> tuple[SecondPerson, ...]:
    """Why a second principal must agree; `earlier` are the sizes of the runs before."""
    if ground is Ground.REQUEST:
        return (SecondPerson.REQUEST,)
    bound = limits or Limits()
    found = []
    if Share(table="", rows=due, of=persons).above(bound.percent):
        found.append(SecondPerson.SHARE)
    if any(share.above(bound.percent) for share in taken):
        found.append(SecondPerson.TABLE)
    if earlier and due > bound.medians * median(earlier):
        found.append(SecondPerson.MEDIAN)
    return tuple(found)


def shares_json(taken: Iterable[Share]) -> str:
    """The shares as a plan stores them."""
    return json.dumps({share.table: [share.rows, share.of] for share in taken})


def shares_of(text: str | None) -> tuple[Share, ...]:
    """The shares that a plan stored; none of a plan of an earlier release."""
    found = json.loads(text or "{}")
    return tuple(Share(table=name, rows=rows, of=of) for name, (rows, of) in found.items())


@derived
def _of_persons() -> Any:
    tables = (TABLES[name] for name in catalogue().erase_order())
    return union_all(
        *(
            select(literal(table.name), func.count()).where(table.c.subject_id.in_(_IDS))
            for table in tables
        )
    )


def _size(tx: Connection, table: str) -> int:
    return int(tx.execute(select(func.count()).select_from(TABLES[table])).scalar_one())
