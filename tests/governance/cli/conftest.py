"""One installation on disk with people who are signed in, and `sekisho` run in this process."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.cli.main import main
from governance.core.clock import utc_now
from governance.core.settings_reading import load
from governance.core.terms import PurposeId
from governance.db.engine import Database, sqlite_url
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code, register_client
from tests.installation import customer, register, write_file

STAFF = {
    "analyst": "analyst",
    "tanaka": "privacy_officer",
    "sasaki": "privacy_approver",
    "manager": "data_manager",
    "support": "support",
    "auditor": "auditor",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one command line came to."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON value on standard output."""
        return json.loads(self.out)

    @property
    def problem(self) -> dict[str, Any]:
        """The JSON problem on standard error."""
        found: dict[str, Any] = json.loads(self.err)
        return found


Run = Callable[..., Said]


@dataclass(frozen=True, kw_only=True)
class Home:
    """The installation."""

    data: Path
    files: Path
    codes: dict[str, str]
    subjects: list[str] = field(default_factory=list)

    def state(self) -> tuple[object, ...]:
        """Rows of every table, and the files beside them."""
        database = Database.open(sqlite_url(self.data / "sekisho.db"))
        with database.read() as tx:
            counts = {
                name: tx.execute(text(f'SELECT count(*) FROM "{name}"')).scalar()  # noqa: S608 # names of our own tables
                for name in inspect(tx).get_table_names()
            }
        database.close()
        names = sorted(
            str(path.relative_to(self.data))
            for path in self.data.rglob("*")
            if not path.name.endswith(("-wal", "-shm"))
        )
        return counts, names


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs one command line in an empty working folder with no SEKISHO_ variable set."""
    for name in list(os.environ):
        if name.startswith("SEKISHO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SEKISHO_LANG", "ja")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def one(*arguments: str | Path) -> Said:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(code=code, out=out, err=err)

    return one


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation with officers, a manager and two customers; everyone has a code left."""
    folder = tmp_path_factory.mktemp("home")
    settings = load(environment={}, overrides={"data_dir": folder / "data"})
    wiring = Wiring.create(settings)
    at = utc_now()
    codes = {}
    for login, role in STAFF.items():
        make = partial(
            add_staff, wiring=wiring, login=login, display_name=login, roles=(role,), at=at
        )
        actor = wiring.database.write(make)
        codes[login] = wiring.database.write(
            partial(issue_code, actor=actor, kind=PrincipalKind.STAFF, at=at)
        )
    wiring.database.write(
        partial(
            register_client,
            name="mailer",
            role="mail_sender",
            purposes=[PurposeId("mail_marketing")],
            known_roles=frozenset(wiring.policies.current.roles),
            at=at,
        )
    )
    wiring.close()
    made = Home(data=folder / "data", files=folder, codes=codes)
    content = register([customer(1), customer(2), customer(1, 顧客ID="C000009")])
    write_file(folder, content)
    for code in codes.values():  # the last one signed in acts by default
        assert main(["--data", str(made.data), "login", "--code", code]) == 0
    assert main(
        ["--data", str(made.data), "--as", "manager", "import", str(folder / "customers.csv")]
    ) in (0, 1)
    database = Database.open(sqlite_url(made.data / "sekisho.db"))
    with database.read() as tx:
        made.subjects.extend(tx.execute(text("SELECT subject_id FROM person")).scalars())
    database.close()
    return made
