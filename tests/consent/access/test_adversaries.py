"""What callers may send: anything. Every answer is a decision or a refusal, never a fault."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.http.principal import Principal
from tests.consent.access.conftest import SHOP, Decider

Use = Callable[..., dict[str, Any]]
PLACES = (
    *("evaluation", "evaluations"),
    *("search/subject", "search/resource", "search/action"),
)
GOOD = {
    "subject": {"type": "system", "id": "mailer"},
    "action": {"name": "use", "properties": {"purpose": "mail_marketing"}},
    "resource": {"type": "person", "id": "s"},
}
TEXT = json.dumps(GOOD)
BAD: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "two documents": (TEXT + TEXT).encode(),
    "utf-16": TEXT.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "not utf-8": TEXT.encode().replace(b"mailer", b"\xff\xfe"),
    "a surrogate in utf-8": TEXT.encode().replace(b"mailer", b"\xed\xa0\x80"),
    "a lone surrogate": TEXT.replace("mailer", "\\ud800").encode(),
    "a NUL": TEXT.replace("mailer", "\\u0000").encode(),
    "a control character": TEXT.replace("mailer", "\n").encode(),
    "twice": TEXT.replace('"subject":', '"subject": {}, "subject":', 1).encode(),
    "twice inside": TEXT.replace('"id": "s"', '"id": "s", "id": "t"').encode(),
    "twice by an escape": TEXT.replace('"id": "s"', '"id": "s", "\\u0069d": "t"').encode(),
    "twice with spaces": TEXT.replace('"id": "s"', '"id" : "s", "id": "t"').encode(),
    "twice where nobody looks": (TEXT[:-1] + ', "x": [{"a": 1, "a": 2}]}').encode(),
    "NaN": (TEXT[:-1] + ', "context": {"min_seq": NaN}}').encode(),
    "infinite": (TEXT[:-1] + ', "context": {"x": 1e999}}').encode(),
    "a comma too many": (TEXT[:-1] + ",}").encode(),
    "single quotes": TEXT.replace('"', "'").encode(),
    "33 levels": (TEXT[:-1] + ', "x": ' + "[" * 32 + "]" * 32 + "}").encode(),
    "100000 levels": (TEXT[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}").encode(),
    "100000 objects deep": (TEXT[:-1] + ', "x": ' + '{"a":' * 100_000).encode(),
    "a number of 5000 digits": (TEXT[:-1] + ', "x": ' + "9" * 5_000 + "}").encode(),
    "over a megabyte": (TEXT[:-1] + ', "x": "' + "x" * 1_048_576 + '"}').encode(),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", BAD)
def test_what_has_no_one_meaning_is_a_bad_request(decider: Decider, place: str, name: str) -> None:
    reply = decider.ask(place, BAD[name], headers={"x-request-id": "r-1"})
    assert (reply.status, reply.shape["code"]) == (400, "evaluation_form")
    assert reply.headers["x-request-id"] == "r-1"
    assert reply.headers["content-type"] == "application/problem+json"


def test_32_levels_are_read(decider: Decider) -> None:
    body = (TEXT[:-1] + ', "x": ' + "[" * 31 + "]" * 31 + "}").encode()
    assert decider.ask("evaluation", body).status == 200


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["type", "id", "name", "properties", "purpose", "channel", "min_seq", "limit", "token"]
)
PART = JUNK | st.dictionaries(NAMES, JUNK | st.sampled_from(["person", "use", "system", "mailer"]))
WHOLE = st.dictionaries(
    st.sampled_from(
        ["subject", "action", "resource", "context", "evaluations", "options", "page", "x"]
    ),
    PART | st.lists(st.dictionaries(st.sampled_from(["subject", "action", "resource"]), PART)),
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.sampled_from(PLACES), body=WHOLE, mixed=st.booleans())
def test_any_json_has_a_decision_or_a_place_that_is_wrong(
    decider: Decider, place: str, body: dict[str, Any], *, mixed: bool
) -> None:
    reply = decider.ask(place, {**GOOD, **body} if mixed else body)
    shape = reply.shape
    if reply.status == 200:
        found = shape.get("evaluations", [shape])
        assert "results" in shape or all(type(one["decision"]) is bool for one in found)
    else:
        assert reply.status == 400
        assert shape["code"] in {"evaluation_form", "page_token"}


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.tuples(*([st.sampled_from(["", "*", "mailer", "person", "Deny", "permit", "mail_sender",
                                  "system", "true", "u:0", "r:staff", "route", "record"])] * 5))
)  # fmt: skip
def test_no_words_but_the_right_ones_are_permitted(
    decider: Decider, words: tuple[str, str, str, str, str]
) -> None:
    kind, name, action, resource, target = words
    body = {
        "subject": {"type": kind, "id": name},
        "action": {"name": action, "properties": {"purpose": "mail_marketing"}},
        "resource": {"type": resource, "id": target},
    }
    assert decider.ask("evaluation", body).shape["decision"] is False


@pytest.mark.parametrize(
    ("place", "method", "status"),
    [
        ("evaluation", "GET", 405),
        ("evaluation", "PUT", 405),
        ("search/subject", "GET", 405),
        ("evaluation/", "POST", 404),
        ("search", "POST", 404),
        ("search/person", "POST", 404),
        ("../evaluation", "POST", 404),
        ("/.well-known/authzen-configuration", "POST", 405),
    ],
)
def test_other_addresses_and_methods_are_refused(
    decider: Decider, place: str, method: str, status: int
) -> None:
    reply = decider.ask(place, GOOD, method=method, headers={"x-request-id": "r-2"})
    assert reply.status == status
    assert reply.headers["x-request-id"] == "r-2"
    assert (status == 405) is ("allow" in reply.headers)


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/json",
        "application/jsonx",
        "application/json; charset=shift_jis",
        "multipart/form-data",
    ],
)
def test_another_media_type_is_a_bad_request(decider: Decider, media: str) -> None:
    reply = decider.ask("evaluation", GOOD, headers={"content-type": media})
    assert (reply.status, reply.shape["code"]) == (400, "evaluation_media_type")


@pytest.mark.parametrize("media", ["Application/JSON", 'application/json; charset="UTF-8"'])
def test_the_media_type_may_be_written_in_any_lawful_way(decider: Decider, media: str) -> None:
    assert decider.ask("evaluation", GOOD, headers={"content-type": media}).status == 200


def test_the_metadata_stand_under_the_path_of_the_origin_too(decider: Decider) -> None:
    for place in ("", "/sekisho"):
        reply = decider.ask(f"/.well-known/authzen-configuration{place}", b"", method="GET")
        assert reply.shape["policy_decision_point"] == "https://consent.example.com/sekisho"
        assert reply.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("place", PLACES)
def test_nobody_is_answered_without_a_key(
    decider: Decider, anonymous: Principal, place: str
) -> None:
    reply = decider.ask(place, GOOD, by=anonymous, headers={"x-request-id": "r-3"})
    assert (reply.status, reply.headers["x-request-id"]) == (401, "r-3")
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_who_may_not_ask_is_told_so(decider: Decider) -> None:
    nobody = Principal(id=SHOP.id, kind=SHOP.kind, roles=frozenset({"svc:shop", "privacy_officer"}))
    reply = decider.ask("evaluation", GOOD, by=nobody)
    assert (reply.status, reply.shape["code"]) == (403, "action_forbidden")
