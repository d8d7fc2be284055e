"""A served register: two customers, staff and systems with their keys, on each engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

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
    with_ports,
    write_file,
)
from tests.serving import NO_TLS, served

STAFF = ("privacy_officer", "support", "sales", "marketing", "data_manager", "auditor")
SYSTEMS = {
    "shop": ("shop", ["order_fulfilment"]),
    "mailer": ("mail_sender", ["mail_marketing"]),
    "probe": ("shop", ["mail_marketing"]),
}


@dataclass(kw_only=True)
class Desk:
    """One installation behind its HTTP interface."""

    wiring: Wiring
    people: tuple[SubjectId, ...]
    keys: dict[str, str] = field(repr=False)
    base: str
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    made: list[httpx.Client] = field(default_factory=list)

    def _client(self) -> httpx.Client:
        client = httpx.Client(base_url=self.base, timeout=60, verify=NO_TLS)
        self.made.append(client)
        return client

    def staff(self, role: str) -> httpx.Client:
        """A browser in which this employee is signed in."""
        if role not in self.clients:
            client = self._client()
            work = partial(issue_code, actor=ActorId(f"u:{role}"), kind=PrincipalKind.STAFF, at=AT)
            code = self.wiring.database.write(work)
            answer = client.post("/sign-in", data={"code": code}, follow_redirects=False)
            assert answer.status_code == 303
            self.clients[role] = client
        return self.clients[role]

    def system(self, name: str) -> httpx.Client:
        """A system with its key."""
        if name not in self.clients:
            client = self._client()
            client.headers["authorization"] = f"Bearer {self.keys[name]}"
            self.clients[name] = client
        return self.clients[name]

    def nobody(self) -> httpx.Client:
        """A caller without a key."""
        return self.clients.setdefault("nobody", self._client())

    def close(self) -> None:
        """No connection is left open."""
        for client in self.made:
            client.close()


@contextmanager
def other_ports(desk: Desk, ports: Any) -> Iterator[Desk]:
    """The same installation, served a second time with other ports."""
    wiring = with_ports(desk.wiring, ports)
    with served(create_app(wiring)) as base:
        other = Desk(wiring=wiring, people=desk.people, keys=desk.keys, base=base)
        yield other
        other.close()


@contextmanager
def opened(wiring: Wiring, folder: Path) -> Iterator[Desk]:
    """The installation with two customers, an employee a role, and systems."""
    rows = [customer(1, 備考="電話は夕方に（架空）"), customer(2)]
    import_file(wiring, write_file(folder, register(rows)))
    known = frozenset(wiring.policies.current.roles)
    for role in STAFF:
        work = partial(
            add_staff, wiring=wiring, login=role, display_name=role, roles=(role,), at=AT
        )
        wiring.database.write(work)
    keys = {}
    for name, (role, purposes) in SYSTEMS.items():
        made = partial(
            register_client,
            name=name,
            role=role,
            purposes=[PurposeId(purpose) for purpose in purposes],
            known_roles=known,
            at=AT,
        )
        _, keys[name] = wiring.database.write(made)
    with served(create_app(wiring)) as base:
        desk = Desk(wiring=wiring, people=subjects(wiring), keys=keys, base=base)
        yield desk
        desk.close()
    wiring.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Desk]:
    url = new_database("upgraded") if request.param == "postgres" else None
    with opened(create(tmp_path, url=url), tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One installation for a module whose tests leave its two customers as they are."""
    folder = tmp_path_factory.mktemp("register")
    with opened(create(folder), folder) as made:
        yield made
