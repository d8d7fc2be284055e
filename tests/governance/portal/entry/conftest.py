"""A served installation with a family, and browsers without script."""

import re
import time
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from sqlalchemy import delete, select

from audit.models import EVENTS
from governance.app.factory import Application, create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.post import unsealed
from governance.customers.store import TABLES, records_of
from governance.db.types import table_of
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.gateway.writing.service import write
from governance.gateway.writing.types import Batch, Correction, Reason, Written
from governance.http.principal import PrincipalKind
from governance.http.throttle import Throttle
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.service import issue_code
from governance.jobs.models import OutboxRow
from governance.jobs.outbox import OutboxMessage
from governance.outbound.mail import Mail
from governance.signon.models import MailCodeRow
from tests.guardians import confirmed
from tests.installation import AT, create, customer, import_file, register, staff, write_file
from tests.serving import served

PLACE, CODE = "/portal/sign-in", "/portal/sign-in/code"
OUTBOX = table_of(OutboxRow)
ALONE, PARENT, TWINS = "person1@example.com", "person2@example.com", "twins@example.com"
NOBODY = "person0@example.com"
SUPPORT = staff("support", name="hana")
TOKEN = re.compile(r'name="csrf" value="([^"]*)"')


class Portal:
    """One person alone, a parent with two children, two adults with one address; all invented."""

    def __init__(self, wiring: Wiring, app: Application, base: str) -> None:
        self.wiring, self.app, self.base = wiring, app, base
        self.clients: list[httpx.Client] = []

    def person(self, number: int) -> SubjectId:
        """The customer of this number in the file."""
        table = TABLES["person"]
        with self.wiring.database.read() as tx:
            wanted = select(table.c.subject_id).where(table.c.source_row == number)
            return SubjectId(tx.execute(wanted).scalar_one())

    def browser(self, lang: str = "ja") -> httpx.Client:
        """A browser that nobody used before."""
        client = httpx.Client(base_url=self.base, timeout=60, trust_env=False)
        client.headers.update({"accept-language": lang, "accept": "text/html"})
        self.clients.append(client)
        return client

    def letters(self, prefix: str = "portal/code/") -> list[Mail]:
        """What waits in the outbox, the oldest first."""
        with self.wiring.database.read() as tx:
            rows = tx.execute(
                select(OUTBOX).where(OUTBOX.c.idem_key.startswith(prefix)).order_by(OUTBOX.c.id)
            ).all()
        found = []
        for row in rows:
            waiting = OutboxMessage(
                id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind, attempt=1,
                payload=row.payload,
            )  # fmt: skip
            message = unsealed(self.wiring.vault, waiting)
            assert isinstance(message, Mail)
            found.append(message)
        return found

    def asked(self, client: httpx.Client, address: str, path: str = "/portal") -> str:
        """The code that the address received; it is posted after the answer has left."""
        before = len(self.letters())
        assert client.post(PLACE, data={"address": address, "next": path}).status_code == 303
        deadline = time.monotonic() + 60
        while len(found := self.letters()) <= before:
            assert time.monotonic() < deadline, "no letter came"
            time.sleep(0.01)
        return found[-1].params["code"]

    def signed_in(self, address: str, lang: str = "ja") -> httpx.Client:
        """A browser in which the holder of the mail-box signed in."""
        client = self.browser(lang)
        answer = client.post(CODE, data={"code": self.asked(client, address)})
        assert answer.status_code == 303, answer.text
        assert SESSION_COOKIE in client.cookies
        return client

    def by_link(self, subject: SubjectId) -> httpx.Client:
        """A browser in which a person came in by a link that staff handed out."""
        client, actor = self.browser(), ActorId(f"p:{subject}")
        code = self.wiring.database.write(
            partial(issue_code, actor=actor, kind=PrincipalKind.PERSON, at=AT)
        )
        assert client.post("/sign-in", data={"code": code}).status_code == 303
        return client

    def corrected(self, subject: SubjectId, **members: str) -> None:
        """The desk wrote these values into the person's row."""
        with self.wiring.database.read() as tx:
            (row,) = records_of(tx, subject, "person")
        item = Correction(
            table="person", members=members, match=frozenset({(row.id, row.clear["version"])}),
            reason=Reason.PERSON_REQUEST, subject=subject,
        )  # fmt: skip
        batch = Batch(items=(item,), purpose="order_support")
        (result,) = write(self.wiring.ports, SUPPORT, batch, at=AT).results
        assert isinstance(result, Written), result

    def happened(self, action: str) -> list[tuple[str, str | None, str | None]]:
        """Actor, person and reasons of every event of this kind, the oldest first."""
        with self.wiring.database.read() as tx:
            rows = tx.execute(
                select(EVENTS.c.actor, EVENTS.c.subject, EVENTS.c.reasons)
                .where(EVENTS.c.action == action)
                .order_by(EVENTS.c.id)
            )
            return [(row.actor, row.subject, row.reasons) for row in rows]

    def relation(self, child: int, parent: int, **values: str) -> RowId:
        """An officer verified that one acts for the other."""
        said = {
            "other_subject_id": self.person(parent),
            "kind": "parent",
            "verified_how": "family_register",
            "verified_on": "2026-09-01",
            "until_majority": True,
        }
        entry = Entry(
            table="relation",
            subject=self.person(child),
            values=said | values,
            purpose="order_support",
        )
        stored = put(self.wiring.ports, SUPPORT, entry, at=AT)
        return stored.row if stored.approval is None else confirmed(self.wiring, stored.row)


def token(page: str) -> str:
    """The form token of a page."""
    found = TOKEN.search(page)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("entry")
    wiring = create(folder)
    rows = [
        customer(1),
        customer(2, 生年月日="1980/04/01"),
        customer(3, 生年月日="2018/05/05", メールアドレス=PARENT),
        customer(4, 生年月日="2009/06/06"),
        customer(5, 生年月日="1990/01/01", メールアドレス=TWINS),
        customer(6, 生年月日="1990/01/01", メールアドレス=TWINS),
        customer(7, 生年月日="2008/10/02"),
    ]
    import_file(wiring, write_file(folder, register(rows)))
    app = create_app(wiring)
    app.state.portal_throttle = Throttle(10_000)
    with served(app) as base:
        made = Portal(wiring, app, base)
        yield made
        for client in made.clients:
            client.close()
    wiring.close()


def forget(portal: Portal) -> None:
    """No sign-in was begun."""
    portal.wiring.database.write(lambda tx: tx.execute(delete(table_of(MailCodeRow))))


@pytest.fixture(autouse=True)
def _nothing_was_sent(portal: Portal) -> None:
    """The clock stands, so each test begins with none of the codes of the others."""
    forget(portal)
