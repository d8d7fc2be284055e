"""How a plan is drawn up and stored: persons page by page, rows beside, one hash over all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.customers.ports import Ports
from governance.http.principal import Principal
from retention import plans, rules, store, thresholds
from retention.calendar.reading import by_calendar
from retention.duties import row_keeps
from retention.facts import fact_pages
from retention.parts.looking import Looking
from retention.parts.store import add_parts
from retention.plans import Ground, Item, PartItem, Plan
from retention.types import DecisionKind, Due, PersonFacts, Review, Schedule


def drawn_up(tx: Connection, schedule: Schedule, *, on: date) -> "Drawn":
    """What a plan of this day says: by the calendar of due dates, or of everybody without one."""
    draft, known = Draft(schedule=schedule, cutoff=on), by_calendar(tx, schedule, on=on)
    pages = fact_pages(tx, schedule, at=on) if known is None else known.pages(tx)
    for page in pages:
        draft.take(tx, page)
    if known is not None:
        draft.counts += known.resting
    return draft.made()


@dataclass(slots=True, kw_only=True)
class Draft:
    """A plan while persons are looked at page by page."""

    schedule: Schedule
    cutoff: date
    items: list[Item] = field(default_factory=list)
    counts: Counter[tuple[DecisionKind, str]] = field(default_factory=Counter)
    looking: Looking = field(init=False)

    def __post_init__(self) -> None:
        """Rows are looked at under the same schedule on the same day."""
        self.looking = Looking(schedule=self.schedule, cutoff=self.cutoff)

    def take(self, tx: Connection, page: Iterable[PersonFacts]) -> None:
        """Each person is counted, and an item if due or to be looked at; of who stays, the rows."""
        stays = []
        for facts in page:
            decision = rules.due(facts, self.schedule, at=self.cutoff)
            self.counts[decision.kind, decision.rule] += 1
            if isinstance(decision, Due | Review):
                self.items.append(item_of(facts, decision, self.schedule, at=self.cutoff))
            if not isinstance(decision, Due):
                stays.append(facts)
        self.looking.take(tx, stays)

    def made(self) -> "Drawn":
        """What the plan says, once everybody was looked at."""
        return Drawn(
            schedule=self.schedule,
            cutoff=self.cutoff,
            items=tuple(sorted(self.items, key=lambda one: one.id)),
            counts=self.counts,
            parts=self.looking.items(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a plan says before it has a number and a hash."""

    schedule: Schedule
    cutoff: date
    items: tuple[Item, ...]
    counts: plans.Counts
    parts: tuple[PartItem, ...] = ()


def item_of(facts: PersonFacts, decision: Due | Review, schedule: Schedule, *, at: date) -> Item:
    """The person's line of a plan."""
    keeps = row_keeps(facts, schedule, at=at) if isinstance(decision, Due) else {}
    return Item(
        id=new_row_id(),
        subject=facts.subject,
        decision=decision.kind,
        rule=decision.rule,
        basis=decision.basis,
        due_on=decision.due_on,
        ledger_until=decision.ledger_until,
        fence=facts.fence,
        keeps=plans.keep_lines(keeps),
    )


def stored(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    drawn: Drawn,
    ground: Ground,
    *,
    at: datetime,
) -> Plan:
    """The plan with its hash and the reasons for a second principal, stored and recorded."""
    schedule, counts = drawn.schedule, drawn.counts
    persons = sum(counts.values())
    due = [item.subject for item in drawn.items if item.decision is DecisionKind.DUE]
    scheduled = ground is Ground.SCHEDULE
    taken = thresholds.shares(tx, due, drawn.parts) if scheduled else ()
    made = Plan(
        id=new_row_id(),
        ground=ground,
        schedule_name=schedule.name,
        schedule_version=schedule.version,
        schedule_digest=schedule.digest,
        cutoff=drawn.cutoff,
        persons=persons,
        counts=counts,
        items=drawn.items,
        digest=digest(ground, schedule.digest, drawn),
        second_person=thresholds.second_person(
            ground=ground,
            due=sum(n for (kind, _), n in counts.items() if kind is DecisionKind.DUE),
            persons=persons,
            earlier=store.sizes_of_runs(tx),
            taken=taken,
            limits=thresholds.limits_of(ports.controller),
        ),
        shares=thresholds.shares_json(taken),
        made_by=principal.id,
        made_at=at,
        parts=drawn.parts,
    )
    store.add_plan(tx, made)
    add_parts(tx, made.id, made.parts)
    _record_plan(tx, ports, principal, made)
    return made


def _record_plan(tx: Connection, ports: Ports, principal: Principal, made: Plan) -> None:
    asked = made.ground is Ground.REQUEST
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.ERASURE_PLANNED if asked else EventCode.RETENTION_PLANNED,
            occurred_at=made.made_at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="retention_plan",
            object_id=made.id,
            subject=made.items[0].subject if asked else None,
            outcome=Outcome.DONE,
            counts=tuple((kind.value, made.count(kind)) for kind in DecisionKind),
            refs=(f"sha256:{made.digest}", f"schedule:{made.schedule_digest}"),
        ),
    )


def digest(ground: Ground, schedule: str, said: Drawn | Plan) -> str:
    """The hash over what is said, under the schedule of this digest."""
    return plans.digest_of(
        ground=ground,
        schedule_digest=schedule,
        cutoff=said.cutoff,
        persons=sum(said.counts.values()),
        counts=said.counts,
        items=said.items,
        parts=said.parts,
    )
