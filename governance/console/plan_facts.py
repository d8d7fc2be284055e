"""Facts of the pages of plans: the counts, why two persons are needed, the items, their file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection

from governance.console.schedule_facts import schedule_told
from governance.core.terms import Lang, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.documents.tables import write_csv, write_xlsx
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Choice
from retention.explained import part_words
from retention.listing import register_ids
from retention.looking import ItemFilter, PartSum, every_item
from retention.parts.lines import line
from retention.plans import Item, ItemState, Plan
from retention.simulation.showing import why_of
from retention.thresholds import shares_of
from retention.types import DecisionKind, Schedule
from retention.words import because

CSV, XLSX = "csv", "xlsx"
MEDIA: Final[Mapping[str, str]] = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SKIPPED: Final = frozenset({"held", "unknown", "fence", "decision", "kept_fields", "erased"})
COLUMNS: Final = ("person", "number", "decision", "why", "due_on", "kept", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """How many persons have one decision by one rule."""

    decision: str
    rule: str
    why: str
    basis: str
    persons: int
    listed: bool  # kept persons are counted and are no items


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """One item in words."""

    subject: str
    number: str
    decision: str
    why: str
    short: str  # the same without its dates, which have columns of their own
    due_on: str
    kept: str
    state: str

    def cells(self, lang: Lang) -> tuple[str, ...]:
        """The cells of a file: what the page shows, with the whole pseudonym."""
        decided = text(f"retention.decision.{self.decision}", lang)
        return (
            *(self.subject, self.number, decided),
            *(self.why, self.due_on, self.kept, self.state),
        )


def count_lines(plan: Plan, schedule: Schedule, lang: Lang) -> tuple[CountLine, ...]:
    """The counts of a plan, due persons first."""
    order = (DecisionKind.DUE, DecisionKind.REVIEW, DecisionKind.KEPT)
    found = sorted(plan.counts.items(), key=lambda one: (order.index(one[0][0]), -one[1]))
    lines = []
    for (decision, rule), persons in found:
        why, basis = why_of(rule, schedule, lang)
        lines.append(
            CountLine(
                decision=decision.value,
                rule=rule,
                why=why,
                basis=basis,
                persons=persons,
                listed=decision is not DecisionKind.KEPT,
            )
        )
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """How much of one table a plan takes."""

    table: str
    rows: int
    of: int

    @property
    def percent(self) -> float:
        """The share, of 1."""
        return self.rows / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartShown:
    """What one line about rows takes in a plan, or keeps."""

    label: str
    action: str
    decision: str
    persons: int
    rows: int


def share_lines(plan: Plan, lang: Lang) -> tuple[ShareLine, ...]:
    """The tables of which most goes, first."""
    known = catalogue().tables
    found = [
        ShareLine(
            table=known[one.table].label(lang) if one.table in known else one.table,
            rows=one.rows,
            of=one.of,
        )
        for one in shares_of(plan.shares)
        if one.rows
    ]
    return tuple(sorted(found, key=lambda one: -one.percent))


def parts_shown(
    sums: Sequence[PartSum], schedule: Schedule, lang: Lang, *, on: date
) -> tuple[PartShown, ...]:
    """What lines about rows take in a plan, in words."""
    found = []
    for one in sums:
        part = line(schedule, one.rule, at=on)
        words = part_words(part, lang) if part is not None else None
        action = text(f"retention.action.{one.action}", lang)
        found.append(
            PartShown(
                label=words.label if words else one.rule,
                action=f"{words.what} - {words.action}" if words else action,
                decision=one.decision.value,
                persons=one.persons,
                rows=one.rows,
            )
        )
    return tuple(found)


def item_filter(decision: str, rule: str, state: str) -> ItemFilter:
    """The filter of a form; what names nothing asks nothing."""
    return ItemFilter(
        decision=DecisionKind(decision) if decision in set(DecisionKind) else None,
        rule=rule,
        state=ItemState(state) if state in set(ItemState) else None,
    )


def plan_schedule(plan: Plan, schedule: Schedule, lang: Lang) -> str:
    """The schedule of a plan by its name for people; `schedule` may be another, of today."""
    known = schedule if schedule.digest == plan.schedule_digest else None
    return schedule_told(plan.schedule_name, plan.schedule_version, known, lang)


def filter_choices(plan: Plan, schedule: Schedule, lang: Lang) -> dict[str, tuple[Choice, ...]]:
    """What the filter of the items offers; the first of each asks nothing."""
    every = Choice(value="", label=text("console.plans.every", lang))
    decisions = (DecisionKind.DUE, DecisionKind.REVIEW)
    rules = {rule for kind, rule in plan.counts if kind in decisions}
    return {
        "decision": (
            every,
            *(
                Choice(value=k.value, label=text(f"retention.decision.{k}", lang))
                for k in decisions
            ),
        ),
        "rule": (
            every,
            *(Choice(value=one, label=why_of(one, schedule, lang)[0]) for one in sorted(rules)),
        ),
        "state": (
            every,
            *(Choice(value=one.value, label=state_words(one, lang)) for one in ItemState),
        ),
    }


def state_words(state: ItemState, lang: Lang) -> str:
    """What became of an item."""
    return text(f"console.plans.state.{state}", lang)


def skipped_words(reason: str | None, lang: Lang) -> str:
    """Why an item was left alone."""
    known = reason if reason in SKIPPED else "other"
    return text(f"console.plans.skipped.{known}", lang)


def item_lines(
    items: Sequence[Item],
    numbers: Mapping[SubjectId, tuple[str, ...]],
    schedule: Schedule,
    lang: Lang,
) -> tuple[ItemLine, ...]:
    """The items in words."""
    labels = {duty.id: duty.label.of(lang) for duty in schedule.duties}
    return tuple(
        ItemLine(
            subject=item.subject,
            number=", ".join(numbers.get(item.subject, ())),
            decision=item.decision.value,
            why=because(item, schedule, lang),
            short=why_of(item.rule, schedule, lang)[0],
            due_on=long_day(item.due_on, lang) if item.due_on else "",
            kept=" / ".join(
                f"{labels.get(k.duty, k.duty)} ({long_day(k.until, lang)})" for k in item.keeps
            ),
            state=_state(item, lang),
        )
        for item in items
    )


def _state(item: Item, lang: Lang) -> str:
    said = state_words(item.state, lang)
    if item.state is not ItemState.SKIPPED:
        return said
    return f"{said}: {skipped_words(item.skipped_because, lang)}"


def numbers_of(
    tx: Connection, ports: Ports, items: Sequence[Item], *, opens: bool
) -> Mapping[SubjectId, tuple[str, ...]]:
    """The register's numbers of the items' persons, for whom they may be shown to."""
    return register_ids(tx, ports, [item.subject for item in items]) if opens and items else {}


def exported(
    tx: Connection,
    ports: Ports,
    plan: RowId,
    asked: ItemFilter,
    schedule: Schedule,
    lang: Lang,
    *,
    form: str,
    opens: bool,
) -> bytes:
    """The filtered items as a file; no cell of it is a formula."""
    header = [text(f"console.plans.column.{name}", lang) for name in COLUMNS]

    def rows() -> Iterator[tuple[str, ...]]:
        for page in every_item(tx, plan, asked):
            numbers = numbers_of(tx, ports, page, opens=opens)
            yield from (line.cells(lang) for line in item_lines(page, numbers, schedule, lang))

    with TemporaryDirectory(prefix="sekisho-plan-") as folder:
        path = Path(folder) / f"plan.{form}"
        if form == XLSX:
            write_xlsx(path, header, rows(), sheet="plan")
        else:
            write_csv(path, header, rows())
        return path.read_bytes()
