"""A served installation with one customer, and browsers without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from dsar.identity.models import UploadRow
from dsar.models import RequestRow
from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.customers.post import unsealed
from governance.db.types import table_of
from governance.http.principal import PrincipalKind
from governance.http.throttle import Throttle
from governance.identity.service import issue_code
from governance.jobs.models import OutboxRow
from governance.jobs.outbox import OutboxMessage
from governance.outbound.mail import Mail
from tests.installation import AT, create, customer, import_file, register, subjects, write_file
from tests.serving import served

ROOT = "/portal/requests"
OUTBOX, REQUEST, UPLOAD = table_of(OutboxRow), table_of(RequestRow), table_of(UploadRow)


class Portal:
    """A served installation with one customer in its register."""

    def __init__(self, wiring: Wiring, base: str) -> None:
        self.wiring, self.base = wiring, base
        self.clients: list[httpx.Client] = []

    def visitor(self, lang: str = "ja") -> "Visitor":
        client = httpx.Client(base_url=self.base, timeout=60, trust_env=False)
        client.headers.update({"accept-language": lang, "accept": "text/html"})
        self.clients.append(client)
        return Visitor(client)

    def customer(self, lang: str = "ja") -> "Visitor":
        (subject,) = subjects(self.wiring)
        code = self.wiring.database.write(
            lambda tx: issue_code(
                tx, actor=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, at=AT
            )
        )
        visitor = self.visitor(lang)
        assert visitor.client.post("/sign-in", data={"code": code}).status_code == 303
        return visitor

    def code(self) -> str:
        with self.wiring.database.read() as tx:
            row = tx.execute(
                select(OUTBOX)
                .where(OUTBOX.c.idem_key.startswith("dsar/code/"))
                .order_by(OUTBOX.c.id.desc())
                .limit(1)
            ).one()
        message = unsealed(
            self.wiring.vault,
            OutboxMessage(
                id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind, attempt=1,
                payload=row.payload,
            ),
        )  # fmt: skip
        assert isinstance(message, Mail)
        return message.params["code"]

    def count(self, table: object) -> int:
        with self.wiring.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type] # a table


class Visitor:
    """A browser without script."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, data: dict[str, str], **more: object) -> httpx.Response:
        page = self.client.get(ROOT).text
        token = re.search(r'name="csrf" value="([^"]*)"', page)
        assert token is not None
        return self.client.post(path, data={"csrf": token[1], **data}, **more)  # type: ignore[arg-type] # files

    def filled(self, *answers: tuple[str, dict[str, str]]) -> httpx.Response:
        answer = self.post(f"{ROOT}/new", {})
        for page, given in answers:
            answer = self.post(f"{ROOT}/new/{page}", given)
            assert answer.status_code == 303, answer.text
        return answer

    def filed(self, *answers: tuple[str, dict[str, str]]) -> str:
        self.filled(*answers)
        answer = self.post(f"{ROOT}/new/check", {})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = Path(tmp_path_factory.mktemp("requests"))
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(1)])))
    app = create_app(wiring)
    app.state.request_throttle = Throttle(10_000)
    with served(app) as base:
        made = Portal(wiring, base)
        yield made
        for client in made.clients:
            client.close()
    wiring.close()
