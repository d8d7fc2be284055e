"""How often a system may come, and what a process remembers of its credentials."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from governance.identity.clients.bearers import Bearers, Bucket
from governance.identity.clients.presenting import Presented
from governance.identity.clients.types import Rate, rate_of
from tests.installation import AT

SHOP = Principal(id=ActorId("svc:shop"), kind=PrincipalKind.SYSTEM)


class Ticking:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.integers(1, 8),
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_no_more_pass_than_the_burst_and_what_has_filled_since(
    rate: int, burst: int, share: int, pauses: list[float]
) -> None:
    ticks = Ticking()
    bucket = Bucket(Rate(per_second=rate, burst=burst), share=share, ticks=ticks)
    passed = 0
    for pause in pauses:
        ticks.now += pause
        passed += bucket.take()
        assert passed <= max(burst / share, 1) + ticks.now * rate / share + 1e-6


def test_a_system_that_waits_as_long_as_it_was_told_passes() -> None:
    ticks = Ticking()
    bucket = Bucket(Rate(per_second=1, burst=3), ticks=ticks)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    ticks.now += bucket.wait()
    assert bucket.take()
    assert not bucket.take()


def test_what_is_asked_again_is_counted_once() -> None:
    bucket = Bucket(Rate(per_second=1, burst=1), ticks=Ticking())
    assert bucket.take()
    bucket.give_back()
    assert bucket.take()


def known(every: Rate | None = None) -> tuple[Bearers, list[int | None]]:
    place: list[int | None] = [7]
    return Bearers(lambda: place[0], clock=lambda: AT, every=every), place


def test_a_change_of_callers_or_none_known_ends_what_is_remembered() -> None:
    bearers, place = known()
    bearers.remember(b"sk_a", "203.0.113.9", 7, Presented(principal=SHOP))
    assert bearers.remembered(b"sk_a", "203.0.113.9")
    assert bearers.remembered(b"sk_a", "203.0.113.10") is None
    assert bearers.remembered(b"sk_b", "203.0.113.9") is None
    for other in (8, None):
        place[0] = other
        assert bearers.remembered(b"sk_a", "203.0.113.9") is None


def test_an_ended_token_is_remembered_no_more() -> None:
    bearers, _ = known()
    ended = Presented(principal=SHOP, until=AT)
    bearers.remember(b"st_a", None, 7, ended)
    assert bearers.remembered(b"st_a", None) is None
    bearers.remember(b"st_b", None, 7, Presented(principal=SHOP, until=AT + timedelta(seconds=1)))
    assert bearers.remembered(b"st_b", None)


def test_all_credentials_of_a_system_share_its_limit() -> None:
    bearers, _ = known(every=rate_of(1_000, 2))
    first = bearers.remember(b"sk_a", None, 7, Presented(principal=SHOP))
    second = bearers.remember(b"st_b", None, 7, Presented(principal=SHOP))
    assert [first.bucket is second.bucket, first.passes(), second.passes()] == [True] * 3


def test_a_limit_of_its_own_replaces_the_setting_s_and_zero_is_none() -> None:
    bearers, _ = known(every=rate_of(5))
    own = bearers.remember(b"sk_a", None, 7, Presented(principal=SHOP, rate=rate_of(9)))
    assert own.bucket is not None
    assert own.bucket.rate.per_second == 9
    free = bearers.remember(b"sk_a", None, 7, Presented(principal=SHOP, rate=rate_of(0)))
    assert free.bucket is None


def test_a_used_key_is_told_once_a_day() -> None:
    bearers, _ = known()
    bearers.remember(b"sk_a", None, 7, Presented(principal=SHOP, key="one"))
    day = AT.date()
    assert bearers.used(day) == {"one"}
    bearers.note({"one"}, day)
    assert bearers.used(day) == frozenset()
    assert bearers.remembered(b"sk_a", None)
    assert bearers.used(day) == frozenset()
    assert bearers.remembered(b"sk_a", None)
    assert bearers.used(day + timedelta(days=1)) == {"one"}
    assert bearers.used(day + timedelta(days=2)) == frozenset()
