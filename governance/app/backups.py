"""Backups of this installation: by its settings, put back, and how old they are."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from audit.sequencer import check_tree
from audit.verify import verify_log
from governance.app.examined import Examined
from governance.app.folders import database_file
from governance.app.key_providers import provider_of
from governance.app.log_signing import LogSigning, every_key
from governance.app.wiring import Wiring, open_journal
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.jobs.journal_head import noted_head
from governance.jobs.runner import worker_of
from governance.keys.vault import FieldVault
from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.ending_entries import journal_standing
from retention.backups.errors import BackupUnknownError, RestorePartMissingError
from retention.backups.restoring import Place, Reopened, Restored, reopen, restore
from retention.backups.standing import (
    Standing,
    State,
    aside_standing,
    data_standing,
    drill_standing,
    keys_standing,
)
from retention.backups.types import ends_after
from retention.finality import Terms


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


def restore_data(
    settings: Settings, path: Path, *, at: datetime, replace: bool = False
) -> Restored:
    """The data of a backup is where the settings say that it lies, closed.

    Keys, journal and the log's checkpoint must be there: they are what tells the old from the new.
    Raises RestorePartMissingError where they are not.
    """
    for needed in (settings.journal, settings.checkpoint, database_file(settings.keys)):
        if needed is not None and not needed.is_file():  # fails closed: it would be made anew
            raise RestorePartMissingError(path=str(needed))
    with ExitStack() as undo:
        undo.callback((keys := Database.open(settings.keys)).close)
        vault = FieldVault.open(keys, provider_of(settings))
        journal = open_journal(settings, vault, LogSigning(settings, vault))
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
        return restore(place, path, at=at, replace=replace)


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


def backup_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a backup was made in time, and proven."""
    return _examined(data_standing(wiring.backup_desk, at=at), wiring.settings)


def key_copy_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether each folder has a copy of the key store younger than R/2 (design 1)."""
    return _examined(keys_standing(wiring.backup_desk, at=at), wiring.settings)


def drill_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether the last restore drill went through, and is not too long ago."""
    return _examined(drill_standing(wiring.backup_desk, at=at), wiring.settings)


def aside_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a database that a restore replaced still lies there."""
    return _examined(aside_standing(wiring.backup_desk, at=at), wiring.settings)


def journal_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether the journal is whole, and rid of what ended."""
    found = journal_standing(wiring.backup_desk, at=at)
    params: dict[str, str | int] = {"seq": wiring.journal.head.seq, "count": found.entries}
    if found.late:
        key = "doctor.journal_over"
        return Examined(check="journal", state="attention", key=key, params=params)
    if found.left is None:
        return Examined(check="journal", state="good", key="doctor.journal_good", params=params)
    params["left"] = found.left.entries
    return Examined(check="journal", state="good", key="doctor.journal_cut", params=params)


def _examined(found: Standing, settings: Settings) -> Examined:
    """A trial may do without; in production whoever backs up by other means still reads it."""
    state = found.state.value
    if found.state is State.ABSENT:
        state = "attention" if settings.mode is Mode.PRODUCTION else "good"
    return Examined(check=found.check, state=state, key=f"doctor.{found.code}", params=found.params)
