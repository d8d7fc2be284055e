"""Problem details (RFC 9457) in the caller's language."""

import json

import pytest
from starlette.requests import Request

from governance.core.errors import (
    ForbiddenError,
    GovernanceError,
    NotFoundError,
    UnavailableError,
    WrongUseError,
)
from governance.core.terms import Lang
from governance.http.principal import ANONYMOUS
from governance.http.problems import MEDIA_TYPE, language_of, preferred, problem, problem_response
from governance.http.request import csrf_token, principal_of


def request(query: str = "", **headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": query.encode(),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError(), 404),
        (ForbiddenError(), 403),
        (UnavailableError(), 503),
        (WrongUseError(), 400),
    ],
)
@pytest.mark.parametrize("lang", list(Lang))
def test_an_error_becomes_a_problem_with_a_stable_code(
    error: GovernanceError, status: int, lang: Lang
) -> None:
    shape = problem(error, lang)
    assert shape["status"] == status
    assert shape["type"] == f"urn:sekisho:problem:{error.code}"
    assert shape["code"] == error.code
    assert set(shape) == {"type", "title", "status", "detail", "code"}
    answer = problem_response(error, lang, {"retry-after": "1"})
    assert (answer.status_code, answer.media_type) == (status, MEDIA_TYPE)
    assert answer.headers["retry-after"] == "1"
    assert json.loads(bytes(answer.body)) == shape


def test_the_same_problem_is_told_in_either_language() -> None:
    ja, en = (problem(NotFoundError(), lang) for lang in Lang)
    assert ja["detail"] != en["detail"]
    assert {k: v for k, v in ja.items() if k not in ("title", "detail")} == {
        k: v for k, v in en.items() if k not in ("title", "detail")
    }


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", Lang.JA),
        ("ja", Lang.JA),
        ("en", Lang.EN),
        ("en-US,en;q=0.9,ja;q=0.8", Lang.EN),
        ("JA-JP", Lang.JA),
        ("fr,de;q=0.9,en;q=0.5", Lang.EN),
        ("fr", Lang.JA),
        (";;;,,,", Lang.JA),
        ("*", Lang.JA),
    ],
)
def test_the_first_language_of_ours_is_taken(header: str, lang: Lang) -> None:
    assert preferred(header) is lang
    assert language_of(request(accept_language=header)) is lang


def test_the_parameter_beats_the_browser_and_an_unknown_one_is_ignored() -> None:
    assert language_of(request("lang=en", accept_language="ja")) is Lang.EN
    assert language_of(request("lang=fr", accept_language="en")) is Lang.EN


def test_a_request_that_nobody_signed_is_anonymous() -> None:
    bare = request()
    assert principal_of(bare) is ANONYMOUS
    assert csrf_token(bare) == ""
