"""Queries combine freely and give themselves back; looks and sign-offs are themselves on record."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from audit.actions import EventCode
from audit.errors import (
    EventNotFoundError,
    FilterNotFoundError,
    QueryFormError,
    ReviewRangeError,
)
from audit.models import EVENTS, PARTS
from audit.review import (
    EventFilter,
    EventQuery,
    Grouping,
    NetworkClass,
    count,
    counts_by,
    erasures_of,
    events,
)
from audit.reviewing import signing
from audit.reviewing.models import FILTERS
from audit.reviewing.service import (
    Reviewer,
    drop_filter,
    keep_filter,
    kept_filter,
    kept_filters,
    look,
    look_at,
    person_timeline,
    tally,
)
from audit.reviewing.signing import reviews, reviews_in_words, sign_off, unreviewed
from audit.reviewing.terms import parse_query, spell_query
from audit.types import Network, Outcome, Verdict
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, EventId, PurposeId, RowId, SubjectId
from governance.keys.errors import KeyDestroyedError
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, masked, part

BY = Reviewer(id=ActorId("u:ogawa"), os_user=None, at=NOW + timedelta(hours=1))
SECRET = "架空花子を調べた"


class Blobs:
    """Stands in for the key vault: bound to its row."""

    def seal_blob(self, kind: str, row_id: str, payload: bytes) -> bytes:
        return f"{kind}/{row_id}/".encode() + bytes(b ^ 0x5A for b in payload)

    def open_blob(self, kind: str, row_id: str, sealed: bytes) -> bytes:
        head = f"{kind}/{row_id}/".encode()
        assert sealed.startswith(head)
        return bytes(b ^ 0x5A for b in sealed[len(head) :])


FILTER = st.builds(
    EventFilter,
    subject=st.none() | st.just(SUBJECT),
    actor=st.none() | st.just(ActorId("u:officer")),
    action=st.none() | st.sampled_from(EventCode),
    outcome=st.none() | st.sampled_from(Outcome),
    purpose=st.none() | st.just(PurposeId("order_support")),
    network_class=st.none() | st.sampled_from(NetworkClass),
    reason=st.none() | st.just("permit.role"),
    since=st.none() | st.just(NOW),
)
QUERY = st.builds(
    EventQuery,
    any_of=st.lists(FILTER, max_size=3).map(tuple),
    none_of=st.lists(FILTER, max_size=3).map(tuple),
)


@given(query=QUERY)
def test_a_query_is_spelled_in_one_way_that_gives_it_back(query: EventQuery) -> None:
    assert parse_query(spell_query(query)) == query


@pytest.mark.parametrize(
    ("shape", "member"),
    [
        ([], "query"),
        ({"name": "x"}, "name"),
        ({"any_of": {}}, "any_of"),
        ({"any_of": [3]}, "any_of"),
        ({"any_of": [{}] * 21}, "any_of"),
        ({"any_of": [], "not": []}, "not"),
        ({"action": "person.seen"}, "action"),
        ({"since": "2026-04-01T00:00:00"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"actor": 3}, "actor"),
        ({"actor": "架空 太郎"}, "actor"),
        ({"架空 太郎": "x"}, "?"),
    ],
)
def test_a_query_that_is_none_is_told_by_its_member(shape: Any, member: str) -> None:
    with pytest.raises(QueryFormError) as raised:
        parse_query(shape)
    assert raised.value.params == {"member": member}


@pytest.fixture
def mixed(bench: Bench) -> Bench:
    """Six events of two actors, three networks, two outcomes."""
    for actor, network, outcome in (
        ("u:taro", "192.168.1.0/24", Outcome.DONE),
        ("u:taro", "203.0.113.0/24", Outcome.DENY),
        ("u:hanako", "fd00::/48", Outcome.DONE),
        ("u:hanako", "172.15.0.0/24", Outcome.DENY),
        ("u:hanako", None, Outcome.DONE),
    ):
        bench.add(
            actor=ActorId(actor),
            network=None if network is None else Network(network),
            outcome=outcome,
            reasons=("denied.actor.role", "x") if outcome is Outcome.DENY else (),
        )
    bench.add(part(OTHER), actor=ActorId("u:taro"), subject=SUBJECT)
    bench.sequence()
    return bench


def found(bench: Bench, query: Mapping[str, Any]) -> set[int]:
    with bench.db.read() as tx:
        asked = parse_query(query)
        places = {event.seq for event in events(tx, asked)}
        assert count(tx, asked) == len(places)
        return places


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, {0, 1, 2, 3, 4, 5}),
        ({"network_class": "inner"}, {0, 2}),
        ({"network_class": "outer"}, {1, 3}),
        ({"network_class": "none"}, {4, 5}),
        ({"reason": "denied.actor.role"}, {1, 3}),
        ({"reason": "denied.actor"}, set()),
        ({"any_of": [{"actor": "u:hanako"}, {"outcome": "deny"}]}, {1, 2, 3, 4}),
        ({"any_of": [{"actor": "u:hanako"}], "none_of": [{"outcome": "deny"}]}, {2, 4}),
        ({"none_of": [{"network_class": "none"}, {"actor": "u:taro"}]}, {2, 3}),
        ({"none_of": [{"subject": OTHER}]}, {0, 1, 2, 3, 4}),
        ({"any_of": []}, set()),
    ],
)
def test_conditions_combine(mixed: Bench, query: Mapping[str, Any], places: set[int]) -> None:
    assert found(mixed, query) == places


def test_counts_name_the_most_first(mixed: Bench) -> None:
    with mixed.db.read() as tx:
        assert counts_by(tx, parse_query({}), Grouping.OUTCOME) == (("done", 4), ("deny", 2))
        assert counts_by(tx, parse_query({"outcome": "deny"}), Grouping.ACTOR) == (
            ("u:hanako", 1),
            ("u:taro", 1),
        )


def test_a_look_is_on_record_without_saying_whom_it_was_about(mixed: Bench) -> None:
    query = parse_query({"subject": SUBJECT})
    page = mixed.db.write(lambda tx: look(tx, mixed.log, query, BY, limit=1, counted=True))
    assert (len(page.events), page.total) == (1, 1)
    with mixed.db.read() as tx:
        said = tx.execute(select(EVENTS).where(EVENTS.c.action == "log.read")).one()
    assert said.actor == "u:ogawa"
    assert said.subject is None
    assert SUBJECT not in "".join(str(value) for value in said)
    assert said.refs.startswith("query:")


def test_the_cursor_stays_where_it_was_while_the_log_grows(mixed: Bench) -> None:
    query = parse_query({"actor": "u:hanako"})
    seen: list[int] = []
    before: int | None = None
    for _ in range(5):
        page = mixed.db.write(
            partial(look, log=mixed.log, query=query, by=BY, before=before, limit=1)
        )
        seen += [event.seq for event in page.events]
        mixed.add(actor=ActorId("u:hanako"))
        mixed.sequence(5)
        before = page.next
        if before is None:
            break
    assert seen == [4, 3, 2]


def test_a_kept_filter_is_sealed_and_its_owners_alone(mixed: Bench) -> None:
    query = parse_query({"any_of": [{"subject": SUBJECT}]})
    kept = mixed.db.write(lambda tx: keep_filter(tx, Blobs(), BY, name=SECRET, query=query))
    with mixed.db.read() as tx:
        raw = bytes(tx.execute(select(FILTERS.c.content)).scalar_one())
        assert SUBJECT.encode() not in raw
        assert SECRET.encode() not in raw
        assert kept_filters(tx, Blobs(), BY.id) == (kept,)
        assert kept_filter(tx, Blobs(), BY.id, kept.id).query == query
        assert kept_filters(tx, Blobs(), ActorId("u:other")) == ()
        for owner, row in ((ActorId("u:other"), kept.id), (BY.id, RowId(new_subject_id()))):
            with pytest.raises(FilterNotFoundError):
                kept_filter(tx, Blobs(), owner, row)
    with pytest.raises(FilterNotFoundError):
        mixed.db.write(lambda tx: drop_filter(tx, ActorId("u:other"), kept.id))
    mixed.db.write(lambda tx: drop_filter(tx, BY.id, kept.id))
    with mixed.db.read() as tx:
        assert kept_filters(tx, Blobs(), BY.id) == ()


def signed(bench: Bench, *, below: int | None = None, comment: str = SECRET) -> Any:
    return bench.db.write(
        lambda tx: sign_off(
            tx,
            bench.log,
            BY,
            below=below,
            comment=comment,
            verdict=Verdict.VERIFIED_SELF_SIGNED,
        )
    )


def test_sign_offs_cover_the_log_without_gap_or_overlap(mixed: Bench) -> None:
    first = signed(mixed, below=4)
    mixed.sequence(9)
    second = signed(mixed)
    assert (first.first_seq, first.below_seq) == (0, 4)
    assert (second.first_seq, second.below_seq) == (4, 7)  # the first sign-off is an event too
    with mixed.db.read() as tx:
        assert reviews(tx, limit=9) == (second, first)
        said = tx.execute(select(EVENTS).where(EVENTS.c.id == first.event)).one()
        parts = tx.execute(select(PARTS).where(PARTS.c.event_id == first.event)).all()
    assert SECRET not in "".join(str(value) for value in said)
    assert [row.subject for row in parts] == ["u:ogawa"]
    assert SECRET.encode() not in parts[0].payload
    mixed.sequence(10)
    assert mixed.verify().finding is None


@pytest.mark.parametrize("below", [0, 99])
def test_nothing_is_signed_off_twice_or_before_it_happened(mixed: Bench, below: int) -> None:
    with pytest.raises(ReviewRangeError):
        signed(mixed, below=below)
    signed(mixed, below=6)
    with pytest.raises(ReviewRangeError):
        signed(mixed, below=6)


@pytest.mark.parametrize("comment", ["", "  ", "x" * 4001])
def test_a_sign_off_says_something(mixed: Bench, comment: str) -> None:
    with pytest.raises(QueryFormError):
        signed(mixed, comment=comment)


def test_what_waits_too_long_for_a_sign_off_is_overdue(mixed: Bench) -> None:
    month = timedelta(days=30)
    with mixed.db.read() as tx:
        fresh = unreviewed(tx, within=month, at=NOW + month)
        late = unreviewed(tx, within=month, at=NOW + month + timedelta(seconds=1))
    assert (fresh.first_seq, fresh.below_seq, fresh.events) == (0, 6, 6)
    assert (fresh.oldest, fresh.due_at, fresh.overdue) == (NOW, NOW + month, False)
    assert late.overdue
    signed(mixed)
    with mixed.db.read() as tx:
        done = unreviewed(tx, within=month, at=NOW + 9 * month)
    assert (done.events, done.oldest, done.overdue) == (0, None, False)


def test_of_two_officers_at_once_one_signs_off(
    mixed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(mixed, below=4)
    monkeypatch.setattr(signing, "_places", lambda _tx: (0, 6))  # as the other one saw it before
    with pytest.raises(ReviewRangeError):
        signed(mixed, below=5)
    with mixed.db.read() as tx:
        assert len(reviews(tx)) == 1


def test_the_words_of_a_sign_off_are_read_on_record_while_their_key_lasts(mixed: Bench) -> None:
    def gone(_row: RowId, _sealed: bytes) -> bytes:
        raise KeyDestroyedError

    def opener(row: RowId, sealed: bytes) -> bytes:
        return masked(SubjectId(BY.id), row, sealed)

    signed(mixed)
    read = partial(reviews_in_words, log=mixed.log, by=BY, limit=9)
    assert [one.comment for one in mixed.db.write(partial(read, open_part=opener))] == [SECRET]
    assert [one.comment for one in mixed.db.write(partial(read, open_part=gone))] == [None]
    with mixed.db.read() as tx:
        looks = tx.execute(select(EVENTS.c.counts).where(EVENTS.c.action == "log.read"))
        assert list(looks.scalars()) == ["reviews=1", "reviews=1"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (Grouping.ACTION, {"person.read": 6}),
        (Grouping.ACTOR, {"u:hanako": 3, "u:taro": 3}),
        (Grouping.PURPOSE, {"": 6}),
        (Grouping.OBJECT_TYPE, {"person": 6}),
        (Grouping.DAY, {"2026-04-01": 6}),
    ],
)
def test_events_are_counted_by_every_group(
    mixed: Bench, group: Grouping, expected: dict[str, int]
) -> None:
    found = mixed.db.write(lambda tx: tally(tx, mixed.log, parse_query({}), BY, group=group))
    assert dict(found) == expected


def test_a_day_begins_at_midnight_in_japan(mixed: Bench) -> None:
    mixed.add()
    mixed.sequence(6 * 3600)  # 00:00 in Japan
    with mixed.db.read() as tx:
        found = counts_by(tx, parse_query({}), Grouping.DAY)
    assert found == (("2026-04-01", 6), ("2026-04-02", 1))


def test_a_timeline_has_searches_that_showed_the_person_and_their_erasure(bench: Bench) -> None:
    shown = (f"person:{OTHER}", f"person:{SUBJECT}")
    bench.add(action=EventCode.PERSON_SEARCHED, object_type="search", refs=shown)
    bench.add(subject=OTHER)
    bench.erase(subject=None, refs=(f"person:{SUBJECT}", f"person:{OTHER}"))
    bench.sequence()
    found = bench.db.write(lambda tx: person_timeline(tx, bench.log, SUBJECT, BY, limit=9))
    assert [event.action for event in found.page.events] == ["erasure.executed", "person.searched"]
    (erased,) = found.erased
    assert (erased.seq, erased.action, erased.parts) == (2, "erasure.executed", 0)
    assert erased.recorded_at is not None


def test_an_erasure_counts_the_parts_that_went_with_it(bench: Bench) -> None:
    bench.add(part(), part(OTHER), subject=SUBJECT)
    bench.erase()
    bench.sequence()
    with bench.db.read() as tx:
        assert [one.parts for one in erasures_of(tx, SUBJECT)] == [1]
        assert erasures_of(tx, OTHER) == ()


def test_one_event_is_looked_at_on_record(mixed: Bench) -> None:
    with mixed.db.read() as tx:
        (newest,) = events(tx, EventFilter(), limit=1)
    assert mixed.db.write(lambda tx: look_at(tx, mixed.log, newest.id, BY)) == newest
    with mixed.db.read() as tx:
        said = tx.execute(select(EVENTS).where(EVENTS.c.action == "log.read")).one()
    assert said.object_id == newest.id
    with pytest.raises(EventNotFoundError):
        mixed.db.write(lambda tx: look_at(tx, mixed.log, EventId("none"), BY))
