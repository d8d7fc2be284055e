"""A served installation and a browser for each role of the staff, signed in when it is needed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import httpx

from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.serving import served

Files = list[tuple[str, tuple[str, bytes, str]]]
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Browsers(dict[str, httpx.Client]):
    """Browsers by role; each employee is hired when somebody first looks for theirs."""

    def __init__(self, wiring: Wiring, base: str) -> None:
        super().__init__()
        self._wiring, self._base = wiring, base

    def __missing__(self, role: str) -> httpx.Client:
        database, at = self._wiring.database, self._wiring.clock()
        database.write(
            partial(
                add_staff, wiring=self._wiring, login=role, display_name="架空", roles=[role], at=at
            )
        )
        return self.sign_in(role)

    def sign_in(self, role: str) -> httpx.Client:
        """A new browser of the employee who was hired for the role."""
        issue = partial(issue_code, kind=PrincipalKind.STAFF, at=self._wiring.clock())
        code = self._wiring.database.write(partial(issue, actor=ActorId(f"u:{role}")))
        client = httpx.Client(base_url=self._base, timeout=60, trust_env=False)
        client.headers["accept-language"] = "ja"
        assert client.post("/sign-in", data={"code": code}).status_code == 303
        self[role] = client
        return client


class Office:
    """What the staff of an installation sees and sends; `home` is the page of a test's subject."""

    def __init__(self, wiring: Wiring, base: str, *, home: str = "/console") -> None:
        self.wiring, self.base, self.home = wiring, base, home
        self.browsers = Browsers(wiring, base)

    def page(self, path: str = "", *, by: str = "auditor", status: int = 200) -> str:
        answer = self.browsers[by].get(path or self.home)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
        return answer.text

    def send(
        self,
        path: str,
        *,
        by: str = "auditor",
        shown: str = "",
        files: Files | None = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to a form, with the token of the page that shows it."""
        token = TOKEN.search(self.page(shown, by=by))
        assert token is not None
        data = {"csrf": token[1], **(form or {})}
        return self.browsers[by].post(path, data=data, files=files or None)

    def close(self) -> None:
        for browser in self.browsers.values():
            browser.close()


@contextmanager
def opened(wiring: Wiring, *, home: str = "/console") -> Iterator[Office]:
    """An office over this installation, which is closed at the end."""
    try:
        with served(create_app(wiring)) as base:
            office = Office(wiring, base, home=home)
            try:
                yield office
            finally:
                office.close()
    finally:
        wiring.close()
