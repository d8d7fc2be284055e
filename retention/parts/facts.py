"""Rows that lines of a schedule are about, read for many persons in few statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, or_, select

from consent.ledger import EVENT as CONSENT
from consent.types import GRANTS, NARROWING, EventKind
from governance.core.terms import FieldId, PurposeId, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue
from governance.customers.custom.store import VALUE
from governance.customers.custom.types import is_custom
from governance.customers.store import TABLES
from governance.customers.upkeep.merges import absorbed_by
from retention.facts import PAGE, day_in_japan, plan_of, purchase_of
from retention.parts.types import PartFacts, RowFacts
from retention.types import Action, Part, Trigger, latest

INQUIRY, SUBSCRIPTION = TABLES["inquiry"], TABLES["subscription"]
DAYS: Mapping[str, tuple[str, ...]] = {  # clear columns that tell a row's own days
    "person": ("registered_on", "withdrawn_on"),
    "inquiry": ("received_at", "closed_at"),
    "inquiry_message": ("sent_at", "inquiry_id"),
    "deal": ("started_on", "expected_on", "result"),
    "purchase": (
        *("type", "payment_status", "purchased_on", "contracted_on", "renewed_on"),
        "cancelled_on",
    ),
    "subscription": ("status", "started_on", "renewed_on", "cancelled_on", "ends_on"),
}


def part_facts(
    tx: Connection, parts: Sequence[Part], subjects: Sequence[SubjectId], *, at: date
) -> Mapping[SubjectId, PartFacts]:
    """What decides about the rows of these persons; one whom no line is about has no rows."""
    found: dict[SubjectId, PartFacts] = {}
    for start in range(0, len(subjects), PAGE) if parts else ():
        found |= _page(tx, parts, list(subjects[start : start + PAGE]), at=at)
    return found


def _page(
    tx: Connection, parts: Sequence[Part], ids: list[SubjectId], *, at: date
) -> Mapping[SubjectId, PartFacts]:
    rows: dict[str, dict[str, list[RowFacts]]] = defaultdict(dict)
    for name in dict.fromkeys(part.table for part in parts):
        mine = [part for part in parts if part.table == name]
        for subject, row in _rows(tx, name, mine, ids, at=at):
            rows[subject].setdefault(name, []).append(row)
    asked = frozenset(purpose for part in parts for purpose in part.purposes)
    ended = _ended(tx, ids, asked)
    return {
        subject: PartFacts(
            rows={name: tuple(found) for name, found in rows[subject].items()},
            ended=ended.get(subject, {}),
        )
        for subject in ids
        if subject in rows
    }


def _rows(
    tx: Connection, name: str, parts: Sequence[Part], ids: list[SubjectId], *, at: date
) -> Iterable[tuple[str, RowFacts]]:
    table, whole = TABLES[name], any(part.action is not Action.NULL for part in parts)
    fields = _sealed_of(name, parts, whole=whole)
    own = {f: f.partition(".")[2] for f in fields if not is_custom(f)}
    beside = _beside(tx, ids, [f for f in fields if is_custom(f)])
    counted = _counted(parts)
    columns = [table.c[c] for c in dict.fromkeys((*DAYS.get(name, ()), *counted.values()))]
    bound = _bound(tx, ids) if whole and name == "purchase" else frozenset()
    marks = [table.c[column].is_not(None).label(f"has_{column}") for column in own.values()]
    keys = (table.c.id, table.c.subject_id, table.c.recorded_at)
    wanted = select(*keys, *columns, *marks).where(table.c.subject_id.in_(ids))
    if not whole:
        wanted = wanted.where(_something(table, own.values(), beside))
    for row in tx.execute(_with_inquiry(wanted, name).order_by(table.c.id)):
        filled = {f for f, column in own.items() if getattr(row, f"has_{column}")}
        yield (
            row.subject_id,
            RowFacts(
                row=RowId(row.id),
                days={when: on for when, on in _days(name, row, at=at).items() if on is not None},
                filled=frozenset(filled | beside.get(row.id, set())),
                values={f: _word(getattr(row, column)) for f, column in counted.items()},
                bound=row.id in bound,
            ),
        )


def _bound(tx: Connection, ids: list[SubjectId]) -> frozenset[str]:
    """Purchases under which a subscription stands; that one ends by its own line first."""
    named = SUBSCRIPTION.c.purchase_id, SUBSCRIPTION.c.subject_id.in_(ids)
    rows = tx.execute(select(named[0]).where(named[1], named[0].is_not(None)))
    return frozenset(rows.scalars())


def _sealed_of(name: str, parts: Sequence[Part], *, whole: bool) -> tuple[FieldId, ...]:
    """The fields that a line may empty, or that keep a row from going whole."""
    if whole:
        return tuple(f.id for f in catalogue().table(name).fields if f.storage is Storage.SEALED)
    known = catalogue().fields
    named = (f for part in parts for f in part.fields)
    return tuple(dict.fromkeys(f for f in named if f in known or is_custom(f)))


def _counted(parts: Sequence[Part]) -> Mapping[FieldId, str]:
    named = (f for part in parts if part.action is Action.DE_IDENTIFY for f in part.fields)
    return {f: f.partition(".")[2] for f in named}


def _something(
    table: Table, columns: Iterable[str], beside: Mapping[str, set[FieldId]]
) -> ColumnElement[bool]:
    """Rows that hold any of it; the others were emptied before."""
    full = [table.c[column].is_not(None) for column in columns]
    return or_(*full, table.c.id.in_(list(beside)))


def _with_inquiry(wanted: Select[Any], name: str) -> Select[Any]:
    """A message ends with the inquiry that it belongs to."""
    if name != "inquiry_message":
        return wanted
    table = TABLES[name]
    return wanted.add_columns(INQUIRY.c.closed_at).join(INQUIRY, INQUIRY.c.id == table.c.inquiry_id)


def _beside(
    tx: Connection, ids: list[SubjectId], fields: Sequence[FieldId]
) -> Mapping[str, set[FieldId]]:
    """Which of the installation's own fields each row has a value of."""
    found: dict[str, set[FieldId]] = defaultdict(set)
    if not fields:
        return found
    mine = VALUE.c.subject_id.in_(ids), VALUE.c.field.in_(list(fields))
    for row, name in tx.execute(select(VALUE.c.row_id, VALUE.c.field).where(*mine)):
        found[row].add(FieldId(name))
    return found


def _days(name: str, row: Row[Any], *, at: date) -> dict[Trigger, date | None]:
    """The row's own days; an event that has not happened is not among them."""
    recorded: dict[Trigger, date | None] = {Trigger.RECORDED: day_in_japan(row.recorded_at)}
    match name:
        case "person":
            own = {Trigger.REGISTERED: row.registered_on, Trigger.WITHDRAWN: row.withdrawn_on}
        case "inquiry":
            closed, received = day_in_japan(row.closed_at), day_in_japan(row.received_at)
            own = {Trigger.TASK_ENDED: closed, Trigger.LAST_INQUIRY: latest(closed, received)}
        case "inquiry_message":
            closed, sent = day_in_japan(row.closed_at), day_in_japan(row.sent_at)
            own = {Trigger.TASK_ENDED: closed, Trigger.LAST_INQUIRY: sent}
        case "deal":
            last = latest(row.started_on, row.expected_on)
            own = {Trigger.TASK_ENDED: last if row.result else None, Trigger.LAST_DEAL: last}
        case "purchase":
            bought = purchase_of(row)
            ended = None if bought.running or bought.unpaid else bought.last_on
            own = {
                Trigger.TASK_ENDED: ended,
                Trigger.LAST_TRANSACTION: bought.last_on,
                Trigger.CONTRACT_ENDED: bought.cancelled_on,
            }
        case "subscription":
            plan = plan_of(row, at=at)
            own = {
                Trigger.TASK_ENDED: plan.ended_on,
                Trigger.CONTRACT_ENDED: plan.ended_on,
                Trigger.LAST_TRANSACTION: plan.last_on,
            }
        case _:
            own = {}
    return recorded | own


def _word(value: object) -> str:
    """A clear value as a count shows it: a day by its month, nothing as an empty word."""
    day = day_in_japan(value) if isinstance(value, datetime | date) else None
    if day is not None:
        return day.isoformat()[:7]
    return "" if value is None else str(value)


def _ended(
    tx: Connection, ids: list[SubjectId], purposes: frozenset[PurposeId]
) -> Mapping[str, dict[PurposeId, date]]:
    """The day on which the last consent to each purpose ended, where none stands any more."""
    if not purposes:
        return {}
    home: dict[str, str] = dict(zip(ids, ids, strict=True))
    home |= dict(absorbed_by(tx, ids).items())
    columns = (
        *(CONSENT.c.subject_id, CONSENT.c.purpose, CONSENT.c.channel, CONSENT.c.recipient_class),
        *(CONSENT.c.kind, CONSENT.c.occurred_at),
    )
    said = CONSENT.c.kind.in_([kind.value for kind in (*GRANTS, *NARROWING)])
    mine = CONSENT.c.subject_id.in_(list(home)), CONSENT.c.purpose.in_(sorted(purposes)), said
    cells: dict[tuple[str, str], dict[tuple[str, str, str], tuple[EventKind, date | None]]] = (
        defaultdict(dict)
    )
    for row in tx.execute(select(*columns).where(*mine).order_by(CONSENT.c.seq)):
        cell = row.subject_id, row.channel, row.recipient_class
        last = EventKind(row.kind), day_in_japan(row.occurred_at)
        cells[home[row.subject_id], row.purpose][cell] = last
    found: dict[str, dict[PurposeId, date]] = defaultdict(dict)
    for (subject, purpose), lasts in cells.items():
        if any(kind in GRANTS for kind, _ in lasts.values()):
            continue
        if (day := latest(*(day for _, day in lasts.values()))) is not None:
            found[subject][PurposeId(purpose)] = day
    return found
