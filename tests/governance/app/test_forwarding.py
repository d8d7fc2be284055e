"""The receiver of the settings: OCSF over HTTP with its token, and wrong addresses refused."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.app.audit_log import settle
from governance.app.forwarding import address_of, forward, standing
from governance.app.wiring import Wiring
from governance.core.settings import SettingsError
from tests.installation import create
from tests.serving import served

TOKEN = "invented-token"


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    made = create(tmp_path)
    settle(made)
    return made


class Siem:
    """Takes what is sent, unless told to refuse."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.status = 200

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        self.tokens.add(headers.get(b"authorization", b"").decode())
        if self.status == 200:
            self.lines += [json.loads(line) for line in body.splitlines()]
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def set_to(wiring: Wiring, **values: object) -> Wiring:
    return replace(wiring, settings=wiring.settings.model_copy(update=values))


def test_the_siem_has_the_log_in_ocsf_once_it_answers(wiring: Wiring, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    siem = Siem()
    siem.status = 503
    with served(siem) as url:
        ours = set_to(wiring, forward_url=f"{url}/events", forward_token_file=token)
        assert forward(ours, stopping=lambda: False) == 0
        stands = standing(ours)
        assert stands is not None
        assert (stands.failures, stands.below) == (1, 0)
        siem.status = 200
        later = replace(ours, clock=lambda: wiring.clock().replace(hour=23))
        assert forward(later, stopping=lambda: False) == stands.behind
    assert siem.tokens == {f"Bearer {TOKEN}"}
    assert [line["metadata"]["sequence"] for line in siem.lines] == list(range(stands.behind))
    assert siem.lines[0]["metadata"]["event_code"] == "system.initialised"


@pytest.mark.parametrize(
    "url", ["siem", "ftp://siem/", "https://u:p@siem/", "https://", "syslog://s:x"]
)
def test_an_address_that_is_none_is_a_wrong_setting(wiring: Wiring, url: str) -> None:
    with pytest.raises(SettingsError):
        address_of(set_to(wiring, forward_url=url).settings)


def test_without_an_address_nothing_is_sent(wiring: Wiring) -> None:
    assert forward(wiring, stopping=lambda: False) == 0
    assert standing(wiring) is None
