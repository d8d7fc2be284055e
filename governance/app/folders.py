"""Folders and files of an installation: made for their owner alone, refused where they lack."""

import os
from pathlib import Path

from sqlalchemy.engine import make_url

from governance.core.errors import GovernanceError
from governance.core.settings import Settings

PRIVATE, PRIVATE_FILE = 0o700, 0o600


class NotInitialisedError(GovernanceError):
    """There is no installation in this folder."""

    code, status, exit_code = "not_initialised", 503, 3


class FolderUnwritableError(GovernanceError):
    """The data folder cannot be written."""

    code, status, exit_code = "folder_unwritable", 503, 3


def make_folders(settings: Settings) -> None:
    """The folders of the installation exist and nobody else may look into them."""
    files = [path for url in (settings.database, settings.keys) if (path := database_file(url))]
    for folder in (
        settings.data_dir,
        *(path.parent for path in files),
        settings.key_folder,
        settings.journal.parent,
        settings.decision_marks,
        settings.checkpoint.parent,
        settings.mail_folder,
    ):
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderUnwritableError(path=str(folder), reason=type(error).__name__) from error
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise FolderUnwritableError(path=str(settings.data_dir), reason="PermissionError")
    for path in files:  # SQLite gives its own side files the mode of the database file
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        except OSError as error:
            raise FolderUnwritableError(path=str(path), reason=type(error).__name__) from error


def require_file(url: str) -> None:
    """Fails closed: opening a path where no database lies would make an empty one."""
    path = database_file(url)
    if path is not None and not path.is_file():
        raise NotInitialisedError(path=str(path.parent))


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; None for a server."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
