"""One page of a search: rows of the index decided, opened and compared until the page is full.

The work of a page is bounded twice: by the rows that are opened, and by the rows of the index that
are passed over. Where a bound is met the page ends, short or empty, and the next goes on there.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from governance.customers.tokens import count_behind
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_entities import rows_shown
from governance.gateway.search_kana import by_kana, reading_of
from governance.gateway.search_looking import Found, Looked, Search
from governance.gateway.search_places import Cursor, cursor_of
from governance.gateway.search_rows import IndexInUse, Place, Walk, leading, probes_of
from governance.gateway.search_types import Order
from governance.gateway.showing import Prepared
from governance.keys.vault import Reading

CHUNK: Final = 25  # rows decided and opened at a time
SPARE: Final = 2  # rows above those that are still to be shown: one more, and one in vain
COUNTED_AT: Final = 1_000  # rows of one page that are opened where its hits are to be counted
IN_VAIN: Final = {False: 300, True: 60}  # rows that answer not, by whether the page has a hit
PASSED_OVER: Final = {False: 4_000, True: 300}  # rows of the index that are read, by the same
FOUND_MOST: Final = 2_000  # hits that are ordered by their kana, or become a file
ROWS_MOST: Final = 4_000  # rows that are looked at to find them
BEHIND_MOST: Final = 10_000  # rows beyond which the index is only "far behind"


@dataclass(slots=True, kw_only=True)
class Page:
    """What one page has so far."""

    consent_seq: int
    behind: int
    limit: int
    before: int = 0  # hits of the pages before
    found: list[Found] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)  # of those that are shown
    looked_at: int = 0
    in_vain: int = 0  # of the same rows, looked at for the order of their kana
    last: Place | None = None  # everything up to here was looked at
    ended: bool = False  # whether nothing is left
    order: Order = Order.BEST

    @property
    def shown(self) -> Sequence[Found]:
        """The hits of the page."""
        return self.found[: self.limit]

    @property
    def opened(self) -> int:
        """Rows that were looked at for it, each once: for an order that failed, or for the page."""
        return max(self.looked_at, self.in_vain)

    @property
    def total(self) -> int:
        """Hits as far as was looked, with those of the pages before."""
        return self.before + len(self.found)

    @property
    def following(self) -> Cursor | None:
        """Where the next page begins; None when this was the last."""
        place = None
        if len(self.found) > self.limit:
            place = self.found[self.limit - 1].place
        elif not self.ended:
            place = self.last
        return None if place is None else Cursor(place=place, before=self.before + len(self.shown))


def page_of(tx: Connection, one: Search, index: IndexInUse, keys: Reading) -> Page:
    """The hits of the page and one more, if there is one, decided and compared."""
    cursor = cursor_of(one.ports, one.principal, one.request)
    after = cursor.place if cursor is not None else None
    groups = [probes_of(part, index, one.allowed) for part in one.parts]
    lead = leading(tx, groups) if after is None else after.part
    page = Page(
        consent_seq=ledger.head(tx),
        behind=count_behind(tx, most=BEHIND_MOST),
        limit=one.limit,
        before=cursor.before if cursor is not None else 0,
        last=after,
    )
    if one.purpose is None or one.decisions is None:
        page.ended = True  # fails closed: nothing is searched for no purpose
        return page
    column = reading_of(one.request.register) if one.request.order is Order.KANA else None
    looked = Looked(tx, one, keys, probes=groups[lead], part=lead, beside=column)
    if one.request.order is Order.KANA:
        walk = Walk(tx, groups[lead], part=lead, after=None)
        if _in_order(page, looked, walk, one, keys):
            page.prepared = _prepared(tx, one, one.decisions, page)
            return page
        page.in_vain = page.looked_at  # opened for an order that they do not get
        page.before, page.looked_at, page.last, after = 0, 0, None, None
    _fill(page, looked, Walk(tx, groups[lead], part=lead, after=after), count=one.request.count)
    page.prepared = _prepared(tx, one, one.decisions, page)
    return page


def whole_of(tx: Connection, one: Search, index: IndexInUse, keys: Reading) -> Page | None:
    """Everybody whom a search finds, in the order that it asks for; None where they are too many.

    By kana they stand as on a page, else the better answer first, then the newer row.
    """
    groups = [probes_of(part, index, one.allowed) for part in one.parts]
    lead = leading(tx, groups)
    page = Page(
        consent_seq=ledger.head(tx), behind=count_behind(tx, most=BEHIND_MOST), limit=FOUND_MOST
    )
    if one.purpose is None or one.decisions is None:
        page.ended = True  # fails closed: nothing is searched for no purpose
        return page
    column = reading_of(one.request.register)
    looked = Looked(tx, one, keys, probes=groups[lead], part=lead, beside=column)
    hits = _everybody(page, looked, Walk(tx, groups[lead], part=lead, after=None))
    if hits is None:
        return None
    by_reading = one.request.order is Order.KANA
    page.found = by_kana(one, hits, looked, keys) if by_reading else hits
    page.ended, page.order = True, one.request.order
    page.prepared = _prepared(tx, one, one.decisions, page)
    return page


def _in_order(page: Page, looked: Looked, walk: Walk, one: Search, keys: Reading) -> bool:
    """Whether few enough are found for the order of their kana; the page is then made of it."""
    hits = _everybody(page, looked, walk)
    if hits is None:
        return False  # listed by id, with a hint to narrow
    page.found = by_kana(one, hits, looked, keys)[page.before :]
    page.ended, page.order = True, Order.KANA
    return True


def _everybody(page: Page, looked: Looked, walk: Walk) -> list[Found] | None:
    """All hits, the better answer first, then the newer row; None where they are too many."""
    if walk.longer_than(ROWS_MOST):
        return None  # none of them need be opened to tell it
    hits: list[Found] = []
    while not walk.ended and len(hits) <= FOUND_MOST:
        places = walk.round()
        page.looked_at += len(places)
        if page.looked_at > ROWS_MOST:
            return None
        hits += looked.at(places)
    return hits if len(hits) <= FOUND_MOST else None


def _fill(page: Page, looked: Looked, walk: Walk, *, count: bool) -> None:
    """The page is full, or nothing is left, or enough was looked at."""
    waiting: deque[Place] = deque()
    while page.looked_at < COUNTED_AT and (count or _goes_on(page)):
        if not waiting:
            if walk.ended:
                page.ended = True
                return
            if walk.read >= PASSED_OVER[bool(page.found) and not count]:
                page.last = walk.at
                return
            waiting.extend(walk.round())
            continue
        lacks = CHUNK if count else page.limit - len(page.found) + SPARE
        chunk = [waiting.popleft() for _ in range(min(lacks, CHUNK, len(waiting)))]
        page.looked_at += len(chunk)
        page.last = chunk[-1]
        page.found += looked.at(chunk)
    page.ended = walk.ended and not waiting


def _goes_on(page: Page) -> bool:
    in_vain = page.looked_at - len(page.found)
    return len(page.found) <= page.limit and in_vain < IN_VAIN[bool(page.found)]


def _prepared(
    tx: Connection, one: Search, decisions: PersonDecisions, page: Page
) -> list[Prepared]:
    """The rows that are shown, with what the gates say of their fields."""
    if not page.shown:
        return []
    register, names = one.request.register, decisions.shown
    rows = rows_shown(tx, register, [found.row for found in page.shown], names)
    return [
        Prepared(
            policy=one.policy,
            consent_seq=page.consent_seq,
            mark=found.gates[found.subject].mark,
            rows=(rows[found.row],),
            decisions=decisions.of_shown(found.subject, found.gates[found.subject].said),
        )
        for found in page.shown
    ]
