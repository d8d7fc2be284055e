"""Backups of this installation: by its settings, put back, and how old they are."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from audit.sequencer import check_tree
from audit.verify import verify_log
from governance.app.examined import Examined
from governance.app.key_providers import provider_of
from governance.app.log_signing import every_key
from governance.app.version import VERSION
from governance.app.wiring import NotInitialisedError, Wiring, open_journal
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.jobs.journal_head import noted_head
from governance.jobs.runner import worker_of
from governance.keys.vault import FieldVault
from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.errors import BackupUnknownError
from retention.backups.key_copies import key_copies
from retention.backups.restoring import Place, Reopened, Restored, reopen, restore
from retention.backups.store import GOOD, drills
from retention.backups.types import ends_after
from retention.finality import Terms

LATE = 2  # intervals after which a backup or drill is too old
PLACES = 2  # that copies of the key store lie in


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


def backup_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a backup was made in time, and proven."""
    settings = wiring.settings
    if settings.backup_dir is None:
        return Examined(check="backup", state=_absent(settings), key="doctor.backup_none")
    found = kept(desk_of(wiring), settings.backup_dir) if settings.backup_dir.is_dir() else ()
    if not found:
        return Examined(check="backup", state="bad", key="doctor.backup_missing")
    newest = found[0]
    hours = _hours(at - newest.manifest.created_at)
    params: dict[str, str | int] = {"hours": hours, "count": len(found), "file": newest.file}
    if newest.verified not in {None, GOOD}:
        params["reason"] = str(newest.verified)
        return Examined(check="backup", state="bad", key="doctor.backup_damaged", params=params)
    late = hours > LATE * settings.backup_hours
    state, key = ("bad", "backup_old") if late else ("good", "backup_good")
    return Examined(check="backup", state=state, key=f"doctor.{key}", params=params)


def key_copy_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether each folder has a copy of the key store younger than R/2 (design 1)."""
    desk = desk_of(wiring)
    if not desk.key_copies:
        state = _absent(wiring.settings)
        return Examined(check="key_copies", state=state, key="doctor.key_copies_none")
    newest = dict.fromkeys(desk.key_copies) | {
        copy.folder: copy.made_at for copy in reversed(key_copies(desk))
    }
    half = timedelta(days=desk.keep_days) / 2
    old = [str(path) for path, made in newest.items() if made is None or at - made > half]
    params: dict[str, str | int] = {"days": desk.keep_days, "places": len(newest)}
    if old:
        params["folders"] = ", ".join(old)
        return Examined(check="key_copies", state="bad", key="doctor.key_copies_old", params=params)
    few = len(newest) < PLACES
    state, key = ("attention", "key_copies_few") if few else ("good", "key_copies_good")
    return Examined(check="key_copies", state=state, key=f"doctor.{key}", params=params)


def drill_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether the last restore drill went through, and is not too long ago."""
    settings = wiring.settings
    if settings.backup_dir is None:
        return Examined(check="drill", state=_absent(settings), key="doctor.drill_none")
    with wiring.database.read() as tx:
        last = next(iter(drills(tx, limit=1)), None)
    if last is None:
        return Examined(check="drill", state="attention", key="doctor.drill_none")
    days = (at - last.ended_at).days
    params: dict[str, str | int] = {"days": days, "reason": last.outcome}
    if not last.good:
        return Examined(check="drill", state="bad", key="doctor.drill_failed", params=params)
    late = days > LATE * settings.drill_days
    state, key = ("attention", "drill_old") if late else ("good", "drill_good")
    return Examined(check="drill", state=state, key=f"doctor.{key}", params=params)


def _absent(settings: Settings) -> str:
    """A trial may do without; in production whoever backs up by other means still reads it."""
    return "attention" if settings.mode is Mode.PRODUCTION else "good"


def _hours(age: timedelta) -> int:
    return int(age / timedelta(hours=1))
