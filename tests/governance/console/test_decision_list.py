"""From which day a filtered list of decisions is answered, and that the page owns to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from audit.decisions.models import DECISIONS
from governance.console.lists.decisions import DECLARED, recent_from, span_of
from governance.db.engine import Database
from governance.ui.lists.types import Pairs
from governance.ui.lists.views import view_of

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
REASON = ("reason", "denied.subject.withdrawn")


@pytest.mark.parametrize(
    ("pairs", "person", "since"),
    [
        ([REASON], "", date(2026, 10, 28)),
        ([("answer", "permit")], "", date(2026, 10, 28)),
        ([("purpose", "marketing"), ("actor", "u:tanaka")], "", date(2026, 10, 28)),
        ([REASON, ("at.to", "2026-03-31")], "", date(2026, 3, 1)),
        ([REASON, ("at.from", "2020-01-01")], "", None),
        ([REASON], "9c38f921", None),
        ([("actor", "u:tanaka")], "", None),
        ([], "", None),
        ([REASON, ("at.to", "0001-01-02")], "", None),
    ],
)
def test_a_filter_without_an_index_looks_through_thirty_days(
    pairs: Pairs, person: str, since: date | None
) -> None:
    assert recent_from(view_of(DECLARED, pairs), {"person": person}, at=NOW) == since


def test_the_page_owns_to_the_days_it_left_out_and_leads_to_all(database: Database) -> None:
    view = view_of(DECLARED, [REASON])
    DECISIONS.create(database.engine, checkfirst=True)

    def work(tx: Connection) -> None:
        assert span_of(tx, view, {}, at=NOW) is None, "nothing was left out"
        tx.execute(DECISIONS.insert().values(_row(NOW - timedelta(days=20))))
        assert span_of(tx, view, {}, at=NOW) is None
        tx.execute(DECISIONS.insert().values(_row(NOW - timedelta(days=90), place=0)))
        span = span_of(tx, view, {}, at=NOW)
        assert span is not None
        assert span.since == date(2026, 10, 28)
        assert "at.from=2026-08-28" in span.widen
        assert "reason=denied.subject.withdrawn" in span.widen
        assert (
            span_of(tx, view_of(DECLARED, [REASON, ("at.from", "2026-11-01")]), {}, at=NOW) is None
        )

    database.write(work)


def _row(at: datetime, *, place: int = 1) -> dict[str, object]:
    return {
        "id": f"01a21c89-0000-7000-8000-00000000000{place}",
        "event_id": "01a21c89-0000-7000-8000-0000000000ff",
        "stream": "s",
        "n": place,
        "occurred_at": at,
        "actor": "svc:mailer",
        "outcome": "deny",
        "reasons": "denied.subject.withdrawn",
    }
