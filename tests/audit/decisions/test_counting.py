"""What the newest decisions were stopped by, counted within a bound."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from audit.decisions.counting import Answer, decided_since
from audit.review import EVERYTHING
from audit.reviewing.conditions import query_of
from audit.reviewing.decided import (
    DecisionPage,
    Looking,
    askers,
    decided_at,
    first_decided,
    look_at_decisions,
)
from audit.reviewing.service import Reviewer
from audit.types import Outcome
from governance.core.clock import utc_now
from governance.core.terms import ActorId
from tests.audit.bench import NOW, Bench
from tests.audit.decisions.book import decision, recorder

HOUR = timedelta(hours=1)


def test_the_newest_are_counted_by_the_gate_that_stopped_them_and_no_more_than_asked(
    bench: Bench, tmp_path: Path
) -> None:
    refused = (
        *("denied.actor.no_rule", "denied.subject.withdrawn,denied.subject.objected"),
        "unavailable.consent",
    )
    with recorder(bench, tmp_path) as open_:
        open_.record(decision(occurred_at=NOW))
        for reasons in refused:
            open_.record(decision(outcome=Outcome.DENY, reasons=reasons))
        open_.settle()
    begun = utc_now() - HOUR
    with bench.db.read() as tx:
        every = decided_since(tx, begun)
        last = decided_since(tx, begun, most=2)
        none = decided_since(tx, begun + 2 * HOUR)
    assert every.ways == {"permit": 1, "actor": 1, "subject": 1, "unavailable": 1}
    assert (every.total, every.full, every.since) == (4, False, begun)
    assert last.ways == {"subject": 1, "unavailable": 1}
    assert (last.full, last.since) == (True, NOW)
    assert none.total == 0


def test_a_list_of_one_answer_has_exactly_what_was_counted_under_it_from_either_end(
    bench: Bench, tmp_path: Path
) -> None:
    refused = (
        *("denied.actor.no_rule", "denied.purpose.field", "denied.subject"),
        *("denied.subject.withdrawn,denied.actor.scope", "unavailable.consent"),
    )
    with recorder(bench, tmp_path) as open_:
        open_.record(decision(actor="u:tanaka"))
        for reasons in refused:
            open_.record(decision(outcome=Outcome.DENY, reasons=reasons))
        open_.record(decision(actor="p:somebody"))
        open_.settle()
    by = Reviewer(id=ActorId("u:kondo"), os_user=None, at=NOW)

    def work(tx: Any) -> dict[Answer, int | None]:
        def look(how: Looking, **more: Any) -> DecisionPage:
            return look_at_decisions(tx, bench.log, EVERYTHING, by, how=how, **more)

        newest = look(Looking(), limit=50).decisions
        first = look(Looking(oldest_first=True), limit=3)
        rest = look(Looking(oldest_first=True), limit=50, before=first.next)
        assert (*first.decisions, *rest.decisions) == tuple(reversed(newest))
        assert look(Looking(most=2), limit=50).total == 2
        assert look(Looking(), limit=50).total is None
        first_at = first_decided(tx)
        assert first_at is not None
        assert all(first_at < decided_at(one) for one in newest)
        for given, count in (("from=0001-01-03", 7), ("to=9999-12-30", 7), ("to=0001-01-02", 0)):
            ever = query_of([given])
            assert (
                look_at_decisions(tx, bench.log, ever, by, limit=50, how=Looking(most=99)).total
                == count
            )
        assert askers(tx, most=9) == ("svc:mailer", "u:tanaka")
        return {one: look(Looking(answer=one, most=99), limit=1).total for one in Answer}

    found = bench.db.write(work)
    with bench.db.read() as tx:
        counted = decided_since(tx, utc_now() - HOUR).ways
    assert found == {Answer.REFUSED: 5, **{Answer(way): n for way, n in counted.items()}}
