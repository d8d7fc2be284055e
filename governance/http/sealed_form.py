"""A form with one file, of any length, in bounded memory: the file is sealed while it comes.

The fields before the file are known when it begins, so that nothing of it is taken from whoever
may not send it. A file beyond its limit is let go at once and the rest of it passed over up to
`DRAINED` times the limit, for a browser hears no answer before it has sent its form.
"""

import errno
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from governance.core.errors import GovernanceError, WrongUseError
from governance.crypto.seeking import SealedFile

DRAINED: Final = 4
FIELD: Final = 64 * 1024  # octets of one field
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
Words = Mapping[str, str]


class FormBrokenError(WrongUseError):
    """The form is none, or was cut off; nothing of it was kept."""

    code = "form_broken"


class FileTooLargeError(GovernanceError):
    """The file is longer than the setting allows; nothing of it was kept. Params: limit in MB."""

    code, status = "file_too_large", 413


class FileSpaceError(GovernanceError):
    """The disk has no room for the file; nothing of it was kept."""

    code, status = "file_space", 507


class _Bounded:
    """What a form's file is written to: sealed up to the limit, passed over beyond it."""

    def __init__(self, file: SealedFile, most: int) -> None:
        self._file, self._most, self.seen = file, most, 0

    def write(self, data: bytes) -> int:
        """The data is sealed, or passed over."""
        self.seen += len(data)
        if self.seen <= self._most:
            return self._file.write(data)
        self._file.close()
        if self.seen > self._most * DRAINED:
            raise FileTooLargeError(limit=self._most // (1024 * 1024))
        return len(data)

    def seek(self, _place: int) -> int:
        """All of it is here; starlette goes back to the beginning."""
        if self.seen <= self._most:
            self._file.end()
        return 0

    def close(self) -> None:
        """Closed by whoever reads the form."""


class _Parser(MultiPartParser):
    """Starlette's parser, whose file goes where we say."""

    placed: Callable[[Words, str], Any]

    def on_headers_finished(self) -> None:
        """A file begins: the fields before it are judged first."""
        super().on_headers_finished()
        if (file := self._current_part.file) is not None:
            file.file.close()  # starlette's own, in which nothing was written
            words = {name: value for name, value in self.items if isinstance(value, str)}
            file.file = self.placed(words, file.filename or "")


class SealedForm:
    """`async with SealedForm(...) as form`: the words, and the file if one was sent.

    `permitted` sees the words before the file and raises where it may not come; `name` makes of
    the name that was sent the one that is kept. The file is the caller's to close after `keep`.
    """

    def __init__(
        self,
        request: Request,
        folder: Path,
        *,
        most: int,
        fields: int,
        permitted: Callable[[Words], None],
        name: Callable[[str], str],
    ) -> None:
        self._request, self._folder, self._most, self._fields = request, folder, most, fields
        self._permitted, self._name, self._kept = permitted, name, False
        self.words: Words = {}
        self.file: SealedFile | None = None
        self._bounded: _Bounded | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._read()
        except BaseException:
            self.close()  # a broken connection leaves nothing, and a refused file neither
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._kept:
            self.close()

    def keep(self) -> None:
        """The file stays open after the form; whoever says so closes it."""
        self._kept = True

    def close(self) -> None:
        """Nothing is left of the file."""
        if self.file is not None:
            self.file.close()

    async def _read(self) -> None:
        request = self._request
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise FormBrokenError
        parser = _Parser(
            request.headers,
            request.stream(),
            max_files=1,
            max_fields=self._fields,
            max_part_size=FIELD,
        )
        parser.placed = self._place
        try:
            form = await parser.parse()
        except MultiPartException:
            raise FormBrokenError from None
        except OSError as error:
            if error.errno in FULL:
                raise FileSpaceError from None
            raise
        self.words = {name: value for name, value in form.items() if isinstance(value, str)}
        if not any(isinstance(value, UploadFile) for value in form.values()):
            self._permitted(self.words)
        if self._bounded is not None and self._bounded.seen > self._most:
            raise FileTooLargeError(limit=self._most // (1024 * 1024))

    def _place(self, words: Words, name: str) -> _Bounded:
        self._permitted(words)
        self.file = SealedFile(self._folder, self._name(name))
        self._bounded = _Bounded(self.file, self._most)
        return self._bounded
