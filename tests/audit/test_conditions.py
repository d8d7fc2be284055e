"""A query in words means what its JSON says, and a wrong word is told by its name alone."""

from datetime import UTC, datetime

import pytest

from audit.actions import EventCode
from audit.errors import QueryFormError
from audit.review import EventFilter, EventQuery, NetworkClass
from audit.reviewing.conditions import both, only_filter, query_of
from audit.types import Outcome
from governance.core.terms import ActorId

TARO, SHOP = ActorId("u:taro"), ActorId("svc:shop")


def test_words_hold_together_a_comma_gives_alternatives_and_a_mark_leaves_out() -> None:
    asked = query_of(["outcome=deny,failed", "actor!=u:taro,svc:shop", "network=outer"])
    outer = NetworkClass.OUTER
    assert asked == EventQuery(
        any_of=(
            EventFilter(outcome=Outcome.DENY, network_class=outer),
            EventFilter(outcome=Outcome.FAILED, network_class=outer),
        ),
        none_of=(EventFilter(actor=TARO), EventFilter(actor=SHOP)),
    )


def test_no_word_asks_for_everything() -> None:
    assert query_of([]) == EventQuery(any_of=(EventFilter(),))


def test_days_are_japanese_and_the_last_one_is_included() -> None:
    asked = only_filter(query_of(["from=2026-11-01", "to=2026-11-30"]))
    assert asked.since == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert asked.until == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_an_object_is_a_kind_or_one_of_it_and_a_network_a_class_or_one_of_it() -> None:
    asked = only_filter(query_of(["object=session:01a2", "network=203.0.113.0/24"]))
    assert (asked.object_type, asked.object_id) == ("session", "01a2")
    assert (asked.network, asked.network_class) == ("203.0.113.0/24", None)
    assert only_filter(query_of(["object=session"])).object_id is None


@pytest.mark.parametrize(
    ("words", "member"),
    [
        (["who=x"], "who"),
        (["架空 太郎=x"], "?"),
        (["actor"], "actor"),
        (["actor="], "actor"),
        (["actor=架空 太郎"], "actor"),
        (["action=person.seen"], "action"),
        (["from=yesterday"], "from"),
        (["from=2026-13-01"], "from"),
        (["from!=2026-11-01"], "from"),
        (["actor=u:a", "actor=u:b"], "actor"),
        (["actor=" + ",".join(f"u:{n}" for n in range(21))], "any_of"),
    ],
)
def test_a_word_that_asks_nothing_is_told_by_its_name(words: list[str], member: str) -> None:
    with pytest.raises(QueryFormError) as raised:
        query_of(words)
    assert raised.value.params == {"member": member}


def test_a_kept_filter_is_narrowed_and_never_widened() -> None:
    kept = query_of(["action=person.read,person.searched", "actor!=svc:shop"])
    found = both(kept, query_of(["outcome=deny", "purpose!=order_support"]))
    assert {one.action for one in found.any_of} == {
        EventCode.PERSON_READ,
        EventCode.PERSON_SEARCHED,
    }
    assert {one.outcome for one in found.any_of} == {Outcome.DENY}
    assert len(found.none_of) == 2
    with pytest.raises(QueryFormError):
        both(query_of(["actor=u:taro"]), query_of(["actor=u:hanako"]))


@pytest.mark.parametrize("words", [["outcome=deny,done"], ["actor!=u:taro"]])
def test_an_export_takes_no_alternatives(words: list[str]) -> None:
    with pytest.raises(QueryFormError):
        only_filter(query_of(words))
