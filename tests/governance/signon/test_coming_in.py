"""From the sign-in page to a provider and back: who comes in, with which roles, until when."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.factory import Application, create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.identity import store as accounts
from governance.identity.lifecycle import end_staff
from governance.identity.service import invite_staff
from governance.signon import service
from governance.signon.reading import provider_of
from tests.governance.signon.test_verifying import logout
from tests.governance.signon.world import SECRET, Fake
from tests.installation import AT, OFFICER, create

FILE = """
providers:
  - id: fake
    label: {ja: 架空のID, en: Fake ID}
    for: staff
    issuer: https://id.example.com
    client_id: sekisho
    client_secret: env:FAKE_PROVIDER_SECRET
    algorithms: [ES256]
    roles: {privacy: [privacy_officer], help: [support], both: [privacy_officer, privacy_approver],
            typo: [no_such_role]}
    create: true
    second_factor: {amr: [mfa]}
"""


@dataclass
class Door:
    """An installation whose only provider is a fake."""

    wiring: Wiring
    app: Application
    fake: Fake

    def get(self, path: str, *, cookie: str = "", **parts: Any) -> httpx.Response:
        return self.send("GET", path, cookie=cookie, **parts)

    def send(self, method: str, path: str, *, cookie: str = "", **parts: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=("203.0.113.9", 1))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                headers = {"cookie": cookie, "accept": "text/html"}
                return await client.request(method, path, headers=headers, **parts)

        return asyncio.run(request())

    def back(self, secret: str | None = None, **said: str | None) -> httpx.Response:
        """What comes of a browser that was sent away and comes back so."""
        gone = self.get("/sign-on/fake")
        mine = gone.cookies["sekisho_sign_on"]
        place = parse_qs(urlsplit(gone.headers["location"]).query)
        self.fake.signs(nonce=place["nonce"][0], **self.claims)
        query = {"code": "c", "state": place["state"][0], **said}
        params = {name: value for name, value in query.items() if value is not None}
        cookie = f"sekisho_sign_on={mine if secret is None else secret}"
        return self.get("/sign-on/fake/callback", params=params, cookie=cookie)

    def comes(self, **claims: Any) -> httpx.Response:
        self.claims = claims
        return self.back()

    claims: Any = None

    def told(self) -> list[str]:
        """Why nobody came in, as the log has it."""
        with self.wiring.database.read() as tx:
            rows = tx.execute(
                select(EVENTS.c.reasons).where(EVENTS.c.action == "identity.sign_in_failed")
            )
            return [str(row.reasons) for row in rows]

    def roles(self, login: str) -> frozenset[str] | None:
        with self.wiring.database.read() as tx:
            found = accounts.staff_by_id(tx, ActorId(f"u:{login}"))
        return None if found is None else found.roles


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiring, Application]]:
    folder: Path = tmp_path_factory.mktemp("door")
    file = folder / "providers.yaml"
    file.write_text(FILE, encoding="utf-8")
    made = create(folder)
    settings = made.settings.model_copy(update={"sign_on_file": file})
    wiring = replace(made, settings=settings)
    yield wiring, create_app(wiring)
    wiring.close()


@pytest.fixture
def door(opened: tuple[Wiring, Application], monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setenv("FAKE_PROVIDER_SECRET", "s3cret")
    wiring, app = opened
    fake = Fake()
    app.state.directory = fake.directory()
    return Door(wiring, app, fake, claims={})


def session_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return f"sekisho_session={answer.cookies['sekisho_session']}"


def test_the_sign_in_page_offers_the_provider(door: Door) -> None:
    shown = door.get("/sign-in").text
    assert "/sign-on/fake" in shown
    assert "架空のIDでサインイン" in shown


def test_a_new_person_with_a_known_group_comes_in_with_its_roles(door: Door) -> None:
    answer = door.comes(sub="new-1", preferred_username="New.Person@example.com")
    assert answer.headers["location"] == "/console"
    assert door.get("/console", cookie=session_of(answer)).status_code == 200
    assert door.roles("new.person") == {"privacy_officer"}


def test_a_mover_has_the_new_roles_and_no_session_with_the_old(door: Door) -> None:
    before = session_of(door.comes(sub="mover", preferred_username="mover"))
    after = session_of(door.comes(sub="mover", groups=["help"]))
    assert door.roles("mover") == {"support"}
    assert door.get("/console/holds", cookie=before).status_code == 401
    assert door.get("/console", cookie=after).status_code == 200


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        (["unknown"], "sign_on.unknown"),
        ([], "sign_on.unknown"),
        ("privacy", "sign_on.unknown"),
        (["both"], "sign_on.roles"),
        (["typo"], "sign_on.roles"),
    ],
)
def test_groups_that_give_nothing_or_too_much_let_nobody_in(
    door: Door, groups: Any, reason: str
) -> None:
    answer = door.comes(sub="stranger", preferred_username="stranger", groups=groups)
    assert answer.status_code == 401
    assert door.told()[-1] == reason
    assert door.roles("stranger") is None


def test_who_lost_every_group_keeps_no_role(door: Door) -> None:
    before = session_of(door.comes(sub="loser", preferred_username="loser"))
    assert door.comes(sub="loser", groups=[]).status_code == 401
    assert door.get("/console/holds", cookie=before).status_code == 401


def test_a_name_that_is_taken_is_not_taken_over(door: Door) -> None:
    door.wiring.database.write(
        lambda tx: invite_staff(
            tx, login="boss", display_name="架空", roles=["it_operator"],
            known_roles=frozenset({"it_operator"}), by=OFFICER.id, at=AT,
        )
    )  # fmt: skip
    answer = door.comes(sub="attacker", preferred_username="boss", email="boss@example.com")
    assert answer.status_code == 401
    assert door.told()[-1] == "sign_on.login_taken"
    assert door.roles("boss") == {"it_operator"}


def test_an_account_that_ended_stays_out(door: Door) -> None:
    session = session_of(door.comes(sub="leaver", preferred_username="leaver"))
    operator = service.Principal(
        id=ActorId("u:op"), kind=service.PrincipalKind.STAFF, roles=frozenset({"it_operator"})
    )
    door.wiring.database.write(
        lambda tx: end_staff(tx, door.wiring.ports, operator, "leaver", at=AT)
    )
    assert door.get("/console/holds", cookie=session).status_code == 401
    assert door.comes(sub="leaver").status_code == 401
    assert door.told()[-1] == "sign_on.account"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"state": "another"}, "state"),
        ({"state": None}, "state"),
        ({"code": None}, "no_code"),
        ({"error": "access_denied"}, "no_code"),
        ({"iss": "https://evil.example.com"}, "issuer"),
        ({"code": "c" * 3_000}, "no_code"),
    ],
)
def test_an_answer_that_is_not_this_browser_s_lets_nobody_in(
    door: Door, said: dict[str, str | None], reason: str
) -> None:
    answer = door.back(**said)
    assert answer.status_code == 401
    assert door.told()[-1] == f"sign_on.{reason}"
    assert "sekisho_session" not in answer.cookies


def test_another_browser_s_secret_and_a_second_time_let_nobody_in(door: Door) -> None:
    assert door.back(secret=SECRET).status_code == 401
    assert door.told()[-1] == "sign_on.state"
    gone = door.get("/sign-on/fake")
    place = parse_qs(urlsplit(gone.headers["location"]).query)
    door.fake.signs(nonce=place["nonce"][0], sub="twice", preferred_username="twice")
    parts: dict[str, Any] = {
        "params": {"code": "c", "state": place["state"][0]},
        "cookie": f"sekisho_sign_on={gone.cookies['sekisho_sign_on']}",
    }
    assert door.get("/sign-on/fake/callback", **parts).status_code == 303
    assert door.get("/sign-on/fake/callback", **parts).status_code == 401
    assert door.told()[-1] == "sign_on.attempt"


def test_a_provider_that_names_itself_must_always_do_so(door: Door) -> None:
    door.fake.published = {"authorization_response_iss_parameter_supported": True}
    assert door.back().status_code == 401
    assert door.told()[-1] == "sign_on.issuer"
    assert door.back(iss="https://id.example.com").status_code == 303


def test_the_provider_s_word_ends_its_session_once(door: Door) -> None:
    cookie = session_of(door.comes(sub="bye", preferred_username="bye", sid="s-bye"))
    other = session_of(door.comes(sub="bye", sid="s-other"))
    token = logout(door.fake, sub="bye", sid="s-bye", jti="bye-1")
    path = "/sign-on/fake/logout"
    assert door.send("POST", path, data={"logout_token": token}).status_code == 200
    assert door.get("/console/holds", cookie=cookie).status_code == 401
    assert door.get("/console", cookie=other).status_code == 200
    assert door.send("POST", path, data={"logout_token": token}).status_code == 400
    for said in ({}, {"logout_token": "a.b.c"}, {"logout_token": door.fake.signs()}):
        assert door.send("POST", path, data=said).status_code == 400
    token = logout(door.fake, sub="bye", sid=None, jti="bye-2")
    assert door.send("POST", path, data={"logout_token": token}).status_code == 200
    assert door.get("/console/holds", cookie=other).status_code == 401


def test_signing_out_leads_to_the_provider_s_own(door: Door) -> None:
    cookie = session_of(door.comes(sub="out", preferred_username="outgoing"))
    page = door.get("/console", cookie=cookie).text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    answer = door.send("POST", "/sign-out", cookie=cookie, data={"csrf": csrf})
    assert answer.headers["location"] == "/sign-on/fake/farewell"
    assert "https://id.example.com/end?client_id=sekisho" in door.get(
        "/sign-on/fake/farewell"
    ).text.replace("&amp;", "&")
    assert door.get("/console/holds", cookie=cookie).status_code == 401


def test_an_unknown_provider_is_not_found(door: Door) -> None:
    for path in ("/sign-on/other", "/sign-on/other/callback", "/sign-on/other/farewell"):
        assert door.get(path).status_code == 404


def test_an_officer_links_an_account_that_is_there(door: Door) -> None:
    door.wiring.database.write(
        lambda tx: invite_staff(
            tx, login="linked", display_name="架空", roles=["support"],
            known_roles=frozenset({"support"}), by=OFFICER.id, at=AT,
        )
    )  # fmt: skip
    operator = service.Principal(
        id=ActorId("u:op"), kind=service.PrincipalKind.STAFF, roles=frozenset({"it_operator"})
    )
    fake = provider_of(door.wiring.settings, "fake")

    def link(tx: Any, login: str = "linked") -> Any:
        return service.link(tx, door.wiring.ports, operator, login, fake, "sub-l", at=AT)

    door.wiring.database.write(link)
    session_of(door.comes(sub="sub-l", preferred_username="whatever", groups=["help"]))
    assert door.roles("linked") == {"support"}
    assert door.roles("whatever") is None
    with pytest.raises(service.LinkTakenError):
        door.wiring.database.write(lambda tx: link(tx, "boss"))
    door.wiring.database.write(
        lambda tx: service.unlink(tx, door.wiring.ports, operator, "linked", fake, at=AT)
    )
    assert door.comes(sub="sub-l", preferred_username="linked").status_code == 401
