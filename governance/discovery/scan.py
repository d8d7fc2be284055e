"""A folder, a file or a database looked through for personal data; nothing is changed in it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from governance.core.errors import GovernanceError, UnavailableError
from governance.customers.encodings import SourceEmptyError, SourceUnreadableError, head_of
from governance.customers.workbooks import SourceMalformedError, SourceTooLargeError
from governance.discovery import databases, tables, texts
from governance.discovery.profile import SEED, profile
from governance.discovery.sampling import CONFIDENCE
from governance.discovery.types import (
    Analyse,
    NotRead,
    NotReadReason,
    Place,
    PlaceError,
    Progress,
    ScanReport,
    ScanTargetError,
)

TABLES_OF: Final[dict[str, Callable[[Path, str], tuple[tables.Table, ...]]]] = {
    ".csv": tables.delimited,
    ".tsv": tables.delimited,
    ".tab": tables.delimited,
    ".xlsx": tables.workbook,
    ".xlsm": tables.workbook,
    ".json": tables.json_document,
    ".jsonl": tables.json_lines,
    ".ndjson": tables.json_lines,
    ".parquet": tables.parquet,
}
PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
SQLITE: Final = b"SQLite format 3\x00"
_REASONS: Final[tuple[tuple[type[GovernanceError], NotReadReason], ...]] = (
    (SourceUnreadableError, NotReadReason.DENIED),
    (SourceTooLargeError, NotReadReason.TOO_LARGE),
    (SourceMalformedError, NotReadReason.BROKEN),
    (UnavailableError, NotReadReason.FAILED),
)


@dataclass(slots=True, kw_only=True)
class Scan:
    """A scan as far as it has come; its report is true at every moment."""

    target: str
    analyse: Analyse
    sample: int | None
    began: datetime
    progress: Progress
    places: list[Place] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # names of what has not been looked at
    complete: bool = False

    def report(self, *, at: datetime) -> ScanReport:
        """What is known now; what was not reached is named."""
        missed = [
            NotRead(name=name, reason=NotReadReason.NOT_REACHED) for name in reversed(self.waiting)
        ]
        url = databases.address_of(self.target)
        return ScanReport(
            target=databases.shown(url) if url is not None else self.target,
            began=self.began,
            ended=at,
            complete=self.complete,
            sample=self.sample,
            confidence=CONFIDENCE,
            places=tuple(self.places),
            not_read=(*self.not_read, *missed),
        )

    def run(self) -> None:
        """Everything at the target was looked at; may be broken off at any moment."""
        url = databases.address_of(self.target)
        if url is not None:
            self._database(url, prefix="")
        else:
            self._files(Path(self.target))
        self.complete = True

    def _files(self, target: Path) -> None:
        if not target.exists():
            raise ScanTargetError(reason="missing")
        root = target if target.is_dir() else target.parent
        found = [target] if target.is_file() else list(_walk(target))
        self.waiting = [str(path.relative_to(root)) for path in reversed(found)]
        for done, path in enumerate(found):
            self.progress(done, len(found))
            self._file(path, self.waiting[-1])
            self.waiting.pop()
        self.progress(len(found), len(found))

    def _file(self, path: Path, name: str) -> None:
        """The file's places; why not, where it cannot be read."""
        if path.is_symlink():
            self._skip(name, NotReadReason.LINK)
            return
        try:
            self._read(path, name)
        except SourceEmptyError:
            self.places.append(Place(name=name, kind="text", rows=0, sampled=0, columns=()))
        except PlaceError as error:
            self._skip(name, error.reason)
        except GovernanceError as error:
            self._skip(name, _reason(error))
        except PermissionError:
            self._skip(name, NotReadReason.DENIED)
        except OSError:
            self._skip(name, NotReadReason.BROKEN)

    def _read(self, path: Path, name: str) -> None:
        suffix = path.suffix.lower()
        if head_of(path, len(SQLITE)) == SQLITE:
            self._database(URL.create("sqlite", database=str(path)), prefix=f"{name}#")
        elif suffix in TABLES_OF:
            self._tables(TABLES_OF[suffix](path, name))
        elif suffix == ".eml":
            self._mail(path, name)
        elif suffix in PAGES:
            self.places.append(texts.survey(name, "html", texts.page(path), self.analyse))
        elif head_of(path, 4) == b"PK\x03\x04":
            self._skip(name, NotReadReason.BINARY)
        elif path.stat().st_size and tables.looks_delimited(path):
            self._tables(tables.delimited(path, name))
        else:
            self.places.append(texts.survey(name, "text", texts.plain_lines(path), self.analyse))

    def _tables(self, found: tuple[tables.Table, ...]) -> None:
        for table in found:
            made = profile(
                table.name, table.kind, table.records(), self.analyse, sample=self.sample
            )
            self.places.append(made)

    def _mail(self, path: Path, name: str) -> None:
        lines, attached = texts.mail(path)
        self.places.append(texts.survey(name, "mail", lines, self.analyse))
        for number in range(1, attached + 1):
            self._skip(f"{name}#{number}", NotReadReason.ATTACHMENT)

    def _database(self, url: URL, *, prefix: str) -> None:
        with databases.opened(url) as source:
            stored = list(source.tables())
            for done, table in enumerate(stored):
                if not prefix:
                    self.progress(done, len(stored))
                    self.waiting = [one.name for one in reversed(stored[done:])]
                rows = source.records(table, self.sample, seed=SEED)
                made = profile(
                    prefix + table.name, "database", rows, self.analyse,
                    sample=self.sample, of=table.rows,
                )  # fmt: skip
                self.places.append(made)
            if not prefix:
                self.waiting = []
                self.progress(len(stored), len(stored))

    def _skip(self, name: str, reason: NotReadReason) -> None:
        self.not_read.append(NotRead(name=name, reason=reason))


def _reason(error: GovernanceError) -> NotReadReason:
    return next((why for kind, why in _REASONS if isinstance(error, kind)), NotReadReason.BINARY)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below, in order; links are named, not followed."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place) / name
            if path.is_symlink() or path.is_file():
                yield path
        for name in folders:
            if (path := Path(place) / name).is_symlink():
                yield path
