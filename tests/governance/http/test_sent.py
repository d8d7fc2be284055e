"""A form that did not arrive is offered again to the browser that sent it, and to no other."""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Request

from governance.http.sent import MOST, arrive, keeping, sent_form

FORM = {"csrf": "old", "words": "<b>もう 送らないで</b>", "how": "phone"}


def sent(
    form: dict[str, str], path: str = "/console/holds/new", *, site: str = "same-origin"
) -> Request:
    """A request whose form came and was not read by anybody."""
    body = urlencode(form).encode()
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "state": {},
        "headers": [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(body)).encode()), (b"sec-fetch-site", site.encode()),
        ],
    }  # fmt: skip

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request(scope, keeping(scope, receive))
    asyncio.run(arrive(request))
    return request


def test_everything_but_the_token_is_there_and_no_repr_tells_it() -> None:
    found = sent_form(sent(FORM))
    assert found is not None
    assert found.action == "/console/holds/new"
    assert dict(found.fields) == {"words": FORM["words"], "how": "phone"}
    assert found.written == (FORM["words"],)
    assert "送らないで" not in repr(found)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_what_another_site_sent_is_not_offered(site: str) -> None:
    assert sent_form(sent(FORM, site=site)) is None


@pytest.mark.parametrize("path", ["/sign-in/password", "/account/password", "/v1/persons"])
def test_places_of_secrets_keep_nothing(path: str) -> None:
    request = sent(FORM, path)
    assert sent_form(request) is None
    assert not hasattr(request.state, "sent_form")


@pytest.mark.parametrize("name", ["password", "code", "token"])
def test_a_form_with_a_secret_is_not_written_into_a_page(name: str) -> None:
    assert sent_form(sent({**FORM, name: "12345678"})) is None


def test_half_a_form_is_none() -> None:
    assert sent_form(sent({"words": "あ" * MOST})) is None
