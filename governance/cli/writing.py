"""Files that commands write: new, whole or not at all, readable by their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from governance.cli.errors import OutputExistsError

OWNER_ONLY = 0o600


def refuse_existing(path: Path) -> None:
    """Raises OutputExistsError where something stands already; nothing is ever replaced."""
    if path.is_symlink() or path.exists():
        raise OutputExistsError(path=str(path))


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """The file, open for writing; it is gone again when the work fails."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError as error:
        raise OutputExistsError(path=str(path)) from error
    with os.fdopen(descriptor, "wb") as stream:
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
