"""An installation with employees at their browsers, answered without a server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

from governance.app.factory import Application, create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import open_session
from tests.installation import AT, create

LASTING = timedelta(hours=1)
Form = Mapping[str, str | list[str]]


@dataclass
class Desk:
    """An installation with its application, and a session for each seat."""

    wiring: Wiring
    app: Application
    seats: dict[str, tuple[str, str]]

    def send(
        self, who: str, method: str, path: str, form: Form | None = None, **fields: str
    ) -> httpx.Response:
        """The answer to one request from this seat."""

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=("203.0.113.9", 1))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8443"
            ) as web:
                secret, csrf = self.seats[who]
                headers = {"cookie": f"sekisho_session={secret}", "accept": "text/html"}
                said = {"csrf": csrf, **(form or {}), **fields} if method == "POST" else None
                return await web.request(method, path, headers=headers, data=said)

        return asyncio.run(request())

    def page(self, who: str, path: str, status: int = 200) -> str:
        """The page, which answers so."""
        answer = self.send(who, "GET", path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
        return answer.text


def seated(folder: Path, people: Mapping[str, str], *, at: datetime = AT) -> Desk:
    """A fresh installation in which each of these logins holds this role and is signed in."""
    wiring = create(folder)
    seats = {}
    for login, role in people.items():
        hire = partial(
            add_staff, wiring=wiring, login=login, display_name="架空", roles=[role], at=at
        )
        actor = wiring.database.write(hire)
        enter = partial(
            open_session, actor=ActorId(actor), kind=PrincipalKind.STAFF, lasting=LASTING, at=at
        )
        session, secret = wiring.database.write(enter)
        seats[login] = secret, session.csrf
    return Desk(wiring, create_app(wiring), seats)
