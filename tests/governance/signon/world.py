"""A provider made for a test: it signs whatever it is told to, also what no provider should."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

from governance.core.terms import Lang
from governance.outbound.client import Answer, Request
from governance.signon.discovery import Directory
from governance.signon.flow import derived
from governance.signon.types import Audience, Provider, SecondFactor
from tests.installation import AT

ISSUER = "https://id.example.com"
CLIENT = "sekisho"
ORIGIN = "https://privacy.example.com"
SECRET = "a secret of the browser"


def provider(**changed: Any) -> Provider:
    facts: dict[str, Any] = {
        "id": "fake",
        "label": {Lang.JA: "架空", Lang.EN: "Fake"},
        "audience": Audience.STAFF,
        "issuer": ISSUER,
        "client_id": CLIENT,
        "secret": "env:FAKE_PROVIDER_SECRET",
        "algorithms": ("ES256",),
        "roles": {"privacy": frozenset({"privacy_officer"}), "help": frozenset({"support"})},
        "second_factor": SecondFactor(amr=frozenset({"mfa"})),
    }
    return Provider(**facts | changed)


class Ticking:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Fake:
    """Answers as the test says; remembers what it was asked."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    published: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ticks: Ticking = field(default_factory=Ticking)

    def directory(self) -> Directory:
        return Directory(send=self.send, ticks=self.ticks)

    def send(self, _provider: Provider, request: Request) -> Answer:
        self.asked.append(request.url)
        status, said = 200, self.answer(request)
        if request.method == "POST":
            status = self.status
            self.forms.append(parse_qs(request.content.decode()))
            self.headers.append(dict(request.headers))
        return Answer(status=status, headers={}, body=json.dumps(said).encode())

    def answer(self, request: Request) -> dict[str, Any]:
        if request.url.endswith("openid-configuration"):
            return {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
                "end_session_endpoint": f"{ISSUER}/end",
            } | self.published
        if request.url.endswith("/keys"):
            return {"keys": [self.key.as_dict(private=False) | {"kid": self.key.kid}]}
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token}

    def signs(
        self,
        *,
        header: dict[str, Any] | None = None,
        key: Any = None,
        at: datetime = AT,
        **changed: Any,
    ) -> str:
        """An ID token; a claim of None is left out."""
        moment = int(at.timestamp())
        claims = {
            "iss": ISSUER, "sub": "person-1", "aud": CLIENT, "iat": moment, "exp": moment + 300,
            "nonce": derived(SECRET, "nonce"), "amr": ["pwd", "mfa"], "groups": ["privacy"],
            "preferred_username": "Yamada.Hanako@example.com", "name": "山田 花子", "sid": "s1",
            **changed,
        }  # fmt: skip
        head = {"alg": "ES256", "kid": "1"} | (header or {})
        said = {name: value for name, value in claims.items() if value is not None}
        self.token = jwt.encode(head, said, key or self.key, algorithms=[head["alg"]])
        return self.token
