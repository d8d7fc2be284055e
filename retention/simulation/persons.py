"""The persons behind the figures of a simulation, page by page; whoever looks is on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from retention.facts import PAGE
from retention.listing import may_open, record_look, register_ids
from retention.simulation.reading import next_judged
from retention.simulation.service import look_of
from retention.simulation.types import Judged, Simulation
from retention.types import DecisionKind

SHOWN: Final = 50  # persons of one page
LOOKED_AT: Final = 8 * PAGE  # persons at most for one page, so that a rare rule holds nobody up


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person with the decision and, where the reader may see them, the register's numbers."""

    judged: Judged
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsPage:
    """Some of the persons; `after` leads to the others, None says that these were the last."""

    lines: tuple[PersonLine, ...]
    after: SubjectId | None
    opened: bool


def persons_page(
    ports: Ports,
    principal: Principal,
    found: Simulation,
    *,
    decision: DecisionKind | None,
    rule: str,
    after: SubjectId | None,
    at: datetime,
) -> PersonsPage:
    """The next persons with this decision and rule as they are decided now; the look is logged."""
    matching, last = _matching(ports, found, decision, rule, after)
    opens = may_open(ports, principal)
    database = ports.database
    database.write(lambda tx: record_look(tx, ports, principal, found.schedule, opens=opens, at=at))
    numbers: dict[SubjectId, tuple[str, ...]] = {}
    if opens and matching:
        with database.read() as tx:
            numbers = register_ids(tx, ports, [one.subject for one in matching])
    return PersonsPage(
        lines=tuple(
            PersonLine(judged=one, numbers=numbers.get(one.subject, ())) for one in matching
        ),
        after=last,
        opened=opens,
    )


def _matching(
    ports: Ports,
    found: Simulation,
    decision: DecisionKind | None,
    rule: str,
    after: SubjectId | None,
) -> tuple[Sequence[Judged], SubjectId | None]:
    look, matching = look_of(found), list[Judged]()
    for _ in range(LOOKED_AT // PAGE):
        with ports.database.read() as tx:
            page = next_judged(tx, look, after=after)
        if not page:
            return matching, None
        for one in page:
            after = one.subject
            if _fits(one, decision, rule):
                matching.append(one)
                if len(matching) == SHOWN:
                    return matching, after
    return matching, after


def _fits(one: Judged, decision: DecisionKind | None, rule: str) -> bool:
    found = one.decision
    return (
        found is not None
        and (decision is None or found.kind is decision)
        and (not rule or found.rule == rule)
    )
