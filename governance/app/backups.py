"""Backups of this installation: by its settings, on the clock, and their ages."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from audit.sequencer import check_tree
from audit.verify import verify_log
from governance.app.key_providers import provider_of
from governance.app.log_signing import every_key
from governance.app.version import VERSION
from governance.app.wiring import NotInitialisedError, Wiring, open_journal
from governance.core.settings import Settings
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.jobs.journal_head import noted_head
from governance.jobs.runner import worker_of
from governance.keys.vault import FieldVault
from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.errors import BackupUnknownError
from retention.backups.restoring import Place, Reopened, Restored, reopen, restore
from retention.backups.types import ends_after
from retention.finality import Terms


def desk_of(wiring: Wiring) -> Desk:
    """What making, proving and putting back a backup of this installation needs."""
    settings = wiring.settings
    return Desk(
        ports=wiring.ports,
        verifier_keys=wiring.signing.every_key(),
        folder=settings.backup_dir,
        work=settings.data_dir / "backup.work",
        keep=settings.backup_keep,
        keep_days=settings.key_final_days,
        key_folder=settings.key_folder,
        key_copies=settings.key_copy_folders,
        tools=settings.postgres_tools,
        release=VERSION,
    )


def finality_terms(wiring: Wiring) -> Terms:
    """What this installation can promise of copies, for the stages of an erasure."""
    settings, provider = wiring.settings, wiring.vault.ring.provider
    made = settings.backup_dir is not None
    backups = ends_after(hours=settings.backup_hours, keep=settings.backup_keep)
    return Terms(
        keep_days=settings.key_final_days,
        ends_after=provider.ends_after if provider.destroys else None,
        backups_end_after=backups + timedelta(hours=settings.backup_hours) if made else None,
    )


def file_of(desk: Desk, name: str | None) -> Path:
    """A backup by its path or its name in the folder; the newest one where none is named."""
    if name is not None and (Path(name).is_file() or "/" in name):
        return Path(name)
    folder = desk.place()
    if name is not None:
        return folder / name
    if not (found := kept(desk, folder)):
        raise BackupUnknownError
    return folder / found[0].file


def restore_data(settings: Settings, path: Path, *, at: datetime) -> Restored:
    """The data of a backup is where the settings say that it lies, closed.

    Keys, journal and the log's checkpoint must be there: they are what tells the old from the new.
    Raises NotInitialisedError where they are not.
    """
    for needed in (settings.journal, settings.checkpoint):
        if not needed.is_file():
            raise NotInitialisedError(path=str(needed))
    with ExitStack() as undo:
        undo.callback((keys := Database.open(settings.keys)).close)
        vault = FieldVault.open(keys, provider_of(settings))
        journal = open_journal(settings, installation=vault.ring.installation)
        undo.callback(journal.close)
        place = Place(
            url=settings.database,
            vault=vault,
            journal=journal,
            journal_outside=noted_head(settings.journal_head),
            verifier_keys=every_key(vault),
            work=settings.data_dir / "backup.work",
            tools=settings.postgres_tools,
        )
        return restore(place, path, at=at)


def reopen_data(wiring: Wiring, principal: Principal) -> Reopened:
    """What was put back holds all that the journal says, and is open.

    Raises TreeRolledBackError until two persons have declared the loss.
    """
    check_tree(wiring.database, wiring.log_keys)
    wiring.settle_policy()
    return reopen(
        wiring.ports,
        principal,
        verify=lambda: verify_log(
            wiring.database, keys=wiring.signing.every_key(), anchor=wiring.settings.checkpoint
        ),
        worker=worker_of(principal.id, wiring.clock, Event(), hurried=True),
    )
