"""The decision endpoints over one installation, asked in this process without a server."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import anyio
import pytest

from consent.access.api import AccessApplication
from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity.service import register_client
from tests.installation import AT, create, customer, import_file, register, subjects, write_file

MAILER = Principal(
    id=ActorId("svc:mailer"),
    kind=PrincipalKind.SYSTEM,
    roles=frozenset({"mail_sender"}),
    purposes=frozenset({PurposeId("mail_marketing")}),
)
SHOP = Principal(
    id=ActorId("svc:shop"),
    kind=PrincipalKind.SYSTEM,
    roles=frozenset({"shop"}),
    purposes=frozenset({PurposeId("order_fulfilment")}),
)
OFFICER = Principal(
    id=ActorId("u:officer"), kind=PrincipalKind.STAFF, roles=frozenset({"privacy_officer"})
)
MARKETER = Principal(
    id=ActorId("u:marketer"), kind=PrincipalKind.STAFF, roles=frozenset({"marketing"})
)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def shape(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Decider:
    """The application with somebody who asks it."""

    def __init__(self, wiring: Wiring, persons: tuple[SubjectId, ...]) -> None:
        self.wiring, self.persons = wiring, persons
        self.app = AccessApplication(
            _nothing_behind,
            ports=wiring.ports,
            live=wiring.live,
            clock=lambda: AT,
            origin="https://consent.example.com/sekisho/",
        )

    def ask(
        self,
        place: str,
        body: Any,
        *,
        by: Principal = MAILER,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to one request; a body that is no text is written as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {"content-type": "application/json"} | dict(headers or {})
        scope = {
            "type": "http",
            "method": method,
            "path": place if place.startswith("/.") else f"/access/v1/{place}",
            "query_string": b"",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()],
            "state": {"principal": by},
        }
        sent: list[Mapping[str, Any]] = []

        async def run() -> None:
            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": content}

            async def send(message: Any) -> None:
                sent.append(message)

            await self.app(scope, receive, send)

        anyio.run(run)
        start, *rest = sent
        return Reply(
            status=start["status"],
            headers={name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            body=b"".join(message["body"] for message in rest),
        )

    def choice(self, subject: SubjectId, kind: EventKind) -> None:
        """The person's word on marketing by mail."""
        person = Principal(
            id=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
        )
        said = Choice(
            subject=subject, purpose=PurposeId("mail_marketing"), kind=kind, method="switch"
        )
        choose(self.wiring.ports, person, said, at=AT)


async def _nothing_behind(*_: Any) -> NoReturn:
    raise AssertionError("the request went on")


@pytest.fixture(scope="session")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decider]:
    """Five customers, of whom the first three agreed to mail; two systems, two employees."""
    folder: Path = tmp_path_factory.mktemp("access")
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(n) for n in range(1, 6)])))
    known = frozenset(wiring.policies.current.roles)
    for one in (MAILER, SHOP):
        wiring.database.write(
            partial(
                register_client,
                name=one.id.removeprefix("svc:"),
                role=next(iter(one.roles)),
                purposes=one.purposes,
                known_roles=known,
                at=AT,
            )
        )
    for one in (OFFICER, MARKETER):
        login = one.id.removeprefix("u:")
        wiring.database.write(
            partial(
                add_staff,
                wiring=wiring,
                login=login,
                display_name=login,
                roles=tuple(one.roles),
                at=AT,
            )
        )
    made = Decider(wiring, tuple(sorted(subjects(wiring))))
    for subject in made.persons[:3]:
        made.choice(subject, EventKind.GIVEN)
    yield made
    wiring.close()


@pytest.fixture
def anonymous() -> Principal:
    return ANONYMOUS


@pytest.fixture
def use(decider: Decider) -> Callable[..., dict[str, Any]]:
    """A question about the use of one person's data for mail."""

    def made(person: int = 0, **more: Any) -> dict[str, Any]:
        return {
            "subject": {"type": "system", "id": "mailer"},
            "action": {"name": "use", "properties": {"purpose": "mail_marketing"}},
            "resource": {"type": "person", "id": decider.persons[person]},
            **more,
        }

    return made
