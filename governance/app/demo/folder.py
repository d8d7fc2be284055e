"""The demo's folder: marked, locked while a demo works in it, made anew when one was killed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.app.demo.errors import DemoFolderError, DemoRunningError

MARKER = ".sekisho-demo"
LOCK = ".sekisho-demo.lock"
CONFIG = "sekisho.toml"
LOG = "serve.log"  # what the server said
MARK = "Made by `sekisho demo`. Everything in this folder is invented and may be deleted.\n"
PRIVATE = 0o700


def demand_ours(folder: Path) -> None:
    """Fails closed: what no demo made is not touched; raises DemoFolderError."""
    if folder.exists() and not folder.is_dir():
        raise DemoFolderError(path=str(folder))
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise DemoFolderError(path=str(folder))


def demand_free(folder: Path) -> None:
    """No demo works in the folder at this moment; raises DemoRunningError. `held` asks again."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return  # no demo has been here, or nothing can be written: `held` says so
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise DemoRunningError(path=str(folder)) from error
    finally:
        os.close(descriptor)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """The folder is ours alone, empty but for its marks; true when an earlier demo was removed.

    Fails closed: a folder that holds anything a demo did not make is not touched.
    """
    demand_ours(folder)
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        (folder / MARKER).write_text(MARK, encoding="utf-8")
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DemoFolderError(path=str(folder)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoRunningError(path=str(folder)) from error
        yield _emptied(folder)
    finally:
        os.close(descriptor)


def _emptied(folder: Path) -> bool:
    """Whether something of an earlier demo was there and is gone now."""
    found = False
    for item in folder.iterdir():
        if item.name in (MARKER, LOCK):
            continue
        found = True
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
    return found
