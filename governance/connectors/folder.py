"""Files about persons in a folder, by the customer number in their names.

Every step is opened below the one before it and never through a link, so no name leads out.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Final

from governance.connectors.database import latest, years_after
from governance.connectors.engines import Deadline, Stopped
from governance.connectors.erasing import Memory, erase_once
from governance.connectors.patterns import CUSTOMER, fits, step_of
from governance.connectors.rows import MEGABYTE
from governance.connectors.said import read_text
from governance.connectors.specs import FolderSpec, OnErase
from governance.connectors.types import (
    Answer,
    Asking,
    ConnectorKind,
    Erased,
    Erasure,
    Found,
    Health,
    Kept,
    KeptItem,
    KeyKind,
    OutsideFile,
    OutsideRecord,
    OutsideValue,
    PersonKeys,
    Reason,
)
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.types import Label

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CONTENT: Final = "file.content"
MOST_HANDED: Final = 10 * MEGABYTE  # a larger file is handed over apart
PLAIN: Final = re.compile(r"[a-z0-9]{1,8}")
TEXTS: Final = frozenset({".txt", ".csv", ".tsv", ".json", ".xml", ".md", ".log", ".eml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One file of the person."""

    path: PurePath = field(repr=False)
    size: int
    modified: datetime
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConnector:
    """One declared folder."""

    spec: FolderSpec
    memory: Memory = field(repr=False)

    @property
    def name(self) -> str:
        """The declared name."""
        return self.spec.name

    @property
    def label(self) -> Label:
        """What people call it."""
        return self.spec.label

    @property
    def kind(self) -> ConnectorKind:
        """A folder."""
        return ConnectorKind.FOLDER

    def find(self, person: PersonKeys, asking: Asking) -> Answer:
        """Every file whose path carries a number of the person; texts with what they say."""
        _ = asking
        walk = _Walk(self.spec)
        try:
            with self._root() as root:
                paths = [path for number in self._numbers(person) for path in walk.of(root, number)]
                return Found(records=tuple(_record(walk.read(root, path)) for path in paths))
        except Stopped as stopped:
            return stopped.failed

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:
        """The files are gone from the folder, and the folder says so after a crash."""
        return erase_once(
            self.memory,
            self.name,
            asking,
            survey=lambda: self._done(person, asking, remove=False),
            act=lambda: self._done(person, asking, remove=True),
        )

    def _done(self, person: PersonKeys, asking: Asking, *, remove: bool) -> Erasure:
        walk, today = _Walk(self.spec), asking.at.astimezone(JST).date()
        going: list[tuple[str, ...]] = []
        ends: list[date | None] = []
        try:
            with self._root() as root:
                for number in self._numbers(person):
                    for path in walk.of(root, number):
                        end = self._until(walk.seen(root, path))
                        if self.spec.on_erase is OnErase.DELETE or (end and end < today):
                            going.append(path)
                        else:
                            ends.append(end)
                for path in going if remove else ():
                    walk.remove(root, path)
        except Stopped as stopped:
            return stopped.failed
        if not ends or self.spec.keeping is None:
            return Erased(records=len(going))
        kept = KeptItem(
            place=self.spec.name,
            label=self.spec.label,
            records=len(ends),
            ground=self.spec.keeping.ground,
            until=latest(ends),
        )
        return Kept(erased=len(going), items=(kept,))

    def _until(self, found: os.stat_result) -> date | None:
        """The years of keeping count from the day when the file was last written."""
        keeping = self.spec.keeping
        if keeping is None or keeping.years is None:
            return None
        written = datetime.fromtimestamp(found.st_mtime, tz=JST).date()
        return years_after(written, keeping.years)

    def _numbers(self, person: PersonKeys) -> tuple[str, ...]:
        """The person's numbers; raises Stopped where one could be read as another's in a name."""
        if person.customers and KeyKind.CUSTOMER in person.shared:
            raise Stopped(Reason.AMBIGUOUS)
        if not all(fits(self.spec.pattern, number) for number in person.customers):
            raise Stopped(Reason.KEY_FORM)  # fails closed: also what holds a slash or a star
        return person.customers

    @contextmanager
    def _root(self) -> Iterator[int]:
        try:
            root = os.open(self.spec.path, FOLDER)
        except OSError as error:
            raise Stopped(_reason(error)) from None
        try:
            yield root
        except OSError as error:
            raise Stopped(_reason(error)) from None
        finally:
            os.close(root)

    def health(self, *, at: datetime) -> Health:
        """Whether the folder is there and can be read (and written, where files are to go)."""
        _ = at
        try:
            with self._root() as root, os.scandir(root):
                needed = os.R_OK | os.X_OK
        except Stopped as stopped:
            return Health(ok=False, reason=stopped.reason)
        needed |= os.W_OK if self.spec.on_erase is OnErase.DELETE else 0
        if not os.access(self.spec.path, needed):
            return Health(ok=False, reason=Reason.REFUSED)
        return Health(ok=True)


class _Walk:
    """Steps below the folder, with what one question may take."""

    def __init__(self, spec: FolderSpec) -> None:
        self._pattern = spec.pattern
        self._left = spec.limits.records
        self._bytes = spec.limits.megabytes * MEGABYTE
        self._deadline = Deadline(spec.limits.seconds)

    def of(self, root: int, number: str) -> Iterator[tuple[str, ...]]:
        """The paths of this number's files, in the order of their names."""
        yield from self._below(root, (), number)

    def _below(self, folder: int, path: tuple[str, ...], number: str) -> Iterator[tuple[str, ...]]:
        step = self._pattern[len(path)]
        wanted, last = step_of(step, number), len(path) + 1 == len(self._pattern)
        for name in sorted(os.listdir(folder)):
            if self._deadline.over:
                raise Stopped(Reason.TIMEOUT)
            if not wanted.fullmatch(name):
                continue
            kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(kind):
                raise Stopped(Reason.UNSAFE)  # it may lead to another person's file
            if last and stat.S_ISREG(kind):
                self._left -= 1
                if self._left < 0:
                    raise Stopped(Reason.TOO_MANY)
                yield (*path, name)
            if not last and stat.S_ISDIR(kind):
                with _under(folder, name) as below:
                    yield from self._below(below, (*path, name), number)

    def seen(self, root: int, path: tuple[str, ...]) -> os.stat_result:
        """What the folder says of the file."""
        with _folder_of(root, path) as folder:
            return os.stat(path[-1], dir_fd=folder, follow_symlinks=False)

    def read(self, root: int, path: tuple[str, ...]) -> _File:
        """The file with its content; raises Stopped when it is too large."""
        with _folder_of(root, path) as folder:
            descriptor = os.open(path[-1], FILE, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as stream:
            told = os.fstat(stream.fileno())
            if not stat.S_ISREG(told.st_mode):
                raise Stopped(Reason.UNSAFE)
            content = stream.read(self._bytes + 1)
        self._bytes -= len(content)
        if self._bytes < 0:
            raise Stopped(Reason.TOO_LARGE)
        modified = datetime.fromtimestamp(told.st_mtime, tz=UTC)
        return _File(path=PurePath(*path), size=len(content), modified=modified, content=content)

    def remove(self, root: int, path: tuple[str, ...]) -> None:
        """The file is gone for good, and so is the folder of this one person once it is empty."""
        with _folder_of(root, path) as folder:
            os.unlink(path[-1], dir_fd=folder)
            os.fsync(folder)
        for depth in range(len(path) - 1, 0, -1):
            if CUSTOMER not in self._pattern[depth - 1]:
                return
            with _folder_of(root, path[:depth]) as folder:
                try:
                    os.rmdir(path[depth - 1], dir_fd=folder)
                except OSError:  # something else lies there, or it is not empty yet
                    return
                os.fsync(folder)


@contextmanager
def _folder_of(root: int, path: tuple[str, ...]) -> Iterator[int]:
    """The folder in which the last step of the path stands."""
    if len(path) == 1:
        yield root
        return
    with _under(root, path[0]) as below, _folder_of(below, path[1:]) as folder:
        yield folder


@contextmanager
def _under(folder: int, name: str) -> Iterator[int]:
    below = os.open(name, FOLDER, dir_fd=folder)
    try:
        yield below
    finally:
        os.close(below)


def _reason(error: OSError) -> Reason:
    match error:
        case PermissionError():
            return Reason.REFUSED
        case FileNotFoundError():
            return Reason.SHAPE
        case NotADirectoryError():
            return Reason.UNSAFE
        case _:
            return Reason.UNREADABLE


def _record(file: _File) -> OutsideRecord:
    """The file as a record: its name, size, day and hash; what it says, or itself if no text."""
    said = {
        "name": str(file.path),
        "size": str(file.size),
        "modified": file.modified.isoformat(timespec="seconds"),
        "sha256": hashlib.sha256(file.content).hexdigest(),
    }
    written = _writtenof(file)
    large = written is None and file.size > MOST_HANDED
    how = f"connectors.file.{'apart' if large else 'attached'}"
    handed = " / ".join(text(how, lang) for lang in Lang)
    values = [OutsideValue(name=f"file.{k}", label=_label(k), text=v) for k, v in said.items()]
    values.append(
        OutsideValue(
            name=CONTENT,
            label=_label("content"),
            text=handed if written is None else written,
            free_text=written is not None,
        )
    )
    return OutsideRecord(
        values=tuple(value for value in values if value.text),
        file=None if written is not None or large else _handed(file),
    )


def _handed(file: _File) -> OutsideFile:
    """The file itself, for an officer's look first."""
    suffix = file.path.suffix.lower().removeprefix(".")
    plain = suffix if PLAIN.fullmatch(suffix) else "bin"
    return OutsideFile(stands_for=CONTENT, suffix=plain, content=file.content)


def _writtenof(file: _File) -> str | None:
    """What the file says; None for what is no text, which an officer looks at and hands over."""
    if file.path.suffix.lower() not in TEXTS:
        return None
    written = read_text(file.content)
    return None if written is None else written.strip()


def _label(name: str) -> Label:
    key = f"connectors.file.{name}"
    return Label(ja=text(key, Lang.JA), en=text(key, Lang.EN))
