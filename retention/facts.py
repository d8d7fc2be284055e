"""What decides about persons, read for many in few statements; clear columns only."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, exists, func, or_, select

from consent.ledger import EVENT as CONSENT
from consent.types import EventKind
from governance.core.clock import JST
from governance.core.terms import Law, RowId, SubjectId
from governance.customers.master.rules import runs
from governance.customers.master.types import SubscriptionStatus
from governance.customers.store import LAW, SUBJECT, TABLES
from governance.customers.subjects import SubjectKind, SubjectState
from governance.customers.upkeep.merges import MERGE, MergeState, absorbed_by
from governance.db.fetching import PreparedSelect
from policies.law.counting import add_days
from retention.holds.sparing import holds_on
from retention.key_ends import KEY, shredded_by
from retention.types import PersonFacts, Plan, Purchase, RegisterRow, Schedule, latest

PAGE = 500  # persons read at a time; one IN list
PERSON, PURCHASE = TABLES["person"], TABLES["purchase"]
INQUIRY, DEAL, SUBSCRIPTION = TABLES["inquiry"], TABLES["deal"], TABLES["subscription"]
Grouped = defaultdict[str, list[Row[Any]]]
_IDS: Final[Any] = bindparam("ids", expanding=True)  # statements are made once: a purge asks often
_PEOPLE: Final = PreparedSelect(
    select(SUBJECT).where(SUBJECT.c.id.in_(_IDS)).order_by(SUBJECT.c.id)
)
_UNANSWERED: Final = PreparedSelect(
    select(INQUIRY.c.subject_id).where(
        INQUIRY.c.subject_id.in_(_IDS), INQUIRY.c.closed_at.is_(None)
    )
)
_UNDECIDED: Final = PreparedSelect(
    select(DEAL.c.subject_id).where(
        DEAL.c.subject_id.in_(_IDS), func.coalesce(DEAL.c.result, "") == ""
    )
)
_LAWS: Final = PreparedSelect(
    select(LAW.c.subject_id, LAW.c.law).where(
        LAW.c.subject_id.in_(_IDS),
        or_(LAW.c.valid_to.is_(None), LAW.c.valid_to >= bindparam("on", type_=LAW.c.valid_to.type)),
    )
)
_WITHDRAWN: Final = PreparedSelect(
    select(
        CONSENT.c.subject_id,
        func.max(CONSENT.c.occurred_at, type_=CONSENT.c.occurred_at.type),
    )
    .where(CONSENT.c.subject_id.in_(_IDS), CONSENT.c.kind == EventKind.WITHDRAWN.value)
    .group_by(CONSENT.c.subject_id)
)


def all_facts(tx: Connection, schedule: Schedule, *, at: date) -> Iterator[PersonFacts]:
    """Facts of every person whom the schedule covers, in the order of their pseudonyms."""
    for page in fact_pages(tx, schedule, at=at):
        yield from page


def fact_pages(
    tx: Connection, schedule: Schedule, *, at: date
) -> Iterator[tuple[PersonFacts, ...]]:
    """The same, page by page, for who reads more of each person."""
    page = covered_after(tx, schedule.covers, after=None)
    while page:
        yield facts_of(tx, page, at=at)
        page = covered_after(tx, schedule.covers, after=page[-1])


def covered_after(
    tx: Connection,
    kinds: Iterable[SubjectKind],
    *,
    after: SubjectId | None,
    limit: int = PAGE,
) -> tuple[SubjectId, ...]:
    """The next persons of these kinds, in the order of their pseudonyms.

    An erased person is among them as long as a law keeps a purchase, or rows stay without their
    key. Who was merged into another stands under that pseudonym alone, and goes with it.
    """
    wanted = select(SUBJECT.c.id).where(*_covered(kinds)).order_by(SUBJECT.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(SUBJECT.c.id > after)
    return tuple(SubjectId(one) for one in tx.execute(wanted).scalars())


def covered_of(
    tx: Connection, kinds: Iterable[SubjectKind], subjects: Sequence[SubjectId]
) -> tuple[SubjectId, ...]:
    """Those of these persons whom a schedule of these kinds covers, a page of them at most."""
    mine = SUBJECT.c.id.in_(list(subjects))
    wanted = select(SUBJECT.c.id).where(mine, *_covered(kinds)).order_by(SUBJECT.c.id)
    return tuple(SubjectId(one) for one in tx.execute(wanted).scalars())


def _covered(kinds: Iterable[SubjectKind]) -> tuple[ColumnElement[bool], ...]:
    left = exists().where(PURCHASE.c.subject_id == SUBJECT.c.id)
    merged = select(MERGE.c.absorbed_id).where(MERGE.c.state == MergeState.MERGED.value)
    return (
        SUBJECT.c.kind.in_([kind.value for kind in kinds]),
        or_(
            SUBJECT.c.state != SubjectState.ERASED.value,
            left,
            SUBJECT.c.kept_by_law.startswith(KEY),
        ),
        SUBJECT.c.id.not_in(merged),
    )


def facts_of(tx: Connection, subjects: Sequence[SubjectId], *, at: date) -> tuple[PersonFacts, ...]:
    """Facts of these persons in the order of their pseudonyms; unknown ones are left out."""
    found: list[PersonFacts] = []
    for start in range(0, len(subjects), PAGE):
        found += _page(tx, list(subjects[start : start + PAGE]), at=at)
    return tuple(found)


def keeping_facts_of(tx: Connection, subjects: Sequence[SubjectId]) -> tuple[PersonFacts, ...]:
    """The same with what duties and holds ask for alone: no rule of a schedule decides by it."""
    found: list[PersonFacts] = []
    for start in range(0, len(subjects), PAGE):
        ids = list(subjects[start : start + PAGE])
        people = _PEOPLE.rows(tx, {"ids": ids})
        purchases = _grouped(tx, PURCHASE, ids)
        held, spared = holds_on(tx, ids)
        found += (
            PersonFacts(
                subject=SubjectId(person.id),
                kind=SubjectKind(person.kind),
                state=SubjectState(person.state),
                fence=person.fence,
                held=person.id in held,
                spared=spared.get(SubjectId(person.id), {}),
                purchases=tuple(purchase_of(row) for row in purchases[person.id]),
            )
            for person in people
        )
    return tuple(found)


def _page(tx: Connection, ids: list[SubjectId], *, at: date) -> Iterator[PersonFacts]:
    people = _PEOPLE.rows(tx, {"ids": ids})
    rows, purchases = _grouped(tx, PERSON, ids), _grouped(tx, PURCHASE, ids)
    plans = _grouped(tx, SUBSCRIPTION, ids)
    held, spared = holds_on(tx, ids)
    laws = _laws(tx, ids, at=at)
    inquiries = _last(tx, INQUIRY, ("received_at", "closed_at"), ids)
    deals = _last(tx, DEAL, ("started_on", "expected_on"), ids)
    withdrawals = _withdrawals(tx, ids)
    open_tasks = _open_tasks(tx, ids)
    closed = _last(tx, INQUIRY, ("closed_at",), ids)
    for person in people:
        contracts = tuple(plan_of(row, at=at) for row in plans[person.id])
        bought = tuple(purchase_of(row) for row in purchases[person.id])
        ended = latest(
            closed.get(person.id), deals.get(person.id), _contracts_end(contracts, bought)
        )
        runs_on = any(one.running for one in contracts) or any(one.running for one in bought)
        moves = (_moves(row, at) for row in plans[person.id])
        yield PersonFacts(
            subject=SubjectId(person.id),
            kind=SubjectKind(person.kind),
            state=SubjectState(person.state),
            fence=person.fence,
            held=person.id in held,
            spared=spared.get(SubjectId(person.id), {}),
            shredded=shredded_by(person.kept_by_law),
            gdpr=person.id not in laws or Law.GDPR.value in laws[person.id],
            rows=tuple(_register(row) for row in rows[person.id]),
            purchases=bought,
            plans=contracts,
            inquiry_on=inquiries.get(person.id),
            deal_on=deals.get(person.id),
            consent_withdrawn_on=withdrawals.get(person.id),
            task_ended_on=None if runs_on or person.id in open_tasks else ended,
            moves_on=min(chain.from_iterable(moves), default=None),
        )


def _contracts_end(plans: Iterable[Plan], purchases: Iterable[Purchase]) -> date | None:
    ends = (plan.ended_on for plan in plans), (one.cancelled_on for one in purchases)
    return latest(*chain(*ends))


def _open_tasks(tx: Connection, ids: list[SubjectId]) -> set[str]:
    """Who has an inquiry that nobody closed, or a deal without a result."""
    mine = {"ids": ids}
    return {row.subject_id for open_ in (_UNANSWERED, _UNDECIDED) for row in open_.rows(tx, mine)}


def _moves(row: Row[Any], at: date) -> Iterator[date]:
    """Days to come on which the calendar alone makes a subscription say something else."""
    days = [day for day in (row.renewed_on, row.cancelled_on, row.ends_on) if day is not None]
    yield from (day for day in days if day > at)
    yield from (add_days(day, 1) for day in days if day >= at)


CLEAR: dict[str, tuple[str, ...]] = {
    "person": ("status", "registered_on", "last_purchase_on", "withdrawn_on"),
    "subscription": ("status", "started_on", "renewed_on", "cancelled_on", "ends_on"),
    "purchase": (
        "type",
        "payment_status",
        "purchased_on",
        "contracted_on",
        "renewed_on",
        "cancelled_on",
        "recorded_at",
    ),
}


def _grouped(tx: Connection, table: Table, ids: list[SubjectId]) -> Grouped:
    found: Grouped = defaultdict(list)
    for row in _rows_of(table.name).rows(tx, {"ids": ids}):
        found[row.subject_id].append(row)
    return found


@cache
def _rows_of(name: str) -> PreparedSelect:
    table = TABLES[name]
    columns = [table.c[column] for column in ("id", "subject_id", *CLEAR[name])]
    return PreparedSelect(select(*columns).where(table.c.subject_id.in_(_IDS)).order_by(table.c.id))


def _register(row: Row[Any]) -> RegisterRow:
    return RegisterRow(
        status=row.status,
        registered_on=row.registered_on,
        last_purchase_on=row.last_purchase_on,
        withdrawn_on=row.withdrawn_on,
    )


def purchase_of(row: Row[Any]) -> Purchase:
    """What a stored purchase says in clear."""
    days = row.purchased_on, row.contracted_on, row.renewed_on, row.cancelled_on
    return Purchase(
        row=RowId(row.id),
        subscription=row.type == "subscription",
        unpaid=row.payment_status == "unpaid",
        purchased_on=row.purchased_on,
        contracted_on=row.contracted_on,
        renewed_on=row.renewed_on,
        cancelled_on=row.cancelled_on,
        recorded_on=None if any(days) else day_in_japan(row.recorded_at),
    )


def plan_of(row: Row[Any], *, at: date) -> Plan:
    """What a stored subscription says on this day."""
    status = SubscriptionStatus(row.status)
    past = (day for day in (row.renewed_on, row.cancelled_on, row.ends_on) if day and day <= at)
    running = runs(status, ends_on=row.ends_on, cancelled_on=row.cancelled_on, on=at)
    return Plan(
        running=running,
        last_on=latest(row.started_on, *past),
        ended_on=None if running else latest(row.ends_on, row.cancelled_on),
    )


def _laws(tx: Connection, ids: list[SubjectId], *, at: date) -> dict[str, set[str]]:
    """Laws in force by person; one without any entry stands under all (design 3.3)."""
    found: dict[str, set[str]] = defaultdict(set)
    for subject, law in _LAWS.rows(tx, {"ids": ids, "on": at}):
        found[subject].add(law)
    return dict(found)


def _last(
    tx: Connection, table: Table, columns: tuple[str, ...], ids: list[SubjectId]
) -> dict[str, date]:
    """The latest of these columns by person."""
    rows = _latest_of(table.name, columns).rows(tx, {"ids": ids})
    days = {
        subject: latest(*(day_in_japan(moment) for moment in found)) for subject, *found in rows
    }
    return {subject: found for subject, found in days.items() if found is not None}


@cache
def _latest_of(name: str, columns: tuple[str, ...]) -> PreparedSelect:
    table = TABLES[name]
    tops = [func.max(table.c[column], type_=table.c[column].type) for column in columns]
    wanted = select(table.c.subject_id, *tops).where(table.c.subject_id.in_(_IDS))
    return PreparedSelect(wanted.group_by(table.c.subject_id))


def _withdrawals(tx: Connection, ids: list[SubjectId]) -> dict[str, date]:
    """The last withdrawal of each, under whatever pseudonym it was made."""
    home: dict[str, str] = dict(zip(ids, ids, strict=True))
    home |= dict(absorbed_by(tx, ids).items())
    rows = [
        row
        for start in range(0, len(home), PAGE)
        for row in _WITHDRAWN.rows(tx, {"ids": list(home)[start : start + PAGE]})
    ]
    found: dict[str, date] = {}
    for subject, at in rows:
        if (day := day_in_japan(at)) is not None:
            found[home[subject]] = max(day, found.get(home[subject], day))
    return found


def day_in_japan(moment: datetime | date | None) -> date | None:
    """The day in Japan on which something happened."""
    return moment.astimezone(JST).date() if isinstance(moment, datetime) else moment
