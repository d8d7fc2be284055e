"""The token endpoint: what it gives to whom, and every way in which it gives nothing."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from governance.app.factory import Application, create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, PurposeId
from governance.http.principal import Principal, PrincipalKind
from governance.identity.clients import service
from governance.identity.clients.assertions import KIND
from governance.identity.clients.certificates import SCOPE
from governance.identity.clients.types import rate_of
from governance.identity.service import register_client
from tests.installation import AT, create

MAIL = PurposeId("mail_marketing")
OPERATOR = Principal(id=ActorId("u:op"), kind=PrincipalKind.STAFF, roles=frozenset({"it_operator"}))
CERTIFICATE = b"a certificate"
GRANT = {"grant_type": "client_credentials"}


class Web:
    """Sends one request at a time to an application in this process."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 1))

    def send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, **parts)

        return asyncio.run(request())

    def get(self, path: str, **parts: Any) -> httpx.Response:
        return self.send("GET", path, **parts)

    def post(self, path: str, **parts: Any) -> httpx.Response:
        return self.send("POST", path, **parts)


@dataclass
class Hall:
    """An installation with one system, asked in this process."""

    wiring: Wiring
    web: Web
    key: str
    shown: dict[str, Any]

    def token(self, form: dict[str, str] | None = None, **named: Any) -> Any:
        named.setdefault("auth", ("mailer", self.key))
        return self.web.post("/oauth/token", data=form or GRANT, **named)

    def change(self, use_case: Any, *given: Any) -> Any:
        return self.wiring.database.write(
            lambda tx: use_case(tx, self.wiring.ports, OPERATOR, "mailer", *given, at=AT)
        )

    def me(self, token: str) -> Any:
        return self.web.get("/v1/webhooks", headers={"authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiring, Application]]:
    wiring = create(tmp_path_factory.mktemp("oauth"))
    yield wiring, create_app(wiring)
    wiring.close()


@pytest.fixture
def hall(served: tuple[Wiring, Application]) -> Hall:
    """The system as it was made, with a further key."""
    installed, app = served
    with installed.database.read() as tx:
        known = frozenset(installed.policies.current.roles)
        there = service.store.client_by_id(tx, ActorId("svc:mailer")) is not None
    if there:
        installed.database.write(
            lambda tx: service.store.change_client(
                tx, ActorId("svc:mailer"),
                scopes=None, certificate=None, public_keys=None, rate=None, purposes=MAIL,
            )
        )  # fmt: skip
        key = installed.database.write(
            lambda tx: service.keys.add_key(tx, ActorId("svc:mailer"), at=AT)
        )
    else:
        _, key = installed.database.write(
            lambda tx: register_client(
                tx, name="mailer", role="mail_sender", purposes=[MAIL], known_roles=known, at=AT
            )
        )
    shown: dict[str, Any] = {}

    async def over_tls(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, **shown}, receive, send)

    return Hall(installed, Web(over_tls), key, shown)


def test_a_key_gives_a_token_that_opens_what_the_system_may(hall: Hall) -> None:
    answer = hall.token()
    told = answer.json()
    assert answer.status_code == 200
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    assert "consent:check" in told["scope"].split()
    assert f"purpose:{MAIL}" in told["scope"].split()
    assert answer.headers["cache-control"] == "no-store"
    refused = hall.me(told["access_token"])
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]


def test_a_token_does_no_more_than_its_scope(hall: Hall) -> None:
    token = hall.token({**GRANT, "scope": "audience:read"}).json()["access_token"]
    asked = {
        "subject": {"type": "system", "id": "mailer"},
        "resource": {"type": "person", "id": "x"},
        "action": {"name": "use", "properties": {"purpose": MAIL}},
    }
    headers = {"authorization": f"Bearer {token}"}
    answer = hall.web.post("/access/v1/evaluation", json=asked, headers=headers)
    assert answer.status_code == 403
    wide = hall.token({**GRANT, "scope": "consent:check"}).json()["access_token"]
    headers = {"authorization": f"Bearer {wide}"}
    answer = hall.web.post("/access/v1/evaluation", json=asked, headers=headers)
    assert answer.json()["decision"] is False
    assert "purpose_not_granted" in answer.text


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({**GRANT, "scope": "consent:check client:write"}, "invalid_scope"),
        ({**GRANT, "scope": "purpose:profiling"}, "invalid_scope"),
        ({**GRANT, "client_secret": "in the body"}, "invalid_client"),
        ({**GRANT, "client_id": "another"}, "invalid_client"),
        ({**GRANT, "client_assertion": "x.y.z", "client_assertion_type": KIND}, "invalid_client"),
    ],
)
def test_what_is_not_of_the_form_gets_no_token(
    hall: Hall, form: dict[str, str], error: str
) -> None:
    answer = hall.token(form or {"x": "y"})
    assert answer.json() == {"error": error}
    assert answer.status_code == (401 if error == "invalid_client" else 400)


@pytest.mark.parametrize(
    "auth",
    [("mailer", "sk_wrong"), ("other", None), ("svc:mailer", None), ("", ""), ("mailer", "")],
)
def test_who_is_not_the_system_is_told_the_same(hall: Hall, auth: tuple[str, str | None]) -> None:
    name, secret = auth
    answer = hall.token(auth=(name, hall.key if secret is None else secret))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_body_that_is_no_form_or_says_a_field_twice_is_refused(hall: Hall) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body, headers in (
        (b"grant_type=client_credentials&grant_type=client_credentials", kind),
        (b'{"grant_type":"client_credentials"}', {"content-type": "application/json"}),
        (b"grant_type=\xff", kind),
        (b"grant_type=client_credentials&scope=" + b"a" * 40_000, kind),
        (b"&".join(b"a%d=1" % n for n in range(50)), kind),
    ):
        answer = hall.web.post(
            "/oauth/token", content=body, headers=headers, auth=("mailer", hall.key)
        )
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_a_revoked_token_opens_nothing_from_the_next_request_on(hall: Hall) -> None:
    token = hall.token().json()["access_token"]
    assert hall.me(token).status_code == 403
    auth = ("mailer", hall.key)
    for given in (token, token, "st_unknown"):
        answer = hall.web.post("/oauth/revoke", data={"token": given}, auth=auth)
        assert answer.status_code == 200
    answer = hall.me(token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="sekisho", error="invalid_token"'
    assert hall.web.post("/oauth/revoke", data={"x": "y"}, auth=auth).status_code == 400


def signed(key: Any, header: dict[str, Any] | None = None, **changed: Any) -> dict[str, str]:
    claims = {
        "iss": "mailer", "sub": "mailer", "aud": "http://127.0.0.1:8443/oauth/token", "jti": "1",
        "exp": int((AT + timedelta(minutes=5)).timestamp()), **changed,
    }  # fmt: skip
    said = {name: value for name, value in claims.items() if value is not None}
    head = header or {"alg": "ES256"}
    names = [head["alg"]]
    return {
        **GRANT,
        "client_assertion_type": KIND,
        "client_assertion": jwt.encode(head, said, key, algorithms=names),
    }


def test_a_signature_of_the_system_s_own_key_gives_a_token_once(hall: Hall) -> None:
    key = ECKey.generate_key("P-256")
    hall.change(service.set_public_keys, json.dumps(key.as_dict(private=False)))
    form = signed(key, jti="used once")
    assert hall.token(form, auth=None).status_code == 200
    assert hall.token(form, auth=None).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://elsewhere.example.com/oauth/token"},
        {"aud": None},
        {"jti": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": int((AT - timedelta(minutes=2)).timestamp())},
        {"exp": int((AT + timedelta(days=1)).timestamp())},
        {"nbf": int((AT + timedelta(hours=1)).timestamp())},
    ],
)
def test_an_assertion_that_does_not_hold_proves_nothing(
    hall: Hall, changed: dict[str, Any]
) -> None:
    key = ECKey.generate_key("P-256")
    hall.change(service.set_public_keys, json.dumps(key.as_dict(private=False)))
    assert hall.token(signed(key, **changed), auth=None).status_code == 401


def test_another_key_no_signature_and_a_shared_secret_prove_nothing(hall: Hall) -> None:
    key, other = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    hall.change(service.set_public_keys, json.dumps(key.as_dict(private=False)))
    public = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    unsigned = signed(key)["client_assertion"].rsplit(".", 1)[0]
    deep = urlsafe_b64encode(b'{"alg":"ES256","x":' + b"[" * 2_500 + b"]" * 2_500 + b"}").decode()
    nested = ".".join((deep.rstrip("="), *signed(key)["client_assertion"].split(".")[1:]))
    for form in (
        signed(other),
        signed(public, {"alg": "HS256"}),
        {**signed(key), "client_assertion": unsigned + "."},
        {**signed(key), "client_assertion": "a.b.c"},
        {**signed(key), "client_assertion": nested},
        {**signed(key), "client_assertion": "." * 9_000},
        {**signed(key), "client_assertion_type": "x"},
    ):
        assert hall.token(form, auth=None).json() == {"error": "invalid_client"}


@pytest.mark.parametrize(
    "document",
    [
        "", "[]", "{}", '{"keys":[]}', '{"keys":[{"kty":"oct","k":"AAAA"}]}', '{"keys":[3]}',
        '{"kty":"RSA","n":"AQAB","e":"AQAB"}', "[" * 5_000, '{"kty":"EC"}',
    ],
)  # fmt: skip
def test_keys_that_could_not_verify_or_would_be_secret_are_refused(
    hall: Hall, document: str
) -> None:
    with pytest.raises(service.GovernanceError) as caught:
        hall.change(service.set_public_keys, document)
    assert caught.value.code == "public_keys"
    private = ECKey.generate_key("P-256").as_dict(private=True)
    with pytest.raises(service.GovernanceError):
        hall.change(service.set_public_keys, json.dumps(private))


def test_a_bound_system_shows_its_certificate_with_every_request(hall: Hall) -> None:
    token = hall.token().json()["access_token"]
    hall.shown[SCOPE] = CERTIFICATE
    hall.change(service.set_certificate, _thumbprint(CERTIFICATE))
    assert hall.token().status_code == 200
    assert hall.me(token).status_code == 403
    for shown in (b"another", None):
        hall.shown[SCOPE] = shown
        assert hall.token().status_code == 401
        assert hall.me(token).status_code == 401
        assert hall.me(hall.key).status_code == 401


def _thumbprint(der: bytes) -> str:
    from hashlib import sha256  # noqa: PLC0415 # one use

    return sha256(der).hexdigest().upper()


def test_who_comes_too_often_is_told_when_to_come_again(hall: Hall) -> None:
    hall.change(service.set_rate, rate_of(1, 2))
    codes = [hall.me(hall.key) for _ in range(8)]
    refused = [one for one in codes if one.status_code == 429]
    assert codes[0].status_code == 403
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["code"] == "too_often"


def test_an_exchange_lets_two_keys_open_and_no_third(hall: Hall) -> None:
    with hall.wiring.database.read() as tx:
        found = service.account(tx, hall.wiring.ports, OPERATOR, "mailer")
    for one in found.keys:
        if one.ended_at is None and one.prefix != hall.key[:12]:
            hall.change(service.end_key, one.prefix)

    def rotate(tx: Any, *given: Any, at: Any) -> str:
        return service.rotate_key(tx, *given, overlap=timedelta(days=7), at=at)

    fresh = hall.change(rotate)
    assert hall.token(auth=("mailer", fresh)).status_code == 200
    assert hall.token().status_code == 200
    with pytest.raises(service.KeysTogetherError):
        hall.change(rotate)
    hall.change(service.end_key, hall.key[:12])
    assert hall.token().status_code == 401
    with pytest.raises(service.KeyUnknownError):
        hall.change(service.end_key, hall.key[:12])


def test_what_the_server_can_do_is_published(hall: Hall) -> None:
    told = hall.web.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == "http://127.0.0.1:8443"
    assert told["token_endpoint"] == "http://127.0.0.1:8443/oauth/token"
    assert told["grant_types_supported"] == ["client_credentials"]
