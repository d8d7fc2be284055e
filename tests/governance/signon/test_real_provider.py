"""The same doors with a real OpenID provider (npm `oidc-provider`) in a process of its own."""

import asyncio
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.app.factory import Application, create_app
from governance.app.wiring import Wiring
from governance.core.clock import utc_now
from governance.core.terms import ActorId
from governance.identity import store as accounts
from governance.signon.discovery import Directory
from tests.installation import create
from tests.serving import served

PLACE = Path(__file__).parents[2] / "signon" / "provider"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (PLACE / "node_modules" / "oidc-provider").is_dir(),
    reason="needs Node.js and its modules: npm ci in tests/signon/provider",
)
FILE = """
providers:
  - id: real
    label: {{ja: 本物, en: Real}}
    for: staff
    issuer: http://127.0.0.1:{port}
    client_id: sekisho
    client_secret: env:REAL_PROVIDER_SECRET
    scopes: [openid, profile, email]
    algorithms: [ES256]
    roles: {{privacy: [privacy_officer], help: [support]}}
    create: true
    second_factor: {{amr: [mfa]}}
"""


@dataclass
class Street:
    """An installation, its provider, and a browser that knows both."""

    wiring: Wiring
    app: Application
    base: str
    issuer: str
    browser: httpx.Client

    def next(self, sub: str, *, amr: tuple[str, ...] = ("pwd", "mfa"), **claims: Any) -> None:
        httpx.post(f"{self.issuer}/next", json={"sub": sub, "amr": amr, "claims": claims})

    def comes(self) -> httpx.Response:
        """The way to the provider and back, as a browser goes it."""
        answer = self.browser.get(f"{self.base}/sign-on/real")
        while answer.status_code in (302, 303):
            place = answer.headers["location"]
            if place.startswith("http://127.0.0.1:8443/sign-on"):
                back = place.replace("http://127.0.0.1:8443", self.base)
                return self.browser.get(back)
            answer = self.browser.get(answer.request.url.join(place))
        raise AssertionError(answer.text)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder, port = tmp_path_factory.mktemp("street"), free_port()
    file = folder / "providers.yaml"
    file.write_text(FILE.format(port=port), encoding="utf-8")
    made = create(folder)
    settings = made.settings.model_copy(update={"sign_on_file": file})
    wiring = replace(made, settings=settings, clock=utc_now)
    app = create_app(wiring)
    origin = "http://127.0.0.1:8443"
    with pytest.MonkeyPatch.context() as patch, served(app) as base, httpx.Client() as browser:
        patch.setenv("REAL_PROVIDER_SECRET", "the secret of a test, long enough for everybody")
        command = [
            *(str(NODE), "provider.mjs", str(port), f"{origin}/sign-on/real/callback"),
            *(f"{origin}/", f"{base}/sign-on/real/logout"),
        ]
        with subprocess.Popen(command, cwd=PLACE, stdout=subprocess.PIPE, text=True) as running:
            try:
                assert running.stdout is not None
                while running.stdout.readline().strip() != "ready":
                    assert running.poll() is None, "the provider did not start"
                yield Street(wiring, app, base, f"http://127.0.0.1:{port}", browser)
            finally:
                running.kill()
    wiring.close()


@pytest.fixture(autouse=True)
def anew(street: Street) -> None:
    """A browser that knows nobody, and a process that knows no provider."""
    street.browser.cookies.clear()
    street.app.state.directory = Directory()


def roles(street: Street, login: str) -> frozenset[str] | None:
    with street.wiring.database.read() as tx:
        found = accounts.staff_by_id(tx, ActorId(f"u:{login}"))
    return None if found is None else found.roles


def test_a_person_comes_in_by_code_and_pkce_with_the_roles_of_the_groups(street: Street) -> None:
    street.next("p-1", preferred_username="hanako", name="架空 花子", groups=["privacy", "other"])
    answer = street.comes()
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert street.browser.get(f"{street.base}/console").status_code == 200
    assert roles(street, "hanako") == {"privacy_officer"}


def test_a_password_alone_at_the_provider_is_no_second_factor(street: Street) -> None:
    street.next("p-2", amr=("pwd",), preferred_username="jiro", groups=["privacy"])
    assert street.comes().status_code == 401
    assert roles(street, "jiro") is None


def test_a_group_that_nobody_mapped_opens_nothing(street: Street) -> None:
    street.next("p-3", preferred_username="saburo", groups=["everybody"])
    assert street.comes().status_code == 401
    assert roles(street, "saburo") is None


def test_the_provider_tells_us_when_its_session_ends(street: Street) -> None:
    street.next("p-4", preferred_username="shiro", groups=["help"])
    street.comes()
    assert street.browser.get(f"{street.base}/console").status_code == 200
    asked = street.browser.get(
        f"{street.issuer}/session/end",
        params={"client_id": "sekisho", "post_logout_redirect_uri": "http://127.0.0.1:8443/"},
    )
    action = re.search(r'action="([^"]+)"', asked.text)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
    assert action is not None
    assert xsrf is not None
    ended = street.browser.post(action[1], data={"xsrf": xsrf[1], "logout": "yes"})
    assert ended.status_code in (302, 303)
    assert street.browser.get(f"{street.base}/console").status_code == 401


def test_the_addresses_are_those_that_the_provider_publishes(street: Street) -> None:
    gone = street.browser.get(f"{street.base}/sign-on/real")
    assert gone.headers["location"].startswith(f"{street.issuer}/auth?")
    told = asyncio.run(_published(street.issuer))
    assert told["code_challenge_methods_supported"] == ["S256"]


async def _published(issuer: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        found = await client.get(f"{issuer}/.well-known/openid-configuration")
        return dict(found.json())
