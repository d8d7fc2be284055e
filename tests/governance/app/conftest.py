"""A served installation in this process: people, a system, and browsers signed in as them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code, register_client
from tests.installation import (
    AT,
    create,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)
from tests.serving import NO_TLS, served

ROLES = ("privacy_officer", "privacy_approver", "support", "marketing", "auditor")


@dataclass(frozen=True, kw_only=True)
class Town:
    """The installation, two customers, one employee a role, one mail sender."""

    wiring: Wiring
    first: SubjectId
    second: SubjectId
    key: str
    base: str
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """A caller that is nobody yet."""
        client = httpx.Client(base_url=self.base, timeout=30, verify=NO_TLS)
        self.clients.append(client)
        return client

    def code(self, actor: str) -> str:
        """A fresh one-time code."""
        kind = PrincipalKind.PERSON if actor.startswith("p:") else PrincipalKind.STAFF
        work = partial(issue_code, actor=ActorId(actor), kind=kind, at=AT)
        return self.wiring.database.write(work)

    def signed_in(self, actor: str) -> httpx.Client:
        """A browser that spent a code of this actor."""
        client = self.client()
        answer = client.post("/sign-in", data={"code": self.code(actor)})
        assert answer.status_code == 303
        return client

    def system(self) -> httpx.Client:
        """The mail sender with its key."""
        client = self.client()
        client.headers["authorization"] = f"Bearer {self.key}"
        return client


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("town")
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(1), customer(2)])))
    first, second = subjects(wiring)
    known = frozenset(wiring.policies.current.roles)
    for role in ROLES:
        wiring.database.write(
            partial(
                add_staff,
                wiring=wiring,
                login=role,
                display_name=role,
                roles=(role,),
                at=AT,
            )
        )
    _, key = wiring.database.write(
        partial(
            register_client,
            name="mailer",
            role="mail_sender",
            purposes=[PurposeId("mail_marketing")],
            known_roles=known,
            at=AT,
        )
    )
    with served(create_app(wiring)) as base:
        made = Town(wiring=wiring, first=first, second=second, key=key, base=base)
        yield made
        for client in made.clients:
            client.close()
    wiring.close()


@pytest.fixture
def anybody(town: Town) -> httpx.Client:
    return town.client()


@pytest.fixture
def officer(town: Town) -> httpx.Client:
    return town.signed_in("u:privacy_officer")


@pytest.fixture
def person(town: Town) -> httpx.Client:
    return town.signed_in(f"p:{town.first}")
