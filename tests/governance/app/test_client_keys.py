"""Which keys of systems the doctor names."""

from datetime import date, timedelta

import pytest

from governance.app.client_keys import needs_care
from governance.core.terms import ActorId
from governance.identity.clients.types import Key
from tests.installation import AT

YEAR = timedelta(days=365)


def key(*, age: int = 1, ends: int | None = None, used: int | None = 0) -> Key:
    return Key(
        id="k",
        client=ActorId("svc:shop"),
        prefix="sk_123456789",
        created_at=AT - timedelta(days=age),
        expires_at=None if ends is None else AT + timedelta(days=ends),
        last_used_on=None if used is None else AT.date() - timedelta(days=used),
        ended_at=None,
    )


@pytest.mark.parametrize(
    ("one", "named"),
    [
        (key(), False),
        (key(age=366), True),
        (key(age=365), False),
        (key(ends=13), True),
        (key(ends=15), False),
        (key(age=200, used=91), True),
        (key(age=200, used=90), False),
        (key(age=91, used=None), True),
        (key(age=90, used=None), False),
    ],
)
def test_old_ending_and_idle_keys_are_named(one: Key, named: bool) -> None:  # noqa: FBT001 # a table
    assert needs_care(one, oldest=YEAR, at=AT) is named


def test_days_are_those_of_japan() -> None:
    assert key().last_used_on == date(2026, 10, 1)
