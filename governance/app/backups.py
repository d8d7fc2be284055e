"""Backups of this installation: by its settings, on the clock, and their ages."""

from datetime import timedelta

from governance.app.version import VERSION
from governance.app.wiring import Wiring
from retention.backups.desk import Desk
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
