"""Queries combine freely and give themselves back; looks and sign-offs are themselves on record."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from audit.actions import EventCode
from audit.errors import FilterNotFoundError, QueryFormError, ReviewRangeError
from audit.models import EVENTS, PARTS
from audit.review import EventFilter, EventQuery, Grouping, NetworkClass, count, counts_by, events
from audit.reviewing.models import FILTERS
from audit.reviewing.service import (
    Reviewer,
    drop_filter,
    keep_filter,
    kept_filter,
    kept_filters,
    look,
)
from audit.reviewing.signing import reviews, sign_off
from audit.reviewing.terms import parse_query, spell_query
from audit.types import Network, Outcome, Verdict
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, PurposeId, RowId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, part

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
            lambda tx, before=before: look(tx, mixed.log, query, BY, before=before, limit=1)
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
