"""What lines about rows take of persons who stay, as items of a plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from retention.parts.facts import part_facts
from retention.parts.lines import lines
from retention.parts.rules import met, shared
from retention.parts.types import Met, MetRow, PartFacts
from retention.plans import Json, PartItem, canonical
from retention.types import Action, DecisionKind, PersonFacts, Schedule

NOTHING = PartFacts()
Groups = Mapping[tuple[str, tuple[str, ...]], int]  # line and words of a group -> persons


@dataclass(slots=True, kw_only=True)
class Looking:
    """Lines about rows while persons are looked at page by page."""

    schedule: Schedule
    cutoff: date
    found: list[tuple[PersonFacts, Met]] = field(default_factory=list)

    def take(self, tx: Connection, page: Sequence[PersonFacts]) -> None:
        """What the lines meet of these persons, none of whom goes as a whole."""
        self.found += met_of(tx, self.schedule, page, at=self.cutoff)

    def items(self) -> tuple[PartItem, ...]:
        """The items of a plan, once everybody was looked at; small groups are kept."""
        groups = shared((facts.subject, one) for facts, one in self.found)
        made = (item for facts, one in self.found for item in _items(facts, one, groups))
        return tuple(sorted(made, key=lambda item: item.id))


def met_of(
    tx: Connection, schedule: Schedule, page: Sequence[PersonFacts], *, at: date
) -> list[tuple[PersonFacts, Met]]:
    """What each line meets of each person of a page, lines that meet nothing left out."""
    parts = lines(schedule, at=at)
    known = part_facts(tx, parts, [facts.subject for facts in page], at=at)
    return [
        (facts, one)
        for facts in page
        for one in met(parts, facts, known.get(facts.subject, NOTHING), schedule, at=at)
        if one.rows or one.held or one.next_on is not None
    ]


def _items(facts: PersonFacts, one: Met, groups: Groups) -> Iterable[PartItem]:
    few = [row for row in one.rows if _few(one, row, groups)]
    goes = [row for row in one.rows if row not in few]
    if goes:
        yield _item(facts, one, goes)
    elif few:  # shown as kept: a group of so few tells of each of them
        yield _item(facts, one, few, kept_because="few")
    elif one.held_on is not None:
        yield _item(facts, one, (), kept_because="held")


def _few(one: Met, row: MetRow, groups: Groups) -> bool:
    if one.action is not Action.DE_IDENTIFY:
        return False
    return groups[one.part.id, tuple(word for _, word in row.values)] < one.part.k


def _item(
    facts: PersonFacts, one: Met, rows: Sequence[MetRow], *, kept_because: str | None = None
) -> PartItem:
    day = min((row.due_on for row in rows), default=one.held_on)
    if day is None:
        raise ValueError("an item is about rows that are due")
    return PartItem(
        id=new_row_id(),
        subject=facts.subject,
        rule=one.part.id,
        table=one.part.table,
        action=one.action,
        decision=DecisionKind.DUE if kept_because is None else DecisionKind.KEPT,
        rows=len(rows) or one.held,
        due_on=day,
        fence=facts.fence,
        digest=rows_digest(rows),
        row_ids=tuple(sorted(row.row for row in rows)),
        kept_because=kept_because,
    )


def rows_digest(rows: Iterable[MetRow]) -> str:
    """SHA-256 over the rows and what of them goes: a run takes exactly what the plan says."""
    said: list[Json] = [
        [row.row, *sorted(row.fields), *(word for _, word in row.values)]
        for row in sorted(rows, key=lambda one: one.row)
    ]
    return sha256(canonical(said)).hexdigest()
