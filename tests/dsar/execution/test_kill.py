"""An erasure that dies at any step is finished: erased once, told once, nothing told wrongly."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit.models import EVENTS
from dsar.case import Case
from dsar.execution.certifying import CERTIFICATE
from dsar.execution.driving import drive
from dsar.execution.types import Stage
from dsar.types import RequestKind, Status
from governance.core.terms import KeyClass, RequestId
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.store import TABLES
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from governance.keys.models import DATA_KEY
from tests.dsar.execution.fulfilling import OUTBOX, Site, told_of
from tests.dsar.execution.worker import Counter, closed, opened
from tests.dsar.world import NOW, OTHER, SUBJECT, World
from tests.forking import Forked
from tests.governance.custody.world import Killed, Killer
from tests.installation import empty_tables

SOAK = "SEKISHO_SOAK" in os.environ
STEPS = 100  # more than an erasure takes here; a test says so
FEW = (31, 47, 66)  # in each commit; all of them in a campaign
NEVER = 10**9


@dataclass(frozen=True)
class Granted:
    """A folder with an installation in which an erasure is due."""

    folder: Path
    request: RequestId
    due: datetime


def grant(site: Site) -> Case:
    site.world.fill()
    told_of(site.world)
    case = site.granted(RequestKind.CESSATION)
    assert site.execution(case).stage is Stage.WAITING
    return case


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> Granted:
    """Made once; every death has a copy."""
    folder = tmp_path_factory.mktemp("granted")
    (folder / "sekisho.db").write_bytes(empty_tables())
    keys = Database.open(sqlite_url(folder / "keys.db"))
    create_key_store(keys, FileKeyProvider(folder / "epochs"), day=NOW.date(), at=NOW)
    keys.close()
    site = opened(folder, now=NOW, counter=Counter(NEVER))
    site.now = None
    case = grant(site)
    closed(site)
    return Granted(folder=folder, request=case.id, due=NOW + timedelta(days=9))


def counted(site: Site, statement: object) -> int:
    with site.ports.database.read() as tx:
        return int(tx.execute(statement).scalar_one())  # type: ignore[call-overload] # a count


def rows(site: Site, person: str, table: str = "person") -> int:
    mine = TABLES[table].c.subject_id == person
    return counted(site, select(func.count()).select_from(TABLES[table]).where(mine))


def notices(site: Site) -> list[str]:
    """Keys of what waits for recipients and of the word that it is done."""
    with site.ports.database.read() as tx:
        keys = tx.execute(select(OUTBOX.c.idem_key)).scalars().all()
    return [key for key in keys if "/recipient/" in key or key.endswith("/erased")]


def events(site: Site, action: str, outcome: str = "done") -> int:
    wanted = (EVENTS.c.action == action) & (EVENTS.c.outcome == outcome)
    return counted(site, select(func.count()).select_from(EVENTS).where(wanted))


def nothing_told_too_early(site: Site, request: RequestId) -> None:
    """While anything of the person is there, nobody has heard that it is gone."""
    if rows(site, SUBJECT):
        assert notices(site) == []
        assert events(site, "recipient.told") == 0


def exact(site: Site, request: RequestId) -> None:
    """Gone once and wholly, told once, and the others are whole."""
    found = drive(site.driver(), request)
    assert found.stage is Stage.DONE
    assert (rows(site, SUBJECT), rows(site, OTHER)) == (0, 1)
    assert rows(site, SUBJECT, "purchase") == 2  # what the tax law keeps
    assert len(notices(site)) == len(set(notices(site))) == 3
    assert events(site, "recipient.told") == 2
    assert events(site, "erasure.executed") == 1
    assert counted(site, select(func.count()).select_from(CERTIFICATE)) == 1
    case = site.world.case(request)
    assert case.executed
    assert {track.status for track in case.tracks} == {Status.RESPONDED}
    with site.ports.vault.ring.db.read() as tx:
        mine = (DATA_KEY.c.subject == SUBJECT) & (DATA_KEY.c.key_class == KeyClass.ACTIVE.value)
        states = tx.execute(select(DATA_KEY.c.state).where(mine)).scalars().all()
    assert set(states) == {"destroyed"}
    assert found.answer_to is None


@contextlib.contextmanager
def resumed(folder: Path, due: datetime, *, later: timedelta) -> Iterator[Site]:
    site = opened(folder, now=due + later, counter=Counter(NEVER))
    try:
        yield site
    finally:
        closed(site)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("n", range(1, STEPS) if SOAK else FEW)
def test_a_death_at_any_step_is_recovered(granted: Granted, tmp_path: Path, n: int) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(granted.folder, folder)
    arguments = (str(folder), granted.request, granted.due.isoformat(), str(n))
    with Forked("tests.dsar.execution.worker", *arguments) as process:
        process.wait(60)
        code = process.poll()
    assert code in {-9, 0}
    with resumed(folder, granted.due, later=timedelta(minutes=10)) as site:
        nothing_told_too_early(site, granted.request)
        exact(site, granted.request)
        exact(site, granted.request)  # and again changes nothing


def test_the_deaths_above_reach_beyond_the_last_step(granted: Granted, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(granted.folder, folder)
    arguments = (str(folder), granted.request, granted.due.isoformat(), str(NEVER))
    with Forked("tests.dsar.execution.worker", *arguments) as process:
        process.wait(60)
        steps = int(process.stdout.readline())
    assert max(FEW) < steps < STEPS


@pytest.mark.timeout(120)
@pytest.mark.parametrize("n", range(2, STEPS, 7) if SOAK else (44,))
def test_a_failure_at_a_statement_is_recovered_on_either_engine(world: World, n: int) -> None:
    if not SOAK and world.ports.database.dialect == "sqlite":
        pytest.skip("dies for good in the tests above")
    site = Site(world)
    told_of(world)
    case = site.granted(RequestKind.CESSATION)
    site.now = NOW.astimezone(UTC) + timedelta(days=9)
    databases = (world.ports.database, world.ports.vault.ring.db)
    with Killer(n, *databases), contextlib.suppress(Killed):
        site.drive(case)
    site.now += timedelta(minutes=10)
    nothing_told_too_early(site, case.id)
    exact(site, case.id)
