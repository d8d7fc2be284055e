"""Refusals of backups and restores; parameters are names of files, codes and counts."""

from errno import errorcode

from governance.core.errors import GovernanceError, NotFoundError, UnavailableError


class BackupUnnamedError(GovernanceError):
    """No folder for backups is named; nothing was written."""

    code, status, exit_code = "backup_unnamed", 400, 2


class BackupFolderError(GovernanceError):
    """The folder for backups cannot be used (`reason`); nothing was written."""

    code, status, exit_code = "backup_folder", 400, 2


class KeysNotApartError(GovernanceError):
    """Keys would lie beside the data that they open; nothing was written."""

    code, status, exit_code = "keys_not_apart", 400, 2


class BackupBusyError(UnavailableError):
    """Another process makes or proves a backup now."""

    code = "backup_busy"


class BackupFailedError(UnavailableError):
    """The backup could not be made (`reason`); no file of it is left."""

    code = "backup_failed"


class ToolMissingError(UnavailableError):
    """PostgreSQL's own tool is not there, or is older than the server (`reason`)."""

    code = "backup_tool"


class BackupUnknownError(NotFoundError):
    """There is no such backup."""

    code = "backup_unknown"


class BackupForeignError(GovernanceError):
    """The backup is another installation's, or of another engine; nothing was changed."""

    code, status = "backup_foreign", 409


class BackupUnprovenError(GovernanceError):
    """What the backup holds is not sound (`part`); it must not be relied on."""

    code, status = "backup_unproven", 422


class RestoreTargetError(GovernanceError):
    """There is a database already, and nobody asked that it be replaced."""

    code, status, exit_code = "restore_target", 409, 2


class RestorePartMissingError(UnavailableError):
    """What lies apart from the backup (journal, keys, checkpoint) is missing; nothing changed."""

    code = "restore_part_missing"


class RestoreInUseError(UnavailableError):
    """Others have the database open that is to be replaced; nothing was changed."""

    code = "restore_in_use"


class RestoreFailedError(UnavailableError):
    """The disk or the folder refused (`reason`); what was there before is there still."""

    code = "restore_failed"


class JournalLeftError(GovernanceError):
    """The copy is older than what the control journal still tells: it cannot be done again."""

    code, status = "journal_left", 409


class RestoredClosedError(UnavailableError):
    """The restored installation is closed until the journal's decisions are done again."""

    code = "restored_closed"


class ScratchDatabaseError(UnavailableError):
    """No scratch database can be made on the server to prove the backup in."""

    code = "scratch_database"


def reason_of(error: OSError) -> str:
    """What the system calls it (ENOSPC: the disk is full); never a path."""
    return errorcode.get(error.errno or 0, type(error).__name__)
