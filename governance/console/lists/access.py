"""The list of access reviews, one a quarter."""

from typing import Final

from sqlalchemy import Connection

from governance.console.access_facts import HOME
from governance.console.lists.cells import every, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.i18n.formats import quarter_words
from governance.identity.access import service
from governance.identity.access.types import Standing
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

REVIEWS: Final = ListOf(
    id="access-reviews",
    path=HOME,
    title="access.list",
    columns=(
        ListColumn(key="quarter", label="access.quarter"),
        ListColumn(key="state", label="access.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="started", label="access.started", kind=Kind.DAY),
        ListColumn(key="starter", label="access.starter"),
        ListColumn(key="due", label="access.due", kind=Kind.DAY),
        ListColumn(key="rows", label="access.accounts", kind=Kind.NUMBER),
        ListColumn(key="waiting", label="access.waiting", kind=Kind.NUMBER),
        ListColumn(key="closed", label="access.closed", kind=Kind.DAY),
        ListColumn(key="closer", label="access.closer"),
    ),
    order="-quarter",
    none="access.no_review",
    none_text="access.no_review_text",
)
TONES: Final = {"closed": "", "going": "attention", "late": "refused"}


def _rows(tx: Connection, asked: Asked) -> Found:
    found = service.standings(tx, asked.wiring.ports, asked.principal)
    return every(_row(one, asked) for one in found)


def _row(one: Standing, asked: Asked) -> Row:
    review, lang = one.review, asked.lang
    late = "late" if review.overdue(on=asked.today) else "going"
    state = "closed" if review.closed_at is not None else late
    return row(
        review.quarter,
        quarter=Cell(
            value=quarter_words(review.quarter, asked.lang),
            order=review.quarter,
            href=f"{HOME}/{review.quarter}",
        ),
        state=one_of("access.", state, lang, tone=TONES[state]),
        started=Cell(value=review.started_at),
        starter=who(review.started_by, lang),
        due=Cell(value=review.due_on),
        rows=Cell(value=one.rows),
        waiting=Cell(value=one.waiting),
        closed=Cell(value=review.closed_at),
        closer=who(review.closed_by, lang),
    )


ACCESS_REVIEWS: Final = Source(declared=REVIEWS, any_of=(Action.STAFF_READ,), rows=_rows)
