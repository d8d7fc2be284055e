"""What a directory may do to accounts over SCIM, and all that it may not."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from governance.app.factory import Application, create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity import store as accounts
from governance.identity.service import invite_staff, open_session, register_client
from governance.identity.types import AccountState, Staff
from governance.provisioning.store import USER as USERS
from governance.signon import store as links
from tests.installation import AT, OFFICER, create

FILE = """
providers:
  - {id: one, label: {ja: 一, en: One}, for: staff, issuer: "https://one.example.com",
     client_id: c, client_secret: "env:X", scim_client: one-scim,
     roles: {Privacy: [privacy_officer], Approver: [privacy_approver], Help: [support]}}
  - {id: two, label: {ja: 二, en: Two}, for: staff, issuer: "https://two.example.com",
     client_id: c, client_secret: "env:X", scim_client: two-scim, roles: {Help: [support]}}
"""
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LASTING = timedelta(hours=8)
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Desk:
    """An installation that two directories keep accounts in."""

    wiring: Wiring
    app: Application
    keys: dict[str, str]

    def send(
        self, method: str, path: str, body: Any = None, *, by: str = "one-scim", **headers: str
    ) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=("203.0.113.9", 1))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                named |= {"authorization": f"Bearer {self.keys[by]}"} if by else {}
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                return await client.request(
                    method, f"/scim/v2{path}", headers=named,
                    content=None if body is None else content,
                )  # fmt: skip

        return asyncio.run(request())

    def user(self, name: str, **more: Any) -> Any:
        answer = self.send("POST", "/Users", {"schemas": [USER], "userName": name, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def group(self, name: str, *members: str) -> Any:
        listed = [{"value": one} for one in members]
        said = {"schemas": [GROUP], "displayName": name, "members": listed}
        answer = self.send("POST", "/Groups", said)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, place: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        said = {"schemas": [PATCH], "Operations": list(operations)}
        return self.send("PATCH", place, said, **headers)

    def staff(self, login: str) -> Staff:
        with self.wiring.database.read() as tx:
            found = accounts.staff_by_id(tx, ActorId(f"u:{login}"))
        assert found is not None
        return found

    def session(self, login: str) -> str:
        """A session that this account has open."""
        made, _ = self.wiring.database.write(
            partial(
                open_session, actor=ActorId(f"u:{login}"), kind=PrincipalKind.STAFF,
                lasting=LASTING, at=AT,
            )
        )  # fmt: skip
        return made.id

    def ended(self, session: str) -> bool:
        with self.wiring.database.read() as tx:
            found = accounts.session_by_id(tx, session)
        return found is not None and found.revoked_at is not None


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    file = folder / "providers.yaml"
    file.write_text(FILE, encoding="utf-8")
    made = create(folder)
    settings = made.settings.model_copy(update={"sign_on_file": file})
    wiring = replace(made, settings=settings)
    known = frozenset(wiring.policies.current.roles)
    keys = {}
    for name, role in (("one-scim", "directory"), ("two-scim", "directory"),
                       ("other", "directory"), ("mailer", "mail_sender")):  # fmt: skip
        _, keys[name] = wiring.database.write(
            partial(register_client, name=name, role=role, purposes=(), known_roles=known, at=AT)
        )
    yield Desk(wiring, create_app(wiring), keys)
    wiring.close()


def test_a_joiner_has_an_account_without_a_role_until_a_group_gives_one(desk: Desk) -> None:
    made = desk.user(
        "Join.Er@example.com", displayName="加入 者", externalId="ext-1", active="True"
    )
    assert made["userName"] == "Join.Er@example.com"
    assert made["meta"]["version"] == 'W/"1"'
    assert desk.staff("join.er").roles == frozenset()
    desk.group("Privacy", made["id"])
    assert desk.staff("join.er").roles == {"privacy_officer"}
    with desk.wiring.database.read() as tx:
        assert links.staff_of(tx, "one", "ext-1") == "u:join.er"
    found = desk.send("GET", '/Users?filter=userName eq "join.er@EXAMPLE.com"').json()
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, made["id"])
    found = desk.send("GET", '/Users?filter=externalId eq "ext-1"').json()
    assert found["totalResults"] == 1


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},  # Entra ID
        {"op": "replace", "value": {"active": False}},  # Okta
        {"op": "replace", "path": f"{USER}:active", "value": False},
        {"op": "add", "value": {"active": False, "title": "left out", "name.familyName": "山田"}},
    ],
)
def test_a_leaver_is_out_at_once_whatever_the_directory_s_habit(
    desk: Desk, operation: dict[str, Any]
) -> None:
    login = f"leaver{len(str(operation))}"
    made = desk.user(f"{login}@example.com")
    session = desk.session(login)
    answer = desk.patch(f"/Users/{made['id']}", operation)
    assert answer.status_code == 200, answer.text
    assert answer.json()["active"] is False
    assert desk.staff(login).state is AccountState.SUSPENDED
    assert desk.ended(session)
    again = desk.patch(f"/Users/{made['id']}", {"op": "Add", "path": "active", "value": "True"})
    assert again.json()["active"] is True
    assert desk.staff(login).state is AccountState.ACTIVE


def test_whom_an_officer_suspended_no_change_of_a_name_or_group_brings_back(desk: Desk) -> None:
    made = desk.user("held@example.com")
    suspend = partial(
        accounts.set_staff_state, actor=ActorId("u:held"), state=AccountState.SUSPENDED
    )
    desk.wiring.database.write(suspend)
    group = desk.group("Held", made["id"])
    renamed = {"op": "replace", "path": "displayName", "value": "改 名"}
    assert desk.patch(f"/Users/{made['id']}", renamed).status_code == 200
    assert desk.send("DELETE", f"/Groups/{group['id']}").status_code == 204
    assert desk.staff("held").state is AccountState.SUSPENDED


def test_a_person_of_the_provider_has_one_account(desk: Desk) -> None:
    desk.user("first@example.com", externalId="ext-first")
    second = desk.user("second@example.com", externalId="ext-second")
    change = {"op": "replace", "path": "externalId", "value": "ext-first"}
    assert desk.patch(f"/Users/{second['id']}", change).status_code == 409
    with desk.wiring.database.read() as tx:
        assert links.staff_of(tx, "one", "ext-first") == "u:first"
        assert links.staff_of(tx, "one", "ext-second") == "u:second"


def test_members_come_and_go_by_either_habit_and_roles_follow(desk: Desk) -> None:
    one, two = desk.user("m1@example.com")["id"], desk.user("m2@example.com")["id"]
    help_ = desk.group("Help", one)["id"]
    place = f"/Groups/{help_}"
    session = desk.session("m1")
    desk.patch(place, {"op": "Add", "path": "members", "value": [{"value": two}]})
    assert desk.staff("m2").roles == {"support"}
    desk.patch(place, {"op": "Remove", "path": "members", "value": [{"value": one}]})
    assert desk.staff("m1").roles == frozenset()
    assert desk.ended(session)
    desk.patch(place, {"op": "remove", "path": f'members[value eq "{two}"]'})
    assert desk.staff("m2").roles == frozenset()
    whole = {"id": help_, "displayName": "Renamed", "members": [{"value": two}]}
    answer = desk.patch(place, {"op": "replace", "value": whole})
    assert answer.status_code == 200, answer.text
    assert desk.staff("m2").roles == frozenset()
    assert desk.send("DELETE", place).status_code == 204
    assert desk.send("GET", place).status_code == 404


def test_groups_that_are_kept_apart_give_nothing_together(desk: Desk) -> None:
    both = desk.user("both@example.com")["id"]
    approver = desk.group("Approver", both)["id"]
    assert desk.staff("both").roles == {"privacy_approver"}
    privacy = desk.send("GET", '/Groups?filter=displayName eq "Privacy"').json()["Resources"]
    place = f"/Groups/{privacy[0]['id']}"
    desk.patch(place, {"op": "add", "path": "members", "value": [{"value": both}]})
    assert desk.staff("both").roles == frozenset()
    desk.send("DELETE", f"/Groups/{approver}")
    assert desk.staff("both").roles == {"privacy_officer"}


def test_a_deleted_person_s_account_has_ended_for_good(desk: Desk) -> None:
    made = desk.user("gone@example.com", externalId="ext-gone")
    session = desk.session("gone")
    assert desk.send("DELETE", f"/Users/{made['id']}").status_code == 204
    assert desk.staff("gone").state is AccountState.ENDED
    assert desk.ended(session)
    assert desk.send("GET", f"/Users/{made['id']}").status_code == 404
    with desk.wiring.database.read() as tx:
        assert links.staff_of(tx, "one", "ext-gone") is None
    again = desk.send("POST", "/Users", {"schemas": [USER], "userName": "gone@example.com"})
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


def test_no_directory_takes_over_an_account_or_sees_another_s(desk: Desk) -> None:
    desk.wiring.database.write(
        partial(
            invite_staff, login="chief", display_name="架空", roles=["it_operator"],
            known_roles=frozenset({"it_operator"}), by=OFFICER.id, at=AT,
        )
    )  # fmt: skip
    said = {"schemas": [USER], "userName": "chief@example.com", "active": False}
    assert desk.send("POST", "/Users", said).status_code == 409
    assert desk.staff("chief").state is AccountState.ACTIVE
    mine = desk.user("mine@example.com")["id"]
    for method in ("GET", "DELETE"):
        assert desk.send(method, f"/Users/{mine}", by="two-scim").status_code == 404
    assert desk.send("GET", "/Users", by="two-scim").json()["totalResults"] == 0
    member = {"schemas": [GROUP], "displayName": "Help", "members": [{"value": mine}]}
    assert desk.send("POST", "/Groups", member, by="two-scim").status_code == 400


def test_only_the_key_of_a_directory_opens_anything(desk: Desk) -> None:
    assert desk.send("GET", "/Users", by="").status_code == 401
    assert desk.send("GET", "/Users", by="mailer").status_code == 403
    assert desk.send("GET", "/Users", by="other").status_code == 404


def test_a_change_of_an_older_version_is_refused(desk: Desk) -> None:
    made = desk.user("versions@example.com")
    place = f"/Users/{made['id']}"
    off = {"op": "replace", "path": "active", "value": False}
    assert desk.patch(place, off, if_match='W/"7"').status_code == 412
    answer = desk.patch(place, off, if_match='W/"1"')
    assert answer.headers["etag"] == 'W/"2"'
    assert desk.send("GET", place, if_none_match='W/"2"').status_code == 304
    assert desk.patch(place, off).headers["etag"] == 'W/"2"'
    put = {"schemas": [USER], "userName": "versions@example.com", "displayName": "新"}
    assert desk.send("PUT", place, put).json()["active"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"userName":1}', b'{"userName":""}', b"\xff\xfe",
        b'{"userName":"a","userName":"b"}', b'{"userName":"' + b"x" * 300 + b'"}',
        b'{"userName":"a@example.com","displayName":"\\u0000"}', b"[" * 100_000,
        b'{"userName":"\xe5\xb1\xb1\xe7\x94\xb0"}', b'{"userName":{"a":1}}',
        b'{"userName":"z@example.com","active":"perhaps"}',
    ],
)  # fmt: skip
def test_what_is_no_user_is_refused_without_a_word_of_it(desk: Desk, body: bytes) -> None:
    answer = desk.send("POST", "/Users", body)
    assert answer.status_code == 400
    assert set(answer.json()) <= {"schemas", "status", "scimType", "detail"}


@pytest.mark.parametrize(
    "operations",
    [
        None, [], "x", [1], [{"op": "explode", "path": "active"}], [{"path": "active"}],
        [{"op": "replace", "path": "active", "value": "perhaps"}],
        [{"op": "replace", "path": "userName", "value": ""}],
        [{"op": "remove", "path": "userName"}],
        [{"op": "replace", "path": "name[", "value": "x"}],
        [{"op": "replace", "value": 7}],
        [{"op": "replace", "path": "active", "value": False}] * 101,
    ],
)  # fmt: skip
def test_operations_that_mean_nothing_change_nothing(desk: Desk, operations: Any) -> None:
    found = desk.send("GET", '/Users?filter=userName eq "patched@example.com"').json()
    made = (found["Resources"] or [None])[0] or desk.user("patched@example.com")
    place = f"/Users/{made['id']}"
    answer = desk.send("PATCH", place, {"schemas": [PATCH], "Operations": operations})
    assert answer.status_code == (200 if operations == [] else 400)
    assert desk.send("GET", place).json() == made


@pytest.mark.parametrize(
    "wish",
    [
        'userName co "a"',
        "active eq true",
        'userName eq "a" or id pr',
        'userName eq "',
        "'",
        "x" * 900,
    ],
)
def test_other_filters_are_refused(desk: Desk, wish: str) -> None:
    answer = desk.send("GET", f"/Users?{httpx.QueryParams({'filter': wish})}")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_pages_follow_one_another(desk: Desk) -> None:
    total = desk.send("GET", "/Users?count=0").json()["totalResults"]
    seen: list[str] = []
    for start in range(1, total + 1, 3):
        page = desk.send("GET", f"/Users?startIndex={start}&count=3").json()
        seen += [one["id"] for one in page["Resources"]]
    assert len(seen) == len(set(seen)) == total
    assert desk.send("GET", "/Users?startIndex=-5&count=-1").json()["Resources"] == []


def test_what_the_server_can_do_is_told(desk: Desk) -> None:
    told = desk.send("GET", "/ServiceProviderConfig").json()
    assert told["patch"]["supported"]
    assert not told["bulk"]["supported"]
    for place in ("/ResourceTypes", "/Schemas"):
        assert desk.send("GET", place).json()["totalResults"] == 2


def test_no_name_of_an_employee_stands_in_the_database(desk: Desk) -> None:
    desk.user("Secret.Name@example.com", displayName="秘密 名前", externalId="secret-ext")
    with desk.wiring.database.read() as tx:
        rows = [tuple(row) for row in tx.execute(select(USERS.c.profile, USERS.c.name_digest))]
    assert rows
    assert "secret" not in repr(rows).lower()
