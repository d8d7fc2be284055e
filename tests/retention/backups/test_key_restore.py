"""A lost key store comes back from its copy, on each engine, as docs/operations.md says."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from governance.app.backups import reopen_data
from governance.app.looks import ended_finding
from governance.app.wiring import Wiring
from governance.customers.store import records_of
from governance.keys.errors import KeyDestroyedError
from retention.backups.creating import create
from retention.backups.key_copies import key_copies
from retention.tombstones import tombstones
from tests.installation import (
    AT,
    customer,
    import_file,
    nothing_found,
    register,
    subjects,
    with_ports,
    write_file,
)
from tests.installation import create as installation
from tests.retention.backups.conftest import OPERATOR, tools, with_settings
from tests.retention.backups.test_restore import erase

STALE = timedelta(days=1)


@pytest.fixture
def postgres_keys(new_database: Callable[..., str], tmp_path: Path) -> Wiring:
    """Data in SQLite, the key store on a server."""
    made = installation(tmp_path / "home", keys_url=new_database("postgres"))
    import_file(made, write_file(tmp_path, register([customer(1)])))
    return with_settings(
        made,
        backup_dir=tmp_path / "backups",
        key_copy_dirs=str(tmp_path / "one"),
        postgres_tools=tools(),
    )


def name_of(wiring: Wiring) -> object:
    """The sealed name of the first person, opened."""
    with wiring.database.read() as tx:
        (record,) = records_of(tx, subjects(wiring)[0], "person")
    return wiring.vault.open_row(record.id, record.sealed)


def copied(wiring: Wiring) -> Path:
    """The copy of the key store that a backup made."""
    create(wiring.backup_desk, OPERATOR, at=AT)
    copy = key_copies(wiring.backup_desk)[0]
    return copy.folder / copy.name


@pytest.mark.postgres
def test_a_key_store_on_a_server_comes_back(
    postgres_keys: Wiring, new_database: Callable[..., str]
) -> None:
    copy = copied(postgres_keys)
    before = name_of(postgres_keys)
    postgres_keys.close()
    settings, url = postgres_keys.settings, new_database("postgres")
    shutil.rmtree(settings.key_folder)
    put_back(url, copy / "keys.dump")
    shutil.copytree(copy / "epochs", settings.key_folder)
    opened = Wiring.open(settings.model_copy(update={"keys_url": url}), clock=lambda: AT)
    opened = with_ports(opened, replace(opened.ports, analyse=nothing_found))
    try:
        assert name_of(opened) == before
    finally:
        opened.close()


def put_back(url: str, dump: Path) -> None:
    """The line of the runbook."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run(
        [
            tools() / "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            f"--dbname={plain}",
            dump,
        ],
        check=True,
    )


def test_a_key_store_in_a_file_comes_back(wiring: Wiring) -> None:
    copy = copied(wiring)
    before = name_of(wiring)
    wiring.close()
    settings = wiring.settings
    shutil.rmtree(settings.data_dir / "keys")
    (settings.data_dir / "keys").mkdir(mode=0o700)
    shutil.copy(copy / "keys.db", settings.data_dir / "keys" / "keys.db")
    shutil.copytree(copy / "epochs", settings.key_folder)
    opened = Wiring.open(settings, clock=lambda: AT)
    try:
        assert name_of(opened) == before
    finally:
        opened.close()


def test_keys_of_the_erased_that_came_back_with_a_copy_end_again(wiring: Wiring) -> None:
    """The copy is of before the erasure; the data knows of it."""
    copy, gone = copied(wiring), subjects(wiring)[0]
    with wiring.database.read() as tx:
        (before,) = records_of(tx, gone, "person")
    erase(wiring, gone)
    assert ended_finding(wiring, AT, STALE).state == "good"
    wiring.close()
    store = wiring.settings.data_dir / "keys" / "keys.db"
    for path in store.parent.glob("keys.db*"):
        path.unlink()
    shutil.copy(copy / "keys.db", store)
    opened = Wiring.open(wiring.settings, clock=lambda: AT, restoring=True)
    try:
        assert opened.vault.open_row(before.id, before.sealed)  # an old backup would open
        found = ended_finding(opened, AT, STALE)
        assert (found.state, found.params) == ("bad", {"count": 1})
        assert reopen_data(opened, OPERATOR).done["keys"] == 1
        assert reopen_data(opened, OPERATOR).done["keys"] == 0
        assert ended_finding(opened, AT, STALE).state == "good"
        with pytest.raises(KeyDestroyedError):
            opened.vault.open_row(before.id, before.sealed)
        with opened.database.read() as tx:
            (stone,) = tombstones(tx)
        assert stone.keys_ended_at is not None
    finally:
        opened.close()
