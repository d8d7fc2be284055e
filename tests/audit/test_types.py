"""Events hold references only, in a closed vocabulary that both languages can name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import audit.errors
from audit.actions import ERASING, STRICT, EventCode, text_key
from audit.errors import ColumnFormError, EventTooLargeError, UnknownActionError
from audit.expiry.rules import Stop
from audit.findings import Finding
from audit.leaf import check_size, encode
from audit.types import EventDraft, Network, Outcome, PersonalPart, Verdict, network_of
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, Lang, SubjectId
from governance.i18n.catalogue import domain, text

NOW = datetime(2026, 4, 1, tzinfo=UTC)
DRAFT = EventDraft(
    action=EventCode.PERSON_READ,
    occurred_at=NOW,
    actor=ActorId("u:officer"),
    object_type="person",
    object_id="s1",
    outcome=Outcome.PERMIT,
)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_code_outcome_verdict_finding_and_error_has_a_text(lang: Lang) -> None:
    keys = {text_key(code) for code in EventCode}
    keys |= {f"audit.outcome.{outcome}" for outcome in Outcome}
    keys |= {f"audit.verdict.{verdict}" for verdict in Verdict}
    keys |= {f"audit.finding.{finding}" for finding in Finding}
    keys |= {f"audit.stop.{stop}" for stop in Stop}
    for error in vars(audit.errors).values():
        own = isinstance(error, type) and error.__module__ == audit.errors.__name__
        if own and issubclass(error, GovernanceError):
            keys.add(f"audit.error.{error.code}")
    assert all(text(key, lang) for key in keys)
    members = ("audit.object.", "audit.count.", "audit.ref.")  # test_log_words knows these
    named = {key for key in domain("audit", lang) if key.startswith(members)}
    assert set(domain("audit", lang)) - named == keys


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(UnknownActionError):
        replace(DRAFT, action="person.peeked")  # type: ignore[arg-type] # the point


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("object_id", "架空太郎"),
        ("actor", "hanako@example.com"),
        ("reasons", ("two words",)),
        ("fields", ("a,b",)),
        ("refs", ("x=y",)),
        ("counts", (("名", 1),)),
        ("network", Network("203.0.113.9")),
        ("network", Network("203.0.113.9/32")),
        ("occurred_at", NOW.replace(tzinfo=None)),
    ],
)
def test_a_value_in_place_of_a_reference_is_refused(column: str, value: object) -> None:
    with pytest.raises(ColumnFormError) as caught:
        replace(DRAFT, **{column: value})  # type: ignore[arg-type] # the point
    assert str(value) not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_addresses_are_stored_as_networks(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_part_shows_no_payload() -> None:
    part = PersonalPart(subject=SubjectId("s"), payload="架空".encode())
    assert "payload" not in repr(part)


def test_an_event_larger_than_a_log_entry_is_refused() -> None:
    check_size(("x" * 1000,))
    with pytest.raises(EventTooLargeError):
        check_size(("x" * 70_000,))


COLUMN = st.one_of(st.none(), st.text(max_size=8), st.binary(max_size=8), st.integers(-9, 9))


@given(st.lists(COLUMN, min_size=3, max_size=3), st.lists(COLUMN, min_size=3, max_size=3))
def test_different_columns_have_different_encodings(
    left: list[object], right: list[object]
) -> None:
    def bare(value: object) -> object:
        if isinstance(value, int):
            return value.to_bytes(8, "big", signed=True)
        return value.encode() if isinstance(value, str) else value

    same = [bare(v) for v in left] == [bare(v) for v in right]
    one = encode(left, version=1)  # type: ignore[arg-type] # values by strategy
    other = encode(right, version=1)  # type: ignore[arg-type] # values by strategy
    assert (one == other) == same


def test_grave_actions_are_registered() -> None:
    assert set(EventCode) >= ERASING | STRICT
