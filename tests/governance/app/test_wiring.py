"""An installation is made once, opened often, and never by mistake."""

import asyncio
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from consent import ledger
from governance.app.factory import create_app
from governance.app.folders import FolderUnwritableError, NotInitialisedError
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.settings import Settings
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.installation import AT, add_person, events


def settings(folder: Path, *, url: str | None = None) -> Settings:
    return Settings(data_dir=folder / "data", database_url=url)


def made(at: Settings) -> Wiring:
    return Wiring.create(at, clock=lambda: AT)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_making_it_twice_equals_making_it_once(
    new_database: Callable[..., str], tmp_path: Path, kind: str
) -> None:
    url = new_database("postgres") if kind == "postgres" else None
    first = made(settings(tmp_path, url=url))
    installation = first.vault.ring.installation
    subject = add_person(first)
    first.close()
    again = made(settings(tmp_path, url=url))
    assert again.vault.ring.installation == installation
    with again.database.read() as tx:
        assert len(events(tx, "system.initialised")) == 1
        assert len(ledger.notices(tx)) > 0
        assert ledger.full_history(tx, subject) == ()
    if url is not None:  # a sign and a number that no column of PostgreSQL holds
        beyond = f"/console/retention/schedules?version={2**31}"
        assert asked(again, "/portal/requests/of/%00", beyond) == [400, 400]
    again.close()


def asked(wiring: Wiring, *paths: str) -> list[int]:
    """What an officer is answered."""
    hired = partial(add_staff, login="mori", display_name="架空", roles=["privacy_officer"], at=AT)
    who = wiring.database.write(partial(hired, wiring=wiring))
    issued = partial(issue_code, actor=who, kind=PrincipalKind.STAFF, at=AT)
    code = wiring.database.write(issued)

    async def get() -> list[int]:
        transport = httpx.ASGITransport(app=create_app(wiring))
        async with httpx.AsyncClient(transport=transport, base_url=wiring.settings.origin) as one:
            assert (await one.post("/sign-in", data={"code": code})).status_code == 303
            return [(await one.get(path)).status_code for path in paths]

    return asyncio.run(get())


def test_what_was_made_opens_and_what_was_sealed_is_read(tmp_path: Path) -> None:
    first = made(settings(tmp_path))
    sealed = first.vault.seal_blob("test", "row", b"kept")
    first.close()
    opened = Wiring.open(settings(tmp_path), clock=lambda: AT)
    assert opened.vault.open_blob("test", "row", bytes(sealed)) == b"kept"
    opened.close()


def test_opening_an_empty_folder_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotInitialisedError):
        Wiring.open(settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands here", encoding="utf-8")
    with pytest.raises(FolderUnwritableError) as error:
        made(settings(tmp_path))
    assert error.value.exit_code == 3


def test_nobody_else_may_look_into_the_folders(tmp_path: Path) -> None:
    wiring = made(settings(tmp_path))
    folders = (
        wiring.settings.data_dir,
        wiring.settings.key_folder,
        wiring.settings.journal.parent,
        wiring.settings.checkpoint.parent,
        wiring.settings.mail_folder,
    )
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    wiring.close()


def test_data_without_its_keys_does_not_open(tmp_path: Path) -> None:
    made(settings(tmp_path)).close()
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        (tmp_path / "data" / "keys" / name).unlink(missing_ok=True)
    with pytest.raises(GovernanceError):
        Wiring.open(settings(tmp_path))


def test_an_installation_shows_nothing_of_itself(tmp_path: Path) -> None:
    wiring = made(settings(tmp_path))
    assert repr(wiring) == "Wiring(...)"
    with wiring.database.read() as tx:
        told = tx.execute(select(EVENTS.c.action).order_by(EVENTS.c.id)).scalars().all()
    assert told == ["system.initialised", "policy.applied"]
    wiring.close()
