"""One page of persons looked at: how they are decided, and how many of their rows would go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from governance.core.terms import SubjectId
from governance.customers.catalogue import OnErase, catalogue
from governance.customers.store import TABLES
from retention import rules
from retention.duties import row_keeps
from retention.facts import PAGE, covered_after, facts_of
from retention.key_ends import shreds
from retention.parts.looking import met_of
from retention.plans import keep_lines
from retention.simulation.folding import figures_of
from retention.simulation.types import HELD, PERSONS, ROWS, Figures, Judged, RowFate
from retention.types import Due, PersonFacts, Schedule

KEPT_TABLE = "purchase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is simulated: a schedule on a day, and what it is compared with."""

    schedule: Schedule
    on: date
    today: date
    against: Schedule | None = None

    def judged(self, facts: PersonFacts) -> Judged:
        """The person under both schedules; a schedule says nothing of whom it does not cover."""
        mine = facts.kind in self.schedule.covers
        decision = rules.due(facts, self.schedule, at=self.on) if mine else None
        kept = row_keeps(facts, self.schedule, at=self.on) if isinstance(decision, Due) else {}
        other = None
        if self.against is not None and facts.kind in self.against.covers:
            other = rules.due(facts, self.against, at=self.on)
        return Judged(
            subject=facts.subject,
            decision=decision,
            keeps=keep_lines(kept),
            rows_kept=len(kept),
            shreds=decision is not None and shreds(self.schedule.rule(decision.rule), facts),
            other=other,
        )


def next_judged(
    tx: Connection, look: Look, *, after: SubjectId | None, limit: int = PAGE
) -> tuple[Judged, ...]:
    """The next persons whom either schedule covers, in the order of their pseudonyms."""
    return tuple(map(look.judged, _page(tx, look, after=after, limit=limit)))


def _page(
    tx: Connection, look: Look, *, after: SubjectId | None, limit: int
) -> tuple[PersonFacts, ...]:
    kinds = look.schedule.covers | (look.against.covers if look.against else frozenset())
    return facts_of(tx, covered_after(tx, kinds, after=after, limit=limit), at=look.on)


def next_figures(
    tx: Connection, look: Look, *, after: SubjectId | None, limit: int = PAGE
) -> tuple[Figures, SubjectId | None]:
    """The figures of the next persons, and the last of them; None when nobody is left."""
    page = _page(tx, look, after=after, limit=limit)
    if not page:
        return Figures(), None
    found = tuple(map(look.judged, page))
    stays = [
        facts
        for facts, one in zip(page, found, strict=True)
        if one.decision is not None and not isinstance(one.decision, Due)
    ]
    figures = figures_of(
        found,
        today=look.today,
        rows=_rows(tx, found),
        lines=_lines(tx, look, stays),
        compared=look.against is not None,
    )
    return figures, found[-1].subject


def _lines(tx: Connection, look: Look, stays: Sequence[PersonFacts]) -> Counter[tuple[str, str]]:
    """What lines about rows meet of persons who stay; groups that are too small count as well."""
    found: Counter[tuple[str, str]] = Counter()
    for _, met in met_of(tx, look.schedule, stays, at=look.on):
        line = met.part.id
        found[line, PERSONS] += bool(met.rows)
        found[line, ROWS] += len(met.rows)
        found[line, HELD] += met.held
    return +found


def _rows(tx: Connection, judged: Sequence[Judged]) -> Counter[tuple[str, RowFate]]:
    """Rows of the due persons by table: deleted, emptied, or kept in part by a duty."""
    due = [one for one in judged if isinstance(one.decision, Due)]
    found: Counter[tuple[str, RowFate]] = Counter()
    if not due:
        return found
    bare = [one.subject for one in due if one.shreds]
    subjects = [one.subject for one in due if not one.shreds]
    for name in catalogue().erase_order():
        emptied = catalogue().table(name).on_erase is OnErase.EMPTY_COLUMNS
        found[name, RowFate.ANONYMISE if emptied else RowFate.DELETE] += _of(tx, name, subjects)
        found[name, RowFate.ANONYMISE] += _of(tx, name, bare)
    kept = sum(one.rows_kept for one in due if not one.shreds)
    found[KEPT_TABLE, RowFate.KEEP] += kept
    found[KEPT_TABLE, RowFate.DELETE] -= kept
    return +found


def _of(tx: Connection, name: str, subjects: Sequence[SubjectId]) -> int:
    counted = select(func.count()).where(TABLES[name].c.subject_id.in_(subjects))
    return int(tx.execute(counted).scalar_one())
