"""An installation served on loopback, and a system that asks it as the working group's tools do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.identity.service import register_client
from policies.load import load_folder
from policies.snapshot import compile_policy
from tests.installation import AT, create
from tests.serving import NO_TLS, served

POLICIES = Path(__file__).parent / "policies"


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiring, str, str]]:
    wiring = create(tmp_path_factory.mktemp("authzen"))
    settings = wiring.settings.model_copy(update={"origin": "https://consent.example.com"})
    wiring = replace(wiring, settings=settings)
    add = partial(
        register_client,
        name="pep",
        role="pep",
        purposes=(),
        known_roles=frozenset({"pep"}),
        at=AT,
    )
    _, key = wiring.database.write(add)
    with served(create_app(wiring)) as base:
        yield wiring, base, key
    wiring.close()


@pytest.fixture(scope="module")
def scenario(
    installation: tuple[Wiring, str, str],
) -> Iterator[Callable[[str], "Pep"]]:
    """Puts one of the policy folders in force and gives a client of it."""
    wiring, base, key = installation
    before = wiring.policies.current
    with httpx.Client(base_url=base, timeout=30, verify=NO_TLS) as client:
        client.headers["authorization"] = f"Bearer {key}"

        def load(name: str) -> Pep:
            wiring.policies.swap(compile_policy(load_folder(POLICIES / name)))
            return Pep(client)

        yield load
    wiring.policies.swap(before)


@pytest.fixture
def anonymous(installation: tuple[Wiring, str, str]) -> Iterator["Pep"]:
    with httpx.Client(base_url=installation[1], timeout=30, verify=NO_TLS) as client:
        yield Pep(client)


class Pep:
    """A policy enforcement point that knows the specification alone."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def post(self, place: str, body: Any, **headers: str) -> httpx.Response:
        """The answer of an endpoint, by its default path."""
        return self.client.post(f"/access/v1/{place}", json=body, headers=headers)

    def decides(self, body: Any) -> bool:
        """The decision of a single evaluation whose answer is of the form."""
        answer = self.post("evaluation", body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        shape = answer.json()
        assert isinstance(shape["decision"], bool)
        assert isinstance(shape.get("context", {}), dict)
        decision: bool = shape["decision"]
        return decision

    def decides_all(self, body: Any) -> list[bool]:
        """The decisions of a batch, in their order."""
        answer = self.post("evaluations", body)
        assert answer.status_code == 200, answer.text
        shape = answer.json()
        assert "decision" not in shape
        assert all(isinstance(one["decision"], bool) for one in shape["evaluations"])
        return [one["decision"] for one in shape["evaluations"]]

    def finds(self, kind: str, body: Any) -> list[dict[str, Any]]:
        """The results of a search, over all its pages."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.post(f"search/{kind}", body)
            assert answer.status_code == 200, answer.text
            shape = answer.json()
            found += shape["results"]
            assert shape["page"]["count"] == len(shape["results"])
            token = shape["page"]["next_token"]
            if not token:
                return found
            page = {name: value for name, value in body.get("page", {}).items() if name == "limit"}
            body = {**body, "page": {**page, "token": token}}
