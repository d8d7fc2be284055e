"""Files that appear whole or not at all, readable by their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from governance.documents.errors import FolderUnwritableError

OWNER_ONLY = 0o600


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place in a private folder beside the target; it becomes the target if all went well.

    Whatever else a writer leaves in that folder is gone afterwards.
    """
    try:
        folder = TemporaryDirectory(prefix=".part-", dir=path.parent)
    except OSError as error:
        raise FolderUnwritableError(reason=type(error).__name__) from error
    with folder as name:
        part = Path(name) / path.name
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        yield part
        part.chmod(OWNER_ONLY)
        try:
            part.replace(path)
        except OSError as error:
            raise FolderUnwritableError(reason=type(error).__name__) from error
