"""What the newest decisions were stopped by, counted within a bound."""

from datetime import timedelta
from pathlib import Path

from audit.decisions.counting import decided_since
from audit.types import Outcome
from governance.core.clock import utc_now
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
