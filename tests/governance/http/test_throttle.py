"""Beyond the limit of an hour nobody of a network passes; another network does."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.http.throttle import Throttle, TooManyError

NOON = datetime(2026, 10, 1, 12, 5, tzinfo=UTC)


def test_the_limit_holds_by_network_and_ends_with_the_hour() -> None:
    throttle = Throttle(2)
    for _ in range(2):
        throttle.pass_one("192.0.2.0/24", at=NOON)
    with pytest.raises(TooManyError):
        throttle.pass_one("192.0.2.0/24", at=NOON + timedelta(minutes=50))
    throttle.pass_one("198.51.100.0/24", at=NOON)
    throttle.pass_one("192.0.2.0/24", at=NOON + timedelta(hours=1))


def test_unknown_networks_are_one() -> None:
    throttle = Throttle(1)
    throttle.pass_one(None, at=NOON)
    with pytest.raises(TooManyError):
        throttle.pass_one(None, at=NOON)
